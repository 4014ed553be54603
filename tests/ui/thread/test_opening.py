"""A page that opens: in short steps, while the worker goes on; nothing that happens in between is missed."""

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.pages.topic import TopicPage
from forllm_desktop.ui.theme import Look
from forllm_desktop.ui.thread.limits import SLICE, points
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.writer import Writer
from tests.builders import NOW, a_topic, a_wish
from tests.ui.thread.conftest import Topics


def test_a_reply_that_begins_while_its_page_opens_is_shown(
    topics: Topics, show: Callable[..., ThreadPage], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish: Wish = a_wish(topics.database)
    job = topics.queue.ask_about(topics.question.post_id, wish)
    read = topics.forum.thread

    def read_and_be_overtaken(topic_id: int) -> object:
        posts = read(topic_id)
        worker = threading.Thread(target=topics.queue.claim)
        worker.start()
        worker.join()
        return posts

    monkeypatch.setattr(topics.forum, "thread", read_and_be_overtaken)
    page = show()
    reply = topics.queue.job(job.request_id).reply_post_id
    qtbot.waitUntil(lambda: reply in page._source.thread.by_key, timeout=2_000)
    assert "Assistant v1" in page._view.document().toPlainText()


def test_widgets_reading_and_writing_are_a_step_each(
    topics: Topics, started_look: Look, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def note(what: object, name: str) -> None:
        real = getattr(what, name)
        monkeypatch.setattr(what, name, lambda *args, **more: done.append(name) or real(*args, **more))

    note(topics.forum, "thread")
    note(Writer, "insert")
    frame = QWidget()
    qtbot.addWidget(frame)
    page = ThreadPage(
        topics.topic.topic_id, topics.forum, topics.queue, topics.personas, topics.events, frame
    )
    ticks = QTimer(page, interval=0)
    ticks.timeout.connect(lambda: done.append("step") if done[-1:] != ["step"] else None)
    assert page.title == "Why is the sky blue?"
    frame.show()
    assert done == []
    ticks.start()
    qtbot.waitUntil(lambda: page.is_complete)
    assert [what for what in done if what != "step"] == ["thread", "insert"]
    assert "step" in done[done.index("thread") : done.index("insert")]
    page.close_page()


def test_no_step_writes_more_than_a_slice(
    topics: Topics, show: Callable[..., ThreadPage], monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[int] = []
    insert, set_body = Writer.insert, Writer.set_body

    def counted_insert(self: Writer, index, key, depth, head, blocks):
        costs.append(sum(map(points, blocks)))
        return insert(self, index, key, depth, head, blocks)

    def counted_body(self: Writer, slot, blocks):
        costs.append(sum(map(points, blocks[self.common(slot, blocks) :])))
        return set_body(self, slot, blocks)

    monkeypatch.setattr(Writer, "insert", counted_insert)
    monkeypatch.setattr(Writer, "set_body", counted_body)
    text = "A paragraph with **bold** and `code`.\n\n- one\n- two\n\n```py\nx = 1\n```\n\n"
    for length in (1, 20, 40, 80):
        topics.reply(topics.question, text * length, read_at=NOW)
    show()
    assert len(costs) > 10
    assert max(costs) <= SLICE


def test_post_is_shown_that_was_wished_for_before_anything_was_read(
    topics: Topics, show: Callable[..., ThreadPage]
) -> None:
    last = [topics.reply(topics.question, f"Reply {number}. " * 30, read_at=NOW) for number in range(30)][-1]
    page = show(post=last.post_id)
    assert page.current_post == last.post_id
    assert last.post_id in [slot.key for slot in page._view.visible()]


def test_next_unread_is_known_before_the_page_is_shown(topics: Topics, started_look: Look) -> None:
    unread = topics.reply(topics.question, "New.")
    page = ThreadPage(topics.topic.topic_id, topics.forum, topics.queue, topics.personas, topics.events)
    assert page.next_unread()
    assert page.current_post is None
    page.show()
    page._load()
    assert page.current_post == unread.post_id
    page.close_page()
    page.close()


def test_topic_that_is_gone_before_its_posts_were_read_is_told(
    topics: Topics, started_look: Look, qtbot: QtBot
) -> None:
    page = ThreadPage(topics.topic.topic_id, topics.forum, topics.queue, topics.personas, topics.events)
    qtbot.addWidget(page)
    topics.events.blockSignals(True)
    topics.forum.delete_topic(topics.topic.topic_id)
    topics.events.blockSignals(False)
    with qtbot.waitSignal(page.topic_gone):
        page.show()
    page.close_page()


def test_page_reads_its_posts_once(
    workspace: Workspace, qtbot: QtBot, started_look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, _ = a_topic(workspace.forum)
    reads: list[int] = []
    real = workspace.forum.thread
    monkeypatch.setattr(workspace.forum, "thread", lambda topic_id: reads.append(topic_id) or real(topic_id))
    page = TopicPage(topic.topic_id, workspace)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page._thread.is_complete)
    assert reads == [topic.topic_id]
    page.close()


def test_what_happens_between_two_steps_of_reading_is_not_missed(
    topics: Topics, show: Callable[..., ThreadPage], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = topics.personas.names
    wish = a_wish(topics.database)

    def name_and_post(wanted: list[tuple[int, int]]) -> object:
        monkeypatch.setattr(topics.personas, "names", names)
        late = topics.forum.add_post(topics.topic.topic_id, "A late question.")
        topics.queue.ask_about(late.post_id, wish)
        return names(wanted)

    monkeypatch.setattr(topics.personas, "names", name_and_post)
    page = show()
    assert "A late question." in page._view.document().toPlainText()
    qtbot.waitUntil(lambda: "Not written yet." in page._view.document().toPlainText())
