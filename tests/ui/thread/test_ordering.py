"""Posts below what they answer, or flat: in order of time."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.pages.topic import TopicPage
from forllm_desktop.ui.theme import Look
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.specs import Kind
from forllm_desktop.ui.thread.typeset import KIND
from tests.builders import NOW, a_job, a_topic
from tests.ui.thread.conftest import Topics

Show = Callable[..., ThreadPage]


def heads(page: ThreadPage) -> list[str]:
    """List the head lines of a page."""
    block, found = page._view.document().firstBlock(), []
    while block.isValid():
        if block.blockFormat().property(KIND) == Kind.HEADER.value:
            found.append(block.text())
        block = block.next()
    return found


@pytest.fixture
def page(topics: Topics, show: Show) -> ThreadPage:
    first = topics.reply(topics.question, "First.", read_at=NOW)
    topics.reply(topics.question, "Second.", read_at=NOW)
    answer = topics.forum.add_post(topics.topic.topic_id, "Why first?", first.post_id)
    topics.reply(answer, "Therefore.", read_at=NOW)
    a_job(topics.database, topics.question, JobStatus.PENDING)
    return show()


def test_flat_posts_stand_in_order_of_time_and_name_whom_they_answer(page: ThreadPage, qtbot: QtBot) -> None:
    assert [slot.depth for slot in page._view.writer.slots] == [0, 1, 2, 3, 1, 1]
    assert not any(" to " in head for head in heads(page))
    qtbot.keyClick(page._view, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: page.is_complete)
    keys = [slot.key for slot in page._view.writer.slots]
    assert keys[:-1] == sorted(keys[:-1])
    assert keys[-1] < 0
    assert {slot.depth for slot in page._view.writer.slots} == {0}
    tos = [head.partition(" to ")[2].split(" ")[0] for head in heads(page)]
    assert tos == ["", "you", "you", "Ada", "you", "you"]
    qtbot.keyClick(page._view, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: page.is_complete)
    assert [slot.depth for slot in page._view.writer.slots] == [0, 1, 2, 3, 1, 1]


def test_whom_it_answers_leads_to_the_post(page: ThreadPage, qtbot: QtBot) -> None:
    keys = [slot.key for slot in page._view.writer.slots]
    page.set_flat(True)
    qtbot.waitUntil(lambda: page.is_complete)
    page._acting.follow_link(keys[2], "act:parent")
    assert page.current_post == keys[1]
    qtbot.keyClick(page._view, Qt.Key.Key_U)
    assert page.current_post == keys[0]
    qtbot.keyClick(page._view, Qt.Key.Key_U)
    assert page.current_post == keys[0]


def test_switch_stands_beside_the_title_and_has_a_name(page: ThreadPage, qtbot: QtBot) -> None:
    threaded, flat = (
        button for button in page.findChildren(QAbstractButton) if "Order" in button.accessibleName()
    )
    assert (threaded.isChecked(), flat.isVisible()) == (True, True)
    # The view does not cover it.
    assert page.childAt(flat.mapTo(page, flat.rect().center())) is flat
    with qtbot.waitSignal(page.flat_changed) as chosen:
        qtbot.mouseClick(flat, Qt.MouseButton.LeftButton)
    assert chosen.args == [True]
    assert flat.isChecked()
    bar = page._view.verticalScrollBar()
    page.resize(900, 200)
    qtbot.waitUntil(lambda: bar.maximum() > 100)
    bar.setValue(100)
    assert not flat.isVisible()
    bar.setValue(0)
    assert flat.isVisible()


def test_reply_that_grows_goes_on_when_the_order_changes(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply, job = topics.stream(topics.question, "It is")
    topics.reply(reply, "Below.", read_at=NOW)
    page = show()
    page.set_flat(True)
    topics.grow(reply, job, "It is the air")
    qtbot.waitUntil(lambda: "It is the air" in page._view.document().toPlainText())


def test_order_is_remembered(workspace: Workspace, started_look: Look, qtbot: QtBot) -> None:
    topic, _ = a_topic(workspace.forum)
    pages: list[TopicPage] = []
    for order in (False, True):
        page = TopicPage(topic.topic_id, workspace)
        pages.append(page)
        qtbot.addWidget(page)
        page.show()
        qtbot.waitUntil(lambda page=page: page._thread.is_complete)
        assert page._thread._order.is_flat is order
        if not order:
            page._thread._order.choose(True)
    for page in pages:
        page.close()


def test_no_key_does_two_things(page: ThreadPage) -> None:
    actions = [*page.post_actions.acts.values(), *page.post_actions.walks.values()]
    keys = [key.toString() for action in actions for key in action.shortcuts()]
    assert len(keys) == len(set(keys)), sorted(keys)
