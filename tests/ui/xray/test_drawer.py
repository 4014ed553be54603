"""The drawer of the composer: what would be sent for what is being written."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.xray import DraftQuestion
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.theme import Look
from forllm_desktop.ui.xray.drawer import PromptDrawer
from tests.builders import a_topic


class Writing:
    """What is written at the moment."""

    def __init__(self, subforum_id: int, topic_id: int, post_id: int) -> None:
        self.text = ""
        self._place = (subforum_id, topic_id, post_id)

    def __call__(self) -> DraftQuestion | None:
        return DraftQuestion(*self._place, self.text) if self.text else None


@pytest.fixture
def writing(workspace: Workspace) -> Writing:
    topic, post = a_topic(workspace.forum)
    return Writing(topic.subforum_id, topic.topic_id, post.post_id)


@pytest.fixture
def drawer(
    workspace: Workspace, writing: Writing, started_look: Look, qtbot: QtBot
) -> Iterator[PromptDrawer]:
    host = QWidget()
    host.resize(1000, 600)
    qtbot.addWidget(host)
    made = PromptDrawer(workspace.prompts, writing, host)
    host.show()
    qtbot.waitExposed(host)
    yield made
    made.stop()


def said(drawer: PromptDrawer) -> str:
    return " ".join(label.text() for label in drawer.findChildren(QLabel) if label.isVisible())


def test_it_shows_what_is_written_and_follows(drawer: PromptDrawer, writing: Writing, qtbot: QtBot) -> None:
    assert not drawer.is_open
    writing.text = "And at night?"
    drawer.open_drawer()
    qtbot.waitUntil(lambda: not drawer.is_busy)
    assert "And at night?" in drawer.view.rows[-1].text
    writing.text = "And on Mars?"
    drawer.refresh()
    qtbot.waitUntil(lambda: not drawer.is_busy)
    assert "And on Mars?" in drawer.view.rows[-1].text


def test_nothing_written_is_said(drawer: PromptDrawer) -> None:
    drawer.open_drawer()
    assert "Nothing is written yet" in said(drawer)


def test_esc_closes_it_and_late_answers_are_dropped(
    drawer: PromptDrawer, writing: Writing, qtbot: QtBot
) -> None:
    writing.text = "And at night?"
    drawer.open_drawer()
    with qtbot.waitSignal(drawer.closed):
        QTest.keyClick(drawer, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not drawer.is_busy)
    assert not drawer.is_open
    assert drawer.view.xray is None
    drawer.refresh()
    assert not drawer.is_busy


def test_it_keeps_to_the_right_and_covers_a_narrow_page(drawer: PromptDrawer) -> None:
    drawer.open_drawer()
    assert drawer.geometry().right() == drawer.parentWidget().width() - 1
    assert drawer.width() <= 560
    drawer.parentWidget().resize(480, 600)
    assert drawer.width() == 480


def test_exact_counts_take_the_place_of_the_estimate(
    drawer: PromptDrawer, writing: Writing, workspace: Workspace, qtbot: QtBot
) -> None:
    writing.text = "How many?"
    question = writing()
    assert question is not None
    counted = replace(workspace.prompts.preview_draft(question), total=77, is_exact=True)
    drawer.open_drawer()
    drawer.show_counted(counted)
    qtbot.waitUntil(lambda: not drawer.is_busy)
    assert drawer.view.xray == counted, "also where the estimate comes later"
    drawer.refresh()
    qtbot.waitUntil(lambda: not drawer.is_busy)
    assert drawer.view.xray is not None
    assert not drawer.view.xray.is_exact
