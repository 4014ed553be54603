"""The trash as a table model: what was deleted, where it was, when."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from forllm_desktop.domain.undo import TrashItem
from forllm_desktop.ui import words
from forllm_desktop.ui.widgets.tips import plain_tip

ITEM = Qt.ItemDataRole.UserRole
HEADS = ("What", "Kind", "Was in", "Deleted")

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class TrashList(QAbstractTableModel):
    """One row per deleted thing, the last deleted first. The role `ITEM` returns the TrashItem."""

    def __init__(self, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._items: list[TrashItem] = []

    def show_items(self, items: Sequence[TrashItem]) -> None:
        """Show these, taking away and adding only the rows that differ."""
        wanted = {(item.kind, item.id) for item in items}
        for row in range(len(self._items) - 1, -1, -1):
            if (self._items[row].kind, self._items[row].id) not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._items[row]
                self.endRemoveRows()
        for row, item in enumerate(items):
            if row >= len(self._items) or self._items[row] != item:
                self.beginInsertRows(QModelIndex(), row, row)
                self._items.insert(row, item)
                self.endInsertRows()
        # What changed its place or its words is still there twice; the rows behind the new ones are old.
        if len(self._items) > len(items):
            self.beginRemoveRows(QModelIndex(), len(items), len(self._items) - 1)
            del self._items[len(items) :]
            self.endRemoveRows()

    def item(self, row: int) -> TrashItem:
        """Return the thing in a row."""
        return self._items[row]

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item = self._items[index.row()]
        if role == ITEM:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            shown = (
                item.title,
                item.kind.value.capitalize(),
                item.where,
                words.ago(item.deleted_at, self._now()),
            )
            return shown[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            is_time = index.column() == len(HEADS) - 1
            return words.exact(item.deleted_at) if is_time else plain_tip(item.title)
        return None
