"""A wish for a persona that a model shall write: what is asked for, and what came of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.forum import storable
from forllm_desktop.domain.persona import Source
from forllm_desktop.domain.persona_text import checked_persona_name
from forllm_desktop.domain.servers import ModelChoice

NAME_HEADING = "Persona Name"
DEFAULT_HEADINGS = (
    NAME_HEADING,
    "Core Identity",
    "Key Personality Traits",
    "Knowledge Domain & Expertise",
    "Speaking Style & Tone",
    "Interaction Guidelines & Behaviors",
    "Forbidden Actions & Topics",
    "Example Phrases",
)
"""The sections of a persona when no others are wished for."""

SECTION_HINTS = {
    NAME_HEADING: "the name",
    "Core Identity": "1 or 2 sentences: who the persona is and what it is for",
    "Key Personality Traits": "a list of 3 to 5 traits that show in what it does",
    "Knowledge Domain & Expertise": "the main areas of knowledge, clearly defined",
    "Speaking Style & Tone": "commands: vocabulary, sentence length, formality, tone",
    "Interaction Guidelines & Behaviors": "a list of things to do, such as: Always strive to be helpful.",
    "Forbidden Actions & Topics": "a list of things it must not do or discuss",
    "Example Phrases": "2 or 3 short phrases that the persona would say",
}
"""What the example of an answer shows below each default heading; the others have `OWN_TEXT`."""
OWN_TEXT = "your text"

HINT_LIMIT, PREFERENCE_LIMIT = 8_000, 200
"""Longest hint, and longest tone or length, in characters."""
HEADING_LIMIT, HEADINGS_LIMIT = 80, 20
"""Longest heading in characters, and most headings."""


class GenerationType(StrEnum):
    """What a persona is made from; each has its own templates."""

    FROM_NAME_AND_DESCRIPTION = "from_name_and_description"
    SUBFORUM_EXPERT = "subforum_expert"
    GENERAL_PURPOSE_ASSISTANT = "general_purpose_assistant"


INPUTS: dict[GenerationType, dict[str, bool]] = {
    GenerationType.FROM_NAME_AND_DESCRIPTION: {"name_hint": False, "description_hint": False},
    GenerationType.SUBFORUM_EXPERT: {
        "subforum_name": True,
        "subforum_description": True,
        "additional_directives": False,
    },
    GenerationType.GENERAL_PURPOSE_ASSISTANT: {"name_hint": False, "purpose_hint": False},
}
"""The `input_details` of each type, and whether they are required."""

SOURCES = {
    GenerationType.FROM_NAME_AND_DESCRIPTION: Source.FROM_NAME,
    GenerationType.SUBFORUM_EXPERT: Source.SUBFORUM_EXPERT,
    GenerationType.GENERAL_PURPOSE_ASSISTANT: Source.GENERAL,
}


class Stage(StrEnum):
    """The calls that make a persona, in their order; the last two only where wished for or needed."""

    EXPANSION = "expansion"
    REFINEMENT = "refinement"
    CRITIQUE = "critique"
    REPAIR = "repair"


@dataclass(frozen=True)
class OutputPreferences:
    """How the persona shall be written. Without headings it has the default ones; its name always leads."""

    desired_headings: tuple[str, ...] = ()
    tone_preference: str = ""
    length_preference: str = ""

    @property
    def headings(self) -> tuple[str, ...]:
        """The sections of the result, the name first."""
        wished = self.desired_headings or DEFAULT_HEADINGS
        rest = tuple(h for h in wished if h.casefold() != NAME_HEADING.casefold())
        return (NAME_HEADING, *rest) if rest else DEFAULT_HEADINGS


@dataclass(frozen=True)
class PersonaGenerationRequest:
    """What a persona is to be made from, and by which model. When made it may raise InvalidInput, by field.

    `has_critique` adds a third call that checks the result against the hints and mends it.
    """

    generation_type: GenerationType
    input_details: Mapping[str, str]
    llm_model_for_generation: ModelChoice
    output_preferences: OutputPreferences = OutputPreferences()
    target_persona_name_override: str = ""
    has_critique: bool = False

    def __post_init__(self) -> None:
        try:
            kind = GenerationType(self.generation_type)
        except ValueError as error:
            known = ", ".join(GenerationType)
            raise InvalidInput(
                "generation_type",
                f"There is no generation “{self.generation_type}”",
                f"Choose one of {known}.",
            ) from error
        set_ = object.__setattr__
        set_(self, "generation_type", kind)
        set_(self, "input_details", _checked_inputs(kind, self.input_details))
        set_(self, "output_preferences", _checked_preferences(self.output_preferences))
        if not self.llm_model_for_generation.name.strip():
            raise _no_model()
        name = self.target_persona_name_override.strip()
        if name:
            try:
                name = checked_persona_name(name)
            except InvalidInput as error:
                raise InvalidInput("target_persona_name_override", error.title, error.message) from error
        set_(self, "target_persona_name_override", name)

    @property
    def source(self) -> Source:
        """How a persona made from this came to be."""
        return SOURCES[self.generation_type]

    def to_params(self) -> dict[str, Any]:
        """Return the request as JSON keeps it; `from_params` reads it again."""
        wishes = self.output_preferences
        return {
            "generation_type": self.generation_type.value,
            "input_details": dict(self.input_details),
            "output_preferences": {
                "desired_headings": list(wishes.desired_headings),
                "tone_preference": wishes.tone_preference,
                "length_preference": wishes.length_preference,
            },
            "llm_model_for_generation": {
                "server_id": self.llm_model_for_generation.server_id,
                "name": self.llm_model_for_generation.name,
            },
            "target_persona_name_override": self.target_persona_name_override,
            "has_critique": self.has_critique,
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "PersonaGenerationRequest":
        """Read what `to_params` wrote; null preferences mean none. Raises InvalidInput."""
        wishes, model = params.get("output_preferences") or {}, params.get("llm_model_for_generation")
        if not model:
            raise _no_model()
        kind: Any = params.get("generation_type")
        hints = params.get("input_details") or {}
        return cls(
            generation_type=kind,
            input_details={name: hint for name, hint in hints.items() if hint is not None},
            llm_model_for_generation=ModelChoice(model["server_id"], model["name"]),
            output_preferences=OutputPreferences(
                wishes.get("desired_headings") or (),
                wishes.get("tone_preference") or "",
                wishes.get("length_preference") or "",
            ),
            target_persona_name_override=params.get("target_persona_name_override") or "",
            has_critique=bool(params.get("has_critique")),
        )


@dataclass(frozen=True)
class GenerationResult:
    """What came of it: `status` is "success" or "error".

    `missing` are headings that no call could fill: such a persona needs attention before it answers.
    `notes` are remarks on the text that keep nothing from being used.
    """

    persona_name: str
    prompt_instructions: str
    status: str = "success"
    error_message: str | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON keeps it; `from_json` reads it again."""
        return {**asdict(self), "missing": list(self.missing), "notes": list(self.notes)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "GenerationResult":
        """Read what `to_json` wrote."""
        return cls(**{**kept, "missing": tuple(kept["missing"]), "notes": tuple(kept["notes"])})


def _no_model() -> InvalidInput:
    return InvalidInput("llm_model_for_generation", "No model is chosen", "Choose one that writes it.")


def _checked_inputs(kind: GenerationType, given: Mapping[str, str]) -> dict[str, str]:
    known = INPUTS[kind]
    for name, value in given.items():
        if name not in known:
            raise InvalidInput(name, f"“{name}” is nothing this is made from", f"Known: {', '.join(known)}.")
        if not isinstance(value, str):
            raise InvalidInput(name, f"“{name}” must be a text")
        if len(value) > HINT_LIMIT:
            raise InvalidInput(
                name, "The hint is too long", f"It has {len(value):,} characters; {HINT_LIMIT:,} fit."
            )
    inputs = {name: storable(given.get(name, "")).replace("\0", "\ufffd").strip() for name in known}
    for name, is_required in known.items():
        if is_required and not inputs[name]:
            raise InvalidInput(name, *_WANTED[name])
    if kind is GenerationType.FROM_NAME_AND_DESCRIPTION and not any(inputs.values()):
        raise InvalidInput(
            "description_hint", "There is nothing to begin with", "Give a name or a description."
        )
    return inputs


_WANTED = {
    "subforum_name": ("The subforum has no name", "Choose a subforum."),
    "subforum_description": (
        "The subforum has no description",
        "Describe in a sentence what it is about: the expert is made from it.",
    ),
}


def _checked_preferences(wishes: OutputPreferences) -> OutputPreferences:
    for name in ("tone_preference", "length_preference"):
        if not isinstance(getattr(wishes, name), str):
            raise InvalidInput(name, f"“{name}” must be a text")
        if len(getattr(wishes, name)) > PREFERENCE_LIMIT:
            raise InvalidInput(name, "This is too long", f"At most {PREFERENCE_LIMIT} characters fit.")
    return OutputPreferences(
        checked_headings(wishes.desired_headings),
        " ".join(storable(wishes.tone_preference).split()),
        " ".join(storable(wishes.length_preference).split()),
    )


def checked_headings(typed: Sequence[str]) -> tuple[str, ...]:
    """Return headings as they will be asked for: one line each, each once. Raises InvalidInput."""
    if isinstance(typed, str) or not all(isinstance(heading, str) for heading in typed):
        raise InvalidInput("desired_headings", "The headings must be a list of texts")
    headings: dict[str, str] = {}
    for heading in typed:
        words = " ".join(storable(heading).replace("#", " ").split()).rstrip(":").strip()
        key = " ".join(re.findall(r"\w+", words.casefold()))
        if len(words) > HEADING_LIMIT:
            raise InvalidInput(
                "desired_headings", "A heading is too long", f"At most {HEADING_LIMIT} characters fit."
            )
        if words and not key:
            raise InvalidInput("desired_headings", f"The heading “{words}” has no words", "Give it some.")
        if words:
            headings.setdefault(key, words)
    if len(headings) > HEADINGS_LIMIT:
        raise InvalidInput(
            "desired_headings", "These are too many headings", f"At most {HEADINGS_LIMIT} fit."
        )
    return tuple(headings.values())
