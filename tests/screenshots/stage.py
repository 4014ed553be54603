"""The stage of the pictures: one window over one data folder, brought to rest before each picture."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QTimer
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.pages.topic import TopicPage
from forllm_desktop.ui.panes.search import SearchPanel
from forllm_desktop.ui.panes.subforum_panel import SubforumPanel
from forllm_desktop.ui.tabs import CentreTabs
from forllm_desktop.ui.theme import ColourScheme, look
from forllm_desktop.ui.thread.page import ThreadPage
from tests.qt_loop import end_tasks, run_on

W = TypeVar("W", bound=QWidget)

SHORT_TIMER = 300
"""Timers that fire once within so many milliseconds are waited for: they gather changes or place things."""
PATIENCE = 20.0
USUAL_WIDTH = 1440


class NotAtRest(Exception):
    """The window goes on changing; the text says what does."""


class Stage:
    """Drives the window from the inside, which is shorter than by mouse and keys and shows the same."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        workspace: Workspace,
        *,
        scheme: str,
        scale: int,
        width: int = USUAL_WIDTH,
    ) -> None:
        self._loop = loop
        self._width = width
        self.workspace = workspace
        workspace.settings.change(color_scheme=scheme, text_size=scale)
        look().apply(ColourScheme(scheme), "blue", scale / 100)
        self.window = MainWindow()
        self.resize(USUAL_WIDTH, 900)
        self.desk = Desk(self.window, workspace)
        self.window.show()
        self.settle()

    def close(self) -> None:
        """Take the window away."""
        self.desk.flush()
        self.desk.close()
        self.window.close_for_good()
        self.window.deleteLater()
        run_on(self._loop, end_tasks())
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    # -- what scenes do

    @property
    def tabs(self) -> CentreTabs:
        return self.window.findChild(CentreTabs)

    def resize(self, width: int, height: int) -> None:
        """Make the window so large, but never wider than the pictures of this look."""
        self.window.resize(min(width, self._width), height)

    def trigger(self, action: str) -> None:
        self.window.actions_by_id[action].trigger()

    def find(self, kind: type[W], name: str = "") -> W:
        """Return the first visible widget of a class, by the beginning of its accessible name if given."""
        for root in (self.window, *self._popups()):
            for widget in root.findChildren(kind):
                if widget.isVisible() and widget.accessibleName().startswith(name):
                    return widget
        raise LookupError(f"no visible {kind.__name__} “{name}”")

    def current(self, kind: type[W]) -> W:
        page = self.tabs.current()
        assert isinstance(page, kind), page
        return page

    def read(self, topic_id: int, post_id: int = 0) -> TopicPage:
        """Show a topic and wait until it is complete."""
        self.desk.show_topic(topic_id)
        self.settle()
        if post_id:
            self.desk.show_post(post_id)
        return self.current(TopicPage)

    def settle(self, until: Callable[[], object] = lambda: True) -> None:
        """Let everything come to rest: threads written, short timers fired, answers of servers arrived."""
        run_on(self._loop, self._rest(until))

    async def _rest(self, until: Callable[[], object]) -> None:
        calm, deadline = 0, time.monotonic() + PATIENCE
        while calm < 3:
            await asyncio.sleep(0.01)
            busy = self._busy() or ([] if until() else ["what the scene waits for"])
            calm = 0 if busy else calm + 1
            if time.monotonic() > deadline:
                raise NotAtRest("; ".join(busy))

    def _busy(self) -> list[str]:
        """Return what is still going to change the window."""
        own = asyncio.current_task()
        busy = [str(task) for task in asyncio.all_tasks() if task is not own and not task.done()]
        pages = self.window.findChildren(ThreadPage)
        busy += [page.title for page in pages if page.isVisible() and not page.is_complete]
        composers = self.window.findChildren(Composer)
        busy += ["a composer" for one in composers if one.isVisible() and not one.is_at_rest]
        return busy + [
            f"a timer of {type(timer.parent()).__name__}"
            for timer in self.window.findChildren(QTimer)
            if timer.isActive() and timer.isSingleShot() and timer.interval() <= SHORT_TIMER
        ]

    # -- the picture

    def picture(self) -> QPixmap:
        """Return the window with its open menus."""
        self.settle()
        shot = self.window.grab()
        painter = QPainter(shot)
        for popup in self._popups():
            painter.drawPixmap(popup.mapToGlobal(QPoint()) - self.window.mapToGlobal(QPoint()), popup.grab())
        painter.end()
        return shot

    def roots(self) -> list[QWidget]:
        """Return the window and what pops up over it."""
        return [self.window, *self._popups()]

    def clear(self) -> None:
        """Put away what the scene before left open."""
        for popup in self._popups():
            popup.close()
        self.window.end_welcome()
        self.window.bar.hide()
        for panel in self.window.findChildren(SearchPanel):
            panel.close_panel()
        for panel in self.window.findChildren(SubforumPanel):
            panel.hide()
        self.resize(USUAL_WIDTH, 900)
        self.workspace.settings.remember("queue_details", False)
        while key := self.tabs.current_key():
            self.tabs.forget(key)
        self.settle()

    def _popups(self) -> list[QWidget]:
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible()]
