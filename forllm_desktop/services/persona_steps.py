"""The single steps on personas and their assignments, inside the transaction of the verb that takes them."""

import itertools
from collections.abc import Sequence
from datetime import datetime

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.context import answer_room
from forllm_desktop.domain.errors import NotFound, NotPossible
from forllm_desktop.domain.persona import FALLBACK_PERSONA_ID, Persona, PersonaVersion, SubforumPersona
from forllm_desktop.domain.persona_text import numbered_persona_name
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.storage import counting
from forllm_desktop.storage import persona as rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Session

OWNER = 1


def existing(session: Session, persona_id: int) -> Persona:
    """Return a persona, deleted or not. Raises NotFound."""
    persona = session.get(Persona, persona_id)
    if persona is None:
        raise NotFound("The persona does not exist", f"There is none with the number {persona_id}.")
    return persona


def live(session: Session, persona_id: int) -> Persona:
    """Return a persona that is not deleted. Raises NotFound."""
    persona = existing(session, persona_id)
    if persona.deleted_at is not None:
        raise NotFound(f"The persona “{persona.name}” is deleted", "Restore it from the Trash first.")
    return persona


def usable(session: Session, persona_id: int) -> Persona:
    """Return a persona that may answer. Raises NotFound, and NotPossible when it is deleted or off."""
    persona = existing(session, persona_id)
    if not persona.is_usable:
        state = "is deleted" if persona.deleted_at else "is switched off"
        if persona.attention and persona.is_active and not persona.deleted_at:
            state = "was generated and needs attention before it is accepted"
        raise NotPossible(f"{persona.name} cannot answer", f"This persona {state}.")
    return persona


def not_fallback(persona_id: int, word: str) -> None:
    """Raise NotPossible for the built-in persona."""
    if persona_id == FALLBACK_PERSONA_ID:
        raise NotPossible(
            f"The fallback cannot be {word}", "It answers when nobody else is set; edit it instead."
        )


def several(session: Session, persona_ids: int | Sequence[int], refused: str = "") -> list[Persona]:
    """Return personas that are not deleted, each once; with `refused` the fallback cannot be that."""
    ids = (persona_ids,) if isinstance(persona_ids, int) else tuple(dict.fromkeys(persona_ids))
    if not ids:
        raise NotPossible("No persona is chosen", "Choose one first.")
    if refused:
        for persona_id in ids:
            not_fallback(persona_id, refused)
    rows.preload(session, ids)
    return [live(session, persona_id) for persona_id in ids]


def smallest_window(session: Session) -> int:
    """Return the smallest context window in use, in tokens, as far as settings and servers have told."""
    settings = setting_rows.load(session)
    models = rows.preferred_models(session)
    if settings.default_server_id and settings.default_model:
        models.add(ModelChoice(settings.default_server_id, settings.default_model))
    return min(counting.window(session, choice) for choice in [None, *models])


def room(session: Session) -> int:
    """Return how many tokens of the smallest window in use are left beside an answer."""
    window = smallest_window(session)
    return window - answer_room(window, setting_rows.load(session).answer_tokens)


def free_name(session: Session, wanted: str) -> str:
    """Return a name that no other persona has: the wanted one, else with a number behind it."""
    names = (numbered_persona_name(wanted, number) for number in itertools.count(2))
    return next(name for name in itertools.chain([wanted], names) if not rows.named(session, name_key(name)))


def add_version(session: Session, persona: Persona, now: datetime, note: str = "", author: str = "") -> None:
    """Keep the present content of a persona as the version it has now."""
    version = PersonaVersion(
        persona_id=persona.persona_id,
        version=persona.version,
        created_at=now,
        created_by_user=OWNER,
        author=author,
        note=note,
    )
    version.take(persona.content)
    session.add(version)


def assign_new(session: Session, subforum_id: int, persona_ids: Sequence[int], now: datetime) -> None:
    """Assign personas that are not assigned to a subforum yet."""
    session.add_all(
        SubforumPersona(
            subforum_id=subforum_id, persona_id=persona_id, assigned_at=now, is_default_for_subforum=False
        )
        for persona_id in persona_ids
    )
    session.flush()


def assign(session: Session, subforum_id: int, persona_id: int, now: datetime) -> SubforumPersona:
    """Return the row that assigns a persona to a subforum; it is made if missing."""
    row = rows.assignment(session, subforum_id, persona_id)
    if row is None:
        row = SubforumPersona(
            subforum_id=subforum_id, persona_id=persona_id, assigned_at=now, is_default_for_subforum=False
        )
        session.add(row)
        session.flush()
    return row


def set_default(session: Session, subforum_id: int, persona_id: int | None) -> None:
    """Make an assigned persona the default of a subforum, or none."""
    assigned = rows.assignments(session, subforum_id)
    for row in assigned:
        row.is_default_for_subforum = False
    # Two defaults, be it for a moment, are refused.
    session.flush()
    for row in assigned:
        row.is_default_for_subforum = row.persona_id == persona_id


def default_of(assigned: Sequence[SubforumPersona]) -> int | None:
    """Return the default among the assignments of a subforum, usable or not."""
    return next((row.persona_id for row in assigned if row.is_default_for_subforum), None)


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: "Ada, Feynman and Skeptic"."""
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""
