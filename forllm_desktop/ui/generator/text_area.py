"""A field for some lines of plain text, with a border."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from forllm_desktop.ui.theme import look, theme


class TextArea(QPlainTextEdit):
    """Grows from `least` lines to `most`, then scrolls. Tab leaves it."""

    def __init__(
        self, placeholder: str = "", *, least: int = 3, most: int = 9, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._least, self._most = least, most
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self._grow)
        look().changed.connect(self._dress)
        self._dress()

    def text(self) -> str:
        """Return what is typed."""
        return self.toPlainText()

    def setText(self, text: str) -> None:
        """Show a text."""
        if text != self.toPlainText():
            self.setPlainText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()

    def _dress(self) -> None:
        now = theme()
        self.setFont(now.font("ui"))
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: {now.tokens.surface}; border: 1px solid {now.tokens.line_strong};"
            " border-radius: 6px; padding: 2px 4px; }"
            f"QPlainTextEdit:focus {{ border: 2px solid {now.tokens.accent_text}; padding: 1px 3px; }}"
        )
        self._grow()

    def _grow(self) -> None:
        # The layout of a plain text field counts lines, not pixels.
        lines = round(self.document().documentLayout().documentSize().height())
        shown = min(max(lines, self._least), self._most)
        height = round(shown * QFontMetricsF(self.font()).lineSpacing()) + 16
        if height != self.height():
            self.setFixedHeight(height)
