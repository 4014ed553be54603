"""A form made from the fields of `Settings`: each option with its label, control, help and reset."""

from collections.abc import Callable, Iterable
from dataclasses import Field, fields
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.settings import Settings, checked_option
from forllm_desktop.events import Events
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.option_controls import OptionControl, control_for, number_text
from forllm_desktop.ui.widgets.wrap_row import WrapRow

WORDS = 200
"""Least width of the words beside a control, in px at 100 %; with less room the control is below them."""
PAUSE = 300
"""Milliseconds without a key after which a value that does not fit is said to be wrong."""


def options_of(section: str) -> list[Field[Any]]:
    """List the options that a section of the form shows."""
    return [option for option in fields(Settings) if option.metadata["section"] == section]


class SettingsForm(QWidget):
    """The options of one section. What is chosen is stored at once; what does not fit stays as typed.

    changed(label, name, before)    an option was stored; `before` is its former value, for an undo
    failed(error)                   an option could not be stored, for another reason than its value
    typing(name, value)             a value that fits is being typed, or the stored one counts again
    """

    changed = Signal(str, str, object)
    failed = Signal(object)
    typing = Signal(str, object)

    def __init__(
        self,
        settings: SettingsService,
        events: Events,
        options: Iterable[Field[Any]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._rows = {option.name: OptionRow(option) for option in options}
        rows = RowList()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(rows)
        for name, row in self._rows.items():
            rows.add(row)
            row.check = settings.checked
            row.edited.connect(partial(self._store, name))
            row.typing.connect(partial(self.typing.emit, name))
        events.settings_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the stored options; a row that is typed in, or holds something wrong, keeps it."""
        stored = self._settings.current()
        for name, row in self._rows.items():
            if not (row.is_wrong or row.is_typing):
                row.show_value(getattr(stored, name))

    def filter(self, text: str) -> bool:
        """Show only the options that match a text; returns whether any does."""
        found = False
        for row in self._rows.values():
            matches = row.matches(text)
            row.setVisible(matches)
            found = found or matches
        return found

    def focus_option(self, name: str) -> None:
        """Give an option the focus."""
        self._rows[name].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _store(self, name: str, value: Any) -> None:
        row = self._rows[name]
        before = getattr(self._settings.current(), name)
        if isinstance(value, str) and value.strip() == number_text(before):
            row.show_value(before)
            return
        try:
            after = getattr(self._settings.change(**{name: value}), name)
        except InvalidInput as error:
            row.show_error(error)
            return
        except ForllmError as error:
            row.show_value(before)
            self.failed.emit(error)
            return
        row.show_value(after)
        if after != before:
            self.changed.emit(row.label, name, before)


class OptionRow(QWidget):
    """One option: label and help at the left, reset and control at the right, an error below.

    edited(value)    the user chose, typed or reset something
    typing(value)    a value that fits is being typed, or the stored one counts again
    """

    edited = Signal(object)
    typing = Signal(object)
    way_back = "back to the default"
    """What the reset says that it does."""

    def __init__(self, option: Field[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._option = option
        self.check: Callable[[str, Any], Any] = checked_option
        self.label: str = option.metadata["label"]
        self.is_wrong = self.is_typing = False
        self._control: OptionControl = self._make_control()
        self._reset = icon_button(f"{self.label}: {self.way_back}", "arrow-counter-clockwise")
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._typed = ""
        self._stored: Any = option.default
        self._error = plain_label("", "small", "danger", wraps=True)
        self._error.hide()
        keeps_room = self._reset.sizePolicy()
        keeps_room.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(keeps_room)

        beside = QWidget()
        words = QVBoxLayout(beside)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(plain_label(self.label, "ui_medium", wraps=True))
        words.addWidget(plain_label(self._help(), "small", "text_3", wraps=True))
        row = WrapRow()
        row.add(beside, WORDS)
        row.add(self._reset)
        if not self._control.is_wide:
            row.add(self._control)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 10)
        layout.setSpacing(4)
        layout.addLayout(row)
        if self._control.is_wide:
            layout.addWidget(self._control)
        layout.addWidget(self._error)
        self.setFocusProxy(self._control)

        self._control.edited.connect(self._finish)
        self._control.typing.connect(self._note_typed)
        self._pause.timeout.connect(self._say_typed)
        self._reset.clicked.connect(self._go_back)

    def show_value(self, value: Any) -> None:
        """Show a stored value; an error about another one goes."""
        self._pause.stop()
        self.is_typing = False
        self._stored = value
        self._control.show_value(value)
        self._take_error_back()
        self._reset.setVisible(value != self._usual())
        self.typing.emit(value)

    def show_error(self, error: InvalidInput) -> None:
        """Say below the control what is wrong with what it holds."""
        self._pause.stop()
        self.typing.emit(self._stored)
        self.is_wrong = True
        # Of several lines the title names the wrong one.
        is_named = self._option.metadata["has_lines"] or not error.message
        self._error.setText(f"{error.title}. {error.message}".strip() if is_named else error.message)
        self._error.show()
        self._control.mark_wrong(True)
        self._reset.show()

    def matches(self, text: str) -> bool:
        """Say whether the words of this option contain all words of a text."""
        choices = " ".join(self._option.metadata["choices"].values())
        own = f"{self.label} {self._option.metadata['help']} {choices}".casefold()
        return all(word in own for word in text.casefold().split())

    def _finish(self, value: Any) -> None:
        self._pause.stop()
        self.edited.emit(value)

    def _note_typed(self, text: str) -> None:
        """Follow what is typed: what fits is told at once, what does not is said after a pause."""
        self._typed, self.is_typing = text, True
        try:
            value = self._checked(text)
        except InvalidInput:
            self._pause.start()
            return
        self._pause.stop()
        self._take_error_back()
        self.typing.emit(value)

    def _say_typed(self) -> None:
        try:
            self._checked(self._typed)
        except InvalidInput as error:
            self.show_error(error)

    def _take_error_back(self) -> None:
        self.is_wrong = False
        self._control.mark_wrong(False)
        self._error.hide()

    def _go_back(self) -> None:
        self.edited.emit(self._usual())
        self._control.setFocus(Qt.FocusReason.TabFocusReason)

    def _make_control(self) -> OptionControl:
        return control_for(self._option)

    def _usual(self) -> Any:
        """Return what the reset brings back."""
        return self._option.default

    def _checked(self, typed: str) -> Any:
        """Return what a typed text means. Raises InvalidInput."""
        return self.check(self._option.name, typed)

    def _help(self) -> str:
        low, high = self._option.metadata["lowest"], self._option.metadata["highest"]
        if high is None or self._option.metadata["choices"]:
            return self._option.metadata["help"]
        return f"{self._option.metadata['help']} Between {low:,} and {high:,}."
