"""Requests of the one queue (table llm_requests): the record, its states and the allowed steps."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base, utc_now
from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.servers import ModelChoice


class JobStatus(StrEnum):
    """Where a request stands. Parked is `PENDING` with a `wait_reason` and a `not_before`."""

    PENDING = "pending"
    PENDING_DEPENDENCY = "pending_dependency"
    PROCESSING = "processing"
    COMPLETE = "complete"
    ERROR = "error"
    CANCELLED = "cancelled"


class JobKind(StrEnum):
    """What a request asks for; the worker looks the code up by this."""

    RESPOND_TO_POST = "respond_to_post"
    GENERATE_PERSONA = "generate_persona"
    TRY_PERSONA = "try_persona"


class WorkerState(StrEnum):
    """What the worker is doing. `WAITING`: something is parked; `TROUBLED`: the database refused it.

    `PAUSED`: the user paused the queue; a request that was running then was finished first.
    """

    IDLE = "idle"
    PAUSED = "paused"
    WORKING = "working"
    WAITING = "waiting"
    TROUBLED = "troubled"
    STOPPED = "stopped"


STEPS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING_DEPENDENCY: frozenset({JobStatus.PENDING, JobStatus.CANCELLED}),
    JobStatus.PENDING: frozenset(
        {JobStatus.PROCESSING, JobStatus.ERROR, JobStatus.CANCELLED, JobStatus.PENDING_DEPENDENCY}
    ),
    JobStatus.PROCESSING: frozenset(
        {JobStatus.COMPLETE, JobStatus.ERROR, JobStatus.CANCELLED, JobStatus.PENDING}
    ),
    JobStatus.ERROR: frozenset({JobStatus.PENDING, JobStatus.PENDING_DEPENDENCY, JobStatus.CANCELLED}),
    JobStatus.CANCELLED: frozenset({JobStatus.PENDING, JobStatus.PENDING_DEPENDENCY}),
    JobStatus.COMPLETE: frozenset(),
}
"""Which status may follow which."""

OPEN_STATUSES = (JobStatus.PENDING, JobStatus.PENDING_DEPENDENCY, JobStatus.PROCESSING)
"""Requests that will still do something by themselves."""


def may_become(now: JobStatus, then: JobStatus) -> bool:
    """Say whether a request in status `now` may step to `then`."""
    return then in STEPS[now]


def _values(kind: type[StrEnum]) -> str:
    return ", ".join(f"'{member}'" for member in kind)


class Job(Base):
    """One request.

    `llm_persona` and `persona_version` say which persona will be used (if chosen) or was used (from the
    start of the job on); `persona_is_chosen` and `version_is_chosen` tell the two apart, so that a repeated
    job resolves anew. `prompt` is the list of messages as sent, `token_breakdown` the tokens by part,
    `metrics` what the server reported (tokens, seconds), `output` the text of a request that writes no post.
    Requests that were made together share the `batch_id`, which is the id of the first of them.
    `prompt_parts` says what each stretch of the prompt is, and what was left out. A request that a tag made
    names the post it stands in (`tagged_post_id`), its chain as persona ids ("12:7:12") and its place in it,
    counted from 0 (`tag_step`). One that was skipped keeps in `request_params` which requests it let go on.
    Jobs run in order of `position`, then of id.
    """

    __tablename__ = "llm_requests"
    __table_args__ = (
        CheckConstraint(f"status IN ({_values(JobStatus)})", name="status"),
        CheckConstraint(f"request_type IN ({_values(JobKind)})", name="request_type"),
        CheckConstraint(
            "request_type <> 'respond_to_post' OR post_id_to_respond_to IS NOT NULL",
            name="post_to_respond_to",
        ),
        Index("ix_llm_requests_status", "status", "position", "request_id"),
        Index("ix_llm_requests_post_id_to_respond_to", "post_id_to_respond_to"),
        Index("ix_llm_requests_reply_post_id", "reply_post_id"),
        Index(
            "ix_llm_requests_parent_request_id",
            "parent_request_id",
            sqlite_where=text("parent_request_id IS NOT NULL"),
        ),
        Index("ix_llm_requests_batch_id", "batch_id", sqlite_where=text("batch_id IS NOT NULL")),
        Index(
            "ix_llm_requests_tagged_post_id",
            "tagged_post_id",
            sqlite_where=text("tagged_post_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    request_id: Mapped[int] = mapped_column(primary_key=True)
    request_type: Mapped[str] = mapped_column(String(32), default=JobKind.RESPOND_TO_POST.value)
    request_params: Mapped[dict | None]
    status: Mapped[str] = mapped_column(String(32), default=JobStatus.PENDING.value)
    position: Mapped[int] = mapped_column(default=0)
    parent_request_id: Mapped[int | None] = mapped_column(ForeignKey("llm_requests.request_id"))
    post_id_to_respond_to: Mapped[int | None] = mapped_column(ForeignKey("posts.post_id"))
    reply_post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.post_id", ondelete="SET NULL"))
    llm_model: Mapped[str] = mapped_column(Text)
    server_id: Mapped[int | None] = mapped_column(ForeignKey("servers.server_id", ondelete="SET NULL"))
    llm_persona: Mapped[int | None] = mapped_column(ForeignKey("personas.persona_id"))
    persona_is_chosen: Mapped[bool] = mapped_column(Boolean, default=False)
    persona_version: Mapped[int | None]
    version_is_chosen: Mapped[bool] = mapped_column(Boolean, default=False)
    requested_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    wait_reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    prompt: Mapped[list | None]
    token_breakdown: Mapped[dict | None]
    prompt_parts: Mapped[dict | None]
    metrics: Mapped[dict | None]
    output: Mapped[dict | None]
    batch_id: Mapped[int | None]
    tagged_post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.post_id", ondelete="SET NULL"))
    tag_chain: Mapped[str | None] = mapped_column(Text)
    tag_step: Mapped[int | None]
    error_kind: Mapped[str | None] = mapped_column(String(64))
    error_title: Mapped[str | None] = mapped_column(Text)
    error_message: Mapped[str | None] = mapped_column(Text)

    @property
    def skipped(self) -> list[int]:
        """Return the requests that go on without this one, which failed or was cancelled."""
        return list((self.request_params or {}).get("skipped", ()))

    @property
    def is_skipped(self) -> bool:
        """Say whether this request is left out of its chain."""
        return bool(self.skipped)

    @property
    def is_parked(self) -> bool:
        """Say whether the request waits for its server to come back."""
        return self.status == JobStatus.PENDING and self.wait_reason is not None

    def step_to(self, status: JobStatus) -> None:
        """Take one of the allowed steps. Raises NotPossible for any other."""
        if not may_become(JobStatus(self.status), status):
            raise NotPossible("The request cannot do that now", f"It is {self.status}.")
        self.status = status.value

    @property
    def is_open(self) -> bool:
        """Say whether the request will still do something by itself."""
        return self.status in OPEN_STATUSES


@dataclass(frozen=True)
class TagPlace:
    """Where a request comes from: the post with the tag, its chain of persona ids, and the place in it."""

    post_id: int
    chain: str
    step: int


@dataclass(frozen=True)
class Wish:
    """What is asked for: a model, and a persona or None for the one that answers by default.

    `version` asks an earlier version of that persona. With `assigns` a persona that may not answer there yet
    is assigned to the subforum in the same commit; otherwise the request is refused.
    """

    model: ModelChoice
    persona_id: int | None = None
    version: int | None = None
    assigns: bool = False
