"""What a request looks like to a reader: who answers it, on which server, and what has been written."""

from collections.abc import Collection
from dataclasses import dataclass

from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.storage import queue as rows
from forllm_desktop.storage.database import Database, Session
from forllm_desktop.storage.queue_rows import queue_rows

_AT_ONCE = 500


@dataclass(frozen=True)
class JobView:
    """A request with the names behind its numbers.

    `persona` is the one that was used, or would be used now, with its `version` (0: none) and in words
    `why`; `title` is that of its topic, the question of a trial, or what persona is written; `reply` is
    what there is of it, if anything. `is_ahead` says that the persona is yet to be used. What a user
    deleted does not hide the request: only the deleted reply is left out. `chain` says where it stands in a
    chain that needs help: "blocked" by a failed request, "failed" with others behind it, or "skipped".
    """

    job: Job
    persona: str | None
    server: str | None
    reply: str | None
    version: int = 0
    why: str = ""
    title: str = ""
    is_ahead: bool = False
    chain: str = ""


def job_views(database: Database, request_ids: Collection[int] | None = None) -> list[JobView]:
    """List requests in the order of the queue, all when `request_ids` is None."""
    with database.read() as session:
        wanted = [job for job in rows.jobs(session) if request_ids is None or job.request_id in request_ids]
        ids = [job.request_id for job in wanted]
        found = {
            row.job.request_id: row
            for start in range(0, len(ids), _AT_ONCE)
            for row in queue_rows(session, ids[start : start + _AT_ONCE])
        }
        return [_view(session, job, found[job.request_id]) for job in wanted]


def _view(session: Session, job: Job, row: QueueRow) -> JobView:
    return JobView(
        job=job,
        persona=row.persona or None,
        server=row.server or None,
        reply=_reply(session, job, row),
        version=row.version,
        why=row.why,
        title=row.writing.words if row.writing else row.title,
        is_ahead=row.is_ahead,
        chain=_chain(row),
    )


def _chain(row: QueueRow) -> str:
    if row.blocked_by:
        return "blocked"
    return "skipped" if row.is_skipped else "failed" if row.can_skip else ""


def _reply(session: Session, job: Job, row: QueueRow) -> str | None:
    if row.is_trial:
        return (job.output or {}).get("text") or None
    reply = session.get(Post, job.reply_post_id) if job.reply_post_id else None
    return reply.content or None if reply and reply.deleted_at is None else None
