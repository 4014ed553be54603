"""The number of a step, in a circle."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from forllm_desktop.ui.theme import look, theme


class StepNumber(QWidget):
    """A number on soft ground."""

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"Step {number}")
        look().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        side = theme().px(24)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour("accent_soft"))
        painter.drawEllipse(QRectF(self.rect()))
        font = now.font("small_medium")
        painter.setFont(font)
        painter.setPen(now.colour("accent_text"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))
