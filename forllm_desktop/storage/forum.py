"""Selects and small writes over subforums, topics and posts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, bindparam, func, literal_column, or_, select, update
from sqlalchemy.orm import aliased

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.forum import Post, PostRevision, Subforum, Topic, title_from
from forllm_desktop.domain.queue import OPEN_STATUSES, Job
from forllm_desktop.domain.undo import Kind, TrashItem
from forllm_desktop.storage.database import Session

_IDS_PER_STATEMENT = 500
_EXCERPT = 1_000
"""Characters read of a deleted post to find its first line."""


_TAKES_POST = (
    select(Topic.topic_id)
    .join(Subforum, Subforum.subforum_id == Topic.subforum_id)
    .where(Topic.topic_id == bindparam("topic_id"), Topic.deleted_at.is_(None), Subforum.deleted_at.is_(None))
)
_TAKES_REPLY = _TAKES_POST.join(Post, Post.topic_id == Topic.topic_id).where(
    Post.post_id == bindparam("parent_post_id"), Post.deleted_at.is_(None)
)


# -- subforums


def subforums(session: Session) -> Sequence[Subforum]:
    """List the subforums that are not deleted, in the user's order."""
    return session.scalars(
        select(Subforum)
        .where(Subforum.deleted_at.is_(None))
        .order_by(Subforum.position, Subforum.subforum_id)
    ).all()


def subforums_named(session: Session, name: str) -> Sequence[Subforum]:
    """List the subforums that are not deleted and have this name, without regard to case."""
    return session.scalars(
        select(Subforum).where(Subforum.name_key == name_key(name), Subforum.deleted_at.is_(None))
    ).all()


def number(ordered: Sequence[Subforum]) -> None:
    """Give subforums the positions 0, 1, 2 ... in this order."""
    for position, subforum in enumerate(ordered):
        subforum.position = position


# -- topics


def topics(session: Session, subforum_id: int) -> Sequence[Topic]:
    """List the topics of a subforum that are not deleted, the one with the newest post first."""
    newest_post = (
        select(Post.post_id)
        .where(Post.topic_id == Topic.topic_id, Post.deleted_at.is_(None))
        .order_by(Post.post_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return session.scalars(
        select(Topic)
        .join(Subforum, Subforum.subforum_id == Topic.subforum_id)
        .where(Topic.subforum_id == subforum_id, Topic.deleted_at.is_(None), Subforum.deleted_at.is_(None))
        .order_by(func.coalesce(newest_post, 0).desc(), Topic.topic_id.desc())
    ).all()


def topics_named(session: Session, subforum_id: int, title: str) -> Sequence[Topic]:
    """List the topics of a subforum that have this title, without regard to case, newest activity first."""
    key = name_key(title)
    return [topic for topic in topics(session, subforum_id) if name_key(topic.title) == key]


def unread(session: Session) -> dict[int, int]:
    """Return how many finished replies are unread, by topic; topics without any are left out."""
    rows = session.execute(
        select(Post.topic_id, func.count())
        .where(is_unread())
        .join(Topic, Topic.topic_id == Post.topic_id)
        .join(Subforum, Subforum.subforum_id == Topic.subforum_id)
        .where(Topic.deleted_at.is_(None), Subforum.deleted_at.is_(None))
        .group_by(Post.topic_id)
    )
    return {row[0]: row[1] for row in rows}


# -- posts


def takes_post(session: Session, topic_id: int, parent_post_id: int | None) -> bool:
    """Say whether a post may stand in a topic, and below that post: all of it is there and live."""
    values = {"topic_id": topic_id, "parent_post_id": parent_post_id}
    statement = _TAKES_POST if parent_post_id is None else _TAKES_REPLY
    # Past the unit of work, in a third of the time: nothing is read but whether there is a row.
    return session.connection().execute(statement, values).first() is not None


def shown_posts(session: Session, topic_id: int) -> Sequence[Post]:
    """List the posts a reader sees, oldest first: live ones, and deleted ones with a live reply below."""
    return _of(session, _shown(topic_id))


def first_shown(session: Session, topic_id: int) -> int | None:
    """Return the oldest post of a topic that a reader sees, without reading the others."""
    return session.scalar(select(func.min(_shown(topic_id).c.post_id)))


def _shown(topic_id: int) -> CTE:
    parent = aliased(Post)
    shown = (
        select(Post.post_id, Post.parent_post_id)
        .where(Post.topic_id == topic_id, Post.deleted_at.is_(None))
        .cte("shown", recursive=True)
    )
    # A live parent is in the first part already, so the second only follows deleted ones.
    return shown.union(
        select(parent.post_id, parent.parent_post_id)
        .join(shown, parent.post_id == shown.c.parent_post_id)
        .where(parent.deleted_at.is_not(None))
    )


def ancestors(session: Session, post_id: int) -> Sequence[Post]:
    """List what a post answers, and what that answers, up to the first post: oldest first, without itself.

    Deleted ones are among them, with `deleted_at` set.
    """
    return session.scalars(_ancestors(), {"post_id": post_id}).all()


def newest_whole_post(session: Session, topic_id: int) -> int | None:
    """Return the newest post of a topic that can be answered: neither deleted nor incomplete."""
    return session.scalars(
        select(Post.post_id)
        .where(Post.topic_id == topic_id, Post.deleted_at.is_(None), ~Post.is_incomplete)
        .order_by(Post.post_id.desc())
        .limit(1)
    ).first()


def has_live_replies(session: Session, post_id: int) -> bool:
    """Say whether anything live hangs below a post, be it below deleted replies."""
    reply = aliased(Post)
    below = (
        select(Post.post_id, Post.deleted_at)
        .where(Post.parent_post_id == post_id)
        .cte("below", recursive=True)
    )
    below = below.union(
        select(reply.post_id, reply.deleted_at)
        .join(below, reply.parent_post_id == below.c.post_id)
        .where(below.c.deleted_at.is_not(None))
    )
    return session.scalar(select(below.c.post_id).where(below.c.deleted_at.is_(None)).limit(1)) is not None


def hidden_with(session: Session, post: Post) -> list[int]:
    """Return which posts no reader sees while `post` is deleted: itself and tombstones above it, top first.

    Empty when something live hangs below it. Call it while `post` is marked as deleted.
    """
    hidden: list[int] = []
    above: Post | None = post
    while above is not None and above.deleted_at is not None and not has_live_replies(session, above.post_id):
        hidden.append(above.post_id)
        above = session.get(Post, above.parent_post_id) if above.parent_post_id else None
    return hidden[::-1]


def asked_posts(
    session: Session, *, topic_id: int | None = None, subforum_id: int | None = None
) -> list[int]:
    """Return the posts of a topic or a subforum that an open request answers or writes."""
    place = Topic.subforum_id == subforum_id if topic_id is None else Post.topic_id == topic_id
    return list(
        session.scalars(
            select(Post.post_id)
            .distinct()
            .select_from(Job)
            .join(Post, or_(Post.post_id == Job.post_id_to_respond_to, Post.post_id == Job.reply_post_id))
            .join(Topic, Topic.topic_id == Post.topic_id)
            .where(Job.status.in_(OPEN_STATUSES), place)
        )
    )


def is_asked_for(session: Session, post_id: int) -> bool:
    """Say whether an open request writes this post, or will write it again."""
    found = select(Job.request_id).where(Job.reply_post_id == post_id, Job.status.in_(OPEN_STATUSES)).limit(1)
    return session.scalar(found) is not None


def mark_read(session: Session, post_ids: Collection[int], now: datetime) -> list[int]:
    """Mark the unread ones of these posts as read; returns the topics they are in, each once."""
    ids = sorted(post_ids)
    topic_ids: set[int] = set()
    for start in range(0, len(ids), _IDS_PER_STATEMENT):
        some = ids[start : start + _IDS_PER_STATEMENT]
        topic_ids.update(
            session.scalars(
                update(Post)
                .where(Post.post_id.in_(some), is_unread())
                .values(read_at=now)
                .returning(Post.topic_id)
                .execution_options(synchronize_session=False)
            )
        )
    return sorted(topic_ids)


def mark_unread(session: Session, post_ids: Collection[int]) -> list[int]:
    """Mark these posts as unread again; returns the topics they are in, each once."""
    ids = sorted(post_ids)
    topic_ids: set[int] = set()
    for start in range(0, len(ids), _IDS_PER_STATEMENT):
        some = ids[start : start + _IDS_PER_STATEMENT]
        topic_ids.update(
            session.scalars(
                update(Post)
                .where(Post.post_id.in_(some))
                .values(read_at=None)
                .returning(Post.topic_id)
                .execution_options(synchronize_session=False)
            )
        )
    return sorted(topic_ids)


# -- earlier texts


def revisions(session: Session, post_id: int) -> Sequence[PostRevision]:
    """List the earlier texts of a post, oldest first."""
    return session.scalars(
        select(PostRevision).where(PostRevision.post_id == post_id).order_by(PostRevision.revision_id)
    ).all()


# -- trash


def trash(session: Session) -> list[TrashItem]:
    """List what was deleted, the last deleted first."""
    found = [*_deleted_subforums(session), *_deleted_topics(session), *_deleted_posts(session)]
    return sorted(found, key=lambda item: item.deleted_at, reverse=True)


def _deleted_subforums(session: Session) -> list[TrashItem]:
    rows = session.execute(
        select(Subforum.subforum_id, Subforum.name, Subforum.deleted_at)
        .where(Subforum.deleted_at.is_not(None))
        .order_by(Subforum.deleted_at.desc(), Subforum.subforum_id.desc())
    )
    return [TrashItem(Kind.SUBFORUM, row.subforum_id, row.name, "", row.deleted_at) for row in rows]


def _deleted_topics(session: Session) -> list[TrashItem]:
    rows = session.execute(
        select(Topic.topic_id, Topic.title, Topic.deleted_at, Subforum.name)
        .join(Subforum, Subforum.subforum_id == Topic.subforum_id)
        .where(Topic.deleted_at.is_not(None))
        .order_by(Topic.deleted_at.desc(), Topic.topic_id.desc())
    )
    return [TrashItem(Kind.TOPIC, row.topic_id, row.title, row.name, row.deleted_at) for row in rows]


def _deleted_posts(session: Session) -> list[TrashItem]:
    rows = session.execute(
        select(
            Post.post_id,
            func.substr(Post.content, 1, _EXCERPT).label("excerpt"),
            Post.deleted_at,
            Topic.title,
            Subforum.name,
        )
        .join(Topic, Topic.topic_id == Post.topic_id)
        .join(Subforum, Subforum.subforum_id == Topic.subforum_id)
        # A reply that was taken away before it had any text holds nothing to bring back.
        .where(Post.deleted_at.is_not(None), (Post.content != "") | (Post.thinking != ""))
        .order_by(Post.deleted_at.desc(), Post.post_id.desc())
    )
    return [
        TrashItem(
            Kind.POST, row.post_id, title_from(row.excerpt), f"{row.name} › {row.title}", row.deleted_at
        )
        for row in rows
    ]


@cache
def _ancestors() -> Select[Any]:
    """Build the select once: every prompt needs it, and building it takes longer than running it."""
    above = (
        select(Post.parent_post_id.label("post_id"))
        .where(Post.post_id == bindparam("post_id"))
        .cte("above", recursive=True)
    )
    return _in(above.union(select(Post.parent_post_id).join(above, Post.post_id == above.c.post_id)))


def _of(session: Session, ids: CTE) -> Sequence[Post]:
    return session.scalars(_in(ids)).all()


def _in(ids: CTE) -> Select[Any]:
    # A reply is always made after what it answers, so the order of ids is the order of age.
    return select(Post).join(ids, Post.post_id == ids.c.post_id).order_by(Post.post_id)


def is_unread() -> ColumnElement[bool]:
    """Spell out the condition of the index ix_posts_unread; SQLite proves it only from the same words."""
    return and_(Post.read_at.is_(None), Post.is_incomplete == literal_column("0"), Post.deleted_at.is_(None))
