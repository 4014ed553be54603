"""A form made from the fields of `Settings`: each option with its label, control, help and reset."""

from collections.abc import Iterable
from dataclasses import Field, fields
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.settings import Settings
from forllm_desktop.events import Events
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.option_controls import OptionControl, control_for, number_text
from forllm_desktop.ui.widgets.wrap_row import WrapRow

WORDS = 200
"""Least width of the words beside a control, in px at 100 %; with less room the control is below them."""


def options_of(section: str) -> list[Field[Any]]:
    """List the options that a section of the form shows."""
    return [option for option in fields(Settings) if option.metadata["section"] == section]


class SettingsForm(QWidget):
    """The options of one section. What is chosen is stored at once; what does not fit stays as typed.

    changed(label, name, before)    an option was stored; `before` is its former value, for an undo
    failed(error)                   an option could not be stored, for another reason than its value
    """

    changed = Signal(str, str, object)
    failed = Signal(object)

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
            row.edited.connect(partial(self._store, name))
        events.settings_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the stored options; a row in which something wrong was typed keeps it."""
        stored = self._settings.current()
        for name, row in self._rows.items():
            if not row.is_wrong:
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
    """

    edited = Signal(object)

    def __init__(self, option: Field[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._option = option
        self.label: str = option.metadata["label"]
        self.is_wrong = False
        self._control: OptionControl = control_for(option)
        self._reset = icon_button(f"{self.label}: back to the default", "arrow-counter-clockwise")
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
        row.add(self._control)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 10)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._error)
        self.setFocusProxy(self._control)

        self._control.edited.connect(self.edited)
        self._reset.clicked.connect(self._go_back)

    def show_value(self, value: Any) -> None:
        """Show a stored value; an error about another one goes."""
        self.is_wrong = False
        self._control.show_value(value)
        self._control.mark_wrong(False)
        self._error.hide()
        self._reset.setVisible(value != self._option.default)

    def show_error(self, error: InvalidInput) -> None:
        """Say below the control what is wrong with what it holds."""
        self.is_wrong = True
        self._error.setText(error.message or error.title)
        self._error.show()
        self._control.mark_wrong(True)
        self._reset.show()

    def matches(self, text: str) -> bool:
        """Say whether the words of this option contain all words of a text."""
        choices = " ".join(self._option.metadata["choices"].values())
        own = f"{self.label} {self._option.metadata['help']} {choices}".casefold()
        return all(word in own for word in text.casefold().split())

    def _go_back(self) -> None:
        self.edited.emit(self._option.default)
        self._control.setFocus(Qt.FocusReason.TabFocusReason)

    def _help(self) -> str:
        low, high = self._option.metadata["lowest"], self._option.metadata["highest"]
        if high is None or self._option.metadata["choices"]:
            return self._option.metadata["help"]
        return f"{self._option.metadata['help']} Between {low:,} and {high:,}."
