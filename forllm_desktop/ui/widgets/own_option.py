"""A row for a number that one place sets itself, or leaves to the settings by an empty field."""

from dataclasses import Field
from typing import Any

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.option_controls import NumberLine, OptionControl, mark_line, number_text
from forllm_desktop.ui.widgets.settings_form import OptionRow

WIDTH = 136
"""Of the field in px at 100 %: it has to say what the settings say."""


class OwnOptionRow(OptionRow):
    """As the row of the option in the settings; an empty field, which is None, means as there."""

    way_back = "as in Settings"

    def show_general(self, value: Any) -> None:
        """Show in the empty field what the settings say."""
        assert isinstance(self._control, OwnNumber)
        self._control.show_general(value)

    def _make_control(self) -> OptionControl:
        return OwnNumber(self._option)

    def _usual(self) -> None:
        return None

    def _checked(self, typed: str) -> Any:
        return super()._checked(typed) if typed.strip() else None


class OwnNumber(OptionControl):
    """A line for a number with its unit; what an empty one means is shown in it."""

    def __init__(self, option: Field[Any], name: str = "") -> None:
        super().__init__()
        self._line = line = NumberLine(option)
        line.setAccessibleName(name or option.metadata["label"])
        line.editingFinished.connect(lambda: self.edited.emit(line.text()))
        line.textEdited.connect(self.typing)
        self._row.addWidget(line)
        if option.metadata["unit"]:
            self._row.addWidget(plain_label(option.metadata["unit"], "ui", "text_3"))
        self.setFocusProxy(line)
        self._show = lambda value: line.setText("" if value is None else number_text(value))
        self._mark = lambda is_wrong: mark_line(line, is_wrong)
        look().changed.connect(self._dress)
        self._dress()

    @property
    def is_typing(self) -> bool:
        """Say whether something else is typed than what was shown last."""
        return self._line.isModified() and self._line.hasFocus()

    def show_general(self, value: Any) -> None:
        """Show in the empty field what the settings say."""
        self._line.setPlaceholderText(f"Settings: {number_text(value)}")
        self._line.setAccessibleDescription(f"Empty: as in Settings, {number_text(value)}")
        self._line.general = value

    def _dress(self) -> None:
        self._line.setFixedWidth(theme().px(WIDTH))
