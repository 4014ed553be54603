"""Selects over stored files, the files of posts, and what still needs them."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, exists, select

from forllm_desktop.domain.files import PostFile, StoredFile, from_stored_form
from forllm_desktop.domain.forum import Draft, Post
from forllm_desktop.storage.database import Session

T = TypeVar("T")

_AT_ONCE = 500
"""Ids or digests of one select."""


def of_posts(session: Session, post_ids: Collection[int]) -> Sequence[PostFile]:
    """List the files of these posts, each post's in their order."""
    found: list[PostFile] = []
    for some in _portions(sorted(post_ids)):
        found += session.scalars(
            select(PostFile).where(PostFile.post_id.in_(some)).order_by(PostFile.post_id, PostFile.position)
        )
    return found


def of_topic(session: Session, topic_id: int) -> Sequence[PostFile]:
    """List the files of all posts of a topic, each post's in their order."""
    return session.scalars(
        select(PostFile)
        .join(Post, Post.post_id == PostFile.post_id)
        .where(Post.topic_id == topic_id)
        .order_by(PostFile.post_id, PostFile.position)
    ).all()


def stored(session: Session, digests: Collection[str]) -> list[StoredFile]:
    """Return stored files with their texts, without their contents."""
    found: list[StoredFile] = []
    for some in _portions(sorted(digests)):
        found += session.scalars(select(StoredFile).where(StoredFile.digest.in_(some)))
    return found


def sizes(session: Session, digests: Collection[str]) -> list[tuple[str, int, int, str]]:
    """Return of stored files the digest, the bytes, the characters of the text, and the encoding."""
    found: list[tuple[str, int, int, str]] = []
    for some in _portions(sorted(digests)):
        rows = session.execute(
            select(StoredFile.digest, StoredFile.size, StoredFile.characters, StoredFile.encoding).where(
                StoredFile.digest.in_(some)
            )
        )
        found += [(row[0], row[1], row[2], row[3]) for row in rows]
    return found


def known(session: Session, digests: Collection[str]) -> set[str]:
    """Return those of the digests whose content is stored."""
    found: set[str] = set()
    for some in _portions(sorted(digests)):
        found |= set(session.scalars(select(StoredFile.digest).where(StoredFile.digest.in_(some))))
    return found


def content(session: Session, digest: str) -> bytes | None:
    """Return the bytes of a stored file."""
    return session.scalar(select(StoredFile.content).where(StoredFile.digest == digest))


def forget_of_post(session: Session, post_id: int) -> None:
    """Take all files off a post; their contents stay."""
    session.execute(delete(PostFile).where(PostFile.post_id == post_id))


def unneeded(session: Session, before: datetime, most: int) -> list[tuple[str, int]]:
    """List files that no post and no draft has, stored before a time: digests and sizes, the oldest first."""
    rows = session.execute(
        select(StoredFile.digest, StoredFile.size)
        .where(
            StoredFile.stored_at < before,
            ~exists().where(PostFile.digest == StoredFile.digest),
            StoredFile.digest.not_in(_of_drafts(session)),
        )
        .order_by(StoredFile.stored_at)
        .limit(most)
    )
    return [(row[0], row[1]) for row in rows]


def remove(session: Session, digests: Collection[str]) -> int:
    """Remove those of the stored files that still no post and no draft has; returns how many."""
    in_drafts = _of_drafts(session)
    removed = session.execute(
        delete(StoredFile).where(
            StoredFile.digest.in_(set(digests) - in_drafts),
            ~exists().where(PostFile.digest == StoredFile.digest),
        )
    )
    return removed.rowcount  # pyright: ignore[reportAttributeAccessIssue]


def _of_drafts(session: Session) -> set[str]:
    lists = session.scalars(select(Draft.files).where(Draft.files.is_not(None)))
    return {file.digest for kept in lists for file in from_stored_form(kept)}


def _portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))
