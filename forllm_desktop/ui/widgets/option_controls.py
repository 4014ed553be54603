"""The control for an option, by its type: switch, segments, swatches, list, number, text or lines."""

from collections.abc import Callable
from dataclasses import Field
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.accent_picker import AccentPicker
from forllm_desktop.ui.widgets.combo_box import ComboBox
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.lines_edit import LinesEdit
from forllm_desktop.ui.widgets.segmented import Segmented
from forllm_desktop.ui.widgets.switch import Switch

MOST_SEGMENTS = 3
MOST_LINE = 400
"""Width of a line to type in, in px at any text size: it has to fit into the narrowest window."""


class OptionControl(QWidget):
    """A control with one way in and one way out, whatever it is made of.

    edited(value)    the user chose or typed something; it may not fit the option
    typing(text)     what is typed so far
    """

    edited = Signal(object)
    typing = Signal(str)
    is_wide = False
    """Whether it takes a line of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._show: Callable[[Any], object] = lambda value: None
        self._mark: Callable[[bool], object] = lambda is_wrong: None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def show_value(self, value: Any) -> None:
        """Show a value, without the signal."""
        self._show(value)

    def mark_wrong(self, is_wrong: bool) -> None:
        """Show whether what was typed does not fit."""
        self._mark(is_wrong)


def control_for(option: Field[Any]) -> OptionControl:
    """Return the control for an option of the settings."""
    if isinstance(option.default, bool):
        return _SwitchControl(option)
    if option.name == "accent":
        return _AccentControl(option)
    if option.metadata["choices"]:
        many = len(option.metadata["choices"]) > MOST_SEGMENTS
        return _ListControl(option) if many else _SegmentsControl(option)
    return _LinesControl(option) if option.metadata["has_lines"] else _TypedControl(option)


class _SwitchControl(OptionControl):
    def __init__(self, option: Field[Any]) -> None:
        super().__init__()
        switch = Switch(option.metadata["label"])
        switch.clicked.connect(lambda: self.edited.emit(switch.isChecked()))
        self._row.addWidget(switch)
        self.setFocusProxy(switch)
        self._show = switch.setChecked


class _AccentControl(OptionControl):
    def __init__(self, option: Field[Any]) -> None:
        super().__init__()
        picker = AccentPicker(option.metadata["label"])
        picker.chosen.connect(self.edited.emit)
        self._row.addWidget(picker)
        self.setFocusProxy(picker)
        self._show = picker.choose


class _SegmentsControl(OptionControl):
    def __init__(self, option: Field[Any]) -> None:
        super().__init__()
        segments = Segmented(option.metadata["label"], option.metadata["choices"])
        segments.chosen.connect(self.edited.emit)
        self._row.addWidget(segments)
        self.setFocusProxy(segments)
        self._show = segments.choose


class _ListControl(OptionControl):
    def __init__(self, option: Field[Any]) -> None:
        super().__init__()
        box = ComboBox(option.metadata["label"])
        for value, word in option.metadata["choices"].items():
            box.add(word, value)
        box.activated.connect(lambda _row: self.edited.emit(box.currentData()))
        self._row.addWidget(box)
        self.setFocusProxy(box)
        self._show = box.choose


class _LinesControl(OptionControl):
    is_wide = True

    def __init__(self, option: Field[Any]) -> None:
        super().__init__()
        lines = LinesEdit(option.metadata["label"])
        lines.finished.connect(self.edited.emit)
        lines.typing.connect(self.typing)
        self._row.addWidget(lines)
        self._row.setAlignment(Qt.AlignmentFlag(0))
        self.setFocusProxy(lines)
        self._show = lines.show_text
        self._mark = lines.mark_wrong


class _TypedControl(OptionControl):
    def __init__(self, option: Field[Any]) -> None:
        super().__init__()
        is_number = isinstance(option.default, int | float)
        line = NumberLine(option) if is_number else QLineEdit()
        line.setAccessibleName(option.metadata["label"])
        line.setAccessibleDescription(option.metadata["help"])
        line.editingFinished.connect(lambda: self.edited.emit(line.text()))
        line.textEdited.connect(self.typing)
        self._line = line
        self._is_number = is_number
        self._dress()
        look().changed.connect(self._dress)
        self._row.addWidget(line)
        if option.metadata["unit"]:
            self._row.addWidget(plain_label(option.metadata["unit"], "ui", "text_3"))
        self.setFocusProxy(line)
        self._show = lambda value: line.setText(number_text(value))
        self._mark = lambda is_wrong: mark_line(line, is_wrong)

    def _dress(self) -> None:
        self._line.setFixedWidth(theme().px(96) if self._is_number else min(theme().px(240), MOST_LINE))


class NumberLine(QLineEdit):
    """A line for a number: Up and Down change it, what does not fit stays as it was typed."""

    def __init__(self, option: Field[Any]) -> None:
        super().__init__()
        self._low, self._high = option.metadata["lowest"], option.metadata["highest"]
        default: Any = option.default
        self._step = max(1, int(default) // 10)
        self._is_whole = isinstance(default, int)
        self.general: float = default
        """What an empty line counts from."""
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            super().keyPressEvent(event)
            return
        try:
            typed = float(self.text().strip() or self.general)
        except ValueError:
            return
        then = typed + (self._step if event.key() == Qt.Key.Key_Up else -self._step)
        then = min(max(then, self._low), self._high)
        self.setText(number_text(int(then) if self._is_whole else then))
        self.editingFinished.emit()


def mark_line(line: QLineEdit, is_wrong: bool) -> None:
    """Show with its border whether a line holds what cannot be kept."""
    line.setProperty("invalid", "true" if is_wrong else "false")
    line.style().unpolish(line)
    line.style().polish(line)


def number_text(value: Any) -> str:
    """Return a value as it is typed: 120 and not 120.0."""
    return f"{value:g}" if isinstance(value, float) and value < 1e6 else str(value)
