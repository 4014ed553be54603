"""The queue: ask, claim, finish, fail, park, cancel, retry. One transaction per step, then events."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, NotPossible
from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.queue import Job, JobKind, JobStatus, may_become
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.events import Events
from forllm_desktop.services import job_steps as steps
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.posting import insert_post, insert_topic, live_post
from forllm_desktop.services.running import RunningReplies
from forllm_desktop.storage import queue as rows
from forllm_desktop.storage import thread as thread_rows
from forllm_desktop.storage.database import Database, Session


@dataclass(frozen=True)
class Wish:
    """What is asked for: a model, and a persona or None for the one that answers by default."""

    model: ModelChoice
    persona_id: int | None = None


class QueueService:
    """The durable queue. Every step checks the state it starts from, so each request ends exactly once."""

    def __init__(self, database: Database, events: Events, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._events = events
        self._clock = clock
        self.running = RunningReplies()

    def now(self) -> datetime:
        """Return the present moment by the clock that requests are timed with."""
        return self._clock()

    # -- asking

    def ask(
        self, topic_id: int, text: str, wish: Wish, parent_post_id: int | None = None
    ) -> tuple[Post, Job]:
        """Post a text in a topic and ask for an answer to it, in one commit."""
        now = self._clock()
        with self._database.write() as session:
            post = insert_post(session, topic_id, text, parent_post_id, now)
            job = self._insert_job(session, post, wish, now)
        self._events.post_added.emit(post.post_id)
        self._events.job_changed.emit(job.request_id)
        return post, job

    def ask_in_new_topic(
        self, subforum_id: int, title: str, text: str, wish: Wish
    ) -> tuple[Topic, Post, Job]:
        """Make a topic with its first post and ask for an answer to it, in one commit."""
        now = self._clock()
        with self._database.write() as session:
            topic, post = insert_topic(session, subforum_id, title, text, now)
            job = self._insert_job(session, post, wish, now)
        self._events.topic_changed.emit(topic.topic_id)
        self._events.post_added.emit(post.post_id)
        self._events.job_changed.emit(job.request_id)
        return topic, post, job

    def ask_about(self, post_id: int, wish: Wish, after: int | None = None) -> Job:
        """Ask for an answer to a post that exists; with `after` to the reply of that request instead."""
        now = self._clock()
        with self._database.write() as session:
            job = self._insert_job(session, live_post(session, post_id), wish, now, after)
        self._events.job_changed.emit(job.request_id)
        return job

    def _insert_job(
        self, session: Session, post: Post, wish: Wish, now: datetime, after: int | None = None
    ) -> Job:
        topic = session.get_one(Topic, post.topic_id)
        if wish.persona_id is not None:
            steps.require_resolvable(session, topic.subforum_id, wish.persona_id)
        job = Job(
            request_type=JobKind.RESPOND_TO_POST.value,
            status=JobStatus.PENDING.value,
            position=rows.last_position(session) + 1,
            post_id_to_respond_to=post.post_id,
            llm_model=wish.model.name,
            server_id=wish.model.server_id,
            llm_persona=wish.persona_id,
            persona_is_chosen=wish.persona_id is not None,
            requested_at=now,
        )
        if after is not None:
            job.parent_request_id = after
            steps.follow_parent(session, job)
        session.add(job)
        session.flush()
        return job

    # -- reading

    def jobs(self, statuses: Collection[JobStatus] = tuple(JobStatus)) -> Sequence[Job]:
        """List requests in the order of the queue."""
        with self._database.read() as session:
            return rows.jobs(session, statuses)

    def job(self, request_id: int) -> Job:
        """Return a request. Raises NotFound."""
        with self._database.read() as session:
            return steps.existing(session, request_id)

    def requests_of_topic(self, topic_id: int) -> Sequence[Job]:
        """List the requests that answer posts of a topic, oldest first, without the prompts as sent."""
        with self._database.read() as session:
            return thread_rows.requests_of_topic(session, topic_id)

    def with_ancestors(self, request_id: int) -> list[int]:
        """Return the ids of a request and of all it waits for."""
        with self._database.read() as session:
            return rows.with_ancestors(session, request_id)

    def next_due(self) -> datetime | None:
        """Return when the first parked request wants to be tried again."""
        with self._database.read() as session:
            return rows.next_due(session, self._clock())

    # -- running (called from the worker)

    def recover(self) -> list[int]:
        """Put requests that a dead process left running back into the queue, their text kept."""
        removed: list[int] = []
        with self._database.write() as session:
            interrupted = rows.running(session)
            for job in interrupted:
                steps.back_to_pending(job)
            for job in rows.empty_replies_of_ended_requests(session):
                removed += rows.take_away_empty_reply(session, job)
        self._announce([job.request_id for job in interrupted], removed=removed)
        return [job.request_id for job in interrupted]

    def claim(self, only: Collection[int] | None = None) -> Claim | None:
        """Start the next request that can run now, out of `only` if given; fix its persona and reply post.

        A request that can no longer run (its post or chosen persona is gone) ends in an error and the next
        one is taken. Returns None when nothing can run now.
        """
        while True:
            now = self._clock()
            claim, removed = None, []
            with self._database.write() as session:
                job = rows.next_runnable(session, now, only)
                if job is None:
                    return None
                is_new = job.reply_post_id is None
                try:
                    claim = steps.start(session, job, now)
                except ForllmError as error:
                    steps.end(job, JobStatus.ERROR, now)
                    steps.set_error(job, "not_possible", error)
                    removed = rows.take_away_empty_reply(session, job)
            if claim is not None:
                self._announce([job.request_id], added=[claim.reply.post_id] if is_new else [])
                return claim
            self._announce([job.request_id], removed=removed)

    def record_prompt(self, request_id: int, messages: list, breakdown: dict[str, int]) -> bool:
        """Store the messages exactly as they will be sent, and their tokens by part."""
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            job.prompt, job.token_breakdown = messages, breakdown
            still_runs = job.status == JobStatus.PROCESSING
        self._announce([request_id])
        return still_runs

    def save_text(self, request_id: int, text: str, thinking: str) -> None:
        """Keep what has been written so far, so that a crash does not lose it."""
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            if job.status == JobStatus.PROCESSING:
                steps.set_text(session, job, text, thinking)

    def finish(self, request_id: int, text: str, thinking: str, metrics: dict[str, Any]) -> bool:
        """Complete a running request and its reply, and let what waits for it run; False if it has ended."""
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            if job.status != JobStatus.PROCESSING:
                return False
            steps.end(job, JobStatus.COMPLETE, self._clock())
            job.metrics = metrics
            reply = steps.set_text(session, job, text, thinking)
            reply.is_incomplete = False
            released = rows.dependents(session, [request_id])
            for child in released:
                steps.follow_parent(session, child)
        self._announce([request_id, *(child.request_id for child in released)], changed=[reply.post_id])
        return True

    def fail(
        self,
        request_id: int,
        kind: str,
        error: ForllmError,
        text: str = "",
        thinking: str = "",
        metrics: dict[str, Any] | None = None,
    ) -> bool:
        """End a running request with an error; its text stays, marked incomplete. False if it has ended."""
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            if job.status != JobStatus.PROCESSING:
                return False
            steps.end(job, JobStatus.ERROR, self._clock())
            steps.set_error(job, kind, error)
            job.metrics = metrics
            removed = self._settle(session, job, text, thinking)
        self._announce([request_id], removed=removed, changed=_unless(removed, job.reply_post_id))
        return True

    def park(self, request_id: int, kind: str, error: ForllmError, until: datetime) -> bool:
        """Let a running request and all others of its server wait until `until`; spends no attempt.

        `kind` is stored as the wait reason of them all, the error's words with the request that met it.
        """
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            if job.status != JobStatus.PROCESSING:
                return False
            steps.back_to_pending(job)
            job.attempts -= 1
            job.wait_reason, job.not_before = kind, until
            steps.set_error(job, kind, error)
            session.flush()
            changed = rows.park_server(session, job.server_id, kind, until) if job.server_id else []
        self._announce({request_id, *changed}, changed=_unless([], job.reply_post_id))
        return True

    def release_server(self, server_id: int) -> None:
        """End the waiting of every parked request of a server that answered again."""
        with self._database.write() as session:
            changed = rows.release_server(session, server_id)
        self._announce(changed)

    def interrupt(self, request_id: int, text: str, thinking: str) -> bool:
        """Put a running request back into the queue because the app ends; its text is kept."""
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            if job.status != JobStatus.PROCESSING:
                return False
            steps.back_to_pending(job)
            steps.set_text(session, job, text, thinking)
        self._announce([request_id], changed=_unless([], job.reply_post_id))
        return True

    def settle_cancelled(self, request_id: int, text: str, thinking: str) -> None:
        """Keep what a cancelled request had written, or take its empty reply away."""
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            if job.status != JobStatus.CANCELLED:
                return
            removed = self._settle(session, job, text, thinking)
        self._announce([request_id], removed=removed, changed=_unless(removed, job.reply_post_id))

    def _settle(self, session: Session, job: Job, text: str, thinking: str) -> list[int]:
        if job.reply_post_id is not None:
            steps.set_text(session, job, text, thinking)
        return rows.take_away_empty_reply(session, job)

    # -- steering

    def cancel(self, request_id: int) -> list[int]:
        """Cancel a request and all that waits for it; returns the ids that changed.

        A running stream is told to stop; the worker then keeps its text. Raises NotPossible when the
        request has already ended.
        """
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            if not may_become(JobStatus(job.status), JobStatus.CANCELLED):
                raise NotPossible("The request has already ended", f"It is {job.status}.")
            waiting = [child.request_id for child in rows.dependents(session, [request_id])]
            cancelled = rows.cancel(session, [request_id, *waiting], self._clock())
            if job.status == JobStatus.ERROR:
                job.status = JobStatus.CANCELLED.value
                cancelled.changed.append(request_id)
        self._announce(cancelled.changed, removed=cancelled.removed)
        for running in cancelled.running:
            self._events.cancel_requested.emit(running)
        return cancelled.changed

    def retry(self, request_id: int) -> Job:
        """Queue a failed or cancelled request again; its reply post is used again. Raises NotPossible."""
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            status = JobStatus(job.status)
            if status not in (JobStatus.ERROR, JobStatus.CANCELLED):
                raise NotPossible("Only a failed or cancelled request can be tried again", f"It is {status}.")
            assert job.post_id_to_respond_to is not None
            live_post(session, job.post_id_to_respond_to)
            steps.forget_deleted_reply(session, job)
            steps.back_to_pending(job)
            steps.follow_parent(session, job)
        self._announce([request_id])
        return job

    def _announce(
        self,
        jobs: Iterable[int],
        *,
        added: Iterable[int] = (),
        changed: Iterable[int] = (),
        removed: Iterable[int] = (),
    ) -> None:
        for post_id in added:
            self._events.post_added.emit(post_id)
        for post_id in changed:
            self._events.post_changed.emit(post_id)
        for post_id in removed:
            self._events.post_removed.emit(post_id)
        for request_id in jobs:
            self._events.job_changed.emit(request_id)


def _unless(removed: Collection[int], post_id: int | None) -> list[int]:
    return [post_id] if post_id is not None and post_id not in removed else []
