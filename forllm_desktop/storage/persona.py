"""Selects over personas, their versions and their assignments."""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import Text, func, select, type_coerce

from forllm_desktop.domain.forum import Post, Subforum, User
from forllm_desktop.domain.forum_tree import AssignedPersona
from forllm_desktop.domain.persona import (
    GENERATED,
    Candidates,
    Persona,
    PersonaPicture,
    PersonaVersion,
    SubforumPersona,
)
from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.domain.servers import ModelChoice, ModelFacts
from forllm_desktop.domain.settings import GLOBAL_DEFAULT_PERSONA, SettingRow
from forllm_desktop.storage.database import Session

USABLE = (Persona.is_active, Persona.deleted_at.is_(None), Persona.attention.is_(None))
"""What a persona that may answer fulfils."""

_PLACE = (
    SubforumPersona.is_default_for_subforum.desc(),
    SubforumPersona.assigned_at,
    SubforumPersona.subforum_persona_id,
)
"""The order of a subforum's personas: its default, then as they were assigned."""


def personas(session: Session) -> Sequence[Persona]:
    """List the personas that are not deleted, by name."""
    return session.scalars(
        select(Persona).where(Persona.deleted_at.is_(None)).order_by(Persona.name_key)
    ).all()


def personas_of(session: Session, persona_ids: Collection[int]) -> Sequence[Persona]:
    """List the personas with these numbers that are not deleted, by name."""
    return session.scalars(
        select(Persona)
        .where(Persona.persona_id.in_(persona_ids), Persona.deleted_at.is_(None))
        .order_by(Persona.name_key)
    ).all()


def preload(session: Session, persona_ids: Collection[int]) -> None:
    """Read personas with one statement, so that the session knows each of them afterwards."""
    if len(persona_ids) > 1:
        session.scalars(select(Persona).where(Persona.persona_id.in_(persona_ids))).all()


def cards(session: Session, persona_ids: Collection[int] | None = None) -> list[PersonaCard]:
    """List the personas that are not deleted as rows of a list, by name; only these if given."""
    query = (
        select(
            Persona.persona_id,
            Persona.name,
            Persona.description,
            Persona.version,
            type_coerce(Persona.tags, Text),
            Persona.avatar_colour,
            PersonaPicture.persona_id.is_not(None),
            Persona.is_active,
            Persona.attention,
            Persona.is_unseen,
            Persona.generation_source.in_(GENERATED),
        )
        .outerjoin(PersonaPicture, PersonaPicture.persona_id == Persona.persona_id)
        .where(Persona.deleted_at.is_(None))
        .order_by(Persona.name_key)
    )
    if persona_ids is not None:
        query = query.where(Persona.persona_id.in_(persona_ids))
    places, defaults = _places(session, persona_ids)
    chosen, read = global_default(session), _TagReader()
    # Past the unit of work, in half the time: a list of thousands is read while a window waits.
    return [
        PersonaCard(
            persona_id=row[0],
            name=row[1],
            description=row[2],
            version=row[3],
            tags=read.tags(row[4]),
            colour=row[5],
            has_picture=row[6],
            is_active=row[7],
            attention=row[8],
            is_unseen=row[9],
            is_generated=bool(row[10]),
            is_global_default=row[0] == chosen,
            subforum_ids=tuple(places.get(row[0], ())),
            default_in=tuple(defaults.get(row[0], ())),
        )
        for row in session.connection().execute(query).all()
    ]


def _places(
    session: Session, persona_ids: Collection[int] | None
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return where personas are assigned, and where they are the default, in the order of the subforums."""
    query = (
        select(
            SubforumPersona.persona_id, SubforumPersona.subforum_id, SubforumPersona.is_default_for_subforum
        )
        .join(Subforum, Subforum.subforum_id == SubforumPersona.subforum_id)
        .where(Subforum.deleted_at.is_(None))
        .order_by(Subforum.position)
    )
    if persona_ids is not None:
        query = query.where(SubforumPersona.persona_id.in_(persona_ids))
    places: dict[int, list[int]] = {}
    defaults: dict[int, list[int]] = {}
    for persona_id, subforum_id, is_default in session.connection().execute(query).all():
        places.setdefault(persona_id, []).append(subforum_id)
        if is_default:
            defaults.setdefault(persona_id, []).append(subforum_id)
    return places, defaults


class _TagReader:
    """Reads tags as they are stored; those that many personas share are read once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

    def tags(self, stored: str) -> tuple[str, ...]:
        if stored not in self._known:
            self._known[stored] = tuple(json.loads(stored))
        return self._known[stored]


def deleted(session: Session) -> Sequence[Persona]:
    """List the personas in the trash, the last deleted first."""
    return session.scalars(
        select(Persona).where(Persona.deleted_at.is_not(None)).order_by(Persona.deleted_at.desc())
    ).all()


def global_default(session: Session) -> int | None:
    """Return the global default as it is set, usable or not."""
    return session.scalar(
        select(SettingRow.default_persona_id).where(SettingRow.key == GLOBAL_DEFAULT_PERSONA)
    )


def versions(session: Session, persona_id: int) -> Sequence[PersonaVersion]:
    """List the versions of a persona, the newest first."""
    return session.scalars(
        select(PersonaVersion)
        .where(PersonaVersion.persona_id == persona_id)
        .order_by(PersonaVersion.version.desc())
    ).all()


def posts_by_version(session: Session, persona_id: int) -> dict[int, int]:
    """Return how many posts each version of a persona wrote; versions without any are left out."""
    counted = session.execute(
        select(Post.persona_version, func.count())
        .where(Post.llm_persona_id == persona_id, Post.deleted_at.is_(None))
        .group_by(Post.persona_version)
    )
    return {version: n_posts for version, n_posts in counted if version is not None}


def colours(session: Session) -> dict[int, str]:
    """Return the colours that were chosen for avatars, by persona."""
    query = select(Persona.persona_id, Persona.avatar_colour).where(
        Persona.deleted_at.is_(None), Persona.avatar_colour.is_not(None)
    )
    return {persona_id: colour for persona_id, colour in session.execute(query) if colour}


def pictures(session: Session, persona_ids: Collection[int] | None = None) -> dict[int, bytes]:
    """Return the pictures of personas, as PNG; only of these if given."""
    query = select(PersonaPicture)
    if persona_ids is not None:
        query = query.where(PersonaPicture.persona_id.in_(persona_ids))
    return {picture.persona_id: picture.png for picture in session.scalars(query)}


def preferred_models(session: Session) -> set[ModelChoice]:
    """Return the models that usable personas prefer."""
    rows = session.execute(
        select(Persona.preferred_server_id, Persona.preferred_model)
        .where(*USABLE, Persona.preferred_model.is_not(None))
        .distinct()
    )
    return {ModelChoice(server_id, model) for server_id, model in rows if server_id is not None and model}


def model_facts(session: Session, choice: ModelChoice) -> ModelFacts | None:
    """Return what a server last said of a model."""
    return session.get(ModelFacts, (choice.server_id, choice.name))


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
        select(SubforumPersona).where(SubforumPersona.subforum_id == subforum_id).order_by(*_PLACE)
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
        .where(*USABLE)
        .order_by(*_PLACE)
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
        .where(SubforumPersona.subforum_id == subforum_id, *USABLE)
    ).all()
    usable_global = session.scalar(
        select(SettingRow.default_persona_id)
        .join(Persona, Persona.persona_id == SettingRow.default_persona_id)
        .where(SettingRow.key == GLOBAL_DEFAULT_PERSONA, *USABLE)
    )
    return Candidates(
        chosen=chosen,
        assigned=frozenset(row.persona_id for row in rows),
        subforum_default=next((row.persona_id for row in rows if row.is_default_for_subforum), None),
        global_default=usable_global,
    )
