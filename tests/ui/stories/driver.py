"""A user: sees what the window shows and acts by mouse and keys alone. Nothing here calls the app."""

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTextBrowser,
    QTreeView,
    QWidget,
)

from forllm_desktop.app import Desktop
from tests.qt_loop import end_tasks, run_on

W = TypeVar("W", bound=QWidget)

PATIENCE = 15.0
"""Seconds a user waits for something, on a machine with much else to do."""
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


class NotSeen(AssertionError):
    """What the user waited for never came; the text says what was there instead."""


class NotYet(Exception):
    """What a condition looks at is not there yet."""


class User:
    """One person before one data folder. Every step waits until what it needs is visible."""

    def __init__(self, loop: asyncio.AbstractEventLoop, folder: Path) -> None:
        self._loop = loop
        self._folder = folder
        self._desktop: Desktop | None = None
        self._is_waiting = False

    # -- starting and ending

    def start(self) -> None:
        """Start the app and wait until something can be done."""
        self._desktop = Desktop(self._folder)
        self._desktop.start()
        self.wait(lambda: self._desktop is not None and self._desktop.desk is not None, "the window")
        self.wait(lambda: self._desktop is not None and self._desktop.worker is not None, "the worker")
        window = self._desktop.window
        window.activateWindow()  # what a window manager does with a new window
        self.wait(window.isActiveWindow, "the active window")

    def quit(self) -> None:
        """Quit by key and wait until everything is closed."""
        ended: list[bool] = []
        desktop = self._running()
        desktop.ended.connect(lambda: ended.append(True))
        self.press("Ctrl+Q")
        self.wait(lambda: ended, "the end")
        self._desktop = None
        self._put_away(desktop)

    def leave(self) -> None:
        """End the app if it still runs, however a test went."""
        if self._desktop is not None:
            desktop, self._desktop = self._desktop, None
            ended: list[bool] = []
            desktop.ended.connect(lambda: ended.append(True))
            desktop.quit()
            self.wait(lambda: ended, "the end")
            self._put_away(desktop)

    def reads_reply(self) -> str:
        """Wait until nothing is written any more and return the text of the topic."""
        words = ("starting", "waiting for the server", "loading the model", "reading the prompt", "writing")
        self.wait(lambda: not any(word in self.thread() for word in words), "the end of the reply")
        return self.thread()

    # -- seeing

    def sees(self, *words: str) -> None:
        """Wait until each of these texts can be seen somewhere."""
        for text in words:
            self.wait(lambda text=text: any(text in shown for shown in self.texts()), f"“{text}”")

    def thread(self) -> str:
        """Return the text of the topic that is shown."""
        return self.find(QTextBrowser).document().toPlainText()

    def rows(self, kind: type[QAbstractItemView] = QTreeView, column: int = 0, name: str = "") -> list[str]:
        """Return the rows of the visible tree or table, from the top; by its name where there are several."""
        view = self.find(kind, name)
        return [str(index.siblingAtColumn(column).data() or "") for index in _indexes(view)]

    def described_row(self, text: str) -> str:
        """Return what a screen reader says about a row of the forum tree."""
        view = self.find(QTreeView)
        index = next(index for index in _indexes(view) if text in str(index.data()))
        return str(index.data(Qt.ItemDataRole.AccessibleTextRole))

    def window_colour(self, x: int, y: int) -> str:
        """Return the colour at a place of the window."""
        return self._running().window.grab().toImage().pixelColor(x, y).name()

    def focus(self) -> QWidget:
        """Return what has the keyboard."""
        widget = QApplication.focusWidget()
        assert widget is not None, "nothing has the keyboard"
        return widget

    def find(self, kind: type[W], name: str = "") -> W:
        """Wait for a visible widget by its class and the beginning of its accessible name or text."""
        found: list[W] = []

        def look() -> bool:
            found[:] = [widget for widget in self._visible(kind) if _is_called(widget, name)]
            return bool(found)

        self.wait(look, f"{kind.__name__} “{name}”")
        return found[0]

    # -- the mouse

    def click(self, name: str, kind: type[QWidget] = QAbstractButton) -> None:
        """Click into the middle of something."""
        widget = self.find(kind, name)
        self.wait(widget.isEnabled, f"“{name}” can be used")
        self.click_at(widget, widget.rect().center())

    def click_at(self, widget: QWidget, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
        """Click at a place of a widget; what lies over it gets the click."""
        window = widget.window()
        handle, place = _handle(window), widget.mapTo(window, at)
        self._do(lambda: QTest.mouseMove(handle, place))
        self._do(lambda: QTest.mouseClick(handle, button, NO_KEYS, place))

    def click_row(
        self, text: str, kind: type[QAbstractItemView] = QTreeView, button: Qt.MouseButton = LEFT
    ) -> None:
        """Click a row of a tree or table."""
        view, rect = self._row(text, kind)
        self.click_at(
            view.viewport(), QPoint(rect.left() + min(40, rect.width() // 2), rect.center().y()), button
        )

    def double_click_row(self, text: str, kind: type[QAbstractItemView] = QTreeView) -> None:
        """Click twice on a row."""
        view, rect = self._row(text, kind)
        handle, place = _handle(view.window()), view.viewport().mapTo(view.window(), rect.center())
        self._do(lambda: QTest.mouseDClick(handle, LEFT, NO_KEYS, place))

    def click_on_post(self, word: str) -> None:
        """Press an action that is painted on a post, such as Stop or Retry."""
        view = self.find(QTextBrowser)
        places: list[QPoint] = []

        def look() -> bool:
            view.viewport().repaint()
            labels = [label for labels in view.decorations.labels.values() for label in labels]  # type: ignore[attr-defined]
            offset = QPoint(0, view.verticalScrollBar().value())
            found = [label.rect.center().toPoint() - offset for label in labels if label.act.word == word]
            places[:] = [place for place in found if view.viewport().rect().contains(place)]
            return bool(places)

        self.wait(look, f"“{word}” on a post")
        self.click_at(view.viewport(), places[0])

    def choose(self, *words: str) -> None:
        """Choose entries of the open menu and of the menus it opens, by mouse."""
        for word in words:
            menu, rect = self._entry(word)
            self.click_at(menu, rect.center())

    def pick(self, combo: str, word: str) -> None:
        """Choose an entry of a combo box by mouse, once it is offered."""
        box = self.find(QComboBox, combo)
        self.wait(lambda: box.findText(word) >= 0, f"“{word}” in {combo}")
        self.click(combo, QComboBox)
        view = box.view()
        self.wait(view.isVisible, f"the list of {combo}")
        index = view.model().index(box.findText(word), 0)
        view.scrollTo(index)
        self.click_at(view.viewport(), view.visualRect(index).center())

    # -- the keyboard

    def write(self, text: str) -> None:
        """Type a text, letter by letter."""
        for letter in text:
            key = letter if letter != "\n" else Qt.Key.Key_Return
            self._do(lambda key=key: QTest.keyPress(self._keyboard(), key))
            self._do(lambda key=key: QTest.keyRelease(self._keyboard(), key))

    def press(self, *keys: str) -> None:
        """Press keys one after the other, each as people write it: "Ctrl+Return", "Tab", "N"."""
        for name in keys:
            combination = QKeySequence(name)[0]
            key, held = combination.key(), combination.keyboardModifiers()
            self._do(lambda key=key, held=held: QTest.keyPress(self._keyboard(), key, held))
            self._do(lambda key=key, held=held: QTest.keyRelease(self._keyboard(), key, held))

    def tab_to(self, name: str, kind: type[QWidget] = QWidget, keys: str = "Tab") -> None:
        """Press Tab until something has the keyboard."""
        for _ in range(60):
            widget = QApplication.focusWidget()
            if widget is not None and isinstance(widget, kind) and _is_called(widget, name):
                return
            self.press(keys)
        raise NotSeen(f"Tab never comes to “{name}”; the keyboard is at {_described(self.focus())}")

    # -- waiting

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Let the app work until something holds. Within a condition it only looks."""
        if not self._is_waiting:
            self._is_waiting = True
            try:
                run_on(self._loop, self._until(condition, what))
            finally:
                self._is_waiting = False
        elif not condition():
            raise NotYet

    def _do(self, step: Callable[[], object]) -> None:
        """Take a step while the event loop runs, as it always does for a user."""
        done = self._loop.create_future()

        def take() -> None:
            try:
                step()
            except Exception as error:  # noqa: BLE001 (handed on to the test)
                done.set_exception(error)
            else:
                done.set_result(None)

        # Not in a task: what the step starts would have to run inside of it.
        self._loop.call_soon(take)
        run_on(self._loop, done)

    async def _until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not _holds(condition):
            if time.monotonic() > deadline:
                raise NotSeen(f"waited for {what}; seen instead: {sorted(set(self.texts()))}")
            await asyncio.sleep(0.01)

    # -- what is there

    def _put_away(self, desktop: Desktop) -> None:
        """End what the window still did, as the app's end does."""
        run_on(self._loop, end_tasks())
        desktop.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def _running(self) -> Desktop:
        assert self._desktop is not None, "the app does not run"
        return self._desktop

    def _keyboard(self) -> QWindow:
        """Return the window that keys go to; Qt hands them on to an open menu."""
        if QGuiApplication.focusWindow() is None:
            # A dialog has closed: a window manager gives the keyboard back to the window below it.
            window = QApplication.activeModalWidget() or self._running().window
            window.activateWindow()
            QApplication.sendPostedEvents()
        return QGuiApplication.focusWindow() or _handle(self._running().window)

    def _visible(self, kind: type[W]) -> list[W]:
        """List visible widgets, those of dialogs and popups first."""
        roots = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        roots.sort(key=lambda root: self._desktop is not None and root is self._desktop.window)
        return [
            widget
            for root in roots
            for widget in [root, *root.findChildren(QWidget)]
            if isinstance(widget, kind) and widget.isVisible() and not widget.visibleRegion().isEmpty()
        ]

    def texts(self) -> Iterable[str]:
        """Return what is shown, and what a screen reader would say."""
        for widget in self._visible(QWidget):
            yield widget.accessibleName()
            yield from _texts_of(widget)

    def _row(self, text: str, kind: type[QAbstractItemView]) -> tuple[QAbstractItemView, QRect]:
        found: list[tuple[QAbstractItemView, QRect]] = []

        def look() -> bool:
            found.clear()
            for view in self._visible(kind):
                for index in _indexes(view):
                    texts = [str(index.siblingAtColumn(c).data() or "") for c in range(_columns(view))]
                    if any(text in one for one in texts):
                        view.scrollTo(index)
                        found.append((view, view.visualRect(index)))
            return bool(found)

        self.wait(look, f"a row “{text}”")
        return found[0]

    def _entry(self, word: str) -> tuple[QMenu, QRect]:
        found: list[tuple[QMenu, QRect]] = []

        def look() -> bool:
            found[:] = [
                (menu, menu.actionGeometry(action))
                for menu in self._visible(QMenu)
                for action in menu.actions()
                if word in action.text().replace("&", "") and action.isEnabled()
            ]
            return bool(found)

        self.wait(look, f"“{word}” in a menu")
        return found[-1]


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except NotYet:
        return False


def _handle(window: QWidget) -> QWindow:
    handle = window.windowHandle()
    assert handle is not None, f"{_described(window)} is not on the screen"
    return handle


def _is_called(widget: QWidget, name: str) -> bool:
    texts = [widget.accessibleName(), *_texts_of(widget)]
    return not name or any(text.replace("&", "").startswith(name) for text in texts)


def _texts_of(widget: QWidget) -> list[str]:
    """Return what a widget shows."""
    if isinstance(widget, QLabel | QLineEdit | QAbstractButton):
        return [widget.text()]
    if isinstance(widget, QPlainTextEdit):
        return [widget.toPlainText()]
    if isinstance(widget, QTextBrowser):
        return [widget.document().toPlainText()]
    if isinstance(widget, QComboBox):
        return [widget.currentText()]
    if isinstance(widget, QTabBar):
        return [widget.tabToolTip(place) or widget.tabText(place) for place in range(widget.count())]
    if isinstance(widget, QMenu):
        return [action.text() for action in widget.actions()]
    if isinstance(widget, QAbstractItemView):
        return [
            str(index.siblingAtColumn(column).data() or "")
            for index in _indexes(widget)
            for column in range(_columns(widget))
        ]
    return []


def _columns(view: QAbstractItemView) -> int:
    return 1 if isinstance(view, QListView) else view.model().columnCount(view.rootIndex())


def _indexes(view: QAbstractItemView) -> list[QModelIndex]:
    """List the first cells of the rows of a view, with those below open ones."""
    model, found = view.model(), []
    if model is None:
        return []
    waiting = [
        model.index(row, 0, view.rootIndex()) for row in reversed(range(model.rowCount(view.rootIndex())))
    ]
    while waiting:
        index = waiting.pop()
        found.append(index)
        if isinstance(view, QTreeView) and view.isExpanded(index):
            waiting += [model.index(row, 0, index) for row in reversed(range(model.rowCount(index)))]
    return found


def _described(widget: QWidget) -> str:
    return f"{type(widget).__name__} “{widget.accessibleName()}”"
