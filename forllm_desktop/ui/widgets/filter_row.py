"""A row of filters with their numbers; where there is no room for it, a list to choose from."""

from collections.abc import Iterable

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from forllm_desktop.ui import words
from forllm_desktop.ui.theme import look
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.combo_box import ComboBox

GAP = 4


class FilterRow(QWidget):
    """One of the filters is chosen.

    chosen(name)    the user chose another one
    """

    chosen = Signal(str)

    def __init__(self, name: str, filters: Iterable[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons = {filter: push_button(filter, "quiet", small=True) for filter in filters}
        self._list = ComboBox(name)
        self._is_wide = True
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        for filter, button in self._buttons.items():
            button.setCheckable(True)
            button.setProperty("role", "filter")
            button.clicked.connect(lambda _=False, filter=filter: self.chosen.emit(filter))
            self._list.add(filter, filter)
            layout.addWidget(button)
        layout.addWidget(self._list)
        layout.addStretch()
        self._list.hide()
        self._list.activated.connect(lambda _row: self.chosen.emit(self._list.currentData()))
        look().changed.connect(self._fit)

    def choose(self, name: str) -> None:
        """Show which one is chosen, without the signal."""
        for other, button in self._buttons.items():
            button.setChecked(other == name)
        self._list.choose(name)

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show how many requests each filter lets through."""
        for row, (name, button) in enumerate(self._buttons.items()):
            number = counts[name]
            button.setText(f"{name} {number:,}" if number else name)
            button.setAccessibleName(f"{name}, {words.counted(number, 'request')}")
            self._list.setItemText(row, button.text())
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(self._wide_width(), self._height())

    def minimumSizeHint(self) -> QSize:
        # That of the list, or the row of buttons could never be left.
        return QSize(self._list.minimumSizeHint().width(), self._height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        is_wide = self.width() >= self._wide_width()
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            for button in self._buttons.values():
                button.setVisible(is_wide)
            self._list.setVisible(not is_wide)

    def _wide_width(self) -> int:
        widths = [button.sizeHint().width() for button in self._buttons.values()]
        return sum(widths) + GAP * (len(widths) - 1)

    def _height(self) -> int:
        button = next(iter(self._buttons.values()))
        return max(button.sizeHint().height(), self._list.sizeHint().height())
