"""Selects over own templates, ratings, and the requests that write personas."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.queue import Job, JobKind
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.templates import OwnTemplate, PersonaRating
from forllm_desktop.storage.database import Session

_LOOKED_AT = 100
"""Newest requests in which a brainstorm is looked for."""


def own_template(session: Session, name: str) -> OwnTemplate | None:
    """Return the newest version of the user's copy of a template, be it a reset."""
    return session.scalars(
        select(OwnTemplate).where(OwnTemplate.name == name).order_by(OwnTemplate.version.desc()).limit(1)
    ).first()


def own_versions(session: Session, name: str) -> Sequence[OwnTemplate]:
    """List the versions of the user's copy of a template, the newest first."""
    return session.scalars(
        select(OwnTemplate).where(OwnTemplate.name == name).order_by(OwnTemplate.version.desc())
    ).all()


def generations(session: Session) -> Sequence[Job]:
    """List the requests that write personas, the newest first."""
    return session.scalars(
        select(Job).where(Job.request_type == JobKind.GENERATE_PERSONA).order_by(Job.request_id.desc())
    ).all()


def proposed(session: Session, persona_id: int | None = None) -> Sequence[Job]:
    """List the requests whose new text for a persona waits for a decision, the newest first."""
    wanted = select(Job).where(
        Job.request_type == JobKind.GENERATE_PERSONA, Job.output["decision"].as_string() == "proposed"
    )
    if persona_id is not None:
        wanted = wanted.where(Job.request_params["regenerates"].as_integer() == persona_id)
    return session.scalars(wanted.order_by(Job.request_id.desc())).all()


def with_brainstorm(session: Session, model: ModelChoice) -> Iterator[tuple[int, dict]]:
    """Yield the requests to a model that have a brainstorm, the newest first: their ids and params."""
    query = (
        select(Job.request_id, Job.request_params)
        .where(
            Job.request_type == JobKind.GENERATE_PERSONA,
            Job.llm_model == model.name,
            Job.server_id == model.server_id,
            Job.output["stages", "expansion", "text"].as_string().is_not(None),
        )
        .order_by(Job.request_id.desc())
        .limit(_LOOKED_AT)
    )
    for request_id, params in session.execute(query):
        yield request_id, params or {}


def batch(session: Session, batch_id: int) -> Sequence[Job]:
    """List the requests that were made together."""
    return session.scalars(select(Job).where(Job.batch_id == batch_id).order_by(Job.request_id)).all()


def rated(session: Session) -> Sequence[tuple[Persona, int | None]]:
    """List the generated personas that are not deleted, with their thumbs."""
    found = session.execute(
        select(Persona, PersonaRating.thumbs)
        .outerjoin(PersonaRating, PersonaRating.persona_id == Persona.persona_id)
        .where(Persona.generation_input_details.is_not(None), Persona.deleted_at.is_(None))
    )
    return [(persona, thumbs) for persona, thumbs in found]
