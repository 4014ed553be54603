"""Selects over settings and servers."""

from collections.abc import Sequence

from sqlalchemy import select

from forllm_desktop.domain.servers import Server
from forllm_desktop.domain.settings import SettingRow
from forllm_desktop.storage.database import Session


def values(session: Session) -> dict[str, str | None]:
    """Return all stored options as text."""
    return {row.key: row.value for row in session.scalars(select(SettingRow))}


def row(session: Session, key: str) -> SettingRow:
    """Return the row of an option; it is made when missing."""
    found = session.scalars(select(SettingRow).where(SettingRow.key == key)).first()
    if found is None:
        found = SettingRow(key=key)
        session.add(found)
    return found


def servers(session: Session) -> Sequence[Server]:
    """List the servers in the order they were added."""
    return session.scalars(select(Server).order_by(Server.server_id)).all()


def server_at(session: Session, base_url: str) -> Server | None:
    """Return the server with this address."""
    return session.scalars(select(Server).where(Server.base_url == base_url)).first()
