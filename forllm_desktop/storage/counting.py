"""Selects over what is known of models: their windows, and how our estimates compare with their counts."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from forllm_desktop.domain.servers import ModelChoice, ModelFacts, ModelOptions, TokenSample
from forllm_desktop.storage import settings
from forllm_desktop.storage.database import Session


def facts(session: Session, choice: ModelChoice) -> ModelFacts | None:
    """Return what a server last said of a model."""
    return session.get(ModelFacts, (choice.server_id, choice.name))


def options(session: Session, choice: ModelChoice) -> ModelOptions | None:
    """Return what the user set for a model."""
    return session.get(ModelOptions, (choice.server_id, choice.name))


def wanted(session: Session, choice: ModelChoice | None) -> int:
    """Return the window to ask for, in tokens: the user's number for the model, else the settings'."""
    own = options(session, choice) if choice is not None else None
    return (own.context_window if own is not None else None) or settings.load(session).context_window


def window(session: Session, choice: ModelChoice | None) -> int:
    """Return the window that may be used, in tokens: what is wanted, within what the server said."""
    said = facts(session, choice) if choice is not None else None
    most = wanted(session, choice)
    return min(most, said.ctx) if said is not None and said.ctx else most


def known_choices(session: Session) -> list[ModelChoice]:
    """List the models of which something is known or set."""
    said = session.execute(select(ModelFacts.server_id, ModelFacts.model)).all()
    chosen = session.execute(select(ModelOptions.server_id, ModelOptions.model)).all()
    return sorted({ModelChoice(*pair) for pair in [*said, *chosen]}, key=lambda c: (c.server_id, c.name))


def samples(session: Session, choice: ModelChoice) -> Sequence[TokenSample]:
    """Return the comparisons that are kept of a model, oldest first."""
    return session.scalars(
        select(TokenSample)
        .where(TokenSample.server_id == choice.server_id, TokenSample.model == choice.name)
        .order_by(TokenSample.sample_id)
    ).all()


def add_sample(session: Session, sample: TokenSample, most: int) -> None:
    """Keep a comparison, and of its model only the newest `most`."""
    session.add(sample)
    session.flush()
    own = (TokenSample.server_id == sample.server_id, TokenSample.model == sample.model)
    kept = select(TokenSample.sample_id).where(*own).order_by(TokenSample.sample_id.desc()).limit(most)
    session.execute(delete(TokenSample).where(*own, TokenSample.sample_id.not_in(kept.scalar_subquery())))
