"""The pill of a request's state as a widget."""

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.pill import paint_pill
from forllm_desktop.ui.words import WAITING, StateLook


class StateLabel(QWidget):
    """Icon and word on the ground of a state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = WAITING
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().changed.connect(self.updateGeometry)

    def show_state(self, state: StateLook) -> None:
        """Show a state."""
        self._state = state
        self.setAccessibleName(state.word)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        now = theme()
        word = QFontMetrics(now.font("caption")).horizontalAdvance(self._state.word)
        return QSize(2 * now.px(6) + now.px(12) + 4 + word + 2, now.row(20, "caption"))

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_pill(QPainter(self), QPointF(0, self.height() / 2), self._state)
