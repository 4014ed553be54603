"""Where the panes are: sidebar, centre, personas, queue, folded and sized; without room they are drawers."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from forllm_desktop.ui.theme import look, theme

SIDES = {"sidebar": (200, 272, 400), "personas": (220, 264, 360)}
DRAWER = 320
CENTRE = (560, 280)
THREE = 1000
QUEUE = (96, 172)
QUEUE_SHARE = 0.4
"""Least, usual and largest sizes of the panes in px at 100 %; the queue never takes more than its share.
The centre has a width and a height: the panes beside and below it are folded before it gets less. A window
narrower than `THREE` has no room for three panes beside each other."""


class PaneLayout(QWidget):
    """Holds the four panes.

    folded()    a pane was shown or hidden other than by a verb that shows it
    """

    folded = Signal()

    def __init__(self, centre: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wants = {"sidebar": True, "personas": True, "queue": True}
        self._covered: set[str] = set()
        self._drawer = ""
        self._is_low_queue_open = self._was_low = False
        self._sizes = {"queue": QUEUE[1]} | {name: sizes[1] for name, sizes in SIDES.items()}
        self._sides = {"sidebar": _Host(self), "personas": _Host(self, is_right=True)}
        self._queue = _Host(self)
        self._across = _splitter(Qt.Orientation.Horizontal)
        self._down = _splitter(Qt.Orientation.Vertical)
        self._beside = _splitter(Qt.Orientation.Horizontal)
        self._beside.addWidget(centre)
        self._beside.addWidget(self._sides["personas"])
        self._down.addWidget(self._beside)
        self._down.addWidget(self._queue)
        self._across.addWidget(self._sides["sidebar"])
        self._across.addWidget(self._down)
        for splitter in (self._across, self._beside, self._down):
            splitter.splitterMoved.connect(self._note_sizes)
        self._stretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._across)
        look().changed.connect(self._arrange)

    def put_sidebar(self, pane: QWidget) -> None:
        """Fill the place at the left."""
        self._sides["sidebar"].hold(pane)

    def put_personas(self, pane: QWidget) -> None:
        """Fill the place at the right."""
        self._sides["personas"].hold(pane)

    def put_queue(self, pane: QWidget) -> None:
        """Fill the place at the bottom."""
        self._queue.hold(pane)

    @property
    def is_narrow(self) -> bool:
        """Say whether the sidebar has no room beside the centre."""
        return self.width() < theme().px(SIDES["sidebar"][1] + CENTRE[0])

    @property
    def is_tight(self) -> bool:
        """Say whether the personas have no room beside sidebar and centre."""
        return self.width() < theme().px(THREE)

    @property
    def is_low(self) -> bool:
        """Say whether the queue has no room below the centre."""
        return self.height() < theme().px(QUEUE[0] + CENTRE[1])

    @property
    def shows_sidebar(self) -> bool:
        """Say whether the sidebar can be seen."""
        return self._shows("sidebar")

    @property
    def shows_personas(self) -> bool:
        """Say whether the personas can be seen."""
        return self._shows("personas")

    @property
    def shows_queue(self) -> bool:
        """Say whether the queue can be seen."""
        return (self._is_low_queue_open if self.is_low else self._wants["queue"]) and (
            "queue" not in self._covered
        )

    def show_sidebar(self, is_shown: bool) -> None:
        """Show or fold the sidebar; as a drawer over the centre when there is no room beside it."""
        self._show("sidebar", is_shown)

    def show_personas(self, is_shown: bool) -> None:
        """Show or fold the personas; as a drawer over the centre when there is no room beside it."""
        self._show("personas", is_shown)

    def show_queue(self, is_shown: bool) -> None:
        """Show or fold the queue; where it has no room it takes it from the centre until the window grows."""
        self._covered.discard("queue")
        if self.is_low:
            self._is_low_queue_open = is_shown
        else:
            self._wants["queue"] = is_shown
        self._arrange()

    def cover(self, *names: str) -> None:
        """Fold these panes ("queue", "personas") as long as a page of the centre shows the same."""
        if self._covered != set(names):
            self._covered = set(names)
            self._arrange()

    def close_drawer(self) -> None:
        """Fold what covers the centre."""
        if self._drawer:
            self._drawer = ""
            self._arrange()
            self.folded.emit()

    def state(self) -> dict[str, Any]:
        """Return what is shown and how large, in px at 100 %, for `restore`."""
        return {**self._wants, "sizes": self._sizes}

    def restore(self, state: dict[str, Any]) -> None:
        """Show the panes as they were."""
        known = dict(state)
        self._wants = {name: bool(known.get(name, True)) for name in self._wants}
        self._sizes |= {name: int(size) for name, size in known["sizes"].items() if name in self._sizes}
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._drawer:
            self.close_drawer()
        else:
            super().keyPressEvent(event)

    # -- the panes at the sides

    def _is_drawer(self, name: str) -> bool:
        return self.is_narrow if name == "sidebar" else self.is_tight

    def _shows(self, name: str) -> bool:
        if self._is_drawer(name):
            return self._drawer == name
        return self._wants[name] and name not in self._covered

    def _show(self, name: str, is_shown: bool) -> None:
        if self._is_drawer(name):
            self._drawer = name if is_shown else ""
        else:
            self._covered.discard(name)
            self._wants[name] = is_shown
        self._arrange()
        if self._drawer:
            self.folded.emit()
            self._sides[name].setFocus()

    # -- where everything is

    def _arrange(self) -> None:
        if self._drawer and not self._is_drawer(self._drawer):
            self._drawer = ""
        for name in self._sides:
            self._put_side(name)
        if self.is_low != self._was_low:
            self._was_low, self._is_low_queue_open = self.is_low, False
            self.folded.emit()
        px = theme().px
        self._queue.setMinimumHeight(min(px(QUEUE[0]), self.height() // 3))
        self._queue.setVisible(self.shows_queue)
        left, right = px(self._sizes["sidebar"]), px(self._sizes["personas"])
        self._across.setSizes([left, max(1, self.width() - left - 1)])
        middle = self.width() - (left + 1 if self.shows_sidebar and not self.is_narrow else 0)
        self._beside.setSizes([max(1, middle - right - 1), right])
        below = min(px(self._sizes["queue"]), round(self.height() * QUEUE_SHARE))
        below = max(min(below, self.height() - px(CENTRE[1])), self._queue.minimumHeight())
        self._down.setSizes([max(1, self.height() - below - 1), below])

    def _put_side(self, name: str) -> None:
        """Put a pane beside the centre, or over it as a drawer."""
        px, host, is_drawer = theme().px, self._sides[name], self._is_drawer(name)
        if is_drawer != host.is_drawer:
            host.is_drawer = is_drawer
            if is_drawer:
                host.setParent(self)
            elif name == "sidebar":
                self._across.insertWidget(0, host)
            else:
                self._beside.addWidget(host)
            self._stretch()
            self.folded.emit()
        host.leave_edge()
        host.setMinimumWidth(px(SIDES[name][0]))
        host.setMaximumWidth(px(SIDES[name][2]))
        host.setVisible(self._shows(name))
        if is_drawer:
            width = min(px(DRAWER), self.width() * 7 // 8)
            host.setGeometry(0 if name == "sidebar" else self.width() - width, 0, width, self.height())
            host.raise_()

    def _stretch(self) -> None:
        """Let the centre alone grow with the window."""
        for splitter, centre in ((self._across, self._down), (self._beside, None), (self._down, None)):
            at = splitter.indexOf(centre) if centre is not None else 0
            for place in range(splitter.count()):
                splitter.setStretchFactor(place, int(place == at))

    def _note_sizes(self) -> None:
        scale = theme().scale
        if not self.is_narrow and self._wants["sidebar"]:
            self._sizes["sidebar"] = round(self._across.sizes()[0] / scale)
        if not self.is_tight and self.shows_personas:
            self._sizes["personas"] = round(self._beside.sizes()[1] / scale)
        if self.shows_queue:
            self._sizes["queue"] = round(self._down.sizes()[1] / scale)


class _Host(QWidget):
    """Holds a pane at its place, which is also how a place is drawn before its pane is there."""

    def __init__(self, parent: QWidget, *, is_right: bool = False) -> None:
        super().__init__(parent)
        self._is_right = is_right
        self.is_drawer = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def leave_edge(self) -> None:
        """Keep the px of the line that a drawer has free of its pane."""
        edge = int(self.is_drawer)
        self._layout.setContentsMargins(edge * self._is_right, 0, edge * (not self._is_right), 0)

    def hold(self, pane: QWidget) -> None:
        self._layout.addWidget(pane)
        self.setFocusProxy(pane)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("window"))
        if self.is_drawer:
            edge = 0 if self._is_right else self.width() - 1
            painter.fillRect(edge, 0, 1, self.height(), theme().colour("line_strong"))


def _splitter(orientation: Qt.Orientation) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(1)
    return splitter
