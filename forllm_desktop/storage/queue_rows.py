"""Selects for the queue table: requests with the names behind their numbers, in a handful of queries."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import defer

from forllm_desktop.domain.forum import Post, Subforum, Topic
from forllm_desktop.domain.generation import Stage
from forllm_desktop.domain.persona import Candidates, Persona, PersonaVersion, resolve
from forllm_desktop.domain.persona_card import reason_words
from forllm_desktop.domain.queue import OPEN_STATUSES, Job, JobKind, JobStatus
from forllm_desktop.domain.queue_row import QueueRow, WritingRow
from forllm_desktop.domain.servers import Server
from forllm_desktop.domain.waiting import blocking, skippable
from forllm_desktop.storage import persona as persona_rows
from forllm_desktop.storage.database import Session
from forllm_desktop.storage.queue_links import linked

_LARGE = (Job.prompt, Job.prompt_parts, Job.request_params, Job.output)
ENDED_SHOWN = 500
"""Ended requests that are listed, the newest ones; all open ones are."""


class _Found(NamedTuple):
    job: Job
    topic_id: int | None
    title: str | None
    subforum_id: int | None
    subforum: str | None
    persona: str | None
    server: str | None
    tried: str | None
    question: str | None
    answer: str | None
    skipped: str | None


def queue_rows(session: Session, request_ids: Collection[int] | None = None) -> list[QueueRow]:
    """List the requests of the table, or those of `request_ids` among them, without their prompts."""
    query = (
        select(
            Job,
            Topic.topic_id,
            Topic.title,
            Topic.subforum_id,
            Subforum.name,
            PersonaVersion.name,
            Server.name,
            Job.request_params["name"].as_string(),
            Job.request_params["question"].as_string(),
            Job.output["text"].as_string(),
            Job.request_params["skipped"].as_string(),
        )
        .outerjoin(Post, Post.post_id == Job.post_id_to_respond_to)
        .outerjoin(Topic, Topic.topic_id == Post.topic_id)
        .outerjoin(Subforum, Subforum.subforum_id == Topic.subforum_id)
        .outerjoin(
            PersonaVersion,
            and_(PersonaVersion.persona_id == Job.llm_persona, PersonaVersion.version == Job.persona_version),
        )
        .outerjoin(Server, Server.server_id == Job.server_id)
        .options(*(defer(column, raiseload=True) for column in _LARGE))
    )
    if request_ids is not None:
        query = query.where(Job.request_id.in_(request_ids))
    else:
        query = query.where(or_(Job.status.in_(OPEN_STATUSES), Job.request_id.in_(_newest_ended())))
    found = [_Found(*columns) for columns in session.execute(query)]
    answering = _Answering(session)
    writing = _writing(
        session, [one.job for one in found if one.job.request_type == JobKind.GENERATE_PERSONA]
    )
    rows = [writing.get(one.job.request_id) or _row(answering, one) for one in found]
    return _with_links(session, answering, rows)


def _with_links(session: Session, answering: "_Answering", rows: list[QueueRow]) -> list[QueueRow]:
    """Say of requests in chains what they wait for, and what waits for them."""
    by_id = linked(session, [row.job for row in rows])
    skips = skippable(by_id.values())
    made = []
    for row in rows:
        job = row.job
        if job.status == JobStatus.PENDING_DEPENDENCY:
            before, failed = by_id.get(job.parent_request_id or 0), blocking(job, by_id)
            after = answering.name(before.llm_persona) if before is not None and before.llm_persona else ""
            row = replace(row, after=after, blocked_by=failed.request_id if failed is not None else 0)
        elif job.request_id in skips:
            row = replace(row, can_skip=True)
        made.append(row)
    return made


def _newest_ended() -> Select:
    ended = select(Job.request_id).where(Job.status.not_in(OPEN_STATUSES))
    return ended.order_by(Job.request_id.desc()).limit(ENDED_SHOWN)


def _trial(found: _Found) -> QueueRow:
    return QueueRow(
        job=found.job,
        title=found.question or "",
        topic_id=0,
        post_id=0,
        persona_id=found.job.llm_persona or 0,
        persona=found.tried or "",
        server=found.server or "",
        answer=(found.answer or "").strip(),
    )


def _row(answering: "_Answering", found: _Found) -> QueueRow:
    job = found.job
    if job.request_type == JobKind.TRY_PERSONA:
        return _trial(found)
    row = QueueRow(
        job=job,
        title=found.title or "",
        topic_id=found.topic_id or 0,
        post_id=job.reply_post_id or job.post_id_to_respond_to or 0,
        persona_id=job.llm_persona or 0,
        persona=found.persona or "",
        server=found.server or "",
        version=job.persona_version or 0,
        is_skipped=found.skipped is not None and not job.is_open,
    )
    return answering.complete(row, found.subforum_id, found.subforum or "")


class _Wish(NamedTuple):
    request_id: int
    name: str | None
    hint: str | None
    description: str | None
    purpose: str | None
    subforum: str | None
    renews: int | None
    has_critique: bool | None
    stage: str | None
    persona_id: int | None
    server: str | None


def _writing(session: Session, jobs: Sequence[Job]) -> dict[int, QueueRow]:
    """Return the rows of the requests that write personas, by id."""
    if not jobs:
        return {}
    by_id = {job.request_id: job for job in jobs}
    params = Job.request_params
    query = (
        select(
            Job.request_id,
            params["target_persona_name_override"].as_string(),
            params["input_details", "name_hint"].as_string(),
            params["input_details", "description_hint"].as_string(),
            params["input_details", "purpose_hint"].as_string(),
            params["input_details", "subforum_name"].as_string(),
            params["regenerates"].as_integer(),
            params["has_critique"].as_boolean(),
            Job.output["stage"].as_string(),
            Job.output["persona_id"].as_integer(),
            Server.name,
        )
        .outerjoin(Server, Server.server_id == Job.server_id)
        .where(Job.request_type == JobKind.GENERATE_PERSONA, Job.request_id.in_(by_id))
    )
    wishes = [_Wish(*columns) for columns in session.execute(query)]
    about = {id for wish in wishes for id in (wish.renews, wish.persona_id) if id}
    named = session.execute(select(Persona.persona_id, Persona.name).where(Persona.persona_id.in_(about)))
    names = {row[0]: row[1] for row in named}
    batches = {job.batch_id for job in jobs if job.batch_id}
    counted = session.execute(
        select(Job.batch_id, func.count()).where(Job.batch_id.in_(batches)).group_by(Job.batch_id)
    )
    sizes = {row[0]: row[1] for row in counted}
    return {wish.request_id: _writing_row(by_id[wish.request_id], wish, names, sizes) for wish in wishes}


def _writing_row(job: Job, wish: _Wish, names: dict[int, str], sizes: dict[int | None, int]) -> QueueRow:
    usual = 3 if wish.has_critique else 2
    about = WritingRow(
        name=wish.name or wish.hint or "",
        idea=wish.description or wish.purpose or "",
        subforum=wish.subforum or "",
        renews=names.get(wish.renews, "a persona") if wish.renews else "",
        stage=wish.stage or "",
        stages=usual + 1 if wish.stage == Stage.REPAIR else usual,
        place=job.request_id - job.batch_id + 1 if job.batch_id else 0,
        batch_size=sizes.get(job.batch_id, 0),
    )
    made = wish.persona_id or wish.renews or 0
    return QueueRow(
        job=job,
        title="",
        topic_id=0,
        post_id=0,
        persona_id=made if made in names else 0,
        persona=names.get(made, ""),
        server=wish.server or "",
        writing=about,
    )


class _Answering:
    """Who would answer in each subforum; every persona and every subforum is looked up once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._candidates: dict[int, Candidates] = {}
        self._personas: dict[int, Persona] = {}

    def complete(self, row: QueueRow, subforum_id: int | None, subforum: str) -> QueueRow:
        """Say of a waiting request who would answer it now and why; of another one who was chosen."""
        if not row.is_ahead or subforum_id is None:
            return self._named(row) if row.persona_id and not row.persona else row
        found = resolve(replace(self._in(subforum_id), chosen=row.job.llm_persona))
        row = replace(
            row,
            persona_id=found.persona_id or row.persona_id,
            why=reason_words(found.reason, subforum),
            is_refused=found.persona_id is None,
        )
        return row if row.persona else self._named(row, with_version=True)

    def name(self, persona_id: int) -> str:
        """Return what a persona is called now."""
        return self._persona(persona_id).name

    def _persona(self, persona_id: int) -> Persona:
        if persona_id not in self._personas:
            self._personas[persona_id] = self._session.get_one(Persona, persona_id)
        return self._personas[persona_id]

    def _named(self, row: QueueRow, *, with_version: bool = False) -> QueueRow:
        persona = self._persona(row.persona_id)
        return replace(row, persona=persona.name, version=persona.version if with_version else 0)

    def _in(self, subforum_id: int) -> Candidates:
        if subforum_id not in self._candidates:
            self._candidates[subforum_id] = persona_rows.candidates(self._session, subforum_id, None)
        return self._candidates[subforum_id]
