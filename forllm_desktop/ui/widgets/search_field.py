"""An input with a magnifying glass in it; Esc empties it."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import look, theme


class SearchField(QLineEdit):
    """A line to search or filter with; the rest is as in QLineEdit."""

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._placeholder = placeholder
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self._dress()
        look().changed.connect(self._dress)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Between the margins of the style sheet, and the space that Qt leaves around the text.
        room = self.width() - self.textMargins().left() - 2 * 12
        shown = self.fontMetrics().elidedText(self._placeholder, Qt.TextElideMode.ElideRight, room)
        self.setPlaceholderText(shown)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        side = theme().px(14)
        paint_icon(
            QPainter(self), QRect(9, (self.height() - side) // 2, side, side), "magnifying-glass", "text_3"
        )

    def _dress(self) -> None:
        self.setTextMargins(theme().px(14) + 6, 0, 0, 0)
