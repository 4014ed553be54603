"""The line at the bottom of the window: what was saved or where a link leads, and the server in use."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.labels import plain_label


class StatusLine(QWidget):
    """Two short texts; the left one gives way."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._news = ""
        self._dot = ""
        self._left = plain_label("", "caption", "text_3", elides=True)
        self._right = plain_label("", "caption", "text_3")
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self._left, 1)
        self._layout.addWidget(self._right)
        look().changed.connect(self._fit)
        self._fit()

    def say(self, news: str) -> None:
        """Show what happened last."""
        self._news = news
        self._left.setText(news)

    def show_passing(self, text: str) -> None:
        """Show a text as long as the pointer is over something; an empty one brings the news back."""
        self._left.setText(text or self._news)

    def show_server(self, words: str, dot: str) -> None:
        """Name the server in use; `dot` is the token of the dot's colour."""
        self._dot = dot if words else ""
        self._right.setText(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.fillRect(self.rect(), now.colour("window"))
        painter.fillRect(0, 0, self.width(), 1, now.colour("line"))
        if self._dot:
            side = now.px(8)
            middle = self._right.geometry().center().y() + 1
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.colour(self._dot))
            painter.drawEllipse(QRectF(self._right.x() - side - now.px(6), middle - side / 2, side, side))

    def _fit(self) -> None:
        now = theme()
        self.setFixedHeight(max(24, now.line_height("caption") + 8))
        self._layout.setContentsMargins(now.px(12), 1, now.px(12), 0)
        self._layout.setSpacing(now.px(12 + 8 + 6))
