"""The state pill: what the queue is doing now, with Pause or Run and a menu."""

from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.tips import plain_tip


@dataclass(frozen=True)
class PillState:
    """What the pill says: the token of its dot, its word, details, and what its button does.

    `button` is "pause", "run", "retry" or "" for none.
    """

    dot: str
    word: str
    details: tuple[str, ...] = ()
    button: str = ""

    @property
    def sentence(self) -> str:
        """Return all words, for tooltips and screen readers."""
        return ", ".join((self.word, *self.details))


class Shown(IntEnum):
    """How much of a state is shown: its dot alone, its word too, or all of it."""

    DOT = 0
    WORD = 1
    ALL = 2


STARTING = PillState("control", "Starting")
IDLE = PillState("control", "Nothing queued")

_BUTTONS = {
    "pause": ("Pause the queue", "pause"),
    "run": ("Run the queue", "play"),
    "retry": ("Try the servers again now", "arrow-clockwise"),
}


class StatePill(QWidget):
    """Shows a PillState.

    changed(text)                 another state is shown, so it has another width
    pause_requested(is_paused)    Pause or Run was pressed
    retry_requested()             the servers that are away are to be tried now
    """

    changed = Signal(str)
    pause_requested = Signal(bool)
    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = STARTING
        self._shown = Shown.ALL
        self._menu = QMenu(self)
        self._word = plain_label("", "ui_medium")
        self._details = plain_label("", "ui", "text_2")
        self._button = icon_button("Pause the queue", "pause")
        self._caret = icon_button("What the queue is doing", "caret-down")
        self._layout = QHBoxLayout(self)
        for widget in (self._word, self._details, self._button, self._caret):
            self._layout.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._button.clicked.connect(self._press)
        self._caret.clicked.connect(self._pop_up)
        look().changed.connect(self._fit)
        self._fit()
        self._show()

    @property
    def menu(self) -> QMenu:
        """Return the menu behind the caret, to put actions into."""
        return self._menu

    @property
    def state(self) -> PillState:
        """Return what is shown."""
        return self._state

    def show_state(self, state: PillState) -> None:
        """Show another state."""
        self._state = state
        self._show()
        self.changed.emit(state.sentence)

    def set_shown(self, shown: Shown) -> None:
        """Leave words out, where there is little room."""
        if shown != self._shown:
            self._shown = shown
            self._show()

    def _show(self) -> None:
        state = self._state
        self._word.setText(state.word)
        self._details.setText("  ".join(state.details))
        self._word.setVisible(self._shown >= Shown.WORD)
        self._details.setVisible(bool(state.details) and self._shown == Shown.ALL)
        self._button.setVisible(bool(state.button))
        if state.button:
            name, icon_name = _BUTTONS[state.button]
            self._button.setAccessibleName(name)
            self._button.setToolTip(name)
            self._button.setIcon(icon(icon_name))
        self.setToolTip(plain_tip(state.sentence))
        self.setAccessibleName(f"Queue: {state.sentence}")
        self.adjustSize()
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius = box.height() / 2
        painter.setPen(QPen(now.colour("line"), 1))
        painter.setBrush(now.colour("raised" if now.is_dark else "surface"))
        painter.drawRoundedRect(box, radius, radius)
        side = now.px(8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour(self._state.dot))
        painter.drawEllipse(QRectF(now.px(12), box.center().y() - side / 2, side, side))
        if self._button.isVisible():
            x = self._button.x() - 4
            painter.setPen(QPen(now.colour("line"), 1))
            painter.drawLine(x, round(box.top() + 7), x, round(box.bottom() - 7))

    def _press(self) -> None:
        if self._state.button == "retry":
            self.retry_requested.emit()
        else:
            self.pause_requested.emit(self._state.button == "pause")

    def _pop_up(self) -> None:
        size = self._menu.sizeHint()
        self._menu.popup(self.mapToGlobal(QPoint(self.width() - size.width(), self.height() + 4)))

    def _fit(self) -> None:
        now = theme()
        self.setFixedHeight(now.row(28))
        self._layout.setContentsMargins(now.px(12 + 8 + 8), 1, now.px(6), 1)
        self._layout.setSpacing(now.px(8))
        for button in (self._button, self._caret):
            button.setFixedSize(QSize(now.px(24), now.row(28) - 4))
            button.setIconSize(QSize(now.px(14), now.px(14)))
