"""Selects over personas, their versions and their assignments."""

from collections.abc import Sequence

from sqlalchemy import select

from forllm_desktop.domain.persona import Candidates, Persona, PersonaVersion, SubforumPersona
from forllm_desktop.domain.settings import GLOBAL_DEFAULT_PERSONA, SettingRow
from forllm_desktop.storage.database import Session


def personas(session: Session) -> Sequence[Persona]:
    """List the personas that are not deleted, by name."""
    return session.scalars(
        select(Persona).where(Persona.deleted_at.is_(None)).order_by(Persona.name_key)
    ).all()


def named(session: Session, key: str) -> Sequence[Persona]:
    """List the personas that are not deleted and have this name key."""
    return session.scalars(select(Persona).where(Persona.name_key == key, Persona.deleted_at.is_(None))).all()


def version(session: Session, persona_id: int, number: int) -> PersonaVersion | None:
    """Return one version of a persona."""
    return session.scalars(
        select(PersonaVersion).where(
            PersonaVersion.persona_id == persona_id, PersonaVersion.version == number
        )
    ).first()


def assignment(session: Session, subforum_id: int, persona_id: int) -> SubforumPersona | None:
    """Return the row that assigns a persona to a subforum."""
    return session.scalars(
        select(SubforumPersona).where(
            SubforumPersona.subforum_id == subforum_id, SubforumPersona.persona_id == persona_id
        )
    ).first()


def assignments(session: Session, subforum_id: int) -> Sequence[SubforumPersona]:
    """List the assignments of a subforum, the default first, then in the order they were made."""
    return session.scalars(
        select(SubforumPersona)
        .where(SubforumPersona.subforum_id == subforum_id)
        .order_by(SubforumPersona.is_default_for_subforum.desc(), SubforumPersona.assigned_at)
    ).all()


def candidates(session: Session, subforum_id: int, chosen: int | None) -> Candidates:
    """Gather what `resolve` decides by. Deleted and inactive personas are left out."""
    rows = session.execute(
        select(SubforumPersona.persona_id, SubforumPersona.is_default_for_subforum)
        .join(Persona, Persona.persona_id == SubforumPersona.persona_id)
        .where(SubforumPersona.subforum_id == subforum_id, Persona.is_active, Persona.deleted_at.is_(None))
    ).all()
    usable_global = session.scalar(
        select(SettingRow.default_persona_id)
        .join(Persona, Persona.persona_id == SettingRow.default_persona_id)
        .where(SettingRow.key == GLOBAL_DEFAULT_PERSONA, Persona.is_active, Persona.deleted_at.is_(None))
    )
    return Candidates(
        chosen=chosen,
        assigned=frozenset(row.persona_id for row in rows),
        subforum_default=next((row.persona_id for row in rows if row.is_default_for_subforum), None),
        global_default=usable_global,
    )
