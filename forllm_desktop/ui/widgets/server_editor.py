"""The form in which a server is added or changed."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.servers import Server
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.checks import CheckBox
from forllm_desktop.ui.widgets.framed import Framed
from forllm_desktop.ui.widgets.labels import PlainLabel, plain_label
from forllm_desktop.ui.widgets.wrap_row import WrapRow


@dataclass(frozen=True)
class ServerDraft:
    """What was typed. `key` is None when it is left as it is, "" when it is to be forgotten."""

    server_id: int | None
    name: str
    address: str
    key: str | None
    use_proxy: bool
    verify_tls: bool


class ServerEditor(Framed):
    """The fields of one server.

    saved(draft)    Save was pressed; the one who saves calls `show_error` or takes the form away
    cancelled()     Cancel or Esc
    """

    saved = Signal(object)
    cancelled = Signal()

    def __init__(self, server: Server | None = None, parent: QWidget | None = None) -> None:
        super().__init__("sunken", parent)
        self._server_id = server.server_id if server else None
        self._forgets_key = False
        self._address = _line("Address", server.base_url if server else "", "http://127.0.0.1:11434")
        self._name = _line("Name", server.name if server else "", "Workshop PC")
        self._key = _line("API key", "", "Only if the server asks for one")
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._note = plain_label("", "small", "text_3", wraps=True)
        self._note.hide()
        self._errors: dict[str, PlainLabel] = {}
        self._verify = CheckBox("Check the certificate of an https address")
        self._verify.setChecked(server.verify_tls if server else True)
        self._proxy = CheckBox("Go through the system's proxy")
        self._proxy.setChecked(server.use_proxy if server else False)
        save = push_button("Save" if server else "Add", "primary")
        cancel = push_button("Cancel")
        forget = push_button("Forget the key", "quiet")
        forget.hide()
        if server and server.api_key_ref:
            self._key.setPlaceholderText("A key is kept. Type another one to replace it.")

        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(4)
        for field, line in (("base_url", self._address), ("name", self._name), ("key", self._key)):
            self._add_line(layout, field, line)
        layout.addWidget(self._note)
        layout.addSpacing(4)
        layout.addWidget(self._verify)
        layout.addWidget(self._proxy)
        layout.addSpacing(8)
        buttons = WrapRow()
        buttons.add(forget)
        buttons.add(QWidget(), 8)
        buttons.add(cancel)
        buttons.add(save)
        layout.addLayout(buttons)
        forget.setVisible(bool(server and server.api_key_ref))

        save.clicked.connect(self._save)
        cancel.clicked.connect(self.cancelled)
        forget.clicked.connect(self._forget_key)
        for line in (self._address, self._name, self._key):
            line.returnPressed.connect(self._save)
        self.setFocusProxy(self._address)

    def say_about_keys(self, are_kept: bool) -> None:
        """Say where a key will be kept."""
        self._note.setText(
            "Kept in the system's keyring, never in a file of FORLLM."
            if are_kept
            else "This system has no keyring: a key is kept for this session only."
        )
        self._note.set_colour("text_3" if are_kept else "warn")
        self._note.show()

    def show_error(self, error: InvalidInput) -> None:
        """Say at its field what is wrong; what was typed stays."""
        for field, label in self._errors.items():
            is_it = field == error.field
            label.setText(f"{error.title}. {error.message}" if error.message else error.title)
            label.setVisible(is_it)
            line = {"base_url": self._address, "name": self._name, "key": self._key}[field]
            line.setProperty("invalid", "true" if is_it else "false")
            line.style().unpolish(line)
            line.style().polish(line)
            if is_it:
                line.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def _add_line(self, layout: QVBoxLayout, field: str, line: QLineEdit) -> None:
        label = plain_label(line.accessibleName(), "small_medium", "text_2")
        label.setBuddy(line)
        error = plain_label("", "small", "danger", wraps=True)
        error.hide()
        self._errors[field] = error
        layout.addWidget(label)
        layout.addWidget(line)
        layout.addWidget(error)
        layout.addSpacing(4)

    def _forget_key(self) -> None:
        self._forgets_key = True
        self._key.clear()
        self._key.setPlaceholderText("The key is forgotten when you save.")

    def _save(self) -> None:
        typed = self._key.text().strip()
        key = typed or ("" if self._forgets_key else None)
        self.saved.emit(
            ServerDraft(
                self._server_id,
                self._name.text(),
                self._address.text(),
                key,
                self._proxy.isChecked(),
                self._verify.isChecked(),
            )
        )


def _line(name: str, text: str, placeholder: str) -> QLineEdit:
    line = QLineEdit(text)
    line.setAccessibleName(name)
    line.setPlaceholderText(placeholder)
    return line
