"""The variation plan of several experts: what sets each apart, to be changed before they are made."""

from collections.abc import Sequence
from dataclasses import astuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from forllm_desktop.domain.variation import Angle, too_alike, variation_plan
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.tips import plain_tip

HEADS = ("Special field", "Temperament", "Audience", "Method")

_LINES = 3
"""Lines of a cell."""


class PlanTable(QWidget):
    """One row for each expert; a cell is changed in place.

    edited()    the user changed a cell or had the table filled anew
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = QTableWidget(0, len(HEADS))
        self._table.setProperty("rows", "lines")
        self._table.setHorizontalHeaderLabels(HEADS)
        self._table.setAccessibleName("Variation plan")
        self._table.setShowGrid(False)
        self._table.setTabKeyNavigation(False)
        self._table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._table.horizontalHeader().setSectionsClickable(False)
        self._table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self._table.setCornerButtonEnabled(False)
        self._table.setStyleSheet("QTableCornerButton::section { background: transparent; border: none; }")
        self._table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._table.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        self._table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._alike = plain_label("", "small", "danger", wraps=True)
        self._refill = push_button("Fill anew", "quiet", "arrow-clockwise", small=True)
        self._hint = plain_label(
            "Each expert gets its row as a directive. Two of them share at most one of the four.",
            "small",
            "text_3",
            wraps=True,
        )
        head = QHBoxLayout()
        head.addWidget(plain_label("Variation plan", "heading"))
        head.addStretch()
        head.addWidget(self._refill)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._hint)
        layout.addWidget(self._alike)
        layout.addWidget(self._table, 1)
        self._table.itemChanged.connect(self._note)
        self._refill.clicked.connect(self._fill_anew)
        look().changed.connect(self._dress)
        self.setFocusProxy(self._table)
        self._dress()

    def plan(self) -> list[Angle]:
        """Return the plan as it is typed."""
        columns = range(len(HEADS))
        rows = [
            [self._table.item(row, column) for column in columns] for row in range(self._table.rowCount())
        ]
        return [Angle(*(item.text().strip() if item else "" for item in row)) for row in rows]

    def show_plan(self, plan: Sequence[Angle]) -> None:
        """Show a plan."""
        shown = self.plan()
        if list(plan) == shown:
            return
        self._table.blockSignals(True)
        self._table.setRowCount(len(plan))
        for row, angle in enumerate(plan):
            if row < len(shown) and shown[row] == angle:
                continue
            for column, words in enumerate(astuple(angle)):
                item = QTableWidgetItem(words)
                item.setToolTip(plain_tip(words))
                item.setData(
                    Qt.ItemDataRole.AccessibleTextRole, f"Expert {row + 1}, {HEADS[column]}: {words}"
                )
                self._table.setItem(row, column, item)
        self._table.blockSignals(False)
        self._show_alike()

    def _fill_anew(self) -> None:
        if self._table.rowCount():
            self.show_plan(variation_plan(self._table.rowCount()))
            self.edited.emit()

    def _note(self, item: QTableWidgetItem) -> None:
        self._table.blockSignals(True)
        item.setToolTip(plain_tip(item.text()))
        words = f"Expert {item.row() + 1}, {HEADS[item.column()]}: {item.text()}"
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        self._table.blockSignals(False)
        self._show_alike()
        self.edited.emit()

    def _show_alike(self) -> None:
        alike = too_alike(self.plan())
        words = ""
        if alike is not None:
            one, other = alike[0] + 1, alike[1] + 1
            words = f"Expert {one} and expert {other} are too alike: they share more than one of the four."
        self._alike.setText(words)
        self._alike.setVisible(bool(words))

    def _dress(self) -> None:
        head = self._table.horizontalHeader()
        widest = max(QFontMetrics(theme().font("caption")).horizontalAdvance(word) for word in HEADS)
        head.setMinimumSectionSize(widest + theme().px(34))
        self._table.verticalHeader().setDefaultSectionSize(_LINES * theme().line_height("ui") + 10)
