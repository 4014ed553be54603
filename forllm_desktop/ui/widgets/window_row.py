"""One model in the settings, with its context window and a field for another one."""

from dataclasses import fields
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.servers import ModelChoice, model_word
from forllm_desktop.domain.settings import Settings
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.own_option import OwnNumber
from forllm_desktop.ui.widgets.wrap_row import WrapRow
from forllm_desktop.ui.window_words import WindowFacts, window_sentence

WORDS = 200
"""Least width of name and facts in px at 100 %."""
_OPTION = next(option for option in fields(Settings) if option.name == "context_window")


class WindowRow(QWidget):
    """A model of a server. An empty field leaves its window to the settings.

    edited(typed)         the user is done with the field
    refresh_requested()   its server is to be asked again
    """

    edited = Signal(object)
    refresh_requested = Signal()

    def __init__(self, choice: ModelChoice, server: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = choice
        self.name = model_word(choice.name)
        self._server = server
        self._facts: WindowFacts | None = None
        self._words = plain_label("", "small", "text_3", wraps=True)
        self._error = plain_label("", "small", "danger", wraps=True)
        self._error.hide()
        self._number = OwnNumber(_OPTION, name=f"Window of {self.name}")
        self._refresh = icon_button(f"Ask again what {self.name} can do", "arrow-clockwise")
        beside = QWidget()
        words = QVBoxLayout(beside)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(plain_label(self.name, "ui_medium", elides=True))
        words.addWidget(self._words)
        row = WrapRow()
        row.add(beside, WORDS)
        row.add(self._refresh)
        row.add(self._number)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._error)
        self.setFocusProxy(self._number)
        self._number.edited.connect(self.edited)
        self._number.typing.connect(lambda _text: self._take_error_back())
        self._refresh.clicked.connect(self.refresh_requested)

    @property
    def is_wrong(self) -> bool:
        """Say whether the field holds what cannot be kept."""
        return not self._error.isHidden()

    def show_facts(self, facts: WindowFacts, general: int, now: datetime) -> None:
        """Show what is known; `general` is the window of the settings."""
        self._facts = facts
        self._refresh.setEnabled(True)
        self._say(now)
        self._number.show_general(general)
        if not (self.is_wrong or self._number.is_typing):
            self._number.show_value(facts.own)

    def show_own(self, own: int | None) -> None:
        """Show what is set, in place of what is typed."""
        self._take_error_back()
        self._number.show_value(own)

    def show_asking(self) -> None:
        """Say that its server is being asked."""
        self._refresh.setEnabled(False)
        self._words.setText(f"Asking {self._server}…")

    def show_time(self, now: datetime) -> None:
        """Say anew how long ago its server was asked."""
        if self._refresh.isEnabled():
            self._say(now)

    def show_error(self, error: InvalidInput) -> None:
        """Say below the field what is wrong with it."""
        self._error.setText(error.message or error.title)
        self._error.show()
        self._number.mark_wrong(True)

    def words(self) -> str:
        """Return what a filter looks at."""
        return f"{self.name} {self._server}"

    def _say(self, now: datetime) -> None:
        if self._facts is not None:
            self._words.setText(f"{self._server} · {window_sentence(self._facts, now)}")

    def _take_error_back(self) -> None:
        self._error.hide()
        self._number.mark_wrong(False)
