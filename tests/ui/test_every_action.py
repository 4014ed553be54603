"""Every entry of the menus can be reached and does something that can be seen."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.actions import MENUS, SEPARATOR
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.panes.search import SearchPanel
from forllm_desktop.ui.panes.sidebar import Sidebar
from forllm_desktop.ui.tabs import CentreTabs
from forllm_desktop.ui.thread.find import FindBar
from forllm_desktop.ui.thread.view import ThreadView
from tests.builders import a_model_reply, a_subforum, a_topic

IDS = [spec.id for specs in MENUS.values() for spec in specs if spec is not SEPARATOR]


@pytest.fixture
def topics(desk: Desk, workspace: Workspace) -> list[int]:
    """Return topics of a forum with an unread reply and a request that waits for its server."""
    subforum = a_subforum(workspace.forum)
    made = [a_topic(workspace.forum, subforum, title) for title in ("one", "two", "three")]
    a_model_reply(workspace.database, made[2][1])
    workspace.events.topic_changed.emit(made[2][0].topic_id)
    choice = workspace.models.choose("tiny", "http://127.0.0.1:9")
    job = workspace.queue.ask_about(made[0][1].post_id, Wish(choice))
    workspace.queue.claim()
    workspace.queue.park(job.request_id, "unreachable", ForllmError("Away"), workspace.queue.now())
    return [topic.topic_id for topic, _ in made]


def test_every_action_can_be_reached_and_does_something(
    desk: Desk,
    window: MainWindow,
    workspace: Workspace,
    topics: list[int],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    window.close_requested.connect(lambda: opened.append("close"))
    for id in IDS:
        lay_out(desk, window, workspace, topics)
        action = window.actions_by_id[id]
        assert is_in_a_menu(window, action), id
        assert action.isEnabled(), id
        look = looker(window, workspace, opened)
        before = look()
        action.trigger()
        qtbot.waitUntil(lambda look=look, before=before: look() != before, timeout=2_000)


def lay_out(desk: Desk, window: MainWindow, workspace: Workspace, topics: list[int]) -> None:
    """Put everything so that each action has something to do."""
    tabs = window.findChild(CentreTabs)
    for panel in window.findChildren(SearchPanel):
        panel.close_panel()
    window.showNormal()
    while key := tabs.current_key():
        tabs.close_tab(key)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    workspace.settings.change(text_size=120, queue_paused=False)
    desk.show_page("trash")
    desk.show_page("about")
    desk.show_topic(topics[0])
    if not window.actions_by_id["undo"].isEnabled():
        gone, _ = a_topic(workspace.forum, workspace.forum.subforums()[0], "gone")
        window.findChild(Sidebar).undo_offered.emit(workspace.forum.delete_topic(gone.topic_id))
    window.bar.hide()
    window.activateWindow()
    window.findChild(ThreadView).setFocus()


def is_in_a_menu(window: MainWindow, action: QAction) -> bool:
    return any(action in entry.menu().actions() for entry in window.menu.actions() if entry.menu())


def looker(window: MainWindow, workspace: Workspace, opened: list[str]) -> Callable[[], tuple[object, ...]]:
    """Return what tells what can be seen now."""
    tabs = window.findChild(CentreTabs)

    def look() -> tuple[object, ...]:
        panels = [*window.findChildren(SearchPanel), *window.findChildren(FindBar)]
        return (
            tabs.open_keys(),
            tabs.current_key(),
            tabs.is_split,
            QApplication.focusWidget(),
            window.panes.shows_sidebar,
            window.panes.shows_queue,
            window.panes.shows_personas,
            window.isFullScreen(),
            window.bar.isVisible() and window.bar.accessibleName(),
            [panel.isVisible() for panel in panels],
            workspace.settings.current(),
            [(job.status, job.is_parked) for job in workspace.queue.jobs()],
            list(opened),
        )

    return look
