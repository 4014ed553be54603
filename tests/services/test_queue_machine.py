"""The queue under any sequence of steps: whatever happens, the store stays consistent."""

import itertools
import shutil
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from forllm_desktop.domain.errors import ForllmError, NotFound, NotPossible
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import OPEN_STATUSES, Job, JobStatus
from forllm_desktop.domain.undo import Undo
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database, open_database
from tests.builders import FixedClock, a_server, a_subforum, a_topic, a_wish

TROUBLE = ForllmError("It failed", "Try again.")
TEXTS = st.sampled_from(["", "Scat", "Scattering of light"])
THOUGHTS = st.sampled_from(["", "Hm"])


class QueueMachine(RuleBasedStateMachine):
    """Takes steps of users and worker in any order. Refusals in words are fine, anything else is not."""

    template: Path
    folder: Path
    numbers = itertools.count()

    deleted = Bundle("deleted")

    @initialize()
    def open(self) -> None:
        path = shutil.copy(self.template, self.folder / f"{next(self.numbers)}.db")
        self.database: Database = open_database(Path(path))
        events, self.clock = Events(), FixedClock()
        self.forum = ForumService(self.database, events, self.clock)
        self.queue = QueueService(self.database, events, self.clock)
        self.servers = [a_server(self.database), a_server(self.database, "http://127.0.0.1:8080")]
        self.topics = [a_topic(self.forum, a_subforum(self.forum))[0].topic_id for _ in range(1)]
        self.unsettled: set[int] = set()
        events.cancel_requested.connect(self.unsettled.add)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            assert self.database.check() == []
            self.database.close()

    def posts(self) -> list[Post]:
        with self.database.read() as session:
            return list(session.scalars(select(Post).order_by(Post.post_id)))

    def one(self, data: st.DataObject, *statuses: JobStatus) -> int | None:
        found = [job.request_id for job in self.queue.jobs(statuses or tuple(JobStatus))]
        return data.draw(st.sampled_from(found)) if found else None

    # -- users

    @rule(data=st.data(), server=st.integers(0, 1))
    def ask(self, data: st.DataObject, server: int) -> None:
        wish = a_wish(self.database, server=self.servers[server])
        post = data.draw(st.sampled_from(self.posts()))
        try:
            self.queue.ask(post.topic_id, "Why?", wish, post.post_id)
        except NotFound:
            assert post.deleted_at or not self.forum.topics(1)

    @rule(data=st.data())
    def ask_after(self, data: st.DataObject) -> None:
        before = self.one(data)
        if before is None:
            return
        question = self.queue.job(before).post_id_to_respond_to
        assert question is not None
        try:
            self.queue.ask_about(question, a_wish(self.database, server=self.servers[0]), before)
        except (NotFound, NotPossible):
            return

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        number = self.one(data)
        if number is None:
            return
        was_complete = self.queue.job(number).status in ("complete", "cancelled")
        try:
            assert number in self.queue.cancel(number)
            assert not was_complete
        except NotPossible:
            assert was_complete

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        number = self.one(data, JobStatus.ERROR, JobStatus.CANCELLED)
        # The worker settles what it was told to stop before anybody can see it stopped.
        if number is None or number in self.unsettled:
            return
        before = self.queue.job(number).status
        try:
            self.queue.retry(number)
        except (NotFound, NotPossible):
            assert self.queue.job(number).status == before

    @rule(target=deleted, data=st.data(), whole_topic=st.booleans())
    def delete(self, data: st.DataObject, whole_topic: bool) -> Undo | None:
        post = data.draw(st.sampled_from(self.posts()))
        try:
            if whole_topic:
                return self.forum.delete_topic(post.topic_id)
            return self.forum.delete_post(post.post_id)
        except NotFound:
            return None

    @rule(undo=consumes(deleted))
    def restore(self, undo: Undo | None) -> None:
        if undo is None:
            return
        try:
            self.forum.undo(undo)
        except (NotFound, NotPossible):
            return

    # -- the worker

    @precondition(lambda self: not self.queue.jobs([JobStatus.PROCESSING]) and not self.unsettled)
    @rule()
    def claim(self) -> None:
        waiting = [job.request_id for job in self.queue.jobs([JobStatus.PENDING])]
        claim = self.queue.claim()
        if claim is None:
            return
        ended = waiting[: waiting.index(claim.job.request_id)]
        for number in ended:
            job = self.queue.job(number)
            assert job.status == "error" or (job.is_parked and job.not_before > self.clock.now)

    @rule(data=st.data(), text=TEXTS, thinking=THOUGHTS)
    def save(self, data: st.DataObject, text: str, thinking: str) -> None:
        if number := self.one(data):
            self.queue.save_text(number, text, thinking)

    @rule(data=st.data(), thinking=THOUGHTS)
    def finish(self, data: st.DataObject, thinking: str) -> None:
        if number := self.one(data):
            before = self.queue.job(number).status
            assert self.queue.finish(number, "All of it", thinking, {}) is (before == "processing")

    @rule(data=st.data(), text=TEXTS)
    def fail(self, data: st.DataObject, text: str) -> None:
        if number := self.one(data, JobStatus.PROCESSING):
            assert self.queue.fail(number, "stream_broken", TROUBLE, text)

    @rule(data=st.data(), seconds=st.integers(0, 3))
    def park(self, data: st.DataObject, seconds: int) -> None:
        if number := self.one(data, JobStatus.PROCESSING):
            assert self.queue.park(number, "busy", TROUBLE, self.clock.now + timedelta(seconds=seconds))

    @rule(server=st.integers(1, 2))
    def release(self, server: int) -> None:
        self.queue.release_server(server)

    @rule(data=st.data(), text=TEXTS)
    def interrupt(self, data: st.DataObject, text: str) -> None:
        if number := self.one(data, JobStatus.PROCESSING):
            assert self.queue.interrupt(number, text, "")

    @rule(text=TEXTS)
    def settle(self, text: str) -> None:
        for number in sorted(self.unsettled):
            self.queue.settle_cancelled(number, text, "")
        self.unsettled.clear()

    @rule()
    def crash(self) -> None:
        self.unsettled.clear()
        self.queue.recover()
        assert self.queue.jobs([JobStatus.PROCESSING]) == []

    @rule(seconds=st.integers(1, 5))
    def pass_time(self, seconds: int) -> None:
        self.clock.advance(seconds)

    # -- what holds after every step

    @invariant()
    def requests_are_consistent(self) -> None:
        jobs = self.queue.jobs()
        by_id = {job.request_id: job for job in jobs}
        posts = {post.post_id: post for post in self.posts()}
        assert len({job.position for job in jobs}) == len(jobs)
        replies = [job.reply_post_id for job in jobs if job.reply_post_id is not None]
        assert len(set(replies)) == len(replies)
        assert len([job for job in jobs if job.status == "processing"]) <= 1
        for job in jobs:
            assert (job.wait_reason is None) == (job.not_before is None)
            assert job.wait_reason is None or job.status == "pending"
            assert (job.finished_at is None) == job.is_open
            assert job.attempts >= 0
            assert (job.error_title is not None) == (job.status == "error" or job.is_parked) or (
                job.status == "cancelled"
            )
            self._check_reply(job, posts)
            if job.status == "pending_dependency":
                assert by_id[job.parent_request_id or 0].status not in ("complete", "cancelled")

    def _check_reply(self, job: Job, posts: dict[int, Post]) -> None:
        reply = posts[job.reply_post_id] if job.reply_post_id else None
        if job.status in ("processing", "complete"):
            assert reply is not None
            assert reply.is_incomplete is (job.status == "processing")

    @invariant()
    def no_empty_reply_is_left_over(self) -> None:
        writing = {
            job.reply_post_id
            for job in self.queue.jobs()
            if job.status in OPEN_STATUSES or job.request_id in self.unsettled
        }
        for post in self.posts():
            is_empty = post.is_llm_response and not post.content and not post.thinking
            assert not is_empty or post.deleted_at or post.post_id in writing


def test_queue_stays_consistent_under_any_sequence_of_steps(database_template: Path, tmp_path: Path) -> None:
    machine = type("Machine", (QueueMachine,), {"template": database_template, "folder": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
