"""The queue: ask, claim, finish, fail, park, cancel, retry. One transaction per step, then events."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, NotPossible
from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.queue import Job, JobKind, JobStatus, Wish, may_become
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.events import Events
from forllm_desktop.services import chain_steps as chain
from forllm_desktop.services import job_steps as steps
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.news import News, change
from forllm_desktop.services.posting import insert_post, insert_topic, live_post
from forllm_desktop.services.running import RunningReplies
from forllm_desktop.storage import generation as generation_rows
from forllm_desktop.storage import queue as rows
from forllm_desktop.storage import thread as thread_rows
from forllm_desktop.storage.database import Database, Session
from forllm_desktop.storage.queue import Standing
from forllm_desktop.storage.queue_rows import queue_rows


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
        """Post a text in a topic and ask for an answer to it, in one commit; see SubmitService for tags."""
        now = self._clock()
        with self._change() as (session, news):
            post = insert_post(session, topic_id, text, parent_post_id, now)
            news.tell(self._events.post_added, post.post_id)
            job = steps.insert_job(session, news, post, wish, now)
        return post, job

    def ask_in_new_topic(
        self, subforum_id: int, title: str, text: str, wish: Wish
    ) -> tuple[Topic, Post, Job]:
        """Make a topic with its first post and ask for an answer to it, in one commit."""
        now = self._clock()
        with self._change() as (session, news):
            topic, post = insert_topic(session, subforum_id, title, text, now)
            news.tell(self._events.topic_changed, topic.topic_id)
            news.tell(self._events.post_added, post.post_id)
            job = steps.insert_job(session, news, post, wish, now)
        return topic, post, job

    def ask_about(self, post_id: int, wish: Wish, after: int | None = None) -> Job:
        """Ask for an answer to a post that exists; with `after` to the reply of that request instead.

        Raises NotPossible for a reply that is not finished: it would be sent half.
        """
        with self._change() as (session, news):
            post = live_post(session, post_id)
            if post.is_incomplete and after is None:
                raise NotPossible("This reply is not finished", "Wait for it, or try its request again.")
            return steps.insert_job(session, news, post, wish, self._clock(), after)

    # -- reading

    def jobs(self, statuses: Collection[JobStatus] = tuple(JobStatus)) -> Sequence[Job]:
        """List requests in the order of the queue."""
        with self._database.read() as session:
            return rows.jobs(session, statuses)

    def table(self, request_ids: Collection[int] | None = None) -> list[QueueRow]:
        """List requests with the names behind their numbers: all open ones and those that ended last."""
        with self._database.read() as session:
            return queue_rows(session, request_ids)

    def job(self, request_id: int) -> Job:
        """Return a request. Raises NotFound."""
        with self._database.read() as session:
            return steps.existing(session, request_id)

    def requests_of_topic(self, topic_id: int) -> Sequence[Job]:
        """List the requests that answer posts of a topic, oldest first, without the prompts as sent."""
        with self._database.read() as session:
            return thread_rows.requests_of_topic(session, topic_id)

    def standing(self) -> Standing:
        """Return how many requests run, wait, and wait for their server."""
        with self._database.read() as session:
            return rows.standing(session)

    def release_all(self) -> None:
        """Try the servers of all parked requests again now."""
        for server_id in {job.server_id for job in self.jobs([JobStatus.PENDING]) if job.is_parked}:
            if server_id is not None:
                self.release_server(server_id)

    def with_ancestors(self, request_id: int) -> list[int]:
        """Return the ids of a request and of all it waits for."""
        with self._database.read() as session:
            return rows.with_ancestors(session, request_id)

    def next_due(self) -> datetime | None:
        """Return when the first parked request wants to be tried again; it may be past."""
        with self._database.read() as session:
            return rows.next_due(session)

    # -- running (called from the worker)

    def recover(self) -> list[int]:
        """Put requests that a dead process left running back into the queue, their text kept."""
        with self._change() as (session, news):
            interrupted = rows.running(session)
            for job in interrupted:
                steps.wait_again(job)
                news.tell(self._events.job_changed, job.request_id)
            for job in rows.empty_replies_of_ended_requests(session):
                self._settle(session, news, job)
        return [job.request_id for job in interrupted]

    def claim(self, only: Collection[int] | None = None) -> Claim | None:
        """Start the next request that can run now, out of `only` if given; fix its persona and reply post.

        A request that can no longer run (its post or chosen persona is gone) ends in an error and the next
        one is taken. Returns None when nothing can run now.
        """
        while True:
            now = self._clock()
            with self._change() as (session, news):
                job = rows.next_runnable(session, now, only)
                if job is None:
                    return None
                is_new = job.reply_post_id is None
                try:
                    claim = steps.start(session, job, now)
                except ForllmError as error:
                    steps.end(job, JobStatus.ERROR, now)
                    steps.set_error(job, "not_possible", error)
                    self._settle(session, news, job)
                    continue
                if is_new and claim.reply is not None:
                    news.tell(self._events.post_added, claim.reply.post_id)
                news.tell(self._events.job_changed, job.request_id)
                return claim

    def record_prompt(
        self, request_id: int, messages: list, breakdown: dict[str, Any], parts: dict[str, Any] | None = None
    ) -> None:
        """Store the messages exactly as they will be sent, their tokens by part, and what the parts are."""
        with self._change() as (session, news):
            job = steps.existing(session, request_id)
            if job.status == JobStatus.PROCESSING:
                job.prompt, job.token_breakdown, job.prompt_parts = messages, breakdown, parts
                news.tell(self._events.job_changed, request_id)

    def save_text(self, request_id: int, text: str, thinking: str) -> None:
        """Keep what has been written so far, so that a crash does not lose it."""
        with self._database.write() as session:
            job = steps.existing(session, request_id)
            if job.status == JobStatus.PROCESSING:
                steps.set_text(session, job, text, thinking)

    def finish(self, request_id: int, text: str, thinking: str, metrics: dict[str, Any]) -> bool:
        """Complete a running request and its reply, and let what waits for it run; False if it has ended."""
        now = self._clock()
        with self._change() as (session, news):
            job = steps.existing(session, request_id)
            if job.status != JobStatus.PROCESSING:
                return False
            steps.end(job, JobStatus.COMPLETE, now)
            job.metrics = metrics
            reply = steps.set_text(session, job, text, thinking)
            if reply is not None:
                reply.is_incomplete = False
                news.tell(self._events.post_changed, reply.post_id)
            news.tell(self._events.job_changed, request_id)
            for child in rows.dependents(session, [request_id]):
                child.step_to(steps.status_after(session, child))
                steps.park_with_server(session, child, now)
                news.tell(self._events.job_changed, child.request_id)
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
        with self._change() as (session, news):
            job = steps.existing(session, request_id)
            if job.status != JobStatus.PROCESSING:
                return False
            steps.end(job, JobStatus.ERROR, self._clock())
            steps.set_error(job, kind, error)
            job.metrics = metrics
            self._settle(session, news, job, text, thinking)
        return True

    def park(self, request_id: int, kind: str, error: ForllmError, until: datetime) -> bool:
        """Let a running request and all others of its server wait until `until`; spends no attempt.

        `kind` is stored as the reason of them all, with the error's words. False if it has ended.
        """
        with self._change() as (session, news):
            job = steps.existing(session, request_id)
            if job.status != JobStatus.PROCESSING:
                return False
            steps.wait_again(job)
            job.attempts -= 1
            session.flush()
            if job.reply_post_id is not None:
                news.tell(self._events.post_changed, job.reply_post_id)
            beside = rows.waiting_for_server(session, job.server_id) if job.server_id else [job]
            for other in beside:
                steps.park(other, kind, error, until)
                news.tell(self._events.job_changed, other.request_id)
        return True

    def release_server(self, server_id: int) -> None:
        """End the waiting of every parked request of a server that answered again."""
        with self._change() as (session, news):
            steps.release_server(session, news, server_id)

    def interrupt(self, request_id: int, text: str, thinking: str) -> bool:
        """Put a running request back into the queue because the app ends; its text is kept."""
        with self._change() as (session, news):
            job = steps.existing(session, request_id)
            if job.status != JobStatus.PROCESSING:
                return False
            steps.wait_again(job)
            reply = steps.set_text(session, job, text, thinking)
            if reply is not None:
                news.tell(self._events.post_changed, reply.post_id)
            news.tell(self._events.job_changed, request_id)
        return True

    def settle_cancelled(self, request_id: int, text: str, thinking: str) -> None:
        """Keep what a cancelled request had written, or take its empty reply away."""
        with self._change() as (session, news):
            job = steps.existing(session, request_id)
            if job.status == JobStatus.CANCELLED:
                self._settle(session, news, job, text, thinking)

    def _settle(self, session: Session, news: News, job: Job, text: str = "", thinking: str = "") -> None:
        """Keep the text of a request that ended before its reply was whole, or take the empty reply away."""
        if job.reply_post_id is not None or job.request_type != JobKind.RESPOND_TO_POST:
            steps.set_text(session, job, text, thinking)
        gone = rows.take_away_empty_reply(session, job)
        news.tell_gone(gone.removed, gone.marked)
        if job.reply_post_id is not None:
            news.tell(self._events.post_changed, job.reply_post_id)
        news.tell(self._events.job_changed, job.request_id)
        chain.tell_waiting(session, news, job)

    # -- steering

    def cancel(self, request_id: int) -> list[int]:
        """Cancel a request and all that waits for it; returns the ids that changed.

        A running stream is told to stop; the worker then keeps its text. Raises NotPossible when the
        request has already ended.
        """
        with self._change() as (session, news):
            job = steps.existing(session, request_id)
            if not may_become(JobStatus(job.status), JobStatus.CANCELLED):
                raise NotPossible("The request has already ended", f"It is {job.status}.")
            waiting = [child.request_id for child in rows.dependents(session, [request_id])]
            # One moment for all, by which a retry or a skip finds what was cancelled together.
            now = self._clock()
            cancelled = rows.cancel(session, [request_id, *waiting], now)
            if job.status == JobStatus.ERROR:
                job.step_to(JobStatus.CANCELLED)
                job.finished_at = now
                cancelled.changed.append(request_id)
            news.tell_cancelled(cancelled)
        return cancelled.changed

    def cancel_batch(self, batch_id: int) -> list[int]:
        """Cancel what is still open of requests made together; returns their ids. Raises NotPossible."""
        with self._change() as (session, news):
            ids = [job.request_id for job in generation_rows.batch(session, batch_id) if job.is_open]
            if not ids:
                raise NotPossible("Nothing of this batch is open", "All its requests have ended.")
            cancelled = rows.cancel(session, ids, self._clock())
            news.tell_cancelled(cancelled)
        return cancelled.changed

    def retry(self, request_id: int) -> Job:
        """Queue a failed or cancelled request again, and what was cancelled with it.

        Its reply post is used again. Raises NotPossible.
        """
        with self._change() as (session, news):
            job = steps.existing(session, request_id)
            status = JobStatus(job.status)
            if status not in (JobStatus.ERROR, JobStatus.CANCELLED):
                raise NotPossible("Only a failed or cancelled request can be tried again", f"It is {status}.")
            now, together = self._clock(), rows.cancelled_with(session, job)
            chain.ask_again(session, news, job, now)
            for child in together:
                chain.ask_again(session, news, child, now)
            chain.tell_waiting(session, news, job)
        return job

    def skip(self, request_id: int) -> list[Job]:
        """Leave a failed or cancelled request out of its chain; returns the requests that go on without it.

        They answer what it was to answer. `retry` brings it back, and they wait for it again as long as they
        have not begun. Raises NotPossible when nothing waits for it, or when it has not ended so.
        """
        with self._change() as (session, news):
            job = steps.existing(session, request_id)
            if job.status not in (JobStatus.ERROR, JobStatus.CANCELLED):
                raise NotPossible("Only a failed or cancelled request can be skipped", f"It is {job.status}.")
            return chain.go_on_without(session, news, job, self._clock())

    def _change(self) -> AbstractContextManager[tuple[Session, News]]:
        return change(self._database, self._events)
