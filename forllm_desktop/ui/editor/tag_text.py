"""The text field of posts: tags stand in it as single things, whole for the caret, keys and clipboard."""

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import (
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.tags import Tag
from forllm_desktop.ui.editor.growing_text import GrowingText
from forllm_desktop.ui.editor.tag_grounds import TagGrounds
from forllm_desktop.ui.editor.tag_tokens import TagTokens, pieces_of

OWN_TYPE = "application/x-forllm-post"
"""What the clipboard holds beside plain text: the text as it is stored, with its tags."""
_BY_STEPS = (
    QKeySequence.StandardKey.MoveToNextChar,
    QKeySequence.StandardKey.MoveToPreviousChar,
    QKeySequence.StandardKey.MoveToNextWord,
    QKeySequence.StandardKey.MoveToPreviousWord,
    QKeySequence.StandardKey.SelectNextChar,
    QKeySequence.StandardKey.SelectPreviousChar,
    QKeySequence.StandardKey.SelectNextWord,
    QKeySequence.StandardKey.SelectPreviousWord,
)
_DELETES = (
    (QKeySequence.StandardKey.Delete, QTextCursor.MoveOperation.NextCharacter),
    (QKeySequence.StandardKey.DeleteStartOfWord, QTextCursor.MoveOperation.PreviousWord),
    (QKeySequence.StandardKey.DeleteEndOfWord, QTextCursor.MoveOperation.NextWord),
)
_ALONE = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)


class TagText(GrowingText):
    """Shows "@Ada Lovelace" and stores "[@Ada Lovelace](persona:12)".

    typed_in(words)        characters came from the keyboard or an input method
    files_pasted(paths)    files were pasted or dropped
    text_pasted(start, end)    a text was pasted; the stretch it fills, in UTF-16 units
    """

    typed_in = Signal(str)
    files_pasted = Signal(list)
    text_pasted = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._is_snapping = self._is_stepping = False
        self._caret = 0
        self._stored = (-1, "")
        super().__init__(parent)
        self.tokens = TagTokens(self.document(), self)
        self._grounds = TagGrounds(self, self.tokens)
        self.cursorPositionChanged.connect(self._snap)
        self.selectionChanged.connect(self._snap)

    # -- what is stored

    def stored_text(self) -> str:
        """Return the text as it is stored; asked again before a change, it costs nothing."""
        revision = self.document().revision()
        if self._stored[0] != revision:
            self._stored = (revision, self.tokens.stored())
        return self._stored[1]

    def show_stored(self, text: str) -> None:
        """Show a stored text; what was typed before cannot be brought back."""
        pieces = pieces_of(text)
        self.setPlainText("".join(piece.text for piece in pieces))
        tagged = [piece for piece in pieces if piece.tag is not None]
        if not tagged:
            return
        self.document().setUndoRedoEnabled(False)
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for piece in pieces:
            size = len(piece.text.encode("utf-16-le", "surrogatepass")) // 2
            end = cursor.position() + size
            if piece.tag is None:
                cursor.setPosition(end)
                continue
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self.tokens.format_of(piece.tag))
            cursor.setPosition(end)
        cursor.endEditBlock()
        self.document().setUndoRedoEnabled(True)

    def setPlainText(self, text: str) -> None:
        # Before: while it is replaced, places in the former text mean nothing.
        self.tokens.forget()
        super().setPlainText(text)

    def insert_stored(self, text: str) -> None:
        """Put a stored text in place of the selection, as one step that can be undone."""
        self._wrap_for(text)
        cursor = self.textCursor()
        cursor.beginEditBlock()
        cursor.removeSelectedText()
        for piece in pieces_of(text):
            self._insert(cursor, piece.text, piece.tag)
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def put_tag(self, start: int, end: int, tag: Tag, *, behind: str = "") -> None:
        """Put a tag, and what stands behind it, in place of a stretch; positions are UTF-16 units."""
        cursor = self.textCursor()
        caret = cursor.position()
        cursor.beginEditBlock()
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._insert(cursor, tag.words, tag)
        self._insert(cursor, behind)
        cursor.endEditBlock()
        # What was typed behind it, such as the comma that ended a name, stays before the caret.
        cursor.setPosition(cursor.position() + max(0, caret - end))
        self.setTextCursor(cursor)

    def _insert(self, cursor: QTextCursor, text: str, tag: Tag | None = None) -> None:
        cursor.insertText(text, QTextCharFormat() if tag is None else self.tokens.format_of(tag))

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._deletes_token(event):
            event.accept()
            return
        self._is_stepping = any(event.matches(key) for key in _BY_STEPS)
        self._write_plain()
        before = self.document().revision()
        super().keyPressEvent(event)
        self._is_stepping = False
        if _types(event) and self.document().revision() != before:
            self.typed_in.emit(event.text())

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        if event.commitString():
            self._write_plain()
        super().inputMethodEvent(event)
        if event.commitString():
            self.typed_in.emit(event.commitString())

    def _write_plain(self) -> None:
        """Let what is typed beside a token not become a part of it."""
        cursor = self.textCursor()
        if not cursor.hasSelection() and self.tokens.touching(cursor.position()):
            self.setCurrentCharFormat(QTextCharFormat())

    def _deletes_token(self, event: QKeyEvent) -> bool:
        cursor = self.textCursor()
        move = next((move for key, move in _DELETES if event.matches(key)), None)
        if event.key() == Qt.Key.Key_Backspace and event.modifiers() in _ALONE:
            move = QTextCursor.MoveOperation.PreviousCharacter
        if move is None or cursor.hasSelection() or self.isReadOnly():
            return False
        cursor.movePosition(move, QTextCursor.MoveMode.KeepAnchor)
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        if self.tokens.whole(start, end) == (start, end):
            return False
        start, end = self.tokens.whole(start, end)
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self.setTextCursor(cursor)
        return True

    # -- caret and selection

    def _snap(self) -> None:
        """Keep caret and selection out of tokens: a token is passed, or selected, as a whole."""
        if self._is_snapping:
            return
        cursor = self.textCursor()
        position, anchor = cursor.position(), cursor.anchor()
        caret, start = self._outside(position, anchor), anchor
        token = self.tokens.around(anchor)
        if token is not None:
            start = token.start if caret >= token.end else token.end if caret <= token.start else caret
        if (caret, start) != (position, anchor):
            self._is_snapping = True
            cursor.setPosition(start)
            cursor.setPosition(caret, QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(cursor)
            self._is_snapping = False
        self._caret = caret

    def _outside(self, position: int, anchor: int) -> int:
        token = self.tokens.around(position)
        if token is None:
            return position
        if self._is_stepping:
            goes_on = position > self._caret
        elif anchor != position:
            goes_on = position > anchor
        else:
            goes_on = position - token.start > token.end - position
        return token.end if goes_on else token.start

    # -- clipboard

    def createMimeDataFromSelection(self) -> QMimeData:
        cursor = self.textCursor()
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        data = QMimeData()
        data.setText(cursor.selectedText().replace("\u2029", "\n").replace("\u2028", "\n"))
        if self.tokens.within(start, end):
            data.setData(OWN_TYPE, self.tokens.stored_between(start, end).encode("utf-8", "replace"))
        return data

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasFormat(OWN_TYPE) or source.hasUrls() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        paths = [url.toLocalFile() for url in source.urls() if url.isLocalFile()]
        if paths:
            self.files_pasted.emit(paths)
            return
        if source.hasFormat(OWN_TYPE):
            pasted = bytes(source.data(OWN_TYPE).data()).decode("utf-8", "replace")
        elif source.hasText():
            pasted = source.text().replace("\u2029", "\n").replace("\u2028", "\n")
        else:
            return
        start = self.textCursor().selectionStart()
        self.insert_stored(pasted)
        self.text_pasted.emit(start, self.textCursor().position())

    # -- looks

    def paintEvent(self, event: QPaintEvent) -> None:
        self._grounds.paint(event)
        super().paintEvent(event)


def _types(event: QKeyEvent) -> bool:
    """Say whether a key writes, or takes back a character; Ctrl with Alt is AltGr, which writes too."""
    held = event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier & ~Qt.KeyboardModifier.KeypadModifier
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    typed = event.text()
    is_writing = held in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.GroupSwitchModifier, both)
    return is_writing and bool(typed) and (typed in ("\r", "\n", "\b") or typed.isprintable())
