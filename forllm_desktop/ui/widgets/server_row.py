"""One server in the settings: what it is, how it answers, and what can be done with it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.servers import Server
from forllm_desktop.services.model_sources import Source
from forllm_desktop.ui.server_words import kind_word, short_address, state_word, test_result
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.state_dot import StateDot
from forllm_desktop.ui.widgets.wrap_row import WrapRow

WORDS = 180
"""Least width of name and address in px at 100 %."""


class ServerRow(QWidget):
    """A known server.

    test_requested(), edit_requested(), remove_requested()    the buttons
    """

    test_requested = Signal()
    edit_requested = Signal()
    remove_requested = Signal()

    def __init__(self, server: Server, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.server = server
        self._name = plain_label("", "ui_medium", elides=True)
        self._facts = plain_label("", "small", "text_3", elides=True)
        self._state = StateDot()
        self._result = plain_label("", "small", "text_2", wraps=True)
        self._result.hide()
        self.test = push_button("Test", "", small=True)
        self.edit = icon_button("Edit", "pencil-simple")
        self._remove = icon_button("Remove", "trash")
        self.show_server(server)

        beside = QWidget()
        words = QVBoxLayout(beside)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(self._name)
        words.addWidget(self._facts)
        row = WrapRow()
        row.add(beside, WORDS)
        for part in (self._state, self.test, self.edit, self._remove):
            row.add(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._result)

        self.test.clicked.connect(self.test_requested)
        self.edit.clicked.connect(self.edit_requested)
        self._remove.clicked.connect(self.remove_requested)

    def show_server(self, server: Server) -> None:
        """Show the stored facts."""
        self.server = server
        key = ", with a key" if server.api_key_ref else ""
        self._name.setText(server.name)
        self._facts.setText(f"{kind_word(server.kind)} at {short_address(server.base_url)}{key}")
        for button, word in ((self.test, "Test"), (self.edit, "Edit"), (self._remove, "Remove")):
            button.setAccessibleName(f"{word} {server.name}")

    def show_state(self, source: Source) -> None:
        """Show how it answered."""
        self._state.say(*state_word(source))

    def show_testing(self) -> None:
        """Say that it is being asked."""
        self.test.setEnabled(False)
        self._state.say("asking…", "text_3")
        self._result.hide()

    def show_result(self, source: Source) -> None:
        """Show what a test found out."""
        self.test.setEnabled(True)
        self.show_state(source)
        self._result.setText(test_result(source))
        self._result.set_colour("text_2" if source.is_ready else "danger")
        self._result.show()

    def words(self) -> str:
        """Return what a filter looks at."""
        return f"{self._name.text()} {self._facts.text()}"


class FoundServerRow(QWidget):
    """A server that answers on this machine and is not known yet.

    add_requested()    the button
    """

    add_requested = Signal()

    def __init__(self, source: Source, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = source
        state = StateDot()
        state.say(*state_word(source))
        add = push_button("Add", "", small=True)
        add.setAccessibleName(f"Add {source.name} at {short_address(source.address)}")
        add.clicked.connect(self.add_requested)
        beside = QWidget()
        words = QVBoxLayout(beside)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(plain_label(source.name, "ui_medium", elides=True))
        facts = f"Found on this computer at {short_address(source.address)}"
        words.addWidget(plain_label(facts, "small", "text_3", elides=True))
        row = WrapRow(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.add(beside, WORDS)
        row.add(state)
        row.add(add)
