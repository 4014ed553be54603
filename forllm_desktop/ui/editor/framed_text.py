"""A growing text field with the border of an input: in focus, and when what it holds cannot be kept."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.ui.editor.growing_text import GrowingText
from forllm_desktop.ui.theme import look, theme


class FramedText(GrowingText):
    """Takes plain text only; its frame shows whether it has the keyboard and whether it is wrong.

    looked()    the frame is to be painted anew
    """

    looked = Signal()

    def __init__(self, least: int, most: int) -> None:
        """Make a field that always has room for `least` lines and grows up to `most`."""
        self.bounds = (least, most)
        self.is_invalid = False
        super().__init__()

    def set_invalid(self, is_invalid: bool) -> None:
        """Show whether the text can be kept."""
        self.is_invalid = is_invalid
        self.looked.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.looked.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.looked.emit()


class TextFrame(QWidget):
    """The border of a field, as that of every input."""

    def __init__(self, text: FramedText) -> None:
        super().__init__()
        self._text = text
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 4, 8)
        # In the middle it would hang over the edge while the frame follows its height.
        layout.addWidget(text, alignment=Qt.AlignmentFlag.AlignTop)
        text.looked.connect(self.update)
        look().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        has_focus = self._text.hasFocus()
        colour = "danger" if self._text.is_invalid else "accent_text" if has_focus else "line_strong"
        width = 2 if has_focus else 1
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour(colour), width))
        painter.setBrush(theme().colour("surface"))
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 6, 6)
