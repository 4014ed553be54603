"""A plain text field that grows with its text, from one line to twelve."""

import re

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

from forllm_desktop.ui.editor.marks import Marking
from forllm_desktop.ui.editor.units import characters_of, units, units_of
from forllm_desktop.ui.theme import look, theme

LEAST_LINES, MOST_LINES = 3, 12
"""Lines that always have room, and those up to which it grows."""

_LONG_WORD = re.compile(r"\S{10000}")


class GrowingText(QPlainTextEdit):
    """Where a post is typed.

    submitted()    the key that posts and asks was pressed
    escaped()      Esc was pressed
    """

    submitted = Signal()
    escaped = Signal()
    bounds = (1, MOST_LINES)
    """Lines that it is high at least and at most."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.posts_on_enter = False
        self._most_height = 0
        self._is_fixed_width = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._grow)
        look().changed.connect(self._dress)
        self._dress()

    def use_fixed_width(self, wanted: bool) -> None:
        """Write in the system's fixed font or in that of posts."""
        self._is_fixed_width = wanted
        self._dress()

    def limit_height(self, most: int) -> None:
        """Never grow higher than so many px, but for three lines; 0 is no limit."""
        self._most_height = most
        self._grow()

    def apply(self, marking: Marking) -> None:
        """Put a mark around the selection or take it away, as one step that can be undone."""
        text = self.toPlainText()
        marked = marking(text, *self.selection())
        places = units_of(text, [change.at for change in marked.changes])
        ends = units_of(text, [change.at + change.removed for change in marked.changes])
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        # From the end, so that the places before stay right.
        for change, at, end_at in reversed(list(zip(marked.changes, places, ends, strict=True))):
            cursor.setPosition(at)
            cursor.setPosition(end_at, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(change.added, QTextCharFormat())
        cursor.endEditBlock()
        changed = self.toPlainText()
        selection = self.textCursor()
        selection.setPosition(units(changed, marked.start))
        selection.setPosition(units(changed, marked.end), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(selection)

    @property
    def most_height(self) -> int:
        """The px up to which it grows."""
        most = self._height_of(self.bounds[1])
        return min(most, max(self._most_height, self._height_of(LEAST_LINES))) if self._most_height else most

    def replace_text(self, text: str, caret: int = 0) -> None:
        """Show another text as one step that can be undone, with the caret behind so many characters."""
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        cursor.endEditBlock()
        selection = self.textCursor()
        selection.setPosition(units(text, caret))
        self.setTextCursor(selection)

    def selection(self) -> tuple[int, int]:
        """Return the selection as offsets in characters."""
        text, cursor = self.toPlainText(), self.textCursor()
        start, end = characters_of(text, [cursor.selectionStart(), cursor.selectionEnd()])
        return start, end

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._wanted_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(120), self._wanted_height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if is_enter and (
            modifiers == Qt.KeyboardModifier.ControlModifier
            or (self.posts_on_enter and modifiers == Qt.KeyboardModifier.NoModifier)
        ):
            self.submitted.emit()
        elif is_enter and modifiers == Qt.KeyboardModifier.ShiftModifier:
            # Qt would insert a line separator, which is no line break in a post.
            self.insertPlainText("\n")
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # Ctrl+Enter must reach the field also where a menu has a shortcut for it.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            event.setAccepted(is_enter)
            if is_enter:
                return True
        return super().event(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if source.hasText():
            pasted = source.text().replace("\u2029", "\n").replace("\u2028", "\n")
            self._wrap_for(pasted)
            self.insertPlainText(pasted)

    def setPlainText(self, text: str) -> None:
        self._wrap_for(text)
        super().setPlainText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()

    def _wrap_for(self, text: str) -> None:
        # Wrapping one word of 100,000 characters takes Qt seconds.
        if _LONG_WORD.search(text):
            self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)

    def _dress(self) -> None:
        font = theme().font("code" if self._is_fixed_width else "reading")
        self.setFont(font)
        self.setTabStopDistance(4 * QFontMetricsF(font).horizontalAdvance(" "))
        self._grow()

    def _grow(self) -> None:
        is_full = self._height_of(self._lines()) > self._wanted_height()
        always, never = Qt.ScrollBarPolicy.ScrollBarAlwaysOn, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(always if is_full else never)
        wanted = self._wanted_height()
        if wanted != self.height():
            self.setFixedHeight(wanted)
            self.updateGeometry()

    def _wanted_height(self) -> int:
        least, most = self.bounds
        wanted = self._height_of(min(max(self._lines(), least), most))
        if self._most_height:
            wanted = min(wanted, max(self._most_height, self._height_of(LEAST_LINES)))
        return wanted

    def _height_of(self, lines: int) -> int:
        return round(lines * QFontMetricsF(self.font()).lineSpacing()) + 2

    def _lines(self) -> int:
        # The layout of a plain text field counts lines, not pixels.
        return max(1, round(self.document().documentLayout().documentSize().height()))
