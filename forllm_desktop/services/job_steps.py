"""The single steps a request takes, inside the transaction of the queue verb that takes them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, NotFound, NotPossible
from forllm_desktop.domain.forum import Post, PostRevision, Topic, storable
from forllm_desktop.domain.persona import Persona, PersonaContent, PersonaOptions, PersonaVersion, resolve
from forllm_desktop.domain.queue import Job, JobKind, JobStatus, TagPlace, Wish
from forllm_desktop.domain.servers import Server
from forllm_desktop.services.news import News
from forllm_desktop.services.persona_steps import assign, usable
from forllm_desktop.services.posting import live_post
from forllm_desktop.storage import persona as persona_rows
from forllm_desktop.storage import queue as rows
from forllm_desktop.storage.database import Session


@dataclass(frozen=True)
class Claim:
    """A request that is now running, with all that its code needs; `reply` is None when it writes no post."""

    job: Job
    reply: Post | None
    persona: PersonaVersion


def existing(session: Session, request_id: int) -> Job:
    job = session.get(Job, request_id)
    if job is None:
        raise NotFound("The request does not exist", f"There is none with the number {request_id}.")
    return job


def require_server(session: Session, server_id: int) -> None:
    if session.get(Server, server_id) is None:
        raise NotFound("The server is no longer known", "Choose another one, or add it again.")


def require_resolvable(session: Session, subforum_id: int, persona_id: int) -> None:
    """Refuse a chosen persona that may not answer here; it is never replaced silently."""
    persona = usable(session, persona_id)
    if resolve(persona_rows.candidates(session, subforum_id, persona_id)).persona_id is None:
        raise NotPossible(
            f"{persona.name} cannot answer here",
            "Assign this persona to the subforum, or make it the global default.",
        )


def assign_if_needed(session: Session, subforum_id: int, persona_id: int, now: datetime) -> bool:
    """Assign a persona that may not answer in a subforum yet; returns whether that was needed."""
    usable(session, persona_id)
    if resolve(persona_rows.candidates(session, subforum_id, persona_id)).persona_id is not None:
        return False
    assign(session, subforum_id, persona_id, now)
    return True


def require_version(session: Session, persona_id: int, number: int | None) -> None:
    """Refuse a version that a persona does not have."""
    if number is not None and persona_rows.version(session, persona_id, number) is None:
        raise NotFound("The persona has no such version", f"There is no v{number}.")


def trial_params(content: PersonaContent) -> dict[str, Any]:
    """Return a persona's content as a trial keeps it; `trial_content` reads it again."""
    options = content.options
    return {
        "name": storable(content.name),
        "instructions": storable(content.instructions),
        "temperature": options.temperature,
        "max_reply_tokens": options.max_reply_tokens,
        "think": options.think,
    }


def trial_content(params: dict[str, Any]) -> PersonaContent:
    """Return the persona that a trial asks, as it was when the trial was made."""
    options = PersonaOptions(None, params["temperature"], params["max_reply_tokens"], params["think"])
    return PersonaContent(params["name"], params["instructions"], "", options)


def insert_job(
    session: Session,
    news: News,
    post: Post,
    wish: Wish,
    now: datetime,
    after: int | None = None,
    tag: TagPlace | None = None,
) -> Job:
    require_server(session, wish.model.server_id)
    if wish.persona_id is None and wish.version is not None:
        raise NotPossible("Whose version is meant?", "Choose the persona too.")
    if wish.persona_id is not None:
        topic = session.get_one(Topic, post.topic_id)
        if wish.assigns and assign_if_needed(session, topic.subforum_id, wish.persona_id, now):
            news.tell(news.events.subforums_changed)
        require_resolvable(session, topic.subforum_id, wish.persona_id)
        require_version(session, wish.persona_id, wish.version)
    job = Job(
        request_type=JobKind.RESPOND_TO_POST.value,
        position=rows.last_position(session) + 1,
        post_id_to_respond_to=post.post_id,
        llm_model=wish.model.name,
        server_id=wish.model.server_id,
        llm_persona=wish.persona_id,
        persona_is_chosen=wish.persona_id is not None,
        persona_version=wish.version,
        version_is_chosen=wish.version is not None,
        requested_at=now,
        parent_request_id=after,
        tagged_post_id=tag.post_id if tag else None,
        tag_chain=tag.chain if tag else None,
        tag_step=tag.step if tag else None,
    )
    job.status = status_after(session, job).value
    park_with_server(session, job, now)
    session.add(job)
    session.flush()
    news.tell(news.events.job_changed, job.request_id)
    return job


def start(session: Session, job: Job, now: datetime) -> Claim:
    """Mark a request as running, fix its persona version and give it a reply post, if it writes one."""
    if job.request_type != JobKind.RESPOND_TO_POST and job.request_params is None:
        raise NotPossible(
            "This request cannot run", f"Nothing is stored of what this “{job.request_type}” is about."
        )
    if job.request_type == JobKind.TRY_PERSONA and job.request_params is not None:
        persona = PersonaVersion(persona_id=job.llm_persona or 0, version=0)
        persona.take(trial_content(job.request_params))
        _step(session, job, now)
        return Claim(job, None, persona)
    if job.request_type == JobKind.GENERATE_PERSONA:
        _step(session, job, now)
        return Claim(job, None, PersonaVersion(persona_id=0, version=0))
    if job.request_type != JobKind.RESPOND_TO_POST or job.post_id_to_respond_to is None:
        raise NotPossible("This request cannot run", f"This version does not know “{job.request_type}”.")
    question = live_post(session, job.post_id_to_respond_to)
    version = _resolved_version(session, job, session.get_one(Topic, question.topic_id).subforum_id)
    reply = session.get(Post, job.reply_post_id) if job.reply_post_id else None
    if reply is None:
        reply = Post(
            topic_id=question.topic_id,
            parent_post_id=question.post_id,
            created_at=now,
            content="",
            thinking="",
            is_llm_response=True,
            is_incomplete=True,
        )
        session.add(reply)
    reply.llm_model_id, reply.server_id = job.llm_model, job.server_id
    reply.llm_persona_id, reply.persona_version = version.persona_id, version.version
    session.flush()
    _step(session, job, now)
    job.llm_persona, job.persona_version = version.persona_id, version.version
    job.reply_post_id = reply.post_id
    return Claim(job, reply, version)


def _step(session: Session, job: Job, now: datetime) -> None:
    session.flush()
    job.step_to(JobStatus.PROCESSING)
    forget_waiting(job)
    job.started_at, job.finished_at = now, None
    job.attempts += 1


def _resolved_version(session: Session, job: Job, subforum_id: int) -> PersonaVersion:
    """Return the version that answers: the chosen one, else the newest of who answers here now."""
    if job.llm_persona is not None:
        require_resolvable(session, subforum_id, job.llm_persona)
    persona_id = resolve(persona_rows.candidates(session, subforum_id, job.llm_persona)).persona_id
    persona = session.get_one(Persona, persona_id)
    number = job.persona_version if job.version_is_chosen and job.persona_version else persona.version
    version = persona_rows.version(session, persona.persona_id, number)
    if version is None:
        raise NotFound(f"{persona.name} has no v{number}", "Ask again with another version.")
    return version


def end(job: Job, status: JobStatus, now: datetime) -> None:
    job.step_to(status)
    job.finished_at = now
    job.not_before = job.wait_reason = None


def set_error(job: Job, kind: str, error: ForllmError) -> None:
    # A server's own words may be in them, and those may be half characters.
    job.error_kind, job.error_title, job.error_message = kind, storable(error.title), storable(error.message)


def wait_again(job: Job, status: JobStatus = JobStatus.PENDING) -> None:
    """Make a request wait for its turn again; a persona that was not chosen is resolved anew."""
    job.step_to(status)
    forget_waiting(job)
    job.started_at = job.finished_at = None
    if not job.version_is_chosen:
        job.persona_version = None
    if not job.persona_is_chosen:
        job.llm_persona = None


def park(job: Job, kind: str, error: ForllmError, until: datetime) -> None:
    """Let a waiting request wait until `until`, and say for what."""
    job.wait_reason, job.not_before = kind, until
    set_error(job, kind, error)


def park_with_server(session: Session, job: Job, now: datetime) -> None:
    """Let a request that joins the queue wait like the others of its server, so that none is overtaken.

    One that waits for another request joins the queue later.
    """
    if job.status != JobStatus.PENDING:
        return
    other = rows.parked(session, job.server_id, now)
    if other is not None and other.not_before is not None:
        error = ForllmError(other.error_title or "", other.error_message or "")
        park(job, other.wait_reason or "", error, other.not_before)


def release_server(session: Session, news: News, server_id: int) -> None:
    """End the waiting of every parked request of a server, so that it is tried again at once."""
    for job in rows.waiting_for_server(session, server_id):
        if job.is_parked:
            forget_waiting(job)
            news.tell(news.events.job_changed, job.request_id)


def status_after(session: Session, job: Job) -> JobStatus:
    """Return how a request waits: for its turn, or for its parent.

    With a complete parent it answers the parent's reply. Raises NotPossible when the parent is cancelled.
    """
    if job.parent_request_id is None:
        return JobStatus.PENDING
    parent = existing(session, job.parent_request_id)
    if parent.status == JobStatus.CANCELLED:
        raise NotPossible(
            "The request before it is cancelled", f"Try request {parent.request_id} again first."
        )
    if parent.status != JobStatus.COMPLETE:
        return JobStatus.PENDING_DEPENDENCY
    job.post_id_to_respond_to = parent.reply_post_id or job.post_id_to_respond_to
    return JobStatus.PENDING


def set_text(session: Session, job: Job, text: str, thinking: str) -> Post | None:
    """Write a reply; an earlier text is replaced only by a new one, and kept if a user had edited it.

    It is also kept where a repeated attempt broke off with less; until that attempt ends nothing is replaced
    by less. New thoughts alone replace no text, unless they are that text: the model's template may have
    opened a block of thoughts unseen. White space is neither. A request that writes no
    post keeps its text itself.
    """
    if job.request_type != JobKind.RESPOND_TO_POST:
        if text.strip() or thinking.strip():
            job.output = {**(job.output or {}), "text": text, "thinking": thinking}
        return None
    reply = session.get_one(Post, job.reply_post_id)
    is_thought = thinking.startswith(reply.content)
    if not text.strip() and not (thinking.strip() and is_thought):
        return reply
    is_less = job.status != JobStatus.COMPLETE and len(text) < len(reply.content) and not is_thought
    if is_less and (job.status == JobStatus.PROCESSING or reply.content.startswith(text)):
        return reply
    if is_less or reply.edited is not None:
        session.add(PostRevision(post_id=reply.post_id, content=reply.content, replaced_at=utc_now()))
    reply.content, reply.thinking, reply.edited = text, thinking, None
    return reply


def forget_deleted_reply(session: Session, job: Job) -> None:
    reply = session.get(Post, job.reply_post_id) if job.reply_post_id else None
    if reply is not None and reply.deleted_at is not None:
        job.reply_post_id = None


def forget_waiting(job: Job) -> None:
    """End the waiting of a parked request, and forget what it waited for or failed at."""
    job.not_before = job.wait_reason = None
    job.error_kind = job.error_title = job.error_message = None
