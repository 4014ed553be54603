"""Requests that wait for another one, what a crash leaves, and what goes with deleted things."""

from collections.abc import Callable

import pytest

from forllm_desktop.domain.errors import ForllmError, NotPossible
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database
from tests.builders import NOW, a_job, a_request, a_wish
from tests.recorder import Recorder

BROKEN = ForllmError("The reply broke off", "Try again.")

Chain = tuple[int, int, int]


@pytest.fixture
def chain(queue: QueueService, forum: ForumService, database: Database, recorder: Recorder) -> Chain:
    """Return three requests, each of which answers the reply of the one before."""
    first = a_request(queue, forum, database)
    assert first.post_id_to_respond_to is not None
    second = queue.ask_about(first.post_id_to_respond_to, a_wish(database), after=first.request_id)
    third = queue.ask_about(first.post_id_to_respond_to, a_wish(database), after=second.request_id)
    recorder.take()
    return first.request_id, second.request_id, third.request_id


def running(queue: QueueService) -> Claim:
    claim = queue.claim()
    assert claim is not None
    return claim


def statuses(queue: QueueService) -> list[str]:
    return [job.status for job in queue.jobs()]


def reply_of(database: Database, queue: QueueService, request_id: int) -> Post:
    with database.read() as session:
        return session.get_one(Post, queue.job(request_id).reply_post_id)


# -- one after the other


def test_dependents_answer_the_reply_before_once_it_is_complete(
    queue: QueueService, chain: Chain, recorder: Recorder
) -> None:
    first, second, _third = chain
    claim = running(queue)
    assert queue.claim() is None
    recorder.take()
    queue.finish(first, "So.", "", {})
    assert recorder.take() == [
        ("post_changed", claim.reply.post_id),
        ("job_changed", first),
        ("job_changed", second),
    ]
    assert statuses(queue) == ["complete", "pending", "pending_dependency"]
    assert running(queue).reply.parent_post_id == claim.reply.post_id


def test_dependents_of_a_failed_request_stay_blocked_and_run_after_its_retry(
    queue: QueueService, chain: Chain
) -> None:
    first, second, third = chain
    running(queue)
    queue.fail(first, "stream_broken", BROKEN, "So")
    assert statuses(queue) == ["error", "pending_dependency", "pending_dependency"]
    assert queue.claim() is None
    queue.retry(first)
    for number in (first, second, third):
        assert running(queue).job.request_id == number
        queue.finish(number, "So.", "", {})
    assert statuses(queue) == ["complete"] * 3


@pytest.mark.parametrize("state", ["pending", "processing", "error"])
def test_dependents_are_cancelled_with_their_parent(
    queue: QueueService, chain: Chain, recorder: Recorder, state: str
) -> None:
    first, second, third = chain
    if state != "pending":
        running(queue)
    if state == "error":
        queue.fail(first, "stream_broken", BROKEN)
    recorder.take()
    assert sorted(queue.cancel(first)) == [first, second, third]
    assert statuses(queue) == ["cancelled"] * 3
    announced = recorder.take()
    assert sorted(entry for entry in announced if entry[0] == "job_changed") == [
        ("job_changed", number) for number in (first, second, third)
    ]
    assert (("cancel_requested", first) in announced) is (state == "processing")


def test_cancelled_dependent_leaves_its_parent_alone(queue: QueueService, chain: Chain) -> None:
    assert sorted(queue.cancel(chain[1])) == [chain[1], chain[2]]
    assert statuses(queue) == ["pending", "cancelled", "cancelled"]


def test_retried_dependent_waits_for_its_failed_parent(queue: QueueService, chain: Chain) -> None:
    first, second, _third = chain
    queue.cancel(second)
    running(queue)
    queue.fail(first, "stream_broken", BROKEN)
    assert queue.retry(second).status == "pending_dependency"


def test_retried_dependent_answers_the_reply_its_parent_has_by_now(queue: QueueService, chain: Chain) -> None:
    first, second, _third = chain
    queue.cancel(second)
    claim = running(queue)
    queue.finish(first, "So.", "", {})
    queue.retry(second)
    assert running(queue).reply.parent_post_id == claim.reply.post_id


def test_dependent_of_a_cancelled_request_is_refused_because_it_would_wait_for_ever(
    queue: QueueService, chain: Chain, database: Database
) -> None:
    first, second, _third = chain
    queue.cancel(first)
    with pytest.raises(NotPossible, match=f"Try request {first} again first"):
        queue.retry(second)
    question = queue.job(first).post_id_to_respond_to
    assert question is not None
    with pytest.raises(NotPossible, match="is cancelled"):
        queue.ask_about(question, a_wish(database), after=first)
    assert queue.job(second).status == "cancelled"
    queue.retry(first)
    assert queue.job(second).status == "pending_dependency"


def test_request_after_a_complete_one_answers_its_reply_at_once(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    first = a_request(queue, forum, database)
    reply = running(queue).reply.post_id
    queue.finish(first.request_id, "So.", "", {})
    job = queue.ask_about(reply, a_wish(database), after=first.request_id)
    assert (job.status, job.post_id_to_respond_to) == ("pending", reply)


def test_chain_is_listed_in_the_order_it_runs(queue: QueueService, chain: Chain) -> None:
    assert queue.with_ancestors(chain[2]) == list(chain)
    assert queue.with_ancestors(chain[0]) == [chain[0]]


# -- after a crash


@pytest.mark.parametrize("status", list(JobStatus))
def test_recovery_changes_nothing_but_what_was_running(
    queue: QueueService, forum: ForumService, database: Database, recorder: Recorder, status: JobStatus
) -> None:
    claim = _claimed(queue, forum, database)
    queue.save_text(claim.job.request_id, "Scat", "Hm")
    with database.write() as session:
        session.get_one(Job, claim.job.request_id).status = status.value
    recorder.take()
    is_running = status is JobStatus.PROCESSING
    assert queue.recover() == ([claim.job.request_id] if is_running else [])
    assert recorder.take() == ([("job_changed", claim.job.request_id)] if is_running else [])
    assert queue.job(claim.job.request_id).status == ("pending" if is_running else status)
    reply = reply_of(database, queue, claim.job.request_id)
    assert (reply.content, reply.thinking, reply.is_incomplete) == ("Scat", "Hm", True)
    assert queue.recover() == []


def test_recovered_request_goes_on_in_the_same_reply(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    claim = _claimed(queue, forum, database)
    queue.recover()
    again = running(queue)
    assert (again.job.request_id, again.reply.post_id) == (claim.job.request_id, claim.reply.post_id)


@pytest.mark.parametrize("status", [JobStatus.ERROR, JobStatus.CANCELLED])
def test_empty_reply_that_a_crash_left_is_removed(
    queue: QueueService, forum: ForumService, database: Database, recorder: Recorder, status: JobStatus
) -> None:
    claim = _claimed(queue, forum, database)
    with database.write() as session:
        session.get_one(Job, claim.job.request_id).status = status.value
    recorder.take()
    assert queue.recover() == []
    assert recorder.take() == [
        ("post_removed", claim.reply.post_id),
        ("job_changed", claim.job.request_id),
    ]
    assert queue.job(claim.job.request_id).reply_post_id is None
    assert len(forum.thread(claim.reply.topic_id)) == 1


# -- replies to an empty reply


def test_place_of_an_empty_reply_stays_while_a_users_reply_hangs_below_it(
    queue: QueueService, forum: ForumService, database: Database, recorder: Recorder
) -> None:
    claim = _claimed(queue, forum, database)
    number, empty = claim.job.request_id, claim.reply.post_id
    below, asked = queue.ask(claim.reply.topic_id, "Too slow!", a_wish(database), empty)
    recorder.take()
    queue.fail(number, "not_found", BROKEN)
    assert recorder.take() == [("post_changed", empty), ("job_changed", number)]
    shown = forum.thread(claim.reply.topic_id)
    assert [(entry.post.post_id, entry.is_deleted) for entry in shown][1:] == [
        (empty, True),
        (below.post_id, False),
    ]
    assert running(queue).job.request_id == asked.request_id
    queue.finish(asked.request_id, "Sorry.", "", {})
    queue.retry(number)
    assert running(queue).reply.post_id != empty
    assert database.check() == []


def test_prompt_leaves_out_the_empty_reply_a_user_replied_to(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    claim = _claimed(queue, forum, database)
    below = forum.add_post(claim.reply.topic_id, "Too slow!", claim.reply.post_id)
    prompt = PromptService(database).preview(below.post_id, 1, claim.persona.content, None)
    assert [part.source for part in prompt.parts] == ["persona", "thread", "post"]


# -- deleted things


def _delete_question(forum: ForumService, post: Post) -> None:
    assert post.parent_post_id is not None
    forum.delete_post(post.parent_post_id)


def _delete_reply(forum: ForumService, post: Post) -> None:
    forum.delete_post(post.post_id)


def _delete_topic(forum: ForumService, post: Post) -> None:
    forum.delete_topic(post.topic_id)


def _delete_subforum(forum: ForumService, post: Post) -> None:
    forum.delete_subforum(forum.topic(post.topic_id).subforum_id)


DELETIONS = [_delete_question, _delete_reply, _delete_topic, _delete_subforum]


@pytest.mark.parametrize("delete", DELETIONS)
@pytest.mark.parametrize("state", ["parked", "running", "writing"])
def test_deleting_cancels_the_requests_first_and_loses_no_text(
    queue: QueueService,
    forum: ForumService,
    database: Database,
    recorder: Recorder,
    delete: Callable[[ForumService, Post], None],
    state: str,
) -> None:
    claim = _claimed(queue, forum, database)
    number = claim.job.request_id
    if state == "parked":
        queue.park(number, "busy", BROKEN, NOW)
    text = "Scat" if state == "writing" else ""
    queue.save_text(number, text, "")
    recorder.take()
    delete(forum, claim.reply)
    told = recorder.take()
    assert ("job_changed", number) in told
    assert (("cancel_requested", number) in told) is (state != "parked")
    assert queue.job(number).status == "cancelled"
    assert queue.claim() is None
    queue.settle_cancelled(number, text, "")
    with database.read() as session:
        reply = session.get(Post, claim.reply.post_id)
    assert (reply.content if reply else None) == (text or None)
    assert database.check() == []


@pytest.mark.parametrize("delete", DELETIONS[2:])
def test_deleting_cancels_what_waits_in_it(
    queue: QueueService, forum: ForumService, chain: Chain, delete: Callable[[ForumService, Post], None]
) -> None:
    question = queue.job(chain[0]).post_id_to_respond_to
    assert question is not None
    delete(forum, forum.post(question))
    assert statuses(queue) == ["cancelled"] * 3


def test_deleting_one_topic_leaves_the_requests_of_others(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    claim = _claimed(queue, forum, database)
    other = a_request(queue, forum, database)
    forum.delete_topic(claim.reply.topic_id)
    assert queue.job(other.request_id).status == "pending"


def test_request_whose_question_vanished_ends_in_words(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    job = a_request(queue, forum, database)
    with database.write() as session:
        session.get_one(Post, job.post_id_to_respond_to).deleted_at = NOW
    assert queue.claim() is None
    stored = queue.job(job.request_id)
    assert (stored.status, stored.error_title) == ("error", "The post is deleted")


def test_running_request_of_a_restored_topic_starts_anew_with_its_text_kept(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    claim = _claimed(queue, forum, database)
    undo = forum.delete_topic(claim.reply.topic_id)
    queue.settle_cancelled(claim.job.request_id, "Scat", "")
    forum.undo(undo)
    again = running(queue)
    assert (again.reply.post_id, again.reply.content) == (claim.reply.post_id, "Scat")


def test_unfinished_row_of_another_kind_is_left_to_its_version(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    claim = _claimed(queue, forum, database)
    with database.read() as session:
        question = session.get_one(Post, claim.job.post_id_to_respond_to)
    a_job(database, question, JobStatus.COMPLETE, request_type="generate_persona")
    assert queue.recover() == [claim.job.request_id]


def _claimed(queue: QueueService, forum: ForumService, database: Database) -> Claim:
    a_request(queue, forum, database)
    return running(queue)
