"""A link of a chain that failed: what waits is blocked, and goes on after a retry or without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.queue import JobStatus
from tests.recorder import Recorder
from tests.services.submitting import Desk


@pytest.fixture
def desk(tmp_path: Path, database_template: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "data", database_template)
    yield made
    assert made.workspace.database.check() == []
    made.workspace.close()


def statuses(desk: Desk) -> list[str]:
    return [job.status for job in desk.queue.jobs()]


def chained(desk: Desk, *names: str) -> list[int]:
    return [job.request_id for job in desk.submitting.submit(desk.new(desk.tag(*names))).jobs]


def parent_of(desk: Desk, request_id: int) -> int | None:
    reply = desk.forum.post(desk.queue.job(request_id).reply_post_id or 0)
    return reply.parent_post_id


def test_a_link_in_the_middle_is_skipped_and_the_next_answers_the_one_before(desk: Desk) -> None:
    ada, bob, carl = chained(desk, "Ada", "Bob", "Carl")
    desk.run()
    desk.fail()
    assert statuses(desk) == ["complete", "error", "pending_dependency"]
    assert [job.request_id for job in desk.queue.skip(bob)] == [carl]
    assert statuses(desk) == ["complete", "error", "pending"]
    desk.run()
    assert parent_of(desk, carl) == desk.queue.job(ada).reply_post_id


def test_a_first_link_is_skipped_and_the_next_answers_the_post(desk: Desk) -> None:
    ada, bob, _carl = chained(desk, "Ada", "Bob", "Carl")
    desk.fail()
    desk.queue.skip(ada)
    assert statuses(desk) == ["error", "pending", "pending_dependency"]
    desk.run()
    assert parent_of(desk, bob) == desk.queue.job(ada).post_id_to_respond_to
    desk.run()
    assert statuses(desk) == ["error", "complete", "complete"]


def test_a_retry_after_a_skip_takes_the_link_in_again(desk: Desk) -> None:
    ada, bob, carl = chained(desk, "Ada", "Bob", "Carl")
    desk.run()
    desk.fail()
    desk.queue.skip(bob)
    desk.queue.retry(bob)
    assert statuses(desk) == ["complete", "pending", "pending_dependency"]
    desk.run()
    desk.run()
    assert parent_of(desk, carl) == desk.queue.job(bob).reply_post_id
    assert desk.queue.job(ada).request_params is None


def test_a_retry_leaves_alone_what_has_gone_on(desk: Desk) -> None:
    _ada, bob, carl = chained(desk, "Ada", "Bob", "Carl")
    desk.run()
    desk.fail()
    desk.queue.skip(bob)
    desk.run()
    desk.queue.retry(bob)
    assert statuses(desk) == ["complete", "pending", "complete"]
    desk.run()
    assert desk.queue.job(carl).parent_request_id != bob


def test_skipping_two_links_in_a_row(desk: Desk) -> None:
    ada, bob, carl, again = chained(desk, "Ada", "Bob", "Carl", "Ada")
    desk.run()
    desk.fail()
    desk.queue.skip(bob)
    desk.fail()
    desk.queue.skip(carl)
    desk.run()
    assert parent_of(desk, again) == desk.queue.job(ada).reply_post_id


def test_a_cancelled_link_is_skipped_with_what_was_cancelled_with_it(desk: Desk) -> None:
    ada, bob, _carl = chained(desk, "Ada", "Bob", "Carl")
    desk.queue.cancel(ada)
    assert statuses(desk) == ["cancelled"] * 3
    desk.queue.skip(ada)
    assert statuses(desk) == ["cancelled", "pending", "pending_dependency"]
    desk.run()
    assert parent_of(desk, bob) == desk.queue.job(ada).post_id_to_respond_to


def test_a_link_that_is_skipped_before_its_turn_waits_for_the_one_before(desk: Desk) -> None:
    ada, bob, carl = chained(desk, "Ada", "Bob", "Carl")
    desk.queue.cancel(bob)
    desk.queue.skip(bob)
    assert statuses(desk) == ["pending", "cancelled", "pending_dependency"]
    desk.run()
    desk.run()
    assert parent_of(desk, carl) == desk.queue.job(ada).reply_post_id


def test_cancelling_the_first_link_reaches_what_goes_on_without_a_skipped_one(desk: Desk) -> None:
    ada, bob, _carl = chained(desk, "Ada", "Bob", "Carl")
    desk.queue.cancel(bob)
    desk.queue.skip(bob)
    desk.queue.cancel(ada)
    assert statuses(desk) == ["cancelled"] * 3


def test_a_retry_brings_back_what_was_cancelled_with_the_link_and_nothing_else(desk: Desk) -> None:
    ada, _bob, carl = chained(desk, "Ada", "Bob", "Carl")
    desk.queue.cancel(carl)
    desk.clock.advance()
    desk.queue.cancel(ada)
    desk.queue.retry(ada)
    assert statuses(desk) == ["pending", "pending_dependency", "cancelled"]


def test_a_failed_link_that_was_cancelled_is_skipped_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bob, _carl = chained(desk, "Ada", "Bob", "Carl")
    desk.fail()
    monkeypatch.setattr(desk.queue, "_clock", desk.clock.advance)
    desk.queue.cancel(ada)
    assert statuses(desk) == ["cancelled"] * 3
    assert [job.request_id for job in desk.queue.skip(ada)] == [bob]
    assert statuses(desk) == ["cancelled", "pending", "pending_dependency"]


def test_what_cannot_be_skipped_is_refused(desk: Desk) -> None:
    ada, bob = chained(desk, "Ada", "Bob")
    with pytest.raises(NotPossible, match="Only a failed or cancelled"):
        desk.queue.skip(ada)
    desk.fail()
    with pytest.raises(NotPossible, match="Only a failed or cancelled"):
        desk.queue.skip(bob)
    desk.queue.skip(ada)
    with pytest.raises(NotPossible, match="Nothing waits"):
        desk.queue.skip(ada)


def test_what_a_failure_blocks_and_a_retry_releases_is_announced(desk: Desk) -> None:
    ada, bob, carl = chained(desk, "Ada", "Bob", "Carl")
    claim = desk.queue.claim()
    assert claim is not None
    recorder = Recorder(desk.workspace.events)
    desk.fail_claimed(claim)
    assert {("job_changed", id) for id in (ada, bob, carl)} <= set(recorder.take())
    desk.queue.retry(ada)
    assert {("job_changed", id) for id in (ada, bob, carl)} <= set(recorder.take())
    assert desk.queue.job(bob).status == JobStatus.PENDING_DEPENDENCY
