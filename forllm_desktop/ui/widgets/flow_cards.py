"""Lays cards out in as many equal columns as fit."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

GAP = 12


class FlowCards(QWidget):
    """Cards side by side; in a narrow window in fewer columns."""

    def __init__(self, cards: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = cards
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        self._arrange(len(cards))

    def minimumSizeHint(self) -> QSize:
        # One card wide, or the columns of now would forbid fewer of them.
        return QSize(
            max(card.minimumSizeHint().width() for card in self._cards), self._grid.minimumSize().height()
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        widest = max(card.minimumSizeHint().width() for card in self._cards)
        fit = max(1, (self.width() + GAP) // (widest + GAP))
        # Four cards make rows of four, two or one: three and one would look like a mistake.
        columns = next(n for n in (4, 2, 1) if n <= fit) if len(self._cards) == 4 else fit
        if columns != self._columns:
            self._arrange(columns)

    def _arrange(self, columns: int) -> None:
        self._columns = columns
        for card in self._cards:
            self._grid.removeWidget(card)
        for place, card in enumerate(self._cards):
            self._grid.addWidget(card, place // columns, place % columns)
        for column in range(len(self._cards)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
