"""A state in a word or two with its dot, both in one colour."""

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from forllm_desktop.ui.theme import look, theme


class StateDot(QWidget):
    """Painted at the right end of a row; empty until something is said."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._colour = "", "text_3"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().changed.connect(self.updateGeometry)

    def text(self) -> str:
        """Return the words shown."""
        return self._text

    def say(self, text: str, colour: str) -> None:
        """Show words in the colour of a token."""
        self._text, self._colour = text, colour
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        now = theme()
        words = QFontMetrics(now.font("small")).horizontalAdvance(self._text) + 2
        return QSize(now.px(16) + words if self._text else 0, now.row(20, "small"))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._text:
            return
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour("control" if self._colour == "text_3" else self._colour))
        painter.drawEllipse(QPointF(now.px(4), self.height() / 2), now.px(4), now.px(4))
        painter.setFont(now.font("small"))
        painter.setPen(now.colour(self._colour))
        words = self.rect().adjusted(now.px(16) - 2, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text)
