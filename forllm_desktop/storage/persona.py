"""Selects over personas, their versions and their assignments."""

from collections.abc import Sequence

from sqlalchemy import select

from forllm_desktop.domain.forum import Post, User
from forllm_desktop.domain.forum_tree import AssignedPersona
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


def assigned(session: Session) -> dict[int, tuple[AssignedPersona, ...]]:
    """Return who may answer in each subforum, the default first, then in the order they were assigned."""
    rows = session.execute(
        select(
            SubforumPersona.subforum_id,
            Persona.persona_id,
            Persona.name,
            SubforumPersona.is_default_for_subforum,
        )
        .join(Persona, Persona.persona_id == SubforumPersona.persona_id)
        .where(Persona.is_active, Persona.deleted_at.is_(None))
        .order_by(SubforumPersona.is_default_for_subforum.desc(), SubforumPersona.assigned_at)
    )
    found: dict[int, tuple[AssignedPersona, ...]] = {}
    for subforum_id, persona_id, name, is_default in rows:
        found[subforum_id] = (*found.get(subforum_id, ()), AssignedPersona(persona_id, name, is_default))
    return found


def author_of(session: Session, post: Post) -> str:
    """Return the name of a post's author: a persona's as it was when it wrote."""
    if post.llm_persona_id is not None:
        written = version(session, post.llm_persona_id, post.persona_version or 0)
        return written.name if written else session.get_one(Persona, post.llm_persona_id).name
    user = session.get(User, post.user_id) if post.user_id else None
    return user.username if user else "User"


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
