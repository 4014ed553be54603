"""One action on the keyboard sheet: its name, and its key, which can be changed."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QKeySequenceEdit, QVBoxLayout, QWidget

from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.labels import plain_label

NO_KEY = "no key"


class KeyRow(QWidget):
    """Pressing the key's button asks for another one. Esc leaves it, Backspace takes it away.

    chosen(key)          the user pressed a key; empty: none is wanted. Answer with `show_key` or `refuse`
    reset_requested()    the key it came with is wanted
    """

    chosen = Signal(str)
    reset_requested = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._edit: QKeySequenceEdit | None = None
        self._key = push_button("", "", small=True)
        self._reset = icon_button(f"{name}: back to the usual key", "arrow-counter-clockwise")
        self._reset.hide()
        self._error = plain_label("", "small", "danger", wraps=True)
        self._error.hide()
        self._line = QHBoxLayout()
        self._line.setSpacing(8)
        self._line.addWidget(plain_label(name, "ui", wraps=True), 1)
        self._line.addWidget(self._reset)
        self._line.addWidget(self._key)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(self._line)
        layout.addWidget(self._error)
        self._key.clicked.connect(self.ask)
        self._reset.clicked.connect(self.reset_requested)

    def show_key(self, key: str, *, is_usual: bool) -> None:
        """Show a key as people read it; empty for none."""
        self._end()
        self._key.setText(key or NO_KEY)
        self._key.setAccessibleName(f"{self._name}: {key or NO_KEY}. Change the key")
        self._key.setToolTip("Change…")
        self._reset.setVisible(not is_usual)

    def refuse(self, words: str) -> None:
        """Say why the pressed key cannot be used; another one can be pressed at once."""
        self._error.setText(words)
        self._error.show()
        if self._edit is not None:
            self._edit.clear()
            self._edit.setAccessibleDescription(words)

    def ask(self) -> None:
        """Wait for a key."""
        if self._edit is not None:
            return
        self._edit = edit = QKeySequenceEdit()
        edit.setMaximumSequenceLength(1)
        edit.setAccessibleName(f"The new key of {self._name}. Esc leaves it, Backspace takes it away")
        edit.setToolTip("Press the new key. Esc leaves it as it is, Backspace takes it away.")
        edit.setFixedWidth(max(self._key.width(), self._key.sizeHint().width()) + 48)
        edit.installEventFilter(self)
        edit.keySequenceChanged.connect(self._take)
        self._key.hide()
        self._line.addWidget(edit)
        edit.setFocus(Qt.FocusReason.TabFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._edit:
            return False
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and not event.modifiers():
            if event.key() == Qt.Key.Key_Escape:
                self._leave()
                return True
            if event.key() == Qt.Key.Key_Backspace:
                self.chosen.emit("")
                self._key.setFocus(Qt.FocusReason.TabFocusReason)
                return True
        if event.type() is QEvent.Type.FocusOut:
            self._end()
        return False

    def _take(self, keys: QKeySequence) -> None:
        if not keys.isEmpty():
            self.chosen.emit(keys.toString(QKeySequence.SequenceFormat.PortableText))
            if self._edit is None:
                self._key.setFocus(Qt.FocusReason.TabFocusReason)

    def _leave(self) -> None:
        self._end()
        self._key.setFocus(Qt.FocusReason.TabFocusReason)

    def _end(self) -> None:
        """Show the button again."""
        self._error.hide()
        edit, self._edit = self._edit, None
        if edit is not None:
            edit.removeEventFilter(self)
            edit.hide()
            edit.deleteLater()
            self._key.show()
