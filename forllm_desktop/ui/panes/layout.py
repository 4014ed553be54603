"""Where the panes are: sidebar, centre, queue, folded and sized; without room the sidebar is a drawer."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from forllm_desktop.ui.theme import look, theme

SIDEBAR = (200, 272, 400)
DRAWER = 320
CENTRE = (560, 280)
QUEUE = (96, 172)
QUEUE_SHARE = 0.4
"""Least, usual and largest sizes of the panes in px at 100 %; the queue never takes more than its share.
The centre has a width and a height: the panes beside and below it are folded before it gets less."""


class PaneLayout(QWidget):
    """Holds the three panes.

    folded()    a pane was shown or hidden other than by `show_sidebar` and `show_queue`
    """

    folded = Signal()

    def __init__(self, centre: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wants_sidebar = self._wants_queue = True
        self._is_drawer_open = self._is_covered = self._is_low_queue_open = self._was_low = False
        self._sizes = {"sidebar": SIDEBAR[1], "queue": QUEUE[1]}
        self._sidebar = _Host(self)
        self._queue = _Host(self)
        self._across = _splitter(Qt.Orientation.Horizontal)
        self._down = _splitter(Qt.Orientation.Vertical)
        self._down.addWidget(centre)
        self._down.addWidget(self._queue)
        self._across.addWidget(self._sidebar)
        self._across.addWidget(self._down)
        for splitter, first, second in ((self._across, 0, 1), (self._down, 1, 0)):
            splitter.setStretchFactor(0, first)
            splitter.setStretchFactor(1, second)
            splitter.splitterMoved.connect(self._note_sizes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._across)
        look().changed.connect(self._arrange)

    def put_sidebar(self, pane: QWidget) -> None:
        """Fill the place at the left."""
        self._sidebar.hold(pane)

    def put_queue(self, pane: QWidget) -> None:
        """Fill the place at the bottom."""
        self._queue.hold(pane)

    @property
    def is_narrow(self) -> bool:
        """Say whether the sidebar has no room beside the centre."""
        return self.width() < theme().px(SIDEBAR[1] + CENTRE[0])

    @property
    def is_low(self) -> bool:
        """Say whether the queue has no room below the centre."""
        return self.height() < theme().px(QUEUE[0] + CENTRE[1])

    @property
    def shows_sidebar(self) -> bool:
        """Say whether the sidebar can be seen."""
        return self._is_drawer_open if self.is_narrow else self._wants_sidebar

    @property
    def shows_queue(self) -> bool:
        """Say whether the queue can be seen."""
        return (self._is_low_queue_open if self.is_low else self._wants_queue) and not self._is_covered

    def show_sidebar(self, is_shown: bool) -> None:
        """Show or fold the sidebar; as a drawer over the centre when there is no room beside it."""
        if self.is_narrow:
            self._is_drawer_open = is_shown
        else:
            self._wants_sidebar = is_shown
        self._arrange()
        if self.is_narrow and is_shown:
            self._sidebar.setFocus()

    def show_queue(self, is_shown: bool) -> None:
        """Show or fold the queue; where it has no room it takes it from the centre until the window grows."""
        self._is_covered = False
        if self.is_low:
            self._is_low_queue_open = is_shown
        else:
            self._wants_queue = is_shown
        self._arrange()

    def cover_queue(self, is_covered: bool) -> None:
        """Fold the queue as long as a page of the centre shows the same."""
        if is_covered != self._is_covered:
            self._is_covered = is_covered
            self._arrange()

    def close_drawer(self) -> None:
        """Fold the sidebar if it covers the centre."""
        if self._is_drawer_open:
            self._is_drawer_open = False
            self._arrange()
            self.folded.emit()

    def state(self) -> dict[str, Any]:
        """Return what is shown and how large, in px at 100 %, for `restore`."""
        return {"sidebar": self._wants_sidebar, "queue": self._wants_queue, "sizes": self._sizes}

    def restore(self, state: dict[str, Any]) -> None:
        """Show the panes as they were."""
        self._wants_sidebar, self._wants_queue = bool(state["sidebar"]), bool(state["queue"])
        self._sizes |= {name: int(size) for name, size in state["sizes"].items() if name in self._sizes}
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._is_drawer_open:
            self.close_drawer()
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        px, is_narrow = theme().px, self.is_narrow
        if not is_narrow:
            self._is_drawer_open = False
        if is_narrow != self._sidebar.is_drawer:
            self._sidebar.is_drawer = is_narrow
            if is_narrow:
                self._sidebar.setParent(self)
            else:
                self._across.insertWidget(0, self._sidebar)
                self._across.setStretchFactor(0, 0)
                self._across.setStretchFactor(1, 1)
            self.folded.emit()
        self._sidebar.setMinimumWidth(px(SIDEBAR[0]))
        self._sidebar.setMaximumWidth(px(SIDEBAR[2]))
        self._sidebar.setVisible(self.shows_sidebar)
        if self.is_low != self._was_low:
            self._was_low, self._is_low_queue_open = self.is_low, False
            self.folded.emit()
        self._queue.setMinimumHeight(min(px(QUEUE[0]), self.height() // 3))
        self._queue.setVisible(self.shows_queue)
        if is_narrow:
            self._sidebar.setGeometry(0, 0, min(px(DRAWER), self.width() * 7 // 8), self.height())
            self._sidebar.raise_()
        else:
            side = px(self._sizes["sidebar"])
            self._across.setSizes([side, max(1, self.width() - side - 1)])
        below = min(px(self._sizes["queue"]), round(self.height() * QUEUE_SHARE))
        below = max(min(below, self.height() - px(CENTRE[1])), self._queue.minimumHeight())
        self._down.setSizes([max(1, self.height() - below - 1), below])

    def _note_sizes(self) -> None:
        scale = theme().scale
        if not self.is_narrow and self._wants_sidebar:
            self._sizes["sidebar"] = round(self._across.sizes()[0] / scale)
        if self.shows_queue:
            self._sizes["queue"] = round(self._down.sizes()[1] / scale)


class _Host(QWidget):
    """Holds a pane at its place, which is also how a place is drawn before its pane is there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.is_drawer = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def hold(self, pane: QWidget) -> None:
        self._layout.addWidget(pane)
        self.setFocusProxy(pane)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("window"))
        if self.is_drawer:
            self._layout.setContentsMargins(0, 0, 1, 0)
            painter.fillRect(self.width() - 1, 0, 1, self.height(), theme().colour("line_strong"))


def _splitter(orientation: Qt.Orientation) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(1)
    return splitter
