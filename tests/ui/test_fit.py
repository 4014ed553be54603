"""What little room there is goes to what is needed: the composer, and the words at the bottom."""

import pytest
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.editor.growing_text import GrowingText
from forllm_desktop.ui.item_models.queue_table import Column
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.panes.queue_view import QueueView
from forllm_desktop.ui.theme import theme
from tests.builders import a_topic


@pytest.fixture
def composer(desk: Desk, window: MainWindow, workspace: Workspace) -> Composer:
    """Return the composer of a topic, with twice the text size."""
    workspace.settings.change(text_size=200)
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    return window.findChild(Composer)


def test_a_long_draft_is_not_cut_in_a_low_window(
    composer: Composer, window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(1440, 700)
    text = composer.findChild(GrowingText)
    text.setPlainText("\n".join(f"Line {number}" for number in range(30)))
    box = text.parentWidget()
    qtbot.waitUntil(lambda: text.geometry().bottom() < box.height() and text.verticalScrollBar().isVisible())


def test_the_buttons_of_a_narrow_composer_keep_their_words(
    composer: Composer, window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(900, 700)
    ask = next(button for button in composer.findChildren(QPushButton) if button.text() == "Post and ask")
    qtbot.waitUntil(lambda: ask.width() >= ask.minimumSizeHint().width())
    bold = next(b for b in composer.findChildren(QToolButton) if b.accessibleName() == "Bold")
    assert not bold.isVisible()
    window.resize(1440, 900)
    qtbot.waitUntil(bold.isVisible)


def test_another_server_that_is_away_is_not_said_of_the_default_one(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    _, post = a_topic(workspace.forum)
    default = workspace.models.choose("tiny", "http://127.0.0.1:9")
    other = workspace.models.server_at("http://127.0.0.1:10", "Other", ServerKind.OLLAMA)
    away = type(default)(other.server_id, "tiny")
    for choice in (away, default):
        job = workspace.queue.ask_about(post.post_id, Wish(choice))
        workspace.queue.claim([job.request_id])
        workspace.queue.park(job.request_id, "unreachable", ForllmError("Away"), workspace.queue.now())
        desk._show_server()
        assert ("away" in window.status._right.text()) == (choice is default)


def test_the_titles_of_requests_can_be_read_in_a_narrow_window(
    composer: Composer, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    post = workspace.forum.thread(workspace.forum.topics(1)[0].topic_id)[0].post
    workspace.queue.ask_about(post.post_id, Wish(workspace.models.choose("tiny", "http://127.0.0.1:9")))
    window.resize(900, 700)
    view = window.findChild(QueueView)
    qtbot.waitUntil(lambda: view.columnWidth(Column.REQUEST) >= view.columnWidth(Column.PROGRESS) * 0.9)
    assert view.columnWidth(Column.PROGRESS) >= theme().px(96)
