"""Selects over settings and servers."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import select, update

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.forum import Post, User
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import Server
from forllm_desktop.domain.settings import SettingRow, Settings, checked_option
from forllm_desktop.storage.database import Session

_IDS_PER_STATEMENT = 500
THE_USER = 1


def values(session: Session) -> dict[str, str | None]:
    """Return all stored options as text."""
    return {row.key: row.value for row in session.scalars(select(SettingRow))}


def load(session: Session) -> Settings:
    """Return the options as stored; what is missing or no longer fits has its default."""
    stored = values(session)
    known = [f for f in fields(Settings) if stored.get(f.name) is not None]
    return Settings(**{f.name: _read(f.name, stored[f.name], f.default) for f in known})


def row(session: Session, key: str) -> SettingRow:
    """Return the row of an option; it is made when missing."""
    found = session.scalars(select(SettingRow).where(SettingRow.key == key)).first()
    if found is None:
        found = SettingRow(key=key)
        session.add(found)
    return found


def name_user(session: Session, name: str) -> None:
    """Let posts, and what models read, call the one user so."""
    session.execute(update(User).where(User.user_id == THE_USER).values(username=name))


def servers(session: Session) -> Sequence[Server]:
    """List the servers in the order they were added."""
    return session.scalars(select(Server).order_by(Server.server_id)).all()


def server_at(session: Session, base_url: str) -> Server | None:
    """Return the server with this address."""
    return session.scalars(select(Server).where(Server.base_url == base_url)).first()


def users_of_server(session: Session, server_id: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the ids of the posts and of the requests that name a server."""
    posts = session.scalars(select(Post.post_id).where(Post.server_id == server_id)).all()
    requests = session.scalars(select(Job.request_id).where(Job.server_id == server_id)).all()
    return tuple(posts), tuple(requests)


def name_server_again(
    session: Session, server_id: int, posts: Sequence[int], requests: Sequence[int]
) -> None:
    """Let posts and requests name a server, where they have named none since it was removed."""
    for first in range(0, len(posts), _IDS_PER_STATEMENT):
        ids = posts[first : first + _IDS_PER_STATEMENT]
        session.execute(
            update(Post)
            .where(Post.post_id.in_(ids), Post.server_id.is_(None))
            .values(server_id=server_id)
            .execution_options(synchronize_session=False)
        )
    for first in range(0, len(requests), _IDS_PER_STATEMENT):
        ids = requests[first : first + _IDS_PER_STATEMENT]
        session.execute(
            update(Job)
            .where(Job.request_id.in_(ids), Job.server_id.is_(None))
            .values(server_id=server_id)
            .execution_options(synchronize_session=False)
        )


def _read(name: str, text: str | None, default: Any) -> Any:
    try:
        return checked_option(name, text)
    except InvalidInput:
        return default
