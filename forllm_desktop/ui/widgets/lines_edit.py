"""A field for several short lines, such as patterns of file names: one a line, in a fixed-width font."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.ui.editor.framed_text import FramedText, TextFrame

LINES = (3, 8)
"""Lines that always have room, and those up to which it grows."""
_BORROWS = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


class LinesEdit(QWidget):
    """Done with when it is left, or with Ctrl+Enter; Esc brings back what was shown.

    finished(text)    the user is done with it, changed or not
    typing(text)      what is typed so far
    """

    finished = Signal(str)
    typing = Signal(str)

    def __init__(self, name: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = _Lines()
        self._text.setAccessibleName(name)
        self._text.setPlaceholderText(hint)
        self._shown = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(TextFrame(self._text))
        self.setFocusProxy(self._text)
        self._text.submitted.connect(self._finish)
        self._text.left.connect(self._finish)
        self._text.escaped.connect(lambda: self.show_text(self._shown))
        self._text.escaped.connect(self._finish)
        self._text.textChanged.connect(self._note)

    @property
    def text(self) -> str:
        """What the field holds."""
        return self._text.toPlainText()

    @property
    def is_touched(self) -> bool:
        """Say whether it holds something else than what was shown or done with last."""
        return self.text != self._shown

    def show_text(self, text: str) -> None:
        """Show a text, without a signal; the same one leaves the cursor where it is."""
        self._shown = text
        if text != self.text:
            self._text.blockSignals(True)
            self._text.setPlainText(text)
            self._text.blockSignals(False)

    def mark_wrong(self, is_wrong: bool) -> None:
        """Show with the border whether it holds what cannot be kept."""
        self._text.set_invalid(is_wrong)

    def _finish(self) -> None:
        self._shown = self.text
        self.finished.emit(self.text)

    def _note(self) -> None:
        self.typing.emit(self.text)


class _Lines(FramedText):
    """The field itself.

    left()    it has lost the keyboard to another part of the window
    """

    left = Signal()

    def __init__(self) -> None:
        super().__init__(*LINES)
        self.use_fixed_width(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in _BORROWS:
            self.left.emit()
