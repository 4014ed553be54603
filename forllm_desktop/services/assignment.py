"""Where personas answer: assignments, defaults, and who answers in a subforum and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from forllm_desktop.domain.base import name_key, utc_now
from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.forum import Subforum
from forllm_desktop.domain.forum_tree import AssignedPersona
from forllm_desktop.domain.persona import Persona, Resolution, ResolutionReason, resolve
from forllm_desktop.domain.persona_card import Answering, Member, PersonaCard, reason_words
from forllm_desktop.domain.servers import ModelChoice, Server
from forllm_desktop.domain.settings import GLOBAL_DEFAULT_PERSONA
from forllm_desktop.domain.undo import Kind, PersonaUndo, PersonaUndoKind, Restored
from forllm_desktop.events import Events
from forllm_desktop.services import persona_steps as steps
from forllm_desktop.services.job_steps import require_resolvable
from forllm_desktop.services.news import change
from forllm_desktop.services.posting import live_subforum
from forllm_desktop.storage import persona as rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Database

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
    version: int = 0


class AssignmentService:
    """Assignments and defaults. Verbs that change something return how to take it back."""

    def __init__(self, database: Database, events: Events, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._events = events
        self._clock = clock

    # -- reading

    def assigned(self) -> dict[int, tuple[AssignedPersona, ...]]:
        """Return who may answer in each subforum, the default first."""
        with self._database.read() as session:
            return rows.assigned(session)

    def members(self, subforum_id: int) -> list[Member]:
        """List the personas assigned to a subforum, also those switched off; the default first."""
        with self._database.read() as session:
            live_subforum(session, subforum_id)
            assignments = rows.assignments(session, subforum_id)
            cards = {
                card.persona_id: card for card in rows.cards(session, [row.persona_id for row in assignments])
            }
        return [
            Member(cards[row.persona_id], row.is_default_for_subforum, row.assigned_at)
            for row in assignments
            if row.persona_id in cards
        ]

    def choices(self, subforum_id: int) -> list[Choice]:
        """List who may answer in a subforum: the assigned, the default first, then the global default.

        The fallback comes last, and only when it is the one that answers by default.
        """
        with self._database.read() as session:
            candidates = rows.candidates(session, subforum_id, None)
            default = resolve(candidates)
            allowed = candidates.assigned | {candidates.global_default, default.persona_id}
            found = rows.personas_of(session, [one for one in allowed if one is not None])
        made = [
            Choice(
                p.persona_id,
                p.name,
                _note(p, candidates.global_default, default),
                p.persona_id == default.persona_id,
                p.version,
            )
            for p in found
        ]
        return sorted(
            made,
            key=lambda choice: (
                choice.persona_id not in candidates.assigned,
                choice.persona_id != candidates.subforum_default,
                choice.persona_id != candidates.global_default,
                name_key(choice.name),
            ),
        )

    def resolve(self, subforum_id: int, chosen: int | None = None) -> Resolution:
        """Say which persona would answer in a subforum now, and why."""
        with self._database.read() as session:
            return resolve(rows.candidates(session, subforum_id, chosen))

    def answering(self, subforum_id: int, chosen: int | None = None) -> Answering:
        """Say who would answer in a subforum now, and why in words. Raises what asking would raise."""
        with self._database.read() as session:
            subforum = live_subforum(session, subforum_id)
            if chosen is not None:
                require_resolvable(session, subforum_id, chosen)
            found = resolve(rows.candidates(session, subforum_id, chosen))
            persona = session.get_one(Persona, found.persona_id)
        why = reason_words(found.reason, subforum.name)
        return Answering(found, persona.name, persona.version, f"{persona.name}, {why}")

    def require_answerable(self, subforum_id: int | None, persona_id: int) -> None:
        """Raise NotPossible when a persona may not be chosen in a subforum (None: one yet to be made)."""
        with self._database.read() as session:
            require_resolvable(session, subforum_id or 0, persona_id)

    def preferred_model(
        self, subforum_id: int, chosen: int | None = None, version: int | None = None
    ) -> ModelChoice | None:
        """Return the model that whoever answers in a subforum prefers; None for none, or one that is gone."""
        with self._database.read() as session:
            persona_id = chosen or resolve(rows.candidates(session, subforum_id, None)).persona_id
            persona = steps.existing(session, persona_id or 0)
            then = rows.version(session, persona.persona_id, version) if version else None
            model = (then or persona).options.model
            return model if model is not None and session.get(Server, model.server_id) else None

    def usable(self, persona_ids: Sequence[int]) -> list[PersonaCard]:
        """Return personas that may answer, in this order. Raises NotFound, and NotPossible for another."""
        with self._database.read() as session:
            for persona_id in persona_ids:
                steps.usable(session, persona_id)
            cards = {card.persona_id: card for card in rows.cards(session, persona_ids)}
        return [cards[persona_id] for persona_id in persona_ids]

    def colours(self) -> dict[int, str]:
        """Return the colours that were chosen for avatars, by persona."""
        with self._database.read() as session:
            return rows.colours(session)

    def global_default(self) -> int | None:
        """Return the global default as it is set, also when it is deleted or switched off."""
        with self._database.read() as session:
            return rows.global_default(session)

    # -- changing

    def assign(
        self, subforum_id: int, persona_ids: int | Sequence[int], *, default: bool = False
    ) -> PersonaUndo:
        """Assign personas to a subforum, each once; with `default` the first becomes its default.

        Raises NotFound, and NotPossible for a persona that is deleted or switched off.
        """
        ids = (persona_ids,) if isinstance(persona_ids, int) else tuple(dict.fromkeys(persona_ids))
        if not ids:
            raise NotPossible("No persona is chosen", "Choose one first.")
        with change(self._database, self._events) as (session, news):
            subforum = live_subforum(session, subforum_id)
            rows.preload(session, ids)
            personas = [steps.usable(session, persona_id) for persona_id in ids]
            before = rows.assignments(session, subforum_id)
            was_assigned = {row.persona_id: row.assigned_at for row in before if row.persona_id in ids}
            was_default = steps.default_of(before)
            new = [persona_id for persona_id in ids if persona_id not in was_assigned]
            steps.assign_new(session, subforum_id, new, self._clock())
            if default:
                steps.set_default(session, subforum_id, ids[0])
            news.tell(self._events.subforums_changed)
        names = [persona.name for persona in personas]
        return PersonaUndo(
            _assigned_words(
                names, [p.name for p in personas if p.persona_id not in was_assigned], subforum, default
            ),
            PersonaUndoKind.ASSIGNMENT,
            ids,
            subforum_id,
            was_assigned,
            was_default,
            ids[0] if default else was_default,
        )

    def unassign(self, subforum_id: int, persona_id: int) -> PersonaUndo:
        """Take a persona away from a subforum, which has no default then if this was it.

        Raises NotFound, and NotPossible for one that is not assigned.
        """
        with change(self._database, self._events) as (session, news):
            subforum = live_subforum(session, subforum_id)
            persona = steps.existing(session, persona_id)
            row = rows.assignment(session, subforum_id, persona_id)
            if row is None:
                raise NotPossible(f"{persona.name} is not assigned to {subforum.name}")
            was_default = steps.default_of(rows.assignments(session, subforum_id))
            assigned_at = row.assigned_at
            session.delete(row)
            news.tell(self._events.subforums_changed)
        left = was_default if was_default != persona_id else None
        without = f"; {subforum.name} has no default now" if was_default == persona_id else ""
        return PersonaUndo(
            f"{persona.name} is no longer assigned to {subforum.name}{without}",
            PersonaUndoKind.ASSIGNMENT,
            (persona_id,),
            subforum_id,
            {persona_id: assigned_at},
            was_default,
            left,
        )

    def set_default(self, subforum_id: int, persona_id: int | None) -> PersonaUndo:
        """Choose who answers in a subforum by default; one that is not assigned is assigned. None: nobody."""
        if persona_id is not None:
            return self.assign(subforum_id, persona_id, default=True)
        with change(self._database, self._events) as (session, news):
            subforum = live_subforum(session, subforum_id)
            was_default = steps.default_of(rows.assignments(session, subforum_id))
            steps.set_default(session, subforum_id, None)
            news.tell(self._events.subforums_changed)
        return PersonaUndo(
            f"{subforum.name} has no default now",
            PersonaUndoKind.ASSIGNMENT,
            (),
            subforum_id,
            default_before=was_default,
        )

    def set_global_default(self, persona_id: int | None) -> PersonaUndo:
        """Choose who answers where a subforum has no default; None leaves it to the fallback.

        Raises NotFound, and NotPossible for a persona that is deleted or switched off.
        """
        with change(self._database, self._events) as (session, news):
            persona = steps.usable(session, persona_id) if persona_id is not None else None
            row = setting_rows.row(session, GLOBAL_DEFAULT_PERSONA)
            before, row.default_persona_id = row.default_persona_id, persona_id
            news.tell(self._events.personas_changed)
        return PersonaUndo(
            _global_words(persona),
            PersonaUndoKind.GLOBAL_DEFAULT,
            default_before=before,
            default_after=persona_id,
        )

    def undo(self, undo: PersonaUndo) -> Restored:
        """Take a change of assignments or defaults back; what was changed again since then stays."""
        if undo.kind is PersonaUndoKind.GLOBAL_DEFAULT:
            return self._undo_global_default(undo)
        with change(self._database, self._events) as (session, news):
            subforum = live_subforum(session, undo.subforum_id)
            is_unchanged = steps.default_of(rows.assignments(session, undo.subforum_id)) == undo.default_after
            for persona_id in undo.persona_ids:
                row = rows.assignment(session, undo.subforum_id, persona_id)
                if persona_id in undo.assigned_before:
                    steps.assign(session, undo.subforum_id, persona_id, undo.assigned_before[persona_id])
                elif row is not None and (is_unchanged or not row.is_default_for_subforum):
                    session.delete(row)
            session.flush()
            if is_unchanged:
                steps.set_default(session, undo.subforum_id, undo.default_before)
            news.tell(self._events.subforums_changed)
        return Restored(
            Kind.SUBFORUM, undo.subforum_id, f"{subforum.name} has its personas back as they were"
        )

    def _undo_global_default(self, undo: PersonaUndo) -> Restored:
        with change(self._database, self._events) as (session, news):
            row = setting_rows.row(session, GLOBAL_DEFAULT_PERSONA)
            if row.default_persona_id != undo.default_after:
                raise NotPossible("The global default was changed again", "Choose it anew in Personas.")
            # As it was: it may have been deleted or switched off before already.
            row.default_persona_id = undo.default_before
            persona = session.get(Persona, undo.default_before) if undo.default_before else None
            news.tell(self._events.personas_changed)
        return Restored(Kind.PERSONA, undo.default_before or 0, _global_words(persona))


def _note(persona: Persona, global_default: int | None, default: Resolution) -> str:
    if persona.persona_id == default.persona_id:
        return _WHY[default.reason]
    return "global default" if persona.persona_id == global_default else ""


def _global_words(persona: Persona | None) -> str:
    return f"{persona.name} is the global default" if persona else "There is no global default now"


def _assigned_words(names: Sequence[str], new: Sequence[str], subforum: Subforum, default: bool) -> str:
    """Say what an assignment did: who is new, and who is the default."""
    verb = "is" if len(new) == 1 else "are"
    joined = f"{steps.listed(new)} {verb} assigned to {subforum.name}" if new else ""
    if not default:
        return joined or f"{steps.listed(names)} {'is' if len(names) == 1 else 'are'} already there"
    if not joined:
        return f"{names[0]} is now the default of {subforum.name}"
    if list(new) == [names[0]]:
        return f"{names[0]} is assigned to {subforum.name} and is its default"
    return f"{joined}; {names[0]} is its default"
