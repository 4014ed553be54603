"""Changes the name and the description of a subforum, inside the sidebar."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.services.forum import ForumService
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label


class SubforumPanel(QFrame):
    """Two fields and two buttons; hidden until `edit` shows it. A refusal is said below the fields.

    closed()              it is hidden again
    undo_offered(undo)    something was changed; how to take it back
    failed(error)         the subforum cannot be changed any more; a ForllmError
    """

    closed = Signal()
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(self, forum: ForumService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forum = forum
        self._subforum_id = 0
        self._name = QLineEdit(self)
        self._description = QPlainTextEdit(self)
        self._reason = plain_label("", "small", "danger", wraps=True)
        self._save = push_button("Save", "primary", small=True)
        self._cancel = push_button("Cancel", "quiet", small=True)
        self._name.setAccessibleName("Name of the subforum")
        self._description.setAccessibleName("Description of the subforum")
        self._description.setPlaceholderText("What this subforum is about")
        self._description.setTabChangesFocus(True)
        self._lay_out()
        self._dress()
        self._save.clicked.connect(self._keep)
        self._cancel.clicked.connect(self._close)
        self._name.returnPressed.connect(self._keep)
        self._description.installEventFilter(self)
        look().changed.connect(self._dress)
        self.hide()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 4, 16, 12)
        layout.setSpacing(4)
        for label, field in (("Name", self._name), ("Description", self._description)):
            layout.addWidget(plain_label(label, "small_medium", "text_3"))
            layout.addWidget(field)
        layout.addWidget(self._reason)
        layout.addSpacing(4)
        layout.addLayout(buttons)

    def edit(self, subforum_id: int) -> None:
        """Show the fields of a subforum. Raises NotFound."""
        subforum = self._forum.subforum(subforum_id)
        self._subforum_id = subforum_id
        self._name.setText(subforum.name)
        self._description.setPlainText(subforum.description)
        self._say("")
        self.show()
        self._description.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Save by Ctrl+Enter, also from the field in which Enter makes a new line."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._keep()
                return True
        return super().eventFilter(watched, event)

    def _keep(self) -> None:
        name, description = self._name.text(), self._description.toPlainText()
        try:
            before = self._forum.subforum(self._subforum_id)
            # The name first: it is the one that can be refused for a reason the user cannot see here.
            if name != before.name:
                self.undo_offered.emit(self._forum.rename_subforum(self._subforum_id, name))
            if description.strip() != before.description:
                self.undo_offered.emit(self._forum.describe_subforum(self._subforum_id, description))
        except InvalidInput as error:
            self._say(f"{error.title}. {error.message}", error.field)
        except ForllmError as error:
            self.failed.emit(error)
            self._close()
        else:
            self._close()

    def _say(self, words: str, field: str = "") -> None:
        self._reason.setText(words)
        self._reason.setVisible(bool(words))
        self._name.setProperty("invalid", "true" if field == "name" else "")
        self._name.style().polish(self._name)
        if field == "name":
            self._name.setFocus()

    def _close(self) -> None:
        self.hide()
        self.closed.emit()

    def _dress(self) -> None:
        now = theme()
        self._description.setFixedHeight(4 * now.line_height("ui") + 12)
        self._description.setStyleSheet(
            f"QPlainTextEdit {{ background: {now.tokens.surface}; border: 1px solid {now.tokens.line_strong};"
            " border-radius: 6px; padding: 2px 4px; }"
            f"QPlainTextEdit:focus {{ border: 2px solid {now.tokens.accent_text}; padding: 1px 3px; }}"
        )
