"""What is typed on the page that lets a model write personas, and how it becomes requests."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.generation import (
    DEFAULT_HEADINGS,
    NAME_HEADING,
    GenerationType,
    OutputPreferences,
    PersonaGenerationRequest,
)
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.undo import Undo
from forllm_desktop.domain.variation import MOST, Angle, variation_plan
from forllm_desktop.services.workspace import Workspace

LEAST = 2
"""Least number of several experts."""


class Kind(StrEnum):
    """What is to be made."""

    IDEA = "idea"
    EXPERT = "expert"
    ASSISTANT = "assistant"
    SEVERAL = "several"

    @property
    def is_expert(self) -> bool:
        """Say whether it is made for a subforum."""
        return self in (Kind.EXPERT, Kind.SEVERAL)


_KINDS = {
    GenerationType.FROM_NAME_AND_DESCRIPTION: Kind.IDEA,
    GenerationType.SUBFORUM_EXPERT: Kind.EXPERT,
    GenerationType.GENERAL_PURPOSE_ASSISTANT: Kind.ASSISTANT,
}


@dataclass
class Wishes:
    """All fields of the form. `headings` are pairs of a heading and whether it is wanted.

    `model` is None for the default one; `description` is typed only for a subforum that has none.
    """

    kind: Kind = Kind.IDEA
    name_hint: str = ""
    idea: str = ""
    purpose: str = ""
    subforum_id: int = 0
    description: str = ""
    directives: str = ""
    tone: str = ""
    length: str = ""
    model: ModelChoice | None = None
    name: str = ""
    headings: list[tuple[str, bool]] = field(
        default_factory=lambda: [(heading, True) for heading in DEFAULT_HEADINGS]
    )
    checks: bool = False
    reuses: bool = False
    assigns: bool = False
    assign_to: int = 0
    count: int = 3
    plan: list[Angle] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON keeps them; `from_json` reads them again."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: object) -> "Wishes":
        """Read what `to_json` wrote; what is not usable is as at first."""
        made = cls()
        if not isinstance(kept, Mapping):
            return made
        for one in fields(cls):
            value = kept.get(one.name)
            if isinstance(value, type(getattr(made, one.name))) and one.name not in _SPECIAL:
                setattr(made, one.name, value)
        try:
            made.kind = Kind(kept["kind"])
            made.headings = [(str(heading), bool(wanted)) for heading, wanted in kept["headings"]]
            made.plan = [Angle(**angle) for angle in kept["plan"]]
            made.model = ModelChoice(**kept["model"]) if kept["model"] else None
        except (KeyError, TypeError, ValueError):
            return cls()
        made.count = min(max(made.count, LEAST), MOST)
        return made

    @classmethod
    def of_request(cls, request: PersonaGenerationRequest, assign_to: int | None) -> "Wishes":
        """Return the fields as they were for a request."""
        inputs, wishes = request.input_details, request.output_preferences
        made = cls(
            kind=_KINDS[request.generation_type],
            name_hint=inputs.get("name_hint", ""),
            idea=inputs.get("description_hint", ""),
            purpose=inputs.get("purpose_hint", ""),
            subforum_id=assign_to or 0,
            directives=inputs.get("additional_directives", ""),
            tone=wishes.tone_preference,
            length=wishes.length_preference,
            model=request.llm_model_for_generation,
            name=request.target_persona_name_override,
            checks=request.has_critique,
            assigns=assign_to is not None,
            assign_to=assign_to or 0,
        )
        wanted = wishes.headings
        rest = [heading for heading in DEFAULT_HEADINGS if heading not in wanted]
        made.headings = [(heading, True) for heading in wanted] + [(heading, False) for heading in rest]
        return made


_SPECIAL = ("kind", "headings", "plan", "model")


class Ordering:
    """Makes requests of what is typed. What is wrong is told by field, as InvalidInput."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def request(self, wishes: Wishes) -> PersonaGenerationRequest:
        """Return the request for a single persona. Raises InvalidInput."""
        model = wishes.model or self._ws.models.default_choice() or ModelChoice(0, "")
        preferences = _preferences(wishes)
        if wishes.kind.is_expert:
            _require_subforum(wishes)
            return self._ws.generation.subforum_request(
                wishes.subforum_id,
                model,
                directives=wishes.directives,
                preferences=preferences,
                name=wishes.name if wishes.kind is Kind.EXPERT else "",
                has_critique=wishes.checks,
            )
        is_idea = wishes.kind is Kind.IDEA
        about = {"description_hint": wishes.idea} if is_idea else {"purpose_hint": wishes.purpose}
        kinds = GenerationType
        return PersonaGenerationRequest(
            kinds.FROM_NAME_AND_DESCRIPTION if is_idea else kinds.GENERAL_PURPOSE_ASSISTANT,
            {"name_hint": wishes.name_hint, **about},
            model,
            preferences,
            wishes.name,
            wishes.checks,
        )

    def describe(self, wishes: Wishes) -> Undo | None:
        """Give the subforum the description that was typed for it, if it has none."""
        typed = wishes.description.strip()
        if not wishes.kind.is_expert or not typed:
            return None
        _require_subforum(wishes)
        if self._ws.forum.subforum(wishes.subforum_id).description:
            return None
        return self._ws.forum.describe_subforum(wishes.subforum_id, typed)

    def order(self, wishes: Wishes, regenerates: int = 0) -> Sequence[Job]:
        """Queue what is typed; returns the requests. Raises InvalidInput and NotPossible.

        With `regenerates` it is a new text for that persona.
        """
        request = self.request(wishes)
        if regenerates:
            return [self._regenerate(request, wishes, regenerates)]
        if wishes.kind is Kind.SEVERAL:
            return self._ws.generation.generate_experts(
                wishes.subforum_id,
                request.llm_model_for_generation,
                wishes.count,
                angles=fitted(wishes.plan, wishes.count),
                directives=wishes.directives,
                preferences=request.output_preferences,
                has_critique=wishes.checks,
            )
        place = wishes.subforum_id if wishes.kind is Kind.EXPERT else wishes.assign_to
        assigns = bool(place) and (wishes.kind is Kind.EXPERT or wishes.assigns)
        reuse = self.last_brainstorm(wishes) if wishes.reuses else None
        return [self._ws.generation.generate(request, assign_to=place if assigns else None, reuse=reuse)]

    def _regenerate(self, request: PersonaGenerationRequest, wishes: Wishes, persona_id: int) -> Job:
        if wishes.kind is Kind.SEVERAL:
            raise InvalidInput("count", "Several cannot be one persona", "Choose what the one is made from.")
        reuse = self.last_brainstorm(wishes) if wishes.reuses else None
        return self._ws.generation.generate(request, regenerates=persona_id, reuse=reuse)

    def last_brainstorm(self, wishes: Wishes) -> int | None:
        """Return the newest request with the same wishes whose brainstorm can be taken over."""
        if wishes.kind is Kind.SEVERAL:
            return None
        try:
            return self._ws.generation.last_brainstorm(self.request(wishes))
        except InvalidInput:
            return None


def fitted(plan: Sequence[Angle], count: int) -> list[Angle]:
    """Return a plan for so many experts: the rows that are there, then those that a new plan has."""
    kept = list(plan[:count])
    return kept + variation_plan(max(count, 1))[len(kept) :]


def _preferences(wishes: Wishes) -> OutputPreferences:
    wanted = tuple(heading for heading, is_wanted in wishes.headings if is_wanted)
    if not [heading for heading in wanted if heading != NAME_HEADING]:
        raise InvalidInput("desired_headings", "No heading is chosen", "Choose at least one.")
    return OutputPreferences(
        () if wanted == DEFAULT_HEADINGS else wanted, wishes.tone.strip(), wishes.length.strip()
    )


def _require_subforum(wishes: Wishes) -> None:
    if not wishes.subforum_id:
        raise InvalidInput("subforum_name", "No subforum is chosen", "Choose the one it shall know about.")
