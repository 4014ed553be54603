"""Selects over unsent texts."""

from sqlalchemy import select

from forllm_desktop.domain.forum import Draft
from forllm_desktop.storage.database import Session


def at(session: Session, place: str) -> Draft | None:
    """Return the draft of a place."""
    return session.scalars(select(Draft).where(Draft.place == place)).first()
