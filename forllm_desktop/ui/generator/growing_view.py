"""A text that grows while it is read: what is in view stays where it is, or the end is followed."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QSyntaxHighlighter, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from forllm_desktop.ui.theme import look, theme

_PAD = 8
"""Between border and text, in px at 100 %."""


class GrowingView(QPlainTextEdit):
    """Plain text that can be selected and copied; lines that are headings are set in bold."""

    def __init__(self, name: str, *, ground: str = "surface", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ground = ground
        self._shown = ""
        self.setAccessibleName(name)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(0)
        self._headings = _Headings(self.document())
        look().changed.connect(self._dress)
        self._dress()

    def show_text(self, text: str) -> None:
        """Show a text; if it only grew, nothing that is in view moves, unless the end was in view."""
        if text == self._shown:
            return
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 1
        if self._shown and text.startswith(self._shown):
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(text[len(self._shown) :])
        else:
            self.setPlainText(text)
        self._shown = text
        if follows and self.isVisible():
            bar.setValue(bar.maximum())

    def show_top(self) -> None:
        """Scroll to the beginning."""
        self.verticalScrollBar().setValue(0)

    def height_of(self, lines: int) -> int:
        """Return the height in px for so many lines."""
        return round(lines * QFontMetricsF(self.font()).lineSpacing()) + 2 * theme().px(_PAD) + 3

    def _dress(self) -> None:
        now = theme()
        self.setFont(now.font("reading" if self._ground == "surface" else "ui"))
        ground = getattr(now.tokens, self._ground)
        colour = now.tokens.text if self._ground == "surface" else now.tokens.text_2
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: {ground}; color: {colour}; border: 1px solid {now.tokens.line};"
            f" border-radius: 8px; padding: {now.px(_PAD)}px {now.px(_PAD + 4)}px; }}"
            f"QPlainTextEdit:focus {{ border: 1px solid {now.tokens.accent_text}; }}"
        )
        self._headings.rehighlight()


class _Headings(QSyntaxHighlighter):
    """Sets lines that begin with "#" in bold."""

    def highlightBlock(self, text: str) -> None:
        if text.lstrip().startswith("#"):
            look_of = QTextCharFormat()
            look_of.setFontWeight(QFont.Weight.DemiBold)
            self.setFormat(0, len(text), look_of)
