"""A reply that is being written: it grows in place, nothing else is touched, nobody is disturbed."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from forllm_desktop.ui.thread.overlays import Chip
from forllm_desktop.ui.thread.page import ThreadPage
from tests.ui.thread.conftest import Topics

Show = Callable[..., ThreadPage]


def text_of(page: ThreadPage) -> str:
    return page._view.document().toPlainText()


def test_reply_grows_in_place(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply, job = topics.stream(topics.question, "It is")
    page = show()
    assert "writing" in text_of(page)
    topics.grow(reply, job, "It is the **air**")
    qtbot.waitUntil(lambda: "It is the air" in text_of(page))
    topics.grow(reply, job, "It is the **air**, and\n\n| a | b |\n|--|--|\n| 1 | 2")
    qtbot.waitUntil(lambda: "It is the air, and" in text_of(page))
    assert "|" not in text_of(page)
    topics.queue.finish(job.request_id, "It is the **air**, and light.", "", {})
    topics.queue.running.drop(job.request_id)
    qtbot.waitUntil(lambda: "and light." in text_of(page) and "writing" not in text_of(page))


def test_finished_posts_are_not_written_again(topics: Topics, show: Show, qtbot: QtBot) -> None:
    finished = [topics.reply(topics.question, f"Reply {number} with `code`.") for number in range(12)]
    reply, job = topics.stream(topics.question, "It begins")
    page = show(post=reply.post_id)
    slots = [page._view.writer.by_key[post.post_id] for post in finished]
    before = [(slot.rewrites, slot.head) for slot in slots]
    changes: list[int] = []
    page._view.document().contentsChange.connect(lambda at, *_: changes.append(at))
    for number in range(1, 30):
        topics.grow(reply, job, "It begins" + " and goes on" * number)
        page._keeper._write_growing(page._keeper.streams.growing[reply.post_id])
    assert [(slot.rewrites, slot.head) for slot in slots] == before
    start = page._view.writer.by_key[reply.post_id].start
    assert len(changes) >= 29
    assert min(changes) >= start


def test_reader_scrolled_up_sees_no_pixel_move(topics: Topics, show: Show, qtbot: QtBot) -> None:
    for number in range(10):
        topics.reply(topics.question, f"Reply {number}. " * 40)
    reply, job = topics.stream(topics.question, "It begins.")
    page = show(post=topics.question.post_id)
    page._view.verticalScrollBar().setValue(203)
    topics.grow(reply, job, "It begins. More.")
    chip = page.findChild(Chip)
    qtbot.waitUntil(lambda: page._view.writer.by_key[reply.post_id].rewrites > 0, timeout=8_000)
    chip.hide()
    before = page._view.viewport().grab().toImage()
    for number in range(2, 40):
        topics.grow(reply, job, "It begins. More. " * number + "\n\n```\ncode\n```\n")
        page._keeper._write_growing(page._keeper.streams.growing[reply.post_id])
    chip.hide()
    assert page._view.viewport().grab().toImage() == before


def test_chip_tells_of_text_below_and_leads_there(topics: Topics, show: Show, qtbot: QtBot) -> None:
    for number in range(10):
        topics.reply(topics.question, f"Reply {number}. " * 40)
    reply, job = topics.stream(topics.question, "It begins.")
    page = show(post=topics.question.post_id)
    chip = page.findChild(QPushButton, "", Qt.FindChildOption.FindDirectChildrenOnly)
    topics.grow(reply, job, "It begins. More.")
    qtbot.waitUntil(lambda: chip.isVisible() and chip.text() == "Ada is writing below", timeout=8_000)
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert not chip.isVisible()
    for number in range(2, 30):
        topics.grow(reply, job, "It begins. More. " * number)
        page._keeper._write_growing(page._keeper.streams.growing[reply.post_id])
        slot = page._view.writer.by_key[reply.post_id]
        assert page._view.bottom_of(slot) <= page._view.offset + page._view.viewport().height()
    # Scrolling up ends the following.
    page._view.verticalScrollBar().setValue(page._view.offset - 200)
    held = page._view.offset
    topics.grow(reply, job, "It begins. More. " * 80)
    page._keeper._write_growing(page._keeper.streams.growing[reply.post_id])
    assert abs(page._view.offset - held) <= 1


def test_new_post_below_is_told(topics: Topics, show: Show, qtbot: QtBot) -> None:
    topics.forum.edit_post(topics.question.post_id, "Long. " * 2000)
    page = show(post=topics.question.post_id)
    qtbot.waitUntil(lambda: page._view.verticalScrollBar().maximum() > 500)
    topics.forum.add_post(topics.topic.topic_id, "Something new.")
    chip = page.findChild(Chip)
    qtbot.waitUntil(lambda: chip.isVisible() and chip.text() == "New text below")


def test_beginning_and_end_are_announced_and_nothing_between(
    topics: Topics, show: Show, qtbot: QtBot
) -> None:
    page = show()
    told: list[str] = []
    page.announced.connect(told.append)
    reply, job = topics.stream(topics.question, "It is")
    topics.events.post_added.emit(reply.post_id)
    qtbot.waitUntil(lambda: told == ["Ada is writing"])
    for number in range(1, 6):
        topics.grow(reply, job, "It is" + " so" * number)
        page._keeper._write_growing(page._keeper.streams.growing[reply.post_id])
    topics.queue.finish(job.request_id, "It is so.", "", {})
    topics.queue.running.drop(job.request_id)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[1] == "Ada has stopped writing"


def test_selection_in_a_growing_post_stays(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply, job = topics.stream(topics.question, "It is the air")
    page = show()
    found = page._view.document().find("is the air")
    assert isinstance(found, QTextCursor)
    page._view.setTextCursor(found)
    for number in range(1, 41):
        topics.grow(reply, job, "It is the air" + " and more" * number)
        page._keeper._write_growing(page._keeper.streams.growing[reply.post_id])
        assert page._view.textCursor().selectedText() == "is the air"


def test_hidden_page_writes_nothing_and_catches_up(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply, job = topics.stream(topics.question, "It is")
    page = show()
    slot = page._view.writer.by_key[reply.post_id]
    page.hide()
    before = slot.rewrites
    topics.grow(reply, job, "It is the air")
    assert not page._keeper.streams._timer.isActive()
    assert slot.rewrites == before
    page.show()
    qtbot.waitUntil(lambda: "It is the air" in text_of(page))


def test_no_timer_runs_while_nothing_happens(topics: Topics, show: Show, qtbot: QtBot) -> None:
    from PySide6.QtCore import QTimer

    page = show()
    qtbot.waitUntil(lambda: not [timer for timer in page.findChildren(QTimer) if timer.isActive()])


def test_stop_is_on_every_growing_post(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply, job = topics.stream(topics.question, "It is")
    page = show(post=topics.question.post_id)
    page._walking.make_current(topics.question.post_id)
    page.grab()
    [stop] = page._view.decorations.labels[reply.post_id]
    with qtbot.waitSignal(topics.events.cancel_requested) as cancelled:
        qtbot.mouseClick(page._view.viewport(), Qt.MouseButton.LeftButton, pos=stop.rect.center().toPoint())
    assert cancelled.args == [job.request_id]
