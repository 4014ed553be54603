"""The head of a pane: titles at the left, buttons at the right, below each other where there is no room."""

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.flow_layout import FlowLayout

LEAST = 200
"""Width in px at 100 % that the titles have at least beside the buttons."""


class PaneHead(QWidget):
    """Holds what it is given, the buttons in their order."""

    def __init__(
        self, titles: Sequence[QWidget], buttons: Sequence[QWidget], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch()
        for title in titles:
            names.addWidget(title)
        names.addStretch()
        self._buttons = QWidget()
        flow = FlowLayout(self._buttons)
        for button in buttons:
            flow.addWidget(button)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(0, 1)
        self._grid.addLayout(names, 0, 0)
        self._grid.addWidget(self._buttons, 0, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = self._buttons.sizeHint().width() + theme().px(LEAST)
        self._grid.removeWidget(self._buttons)
        if self.width() >= wanted:
            self._grid.addWidget(self._buttons, 0, 1)
        else:
            self._grid.addWidget(self._buttons, 1, 0, 1, 2)
