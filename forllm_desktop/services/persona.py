"""Makes, changes and assigns personas, and says which one answers in a subforum."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from forllm_desktop.domain.base import name_key, utc_now
from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.forum import checked_description, checked_name, storable
from forllm_desktop.domain.forum_tree import AssignedPersona
from forllm_desktop.domain.persona import (
    Persona,
    PersonaVersion,
    Resolution,
    ResolutionReason,
    SubforumPersona,
    resolve,
)
from forllm_desktop.domain.settings import GLOBAL_DEFAULT_PERSONA
from forllm_desktop.events import Events
from forllm_desktop.services.job_steps import require_resolvable, usable_persona
from forllm_desktop.services.posting import live_subforum
from forllm_desktop.storage import persona as rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage import thread as thread_rows
from forllm_desktop.storage.database import Database, IntegrityError, Session

OWNER = 1

_WHY = {
    ResolutionReason.SUBFORUM_DEFAULT: "default here",
    ResolutionReason.GLOBAL_DEFAULT: "global default",
    ResolutionReason.FALLBACK: "fallback",
}


@dataclass(frozen=True)
class Choice:
    """A persona that may answer somewhere; `is_default` answers when none is chosen, `note` says why."""

    persona_id: int
    name: str
    note: str = ""
    is_default: bool = False


class PersonaService:
    """Personas and where they answer."""

    def __init__(self, database: Database, events: Events, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._events = events
        self._clock = clock

    def personas(self) -> Sequence[Persona]:
        """List the personas by name."""
        with self._database.read() as session:
            return rows.personas(session)

    def find(self, name: str) -> Sequence[Persona]:
        """List the personas of this name, without regard to case."""
        with self._database.read() as session:
            return rows.named(session, name_key(name))

    def persona(self, persona_id: int) -> Persona:
        """Return a persona, deleted or not. Raises NotFound."""
        with self._database.read() as session:
            return _existing(session, persona_id)

    def names(self, versions: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """Return the names that versions had, by persona id and version number; unknown ones are left out."""
        with self._database.read() as session:
            return thread_rows.persona_names(session, versions)

    def create(self, name: str, instructions: str, description: str = "") -> Persona:
        """Make a persona and its first version. Raises InvalidInput."""
        name, instructions = checked_name(name, "persona"), _checked_instructions(instructions)
        now = self._clock()
        persona = Persona(
            name=name,
            name_key=name_key(name),
            description=checked_description(description),
            prompt_instructions=instructions,
            created_at=now,
            updated_at=now,
            created_by_user=OWNER,
            version=1,
        )
        try:
            with self._database.write() as session:
                session.add(persona)
                session.flush()
                session.add(_version_of(persona, now))
        except IntegrityError as error:
            raise _taken(name) from error
        self._events.personas_changed.emit()
        return persona

    def change(
        self,
        persona_id: int,
        *,
        name: str | None = None,
        instructions: str | None = None,
        description: str | None = None,
    ) -> Persona:
        """Change a persona and keep a new version of it; without a difference nothing is written."""
        try:
            with self._database.write() as session:
                persona = _existing(session, persona_id)
                before = (persona.name, persona.prompt_instructions, persona.description)
                if name is not None:
                    persona.name = checked_name(name, "persona")
                    persona.name_key = name_key(persona.name)
                if instructions is not None:
                    persona.prompt_instructions = _checked_instructions(instructions)
                if description is not None:
                    persona.description = checked_description(description)
                if before == (persona.name, persona.prompt_instructions, persona.description):
                    return persona
                persona.version += 1
                persona.updated_at = self._clock()
                session.add(_version_of(persona, persona.updated_at))
        except IntegrityError as error:
            raise _taken(name or "") from error
        self._events.personas_changed.emit()
        return persona

    def assign(self, subforum_id: int, persona_id: int, *, default: bool = False) -> SubforumPersona:
        """Assign a persona to a subforum, once; with `default` make it the one that answers there.

        Raises NotFound, and NotPossible for a persona that is deleted or switched off.
        """
        with self._database.write() as session:
            live_subforum(session, subforum_id)
            usable_persona(session, persona_id)
            row = rows.assignment(session, subforum_id, persona_id)
            if row is None:
                row = SubforumPersona(
                    subforum_id=subforum_id, persona_id=persona_id, assigned_at=self._clock()
                )
                session.add(row)
            if default:
                for other in rows.assignments(session, subforum_id):
                    other.is_default_for_subforum = False
                session.flush()
                row.is_default_for_subforum = True
        self._events.subforums_changed.emit()
        return row

    def assigned(self) -> dict[int, tuple[AssignedPersona, ...]]:
        """Return who may answer in each subforum, the default first."""
        with self._database.read() as session:
            return rows.assigned(session)

    def choices(self, subforum_id: int) -> list[Choice]:
        """List who may answer in a subforum: who answers by default first, then the others by name."""
        with self._database.read() as session:
            candidates = rows.candidates(session, subforum_id, None)
            default = resolve(candidates)
            allowed = candidates.assigned | {candidates.global_default, default.persona_id}
            found = [p for p in rows.personas(session) if p.persona_id in allowed]
        made = [
            Choice(
                p.persona_id,
                p.name,
                _WHY[default.reason] if p.persona_id == default.persona_id else "",
                p.persona_id == default.persona_id,
            )
            for p in found
        ]
        return sorted(made, key=lambda choice: (not choice.is_default, name_key(choice.name)))

    def require_answerable(self, subforum_id: int | None, persona_id: int) -> None:
        """Raise NotPossible when a persona may not be chosen in a subforum (None: one yet to be made)."""
        with self._database.read() as session:
            require_resolvable(session, subforum_id or 0, persona_id)

    def set_global_default(self, persona_id: int | None) -> None:
        """Choose who answers where a subforum has no default; None leaves it to the built-in persona.

        Raises NotFound, and NotPossible for a persona that is deleted or switched off.
        """
        with self._database.write() as session:
            if persona_id is not None:
                usable_persona(session, persona_id)
            setting_rows.row(session, GLOBAL_DEFAULT_PERSONA).default_persona_id = persona_id
        self._events.personas_changed.emit()

    def resolve(self, subforum_id: int, chosen: int | None = None) -> Resolution:
        """Say which persona would answer in a subforum now, and why."""
        with self._database.read() as session:
            return resolve(rows.candidates(session, subforum_id, chosen))


def _existing(session: Session, persona_id: int) -> Persona:
    persona = session.get(Persona, persona_id)
    if persona is None:
        raise NotFound("The persona does not exist", f"There is none with the number {persona_id}.")
    return persona


def _checked_instructions(typed: str) -> str:
    typed = storable(typed).replace("\0", "\ufffd")
    if not typed.strip():
        raise InvalidInput("instructions", "The instructions are empty", "Say who the persona is.")
    return typed


def _version_of(persona: Persona, now: datetime) -> PersonaVersion:
    return PersonaVersion(
        persona_id=persona.persona_id,
        version=persona.version,
        name=persona.name,
        description=persona.description,
        prompt_instructions=persona.prompt_instructions,
        created_at=now,
        created_by_user=OWNER,
    )


def _taken(name: str) -> InvalidInput:
    return InvalidInput("name", f"There is already a persona named “{name}”", "Choose another name.")
