"""Offers to turn a long text that was pasted into a file of the post."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QWidget

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.attachment_row import AttachmentRow
from forllm_desktop.ui.editor.tag_text import TagText
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label

NAME = "Pasted text"


class PasteOffer(QWidget):
    """A quiet line; the text is in the field at once, and stays there unless it is wanted as a file.

    changed()    it came or went
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, field: TagText, files: AttachmentRow) -> None:
        super().__init__()
        self._workspace, self._field, self._files = workspace, field, files
        self._pasted: QTextCursor | None = None
        self._attached, self._length = "", 0
        self._attaching = ("", "")
        self._measuring = Latest("pasted-text", self)
        self._measuring.done.connect(self._offer)
        self._words = plain_label("", "small", "text_2", elides=True)
        self._attach = push_button("Attach as a file", "link", small=True)
        self._keep = push_button("Keep", "quiet", small=True)
        self._undo = push_button("Undo", "link", small=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._words, 1)
        for button in (self._attach, self._keep, self._undo):
            layout.addWidget(button)
        self._attach.clicked.connect(self.attach)
        self._keep.clicked.connect(self.forget)
        self._undo.clicked.connect(self._take_back)
        field.text_pasted.connect(self._note)
        field.document().contentsChange.connect(self._follow_undo)
        files.changed.connect(self._follow_files)
        files.failed.connect(self._follow_files)
        self.hide()

    def attach(self) -> None:
        """Add the pasted text as a file; once it is stored as one, it leaves the field."""
        pasted = self._pasted
        if pasted is None or not pasted.hasSelection():
            self.forget()
            return
        text = self._text_of(pasted)
        name = self._name(text)
        self._attaching = (name, text)
        self._field.setFocus()
        self._files.add_text(name, text)

    def forget(self) -> None:
        """Offer nothing any more."""
        had_focus = self._keep.hasFocus() or self._attach.hasFocus() or self._undo.hasFocus()
        self._pasted, self._attached, self._attaching = None, "", ("", "")
        self.hide()
        self.changed.emit()
        if had_focus:
            self._field.setFocus()

    def stop(self) -> None:
        """Stop all work."""
        self._measuring.stop()

    def _note(self, start: int, end: int) -> None:
        settings = self._workspace.settings.current()
        most, largest = settings.paste_tokens, settings.file_tokens
        self._attached, self._attaching = "", ("", "")
        # 0 offers nothing. No text has more tokens than bytes, so a short one need not be measured.
        if not most or (end - start) * 4 <= most:
            self.forget()
            return
        cursor = QTextCursor(self._field.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self._pasted = cursor
        text = cursor.selectedText()
        counting = self._workspace.counting
        self._measuring.ask(lambda: (cursor, counting.estimator(None).text(text), most, largest))

    def _offer(self, result: object) -> None:
        cursor, tokens, most, largest = result  # type: ignore[misc]
        if cursor is not self._pasted:
            return
        if tokens <= most:
            self.forget()
        elif tokens > largest:
            one = f"one file may have {largest:,} (Settings, Files)"
            self._show(f"You pasted about {tokens:,} tokens; {one}.", is_offer=True)
            self._attach.hide()
        else:
            self._show(f"You pasted about {tokens:,} tokens.", is_offer=True)

    def _show(self, words: str, *, is_offer: bool) -> None:
        self._words.setText(words)
        self._attach.setVisible(is_offer)
        self._keep.setVisible(is_offer)
        self._undo.setVisible(not is_offer)
        self.setAccessibleName(words)
        self.show()
        self.changed.emit()

    def _follow_files(self) -> None:
        """Take the text out of the field when it is a file; it stays there if it cannot be one."""
        name, text = self._attaching
        pasted = self._pasted
        if not name or pasted is None:
            return
        if name not in self._files.names:
            self.forget()
        elif any(file.name == name for file in self._files.files):
            self._attaching = ("", "")
            if self._text_of(pasted) != text:
                # It was changed meanwhile: nothing of that may be lost.
                self.forget()
                return
            self._pasted = None
            length = pasted.selectionEnd() - pasted.selectionStart()
            pasted.removeSelectedText()
            self._attached, self._length = name, length
            self._show(f"The text is attached as “{name}”.", is_offer=False)

    def _text_of(self, pasted: QTextCursor) -> str:
        return self._field.tokens.stored_between(pasted.selectionStart(), pasted.selectionEnd())

    def _take_back(self) -> None:
        self._field.setFocus()
        self._field.undo()

    def _follow_undo(self, _position: int, _removed: int, added: int) -> None:
        """Take the file away when undo brings its text back, and the offer with an undone paste."""
        if self._attached and added >= self._length and self._field.document().isRedoAvailable():
            name = self._attached
            self.forget()
            self._files.take_out(name)
        elif self._pasted is not None and not self._pasted.hasSelection():
            self.forget()

    def _name(self, text: str) -> str:
        ending = ".md" if text.lstrip().startswith(("# ", "- ", "```")) else ".txt"
        taken = self._files.names
        number, name = 1, f"{NAME}{ending}"
        while name in taken:
            number += 1
            name = f"{NAME} {number}{ending}"
        return name
