"""Shows a text, or two as one: what came underlined, what went struck, in the flow of reading."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from forllm_desktop.domain.word_diff import Change, Stretch
from forllm_desktop.ui.theme import look, theme


class DiffView(QTextEdit):
    """Read only, and plain text alone, whatever the texts say."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Sequence[Stretch] = ()
        self.setAccessibleName(name)
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        look().changed.connect(self._dress)
        self._dress()

    def show_text(self, text: str) -> None:
        """Show one text as it is."""
        self.show_stretches([Stretch(Change.SAME, text)])

    def show_stretches(self, stretches: Sequence[Stretch]) -> None:
        """Show what stayed, came and went."""
        self._shown = stretches
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        before: Stretch | None = None
        for stretch in stretches:
            if before is not None and _touch(before, stretch):
                cursor.insertText(" ", _style(Change.SAME))
            cursor.insertText(_shown(stretch), _style(stretch.change))
            before = stretch
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _dress(self) -> None:
        self.setFont(theme().font("ui"))
        self.show_stretches(self._shown)


def _touch(before: Stretch, after: Stretch) -> bool:
    """Say whether a word that went and the one in its place would look like one word."""
    is_swap = before.change is Change.REMOVED and after.change is Change.ADDED
    return is_swap and before.text[-1:].isalnum() and after.text[:1].isalnum()


def _shown(stretch: Stretch) -> str:
    """Return a stretch so that also a line break that came or went can be seen."""
    if stretch.change is not Change.SAME and not stretch.text.strip():
        return stretch.text.replace("\n", "¶\n")
    return stretch.text


def _style(change: Change) -> QTextCharFormat:
    style, now = QTextCharFormat(), theme()
    style.setFont(QFont(now.font("ui")))
    style.setForeground(now.colour("text"))
    if change is Change.ADDED:
        style.setBackground(now.colour("ins"))
        style.setFontUnderline(True)
    elif change is Change.REMOVED:
        style.setBackground(now.colour("del_"))
        style.setFontStrikeOut(True)
    return style
