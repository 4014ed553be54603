"""The rows of a prompt as an item model, with sections that fold."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from forllm_desktop.ui.widgets.tips import plain_tip
from forllm_desktop.ui.widgets.token_bar import WORDS
from forllm_desktop.ui.xray.rows import Row, RowKind

ROW = Qt.ItemDataRole.UserRole + 1
"""The Row itself."""
FIRST_WORDS = 300
"""Characters of a message that its row looks at."""
_NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class XrayModel(QAbstractListModel):
    """Parts first, then one section below the other; a section shows its entries while it is open."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._parts: Sequence[Row] = ()
        self._sections: dict[str, Sequence[Row]] = {}
        self._open: set[str] = set()

    def show_parts(self, parts: Sequence[Row]) -> bool:
        """Show these parts, with the sections as they are; returns whether every row is where it was."""
        kept = len(parts) == len(self._parts)
        self._parts = parts
        if not kept:
            self.beginResetModel()
            self.rows = self._arranged()
            self.endResetModel()
            return False
        for at, (old, new) in enumerate(zip(self.rows, parts, strict=False)):
            if old != new:
                self.rows[at] = new
                self.dataChanged.emit(self.index(at, 0), self.index(at, 0))
        return True

    def show_section(self, name: str, rows: Sequence[Row]) -> None:
        """Show a section: its head, then its entries; without rows there is none."""
        if self._sections.get(name, ()) == tuple(rows):
            return
        first = self.first_of(name)
        had = self._shown(name)
        if had:
            self.beginRemoveRows(_NOWHERE, first, first + len(had) - 1)
            self._sections.pop(name)
            del self.rows[first : first + len(had)]
            self.endRemoveRows()
        if rows:
            was = dict(self._sections)
            self._sections = {**was, name: tuple(rows)}
            new = self._shown(name)
            first = self.first_of(name)
            self.beginInsertRows(_NOWHERE, first, first + len(new) - 1)
            self.rows[first:first] = new
            self.endInsertRows()

    def is_open(self, name: str) -> bool:
        """Say whether a section shows its entries."""
        return name in self._open

    def fold(self, name: str, *, is_open: bool) -> None:
        """Show the entries of a section or fold them away."""
        entries = list(self._sections.get(name, ()))[1:]
        if is_open == (name in self._open):
            return
        (self._open.add if is_open else self._open.discard)(name)
        if not entries:
            return
        head = self.first_of(name)
        if is_open:
            self.beginInsertRows(_NOWHERE, head + 1, head + len(entries))
            self.rows[head + 1 : head + 1] = entries
            self.endInsertRows()
        else:
            self.beginRemoveRows(_NOWHERE, head + 1, head + len(entries))
            del self.rows[head + 1 : head + 1 + len(entries)]
            self.endRemoveRows()
        self.dataChanged.emit(self.index(head, 0), self.index(head, 0))

    def first_of(self, name: str) -> int:
        """Return where the head of a section is, or would be."""
        at = len(self._parts)
        for section in sorted(self._sections, reverse=True):
            if section <= name:
                break
            at += len(self._shown(section))
        return at

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return first_words(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        if role == Qt.ItemDataRole.ToolTipRole and row.kind is not RowKind.PART:
            return plain_tip(" · ".join(filter(None, (row.role, row.label, row.text[:FIRST_WORDS]))))
        return None

    def _shown(self, name: str) -> list[Row]:
        rows = list(self._sections.get(name, ()))
        return rows if name in self._open else rows[:1]

    def _arranged(self) -> list[Row]:
        rows = list(self._parts)
        for name in sorted(self._sections, reverse=True):
            rows += self._shown(name)
        return rows

    def _spoken(self, row: Row) -> str:
        state = ""
        if row.kind is RowKind.HEAD:
            state = "open" if self.is_open(row.section) else "closed"
        said = (
            row.role,
            WORDS.get(row.source, row.source) if row.kind is not RowKind.HEAD else "",
            row.label,
            "pinned" if row.is_pinned else "",
            f"{row.size} tokens" if row.size and row.tokens else "",
            state,
        )
        words = ", ".join(part for part in said if part)
        text = first_words(row)
        return f"{words}: {text}" if text else words


def first_words(row: Row) -> str:
    """Return as much of a text as a row can show, in one line."""
    words = " ".join(row.text[:FIRST_WORDS].split())
    return words or ("empty, so it is not sent" if row.kind is RowKind.PART else "")
