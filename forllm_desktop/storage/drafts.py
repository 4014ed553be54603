"""Selects over unsent texts."""

from sqlalchemy import delete, select

from forllm_desktop.domain.forum import Draft
from forllm_desktop.storage.database import Session


def at(session: Session, place: str) -> Draft | None:
    """Return the draft of a place."""
    return session.scalars(select(Draft).where(Draft.place == place)).first()


def discard(session: Session, place: str) -> None:
    """Forget the draft of a place."""
    session.execute(delete(Draft).where(Draft.place == place))
