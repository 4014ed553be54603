"""What is being read stays where it is."""

from collections.abc import Callable

from forllm_desktop.ui.thread.page import ThreadPage
from tests.ui.thread.conftest import Topics


def place_of(page: ThreadPage, key: int) -> float:
    """Return where a post is on the screen, in px."""
    return page._view.top_of(page._view.writer.by_key[key]) - page._view.offset


def test_updates_above_the_view_do_not_move_it(topics: Topics, show: Callable[..., ThreadPage]) -> None:
    first, job = topics.stream(topics.question, "It begins.")
    others = [topics.reply(topics.question, f"Reply {number}. " * 30) for number in range(30)]
    page = show(post=others[20].post_id)
    # Read on from the middle of a post, at an odd pixel.
    page._view.verticalScrollBar().setValue(page._view.offset + 37)
    before, slot = place_of(page, others[20].post_id), page._view.writer.by_key[first.post_id]
    for number in range(1, 201):
        topics.queue.running.update(job.request_id, text="It goes on. " * number + f"{number}`x`")
        page._keeper._write_growing(page._keeper.streams.growing[first.post_id])
        assert abs(place_of(page, others[20].post_id) - before) <= 1
    assert slot.rewrites == 200


def test_the_end_of_a_growing_post_may_be_at_the_top(topics: Topics, show: Callable[..., ThreadPage]) -> None:
    first, job = topics.stream(topics.question, "A line.\n\n" * 60)
    topics.reply(topics.question, "Below. " * 400)
    page = show()
    slot = page._view.writer.by_key[first.post_id]
    page._view.verticalScrollBar().setValue(round(page._view.bottom_of(slot)) - 5)
    below = next(key for key in page._view.writer.by_key if key > first.post_id)
    before = place_of(page, below)
    page._view.anchor.forget()
    held = page._view.offset
    topics.queue.running.update(job.request_id, text="A line.\n\n" * 60 + "The last line grows")
    page._keeper._write_growing(page._keeper.streams.growing[first.post_id])
    # What grows is on screen; what was read above its end has not moved.
    assert abs(page._view.offset - held) <= 1
    assert place_of(page, below) >= before


def test_folding_above_does_not_move_what_is_read(topics: Topics, show: Callable[..., ThreadPage]) -> None:
    parent = topics.reply(topics.question, "Parent")
    for number in range(10):
        topics.reply(parent, f"Child {number}. " * 20)
    last = topics.reply(topics.question, "Read me. " * 500)
    page = show(post=last.post_id)
    before = place_of(page, last.post_id)
    page._keeper.fold(parent.post_id)
    assert abs(place_of(page, last.post_id) - before) <= 1
    assert "10 replies by Ada" in page._view.document().toPlainText()
    page._keeper.fold(parent.post_id)
    assert abs(place_of(page, last.post_id) - before) <= 1


def test_another_width_keeps_the_post_at_the_top(
    topics: Topics, show: Callable[..., ThreadPage], qtbot
) -> None:
    posts = [topics.reply(topics.question, f"Reply {number}. " * 60) for number in range(30)]
    page = show(post=posts[15].post_id)
    before = place_of(page, posts[15].post_id)
    page.resize(640, 600)
    qtbot.waitUntil(lambda: page._view.writer.style.width < 700 and not page._keeper._margins.is_busy)
    assert abs(place_of(page, posts[15].post_id) - before) <= 1
