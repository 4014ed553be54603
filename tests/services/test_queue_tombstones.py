"""What a request that ends without text leaves in the thread."""

from datetime import timedelta

import pytest

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, NotFound
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.queue import QueueService, Wish
from tests.builders import a_server, a_topic


@pytest.fixture
def queue(database, events, clock) -> QueueService:
    return QueueService(database, events, clock)


def test_a_tombstone_kept_in_sight_only_by_an_empty_reply_goes_with_it(
    database, events, forum, queue, recorder
):
    topic, first = a_topic(forum)
    answered = forum.add_post(topic.topic_id, "Deleted soon.", first.post_id)
    wish = Wish(ModelChoice(a_server(database).server_id, "tiny"))
    request = queue.ask_about(answered.post_id, wish).request_id
    reply = queue.claim().reply.post_id
    forum.delete_post(answered.post_id)
    recorder.take()

    queue.settle_cancelled(request, "", "")

    assert recorder.take(["post_removed"]) == [("post_removed", reply), ("post_removed", answered.post_id)]
    with pytest.raises(NotFound):
        forum.post(answered.post_id)


def test_a_retry_keeps_the_edited_text_it_replaces(database, forum, queue):
    _, first = a_topic(forum)
    wish = Wish(ModelChoice(a_server(database).server_id, "tiny"))
    request = queue.ask_about(first.post_id, wish).request_id
    reply = queue.claim().reply.post_id
    queue.fail(request, "stream_broken", ForllmError("It broke off"), "Half a reply")
    forum.edit_post(reply, "My own repair of it")

    queue.retry(request)
    queue.claim()
    queue.finish(request, "A whole reply", "", {})

    assert forum.post(reply).content == "A whole reply"
    assert [text.content for text in forum.earlier_texts(reply)] == ["Half a reply", "My own repair of it"]
    assert forum.post(reply).edited is None
    assert utc_now() > forum.earlier_texts(reply)[-1].replaced_at


@pytest.mark.parametrize("end", ["fail", "interrupt", "cancel"])
@pytest.mark.parametrize(
    ("again", "shown", "kept"),
    [
        ("Oh,", "Oh,", ["Half a reply"]),
        ("Half", "Half a reply", []),
        ("A longer half of a reply", "A longer half of a reply", []),
    ],
    ids=["less", "less of the same", "more"],
)
def test_an_attempt_that_breaks_off_with_less_destroys_no_longer_text(
    database, forum, queue, end, again, shown, kept
):
    request, reply = half_a_reply(database, forum, queue)
    queue.retry(request)
    queue.claim()
    queue.save_text(request, again[:3], "")
    assert forum.post(reply).content == "Half a reply", "nothing is decided before the end"
    queue.save_text(request, again, "")
    if end == "fail":
        queue.fail(request, "stream_broken", ForllmError("It broke off"), again)
    elif end == "interrupt":
        queue.interrupt(request, again, "")
    else:
        queue.cancel(request)
        queue.settle_cancelled(request, again, "")
    assert forum.post(reply).content == shown
    assert [text.content for text in forum.earlier_texts(reply)] == kept


def test_a_whole_reply_replaces_a_longer_broken_one(database, forum, queue):
    request, reply = half_a_reply(database, forum, queue)
    queue.retry(request)
    queue.claim()
    queue.save_text(request, "No", "")
    queue.finish(request, "No.", "", {})
    assert forum.post(reply).content == "No."
    assert forum.earlier_texts(reply) == []


def half_a_reply(database, forum, queue):
    """Make a request that failed in the middle of its reply, and return both numbers."""
    _, first = a_topic(forum)
    wish = Wish(ModelChoice(a_server(database).server_id, "tiny"))
    request = queue.ask_about(first.post_id, wish).request_id
    reply = queue.claim().reply.post_id
    queue.fail(request, "stream_broken", ForllmError("It broke off"), "Half a reply")
    return request, reply


def test_a_request_that_waits_for_a_parked_one_is_blocked_not_parked(database, forum, queue, clock):
    _, first = a_topic(forum)
    wish = Wish(ModelChoice(a_server(database).server_id, "tiny"))
    parent = queue.ask_about(first.post_id, wish).request_id
    queue.claim()
    queue.park(parent, "busy", ForllmError("Busy"), clock.now + timedelta(seconds=5))

    child = queue.ask_about(first.post_id, wish, after=parent)

    assert (child.status, child.wait_reason, child.not_before) == ("pending_dependency", None, None)
