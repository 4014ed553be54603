"""What little room there is goes to what is needed: the composer, and the words at the bottom."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QPushButton, QToolButton, QWidget
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
from forllm_desktop.ui.widgets.filter_row import FilterRow
from forllm_desktop.ui.widgets.wrap_row import WrapRow
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
        desk._server.refresh()
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


@pytest.mark.parametrize(("width", "text_size"), [(480, 100), (640, 200), (480, 200)])
def test_the_tool_bar_never_lays_one_thing_over_another(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot, width: int, text_size: int
) -> None:
    workspace.settings.change(text_size=text_size)
    window.resize(width, 700)
    bar = window.toolbar
    qtbot.waitUntil(lambda: bar.width() == width)

    def is_clean() -> bool:
        parts = [w for w in bar.findChildren(QWidget) if w.parentWidget() is bar and w.isVisible()]
        places = sorted((part.geometry() for part in parts), key=QRect.left)
        meet = [one.right() >= other.left() for one, other in pairwise(places)]
        return not any(meet) and places[-1].right() < width

    qtbot.waitUntil(is_clean)
    assert bar.search.isVisible()
    assert bar.pill.isVisible()


def test_the_filters_of_a_narrow_queue_are_a_list(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    workspace.settings.change(text_size=200)
    desk.show_page("queue")
    filters = desk._tabs.current().findChild(FilterRow)
    box = filters.findChild(QComboBox)
    window.resize(480, 900)
    qtbot.waitUntil(box.isVisible)
    assert not any(button.isVisible() for button in filters.findChildren(QPushButton))
    with qtbot.waitSignal(filters.chosen) as chosen:
        box.activated.emit(3)
    assert chosen.args == [box.currentData()]
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: not box.isVisible())


def test_a_narrow_queue_hides_columns_and_then_the_words_of_states(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    workspace.settings.change(text_size=200)
    desk.show_page("queue")
    view = desk._tabs.current().findChild(QueueView)
    window.resize(480, 900)
    qtbot.waitUntil(lambda: view.isColumnHidden(Column.ASKED))
    assert not view.isColumnHidden(Column.STATE)
    assert not view.isColumnHidden(Column.PROGRESS)
    assert view.columnWidth(Column.STATE) < theme().px(60)


def test_the_sections_of_narrow_settings_are_a_box_above_them(
    desk: Desk, window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(480, 900)
    desk.show_page("settings")
    page = desk._tabs.current()
    box = page._box
    qtbot.waitUntil(box.isVisible)
    assert not page.findChild(QListWidget).isVisible()
    box.activated.emit(box.findText("Appearance"))
    assert page._sections["Appearance"].isVisible()
    assert box.currentText() == "Appearance"
    assert page._scroll.horizontalScrollBar().maximum() == 0


def test_the_queue_folds_in_a_low_window_until_it_is_asked_for(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    workspace.settings.change(text_size=200)
    window.resize(900, 600)
    qtbot.waitUntil(lambda: not window.panes.shows_queue)
    assert not window.actions_by_id["show_queue"].isChecked()
    window.actions_by_id["show_queue"].trigger()
    assert window.panes.shows_queue
    window.resize(900, 1200)
    qtbot.waitUntil(lambda: window.panes.shows_queue and window.actions_by_id["show_queue"].isChecked())


def test_a_row_goes_on_below_where_it_has_no_room(qtbot: QtBot) -> None:
    whole = QWidget()
    qtbot.addWidget(whole)
    row = WrapRow(whole)
    words, button = QLabel("Words"), QPushButton("Button")
    row.add(words, 200)
    row.add(button)
    whole.resize(600, 60)
    whole.show()
    assert words.y() <= button.geometry().center().y() <= words.geometry().bottom() + 20
    assert button.geometry().right() == 599
    low = row.heightForWidth(600)
    whole.resize(220, 200)
    qtbot.waitUntil(lambda: button.y() > words.geometry().bottom())
    assert button.x() == 0
    assert row.heightForWidth(220) > low
