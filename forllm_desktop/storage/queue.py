"""Selects and small writes over the queue (table llm_requests)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import defer

from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.queue import OPEN_STATUSES, Job, JobKind, JobStatus
from forllm_desktop.storage.database import Session
from forllm_desktop.storage.forum import has_live_replies, hidden_with

_LAST_POSITION = select(func.max(Job.position))
_PARKED = (
    select(Job.request_id)
    .where(
        Job.status == JobStatus.PENDING,
        Job.server_id == bindparam("server_id"),
        Job.not_before > bindparam("now"),
    )
    .limit(1)
)


class Gone(NamedTuple):
    """Ids of posts that were taken away, and those of them whose place stays in sight, marked as deleted."""

    removed: list[int]
    marked: list[int]


class Cancelled(NamedTuple):
    """Ids of requests that were cancelled, which of them were running, and of their empty replies."""

    changed: list[int]
    running: list[int]
    removed: list[int]
    marked: list[int]


class Standing(NamedTuple):
    """How many requests run, wait for their turn or for another reply, and wait for their server."""

    running: int
    waiting: int
    parked: int


def jobs(session: Session, statuses: Collection[JobStatus] = tuple(JobStatus)) -> Sequence[Job]:
    """List requests in the order of the queue."""
    return session.scalars(
        select(Job).where(Job.status.in_(statuses)).order_by(Job.position, Job.request_id)
    ).all()


def next_runnable(session: Session, now: datetime, only: Collection[int] | None = None) -> Job | None:
    """Return the request to run next, out of `only` if given; None when nothing can run now."""
    query = select(Job).where(Job.status == JobStatus.PENDING, _is_due(now))
    if only is not None:
        query = query.where(Job.request_id.in_(only))
    return session.scalars(query.order_by(Job.position, Job.request_id).limit(1)).first()


def next_due(session: Session) -> datetime | None:
    """Return when the first parked request wants to be tried again, be it past; None when none is parked."""
    return session.scalar(select(func.min(Job.not_before)).where(Job.status == JobStatus.PENDING))


def parked(session: Session, server_id: int | None, now: datetime) -> Job | None:
    """Return a request that waits for this server to come back."""
    # Past the unit of work, in a third of the time: there is one only while a server is away.
    session.flush()
    found = session.connection().execute(_PARKED, {"server_id": server_id, "now": now}).scalar()
    return session.get(Job, found) if found else None


def last_position(session: Session) -> int:
    """Return the highest position in the queue; 0 when it is empty."""
    return session.connection().execute(_LAST_POSITION).scalar() or 0


def position_in_front(session: Session, kind: JobKind) -> int:
    """Return a position in front of the queue, but behind those of the same kind that wait there."""
    own = select(func.max(Job.position)).where(Job.request_type == kind, Job.status == JobStatus.PENDING)
    waiting = session.scalar(own)
    return waiting if waiting is not None else (session.scalar(select(func.min(Job.position))) or 0) - 1


def is_awaited(session: Session, subforum_id: int, persona_id: int) -> bool:
    """Say whether an open request asks a persona by name in a subforum."""
    found = session.scalars(
        select(Job.request_id)
        .join(Post, Post.post_id == Job.post_id_to_respond_to)
        .join(Topic, Topic.topic_id == Post.topic_id)
        .where(
            Job.status.in_(OPEN_STATUSES),
            Job.persona_is_chosen,
            Job.llm_persona == persona_id,
            Topic.subforum_id == subforum_id,
        )
        .limit(1)
    )
    return found.first() is not None


def running(session: Session) -> Sequence[Job]:
    """List the requests that are marked as running."""
    return jobs(session, [JobStatus.PROCESSING])


def with_ancestors(session: Session, request_id: int) -> list[int]:
    """Return a request and all it waits for, the first to run first."""
    chain: list[int] = []
    job = session.get(Job, request_id)
    while job is not None and job.request_id not in chain:
        chain.append(job.request_id)
        job = session.get(Job, job.parent_request_id) if job.parent_request_id else None
    return chain[::-1]


def dependents(session: Session, request_ids: Collection[int]) -> Sequence[Job]:
    """List the requests that wait directly for one of these."""
    return session.scalars(
        select(Job).where(Job.parent_request_id.in_(request_ids), Job.status == JobStatus.PENDING_DEPENDENCY)
    ).all()


def all_dependents(session: Session, request_ids: Collection[int]) -> list[Job]:
    """List the requests that wait for one of these, directly or through others."""
    found: list[Job] = []
    waiting = dependents(session, request_ids)
    while waiting:
        found += waiting
        waiting = dependents(session, [job.request_id for job in waiting])
    return found


def cancelled_with(session: Session, job: Job) -> list[Job]:
    """List the requests that waited for a cancelled one and were cancelled with it, parents first."""
    if job.status != JobStatus.CANCELLED:
        return []
    found: list[Job] = []
    last = [job.request_id]
    while last:
        query = select(Job).where(
            Job.parent_request_id.in_(last),
            Job.status == JobStatus.CANCELLED,
            Job.finished_at == job.finished_at,
        )
        children = session.scalars(query.order_by(Job.request_id)).all()
        found += children
        last = [child.request_id for child in children]
    return found


def tagged_requests(session: Session, post_id: int) -> Sequence[Job]:
    """List the requests that the tags of a post made, oldest first, without their prompts."""
    return session.scalars(
        select(Job)
        .where(Job.tagged_post_id == post_id)
        .order_by(Job.request_id)
        .options(defer(Job.prompt), defer(Job.prompt_parts), defer(Job.output))
    ).all()


def cancel(session: Session, request_ids: Collection[int], now: datetime) -> Cancelled:
    """Cancel the open ones of these requests and everything that waits for them.

    The reply of a running one is left to the worker, which knows its newest text.
    """
    result = Cancelled([], [], [], [])
    found = session.scalars(
        select(Job).where(Job.request_id.in_(request_ids), Job.status.in_(OPEN_STATUSES))
    ).all()
    while found:
        for job in found:
            was_running = job.status == JobStatus.PROCESSING
            job.step_to(JobStatus.CANCELLED)
            job.finished_at = now
            job.not_before = job.wait_reason = None
            job.error_kind = job.error_title = job.error_message = None
            result.changed.append(job.request_id)
            if was_running:
                result.running.append(job.request_id)
            else:
                gone = take_away_empty_reply(session, job)
                result.removed.extend(gone.removed)
                result.marked.extend(gone.marked)
        session.flush()
        found = dependents(session, [job.request_id for job in found])
    return result


def cancel_for_posts(session: Session, post_ids: Collection[int], now: datetime) -> Cancelled:
    """Cancel the open requests that answer these posts, write them or are tagged in them, and what waits."""
    affected = session.scalars(
        select(Job.request_id).where(
            Job.status.in_(OPEN_STATUSES),
            or_(
                Job.post_id_to_respond_to.in_(post_ids),
                Job.reply_post_id.in_(post_ids),
                Job.tagged_post_id.in_(post_ids),
            ),
        )
    ).all()
    return cancel(session, affected, now)


def cancelled_at(session: Session, moments: Collection[datetime]) -> Sequence[Job]:
    """List the requests that were cancelled at exactly these moments, parents first."""
    return session.scalars(
        select(Job)
        .where(Job.status == JobStatus.CANCELLED, Job.finished_at.in_(moments))
        .order_by(Job.request_id)
    ).all()


def waiting_for_server(session: Session, server_id: int) -> Sequence[Job]:
    """List the requests of one server that are waiting, parked or not, in the order of the queue."""
    return session.scalars(
        select(Job)
        .where(Job.status == JobStatus.PENDING, Job.server_id == server_id)
        .order_by(Job.position, Job.request_id)
    ).all()


def empty_replies_of_ended_requests(session: Session) -> Sequence[Job]:
    """List ended requests whose reply post never got any text, as a crash can leave them."""
    return session.scalars(
        select(Job)
        .join(Post, Post.post_id == Job.reply_post_id)
        .where(
            Job.status.in_([JobStatus.ERROR, JobStatus.CANCELLED]),
            Post.is_incomplete,
            Post.content == "",
            Post.thinking == "",
        )
    ).all()


def standing(session: Session) -> Standing:
    """Count the open requests by what they do."""
    is_parked = and_(Job.status == JobStatus.PENDING, Job.wait_reason.is_not(None))
    counts = session.execute(
        select(Job.status, is_parked, func.count())
        .where(Job.status.in_(OPEN_STATUSES))
        .group_by(Job.status, is_parked)
    ).all()
    running = sum(count for status, _, count in counts if status == JobStatus.PROCESSING)
    parked = sum(count for _, parked, count in counts if parked)
    return Standing(running, sum(count for _, _, count in counts) - running - parked, parked)


def models_used(session: Session, most: int = 12) -> Sequence[tuple[int, str]]:
    """List the pairs of server and model that were asked, the one asked last first."""
    last = func.max(Job.request_id)
    rows = session.execute(
        select(Job.server_id, Job.llm_model)
        .where(Job.server_id.is_not(None))
        .group_by(Job.server_id, Job.llm_model)
        .order_by(last.desc())
        .limit(most)
    )
    return [(server_id, model) for server_id, model in rows if server_id is not None]


def take_away_empty_reply(session: Session, job: Job) -> Gone:
    """Remove the reply post of an ended request that never got text.

    Its place stays as long as a user's reply hangs below it. With it go tombstones that only it had kept
    in sight.
    """
    reply = session.get(Post, job.reply_post_id) if job.reply_post_id else None
    if reply is None or reply.content or reply.thinking or not reply.is_incomplete:
        return Gone([], [])
    job.reply_post_id = None
    session.flush()
    is_marked = _has_replies(session, reply.post_id)
    if is_marked:
        reply.deleted_at = reply.deleted_at or job.finished_at
    else:
        session.delete(reply)
    session.flush()
    if is_marked and has_live_replies(session, reply.post_id):
        return Gone([reply.post_id], [reply.post_id])
    above = session.get(Post, reply.parent_post_id) if reply.parent_post_id else None
    hidden = hidden_with(session, above) if above is not None and above.deleted_at is not None else []
    return Gone([reply.post_id, *hidden], [])


def _has_replies(session: Session, post_id: int) -> bool:
    return session.scalar(select(Post.post_id).where(Post.parent_post_id == post_id).limit(1)) is not None


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(Job.not_before.is_(None), Job.not_before <= now)
