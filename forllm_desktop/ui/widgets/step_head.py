"""The head of a step: number, title, and buttons at the right or, where that is too narrow, below."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.step_number import StepNumber
from forllm_desktop.ui.widgets.wrap_row import WrapRow

EXTRA = 80
"""Least width of the first extra, in px at 100 %."""


class StepHead(QWidget):
    """One line, or two in a narrow window. An extra that elides takes the room that is left."""

    def __init__(
        self, number: int, title: str, extras: Sequence[QWidget] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._number = StepNumber(number)
        self._title = plain_label(title, "heading")
        self._extras = QWidget()
        self._is_wide = True
        line = WrapRow(self._extras)
        for place, extra in enumerate(extras):
            line.add(extra, 0 if place else EXTRA)
        self._extras.setVisible(bool(extras))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.addWidget(self._number, 0, 0)
        self._grid.addWidget(self._title, 0, 1)
        self._grid.addWidget(self._extras, 0, 2)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)

    def minimumSizeHint(self) -> QSize:
        # That of the narrow shape, or the wide one could never be left.
        height = self._grid.minimumSize().height()
        return QSize(max(theme().px(160), self._extras.minimumSizeHint().width()), height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        needed = self._title_end() + 16 + self._extras.sizeHint().width()
        is_wide = self.width() >= needed
        self._title.setWordWrap(self.width() < self._title_end())
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            self._grid.removeWidget(self._extras)
            if is_wide:
                self._grid.addWidget(self._extras, 0, 2)
            else:
                self._grid.addWidget(self._extras, 1, 0, 1, 3, Qt.AlignmentFlag(0))

    def _title_end(self) -> int:
        words = self._title.fontMetrics().horizontalAdvance(self._title.text())
        return theme().px(24) + 16 + words + 2
