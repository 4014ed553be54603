"""Selects for the forum tree: few statements for many rows, answered from indexes."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ColumnElement, Label, Select, case, exists, func, select, tuple_, union_all

from forllm_desktop.domain.forum import Post, Subforum, Topic
from forllm_desktop.domain.forum_tree import Mark, Place, SubforumEntry, TopicEntry, TopicState
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.queue import OPEN_STATUSES, Job, JobStatus
from forllm_desktop.storage.database import Session
from forllm_desktop.storage.forum import is_unread

_IDS_PER_STATEMENT = 500
_POST, _GONE = Post.__table__.alias("post"), Post.__table__.alias("gone")


def subforums(session: Session) -> list[SubforumEntry]:
    """List the subforums in the user's order."""
    has_topics = exists().where(Topic.subforum_id == Subforum.subforum_id, Topic.deleted_at.is_(None))
    rows = session.execute(
        select(Subforum.subforum_id, Subforum.name, Subforum.description, has_topics)
        .where(Subforum.deleted_at.is_(None))
        .order_by(Subforum.position, Subforum.subforum_id)
    )
    return [SubforumEntry(*row) for row in rows]


def page(session: Session, subforum_id: int, after: Place | None, limit: int) -> list[TopicEntry]:
    """List topics of a subforum in their order: at most `limit` that come after a place."""
    placed = _placed(Topic.subforum_id == subforum_id)
    query = select(placed).order_by(placed.c.newest.desc(), placed.c.topic_id.desc()).limit(limit)
    if after is not None:
        query = query.where(tuple_(placed.c.newest, placed.c.topic_id) < tuple_(*after))
    return [TopicEntry(*row) for row in session.execute(query)]


def page_through(session: Session, subforum_id: int, after: Place | None, last: Place) -> list[TopicEntry]:
    """List topics of a subforum in their order: those after a place, up to and with another."""
    placed = _placed(Topic.subforum_id == subforum_id)
    query = (
        select(placed)
        .where(tuple_(placed.c.newest, placed.c.topic_id) >= tuple_(*last))
        .order_by(placed.c.newest.desc(), placed.c.topic_id.desc())
    )
    if after is not None:
        query = query.where(tuple_(placed.c.newest, placed.c.topic_id) < tuple_(*after))
    return [TopicEntry(*row) for row in session.execute(query)]


def entries(session: Session, topic_ids: Collection[int]) -> list[TopicEntry]:
    """Return those of these topics that are there, in any order."""
    found = []
    for some in _portions(topic_ids):
        query = (
            select(Topic.topic_id, Topic.subforum_id, Topic.title, _newest(of_many=False))
            .join(Subforum, Subforum.subforum_id == Topic.subforum_id)
            .where(Topic.topic_id.in_(some), Topic.deleted_at.is_(None), Subforum.deleted_at.is_(None))
        )
        found += [TopicEntry(*row) for row in session.execute(query)]
    return found


def states(session: Session, topic_ids: Collection[int] | None = None) -> list[TopicState]:
    """Return what is new or under way, of all topics or of these; topics with neither are left out."""
    if topic_ids is None:
        return _joined(session.execute(_unread(None)), session.execute(_marks(None)))
    found = []
    for some in _portions(topic_ids):
        found += _joined(session.execute(_unread(some)), session.execute(_marks(some)))
    return found


def topics_of(session: Session, post_ids: Collection[int], request_ids: Collection[int]) -> set[int]:
    """Return the topics that these posts are in, and those whose posts these requests answer."""
    found: set[int] = set()
    for some in _portions(post_ids):
        found.update(session.scalars(select(Post.topic_id).where(Post.post_id.in_(some))))
    for some in _portions(request_ids):
        found.update(
            session.scalars(
                select(Post.topic_id)
                .join(Job, Job.post_id_to_respond_to == Post.post_id)
                .where(Job.request_id.in_(some))
            )
        )
    return found


def in_order(session: Session, topic_id: int | None = None) -> list[tuple[tuple[int, ...], int]]:
    """Return the topics with something unread, or one topic, each with the key that sorts the whole tree."""
    where = (
        Topic.topic_id.in_(select(Post.topic_id).where(is_unread()))
        if topic_id is None
        else Topic.topic_id == topic_id
    )
    rows = session.execute(
        select(Subforum.position, Subforum.subforum_id, _newest(of_many=topic_id is None), Topic.topic_id)
        .join(Subforum, Subforum.subforum_id == Topic.subforum_id)
        .where(where, Topic.deleted_at.is_(None), Subforum.deleted_at.is_(None))
    )
    return sorted(((row[0], row[1], -row[2], -row[3]), row[3]) for row in rows)


def unread_posts(session: Session, topic_ids: Collection[int]) -> list[int]:
    """Return the unread replies in these topics."""
    found: list[int] = []
    for some in _portions(topic_ids):
        found += session.scalars(select(Post.post_id).where(Post.topic_id.in_(some), is_unread()))
    return found


def trash_count(session: Session) -> int:
    """Count what lies in the trash."""
    counts = union_all(
        select(func.count()).select_from(Subforum).where(Subforum.deleted_at.is_not(None)),
        select(func.count()).select_from(Topic).where(Topic.deleted_at.is_not(None)),
        # A reply that was taken away before it had any text holds nothing to bring back.
        select(func.count())
        .select_from(Post)
        .where(Post.deleted_at.is_not(None), (Post.content != "") | (Post.thinking != "")),
        select(func.count()).select_from(Persona).where(Persona.deleted_at.is_not(None)),
    )
    return sum(session.scalars(counts))


def _newest(*, of_many: bool) -> Label[int]:
    """Spell out the newest post of a topic that is not deleted; 0 when there is none.

    `deleted_at` lies behind the text of a post, so asking a post for it reads all of that. Of many topics
    the posts are found from indexes alone, for the price of listing the deleted ones once.
    """
    post, gone = _POST.c, _GONE.c
    deleted = select(gone.post_id).where(gone.deleted_at.is_not(None))
    newest = (
        select(post.post_id)
        .where(
            post.topic_id == Topic.topic_id,
            post.post_id.not_in(deleted) if of_many else post.deleted_at.is_(None),
        )
        .order_by(post.post_id.desc())
        .limit(1)
        .correlate(Topic)
        .scalar_subquery()
    )
    return func.coalesce(newest, 0).label("newest")


def _placed(where: ColumnElement[bool]):
    # Materialized, so that a place is worked out once and not again for each comparison.
    return (
        select(Topic.topic_id, Topic.subforum_id, Topic.title, _newest(of_many=True))
        .where(where, Topic.deleted_at.is_(None))
        .cte("placed")
        .prefix_with("MATERIALIZED")
    )


def _unread(topic_ids: Sequence[int] | None) -> Select:
    counted = select(Post.topic_id, func.count().label("number")).where(is_unread()).group_by(Post.topic_id)
    if topic_ids is not None:
        counted = counted.where(Post.topic_id.in_(topic_ids))
    unread = counted.subquery()
    return (
        select(Topic.topic_id, Topic.subforum_id, unread.c.number)
        .join(unread, unread.c.topic_id == Topic.topic_id)
        .join(Subforum, Subforum.subforum_id == Topic.subforum_id)
        .where(Topic.deleted_at.is_(None), Subforum.deleted_at.is_(None))
    )


def _marks(topic_ids: Sequence[int] | None) -> Select:
    mark = case(
        (Job.status == JobStatus.PROCESSING, int(Mark.WORKING)),
        (Job.status == JobStatus.ERROR, int(Mark.FAILED)),
        ((Job.status == JobStatus.PENDING) & Job.wait_reason.is_not(None), int(Mark.PARKED)),
        else_=int(Mark.WAITING),
    )
    query = (
        select(Topic.topic_id, Topic.subforum_id, func.max(mark))
        .select_from(Job)
        .join(Post, Post.post_id == Job.post_id_to_respond_to)
        .join(Topic, Topic.topic_id == Post.topic_id)
        .join(Subforum, Subforum.subforum_id == Topic.subforum_id)
        .where(
            Job.status.in_([*OPEN_STATUSES, JobStatus.ERROR]),
            Post.deleted_at.is_(None),
            Topic.deleted_at.is_(None),
            Subforum.deleted_at.is_(None),
        )
        .group_by(Topic.topic_id)
    )
    return query if topic_ids is None else query.where(Topic.topic_id.in_(topic_ids))


def _joined(unread, marks) -> list[TopicState]:
    counts = {row[0]: row for row in unread}
    marked = {row[0]: row for row in marks}
    return [
        TopicState(
            topic_id,
            (counts.get(topic_id) or marked[topic_id])[1],
            counts[topic_id][2] if topic_id in counts else 0,
            Mark(marked[topic_id][2]) if topic_id in marked else Mark.NONE,
        )
        for topic_id in counts.keys() | marked.keys()
    ]


def _portions(ids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _IDS_PER_STATEMENT):
        yield ordered[start : start + _IDS_PER_STATEMENT]
