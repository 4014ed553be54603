"""Name and description of a subforum, changed in place."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.services.forum import ForumService
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.labels import plain_label


class NamesPart(QWidget):
    """Two fields; each is stored when it is left or by Enter, and is as before after Esc.

    undo_offered(undo)    something was changed; how to take it back
    failed(error)         it could not be stored, for another reason than what was typed
    """

    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(self, subforum_id: int, forum: ForumService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._subforum_id = subforum_id
        self._forum = forum
        self._name = QLineEdit()
        self._description = QPlainTextEdit()
        self._reason = plain_label("", "small", "danger", wraps=True)
        self._shown = ("", "")
        self._name.setAccessibleName("Name of the subforum")
        self._description.setAccessibleName("Description of the subforum")
        self._description.setPlaceholderText("What this subforum is about")
        self._description.setTabChangesFocus(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for label, field in (("Name", self._name), ("Description", self._description)):
            layout.addWidget(plain_label(label, "small_medium", "text_3"))
            layout.addWidget(field)
            if field is self._name:
                layout.addWidget(self._reason)
                layout.addSpacing(8)
        for field in (self._name, self._description):
            field.installEventFilter(self)
        self._name.returnPressed.connect(self.keep)
        look().changed.connect(self._dress)
        self._dress()
        self.refresh()

    def refresh(self) -> None:
        """Show what is stored, whatever is typed."""
        self._shown = ("", "")
        self._name.clear()
        self._description.clear()
        self.follow()
        self._say("")

    def follow(self) -> None:
        """Show what is stored by now; a field in which something else was typed keeps it."""
        try:
            stored = self._forum.subforum(self._subforum_id)
        except ForllmError:
            return
        name, description = self._shown
        if self._name.text() == name and stored.name != name:
            self._name.setText(stored.name)
        if self._description.toPlainText() == description and stored.description != description:
            self._description.setPlainText(stored.description)
        self._shown = (stored.name, stored.description)

    def keep(self) -> None:
        """Store what differs; what cannot be a name stays as typed, with the reason below."""
        try:
            before = self._forum.subforum(self._subforum_id)
            if self._name.text() != before.name:
                self.undo_offered.emit(self._forum.rename_subforum(self._subforum_id, self._name.text()))
            if self._description.toPlainText().strip() != before.description:
                text = self._description.toPlainText()
                self.undo_offered.emit(self._forum.describe_subforum(self._subforum_id, text))
        except InvalidInput as error:
            self._say(f"{error.title}. {error.message}")
        except ForllmError as error:
            self.failed.emit(error)
        else:
            self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            # A menu or another window only borrows the focus.
            if event.reason() not in (
                Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason
            ):  # fmt: skip
                self.keep()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.keep()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.refresh()
                return True
        return super().eventFilter(watched, event)

    def _say(self, words: str) -> None:
        self._reason.setText(words)
        self._reason.setVisible(bool(words))
        self._name.setProperty("invalid", "true" if words else "")
        self._name.style().polish(self._name)

    def _dress(self) -> None:
        now = theme()
        self._description.setFixedHeight(3 * now.line_height("ui") + 12)
        self._description.setStyleSheet(
            f"QPlainTextEdit {{ background: {now.tokens.surface}; border: 1px solid {now.tokens.line_strong};"
            " border-radius: 6px; padding: 2px 4px; }"
            f"QPlainTextEdit:focus {{ border: 2px solid {now.tokens.accent_text}; padding: 1px 3px; }}"
        )
