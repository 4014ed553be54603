"""What a request looks like to a reader: who answers it, on which server, and what has been written."""

from collections.abc import Collection
from dataclasses import dataclass

from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.persona import Persona, resolve
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import Server
from forllm_desktop.storage import persona as persona_rows
from forllm_desktop.storage import queue as rows
from forllm_desktop.storage.database import Database, Session


@dataclass(frozen=True)
class JobView:
    """A request with the names behind its numbers.

    `persona` is the one that was used, or would be used now; `reply` is what there is of it, if anything.
    What a user deleted does not hide the request: only the deleted reply is left out.
    """

    job: Job
    persona: str | None
    server: str | None
    reply: str | None


def job_views(database: Database, request_ids: Collection[int] | None = None) -> list[JobView]:
    """List requests in the order of the queue, all when `request_ids` is None."""
    with database.read() as session:
        wanted = [job for job in rows.jobs(session) if request_ids is None or job.request_id in request_ids]
        return [_view(session, job) for job in wanted]


def _view(session: Session, job: Job) -> JobView:
    server = session.get(Server, job.server_id) if job.server_id else None
    reply = session.get(Post, job.reply_post_id) if job.reply_post_id else None
    return JobView(
        job=job,
        persona=_persona(session, job),
        server=server.name if server else None,
        reply=reply.content or None if reply and reply.deleted_at is None else None,
    )


def _persona(session: Session, job: Job) -> str | None:
    """Return a persona's name: as it was when it answered, else as it is now."""
    if job.llm_persona is not None:
        version = persona_rows.version(session, job.llm_persona, job.persona_version or 0)
        return version.name if version else session.get_one(Persona, job.llm_persona).name
    question = session.get(Post, job.post_id_to_respond_to) if job.post_id_to_respond_to else None
    if question is None:
        return None
    subforum_id = session.get_one(Topic, question.topic_id).subforum_id
    answering = resolve(persona_rows.candidates(session, subforum_id, None)).persona_id
    return session.get_one(Persona, answering).name
