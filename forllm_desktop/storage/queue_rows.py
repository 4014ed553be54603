"""Selects for the queue table: requests with the names behind their numbers, in a handful of queries."""

from collections.abc import Collection

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import defer

from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.persona import Persona, PersonaVersion, resolve
from forllm_desktop.domain.queue import OPEN_STATUSES, Job
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.domain.servers import Server
from forllm_desktop.storage import persona as persona_rows
from forllm_desktop.storage.database import Session

ENDED_SHOWN = 500
"""Ended requests that are listed, the newest ones; all open ones are."""


def queue_rows(session: Session, request_ids: Collection[int] | None = None) -> list[QueueRow]:
    """List the requests of the table, or those of `request_ids` among them, without their prompts."""
    query = (
        select(Job, Topic.topic_id, Topic.title, Topic.subforum_id, PersonaVersion.name, Server.name)
        .outerjoin(Post, Post.post_id == Job.post_id_to_respond_to)
        .outerjoin(Topic, Topic.topic_id == Post.topic_id)
        .outerjoin(
            PersonaVersion,
            and_(PersonaVersion.persona_id == Job.llm_persona, PersonaVersion.version == Job.persona_version),
        )
        .outerjoin(Server, Server.server_id == Job.server_id)
        .options(defer(Job.prompt, raiseload=True), defer(Job.request_params, raiseload=True))
    )
    if request_ids is not None:
        query = query.where(Job.request_id.in_(request_ids))
    else:
        query = query.where(or_(Job.status.in_(OPEN_STATUSES), Job.request_id.in_(_newest_ended())))
    found = session.execute(query).all()
    answering = _Answering(session)
    return [_row(answering, *columns) for columns in found]


def _newest_ended() -> Select:
    ended = select(Job.request_id).where(Job.status.not_in(OPEN_STATUSES))
    return ended.order_by(Job.request_id.desc()).limit(ENDED_SHOWN)


def _row(
    answering: "_Answering",
    job: Job,
    topic_id: int | None,
    title: str | None,
    subforum_id: int | None,
    persona: str | None,
    server: str | None,
) -> QueueRow:
    persona_id = job.llm_persona
    if persona is None and subforum_id is not None:
        persona_id, persona = answering.in_subforum(subforum_id, job.llm_persona)
    return QueueRow(
        job=job,
        title=title or "",
        topic_id=topic_id or 0,
        post_id=job.reply_post_id or job.post_id_to_respond_to or 0,
        persona_id=persona_id or 0,
        persona=persona or "",
        server=server or "",
    )


class _Answering:
    """Who would answer in each subforum, looked up once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[int, int | None], tuple[int, str]] = {}

    def in_subforum(self, subforum_id: int, chosen: int | None) -> tuple[int, str]:
        key = (subforum_id, chosen)
        if key not in self._known:
            persona_id = chosen or self._resolved(subforum_id)
            self._known[key] = (persona_id, self._session.get_one(Persona, persona_id).name)
        return self._known[key]

    def _resolved(self, subforum_id: int) -> int:
        found = resolve(persona_rows.candidates(self._session, subforum_id, None)).persona_id
        assert found is not None
        return found
