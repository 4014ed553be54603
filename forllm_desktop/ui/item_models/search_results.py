"""The rows of the search panel: groups with a head each, of which only the results can be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

ENTRY = Qt.ItemDataRole.UserRole
"""The role that returns the row's `Entry`."""

_LEAD = 24
"""Characters of an excerpt kept in front of its first hit, so that the hit is seen in a narrow row."""


class EntryKind(StrEnum):
    """What a row is; a HEAD names the group below it."""

    HEAD = "head"
    COMMAND = "command"
    SUBFORUM = "subforum"
    TOPIC = "topic"
    POST = "post"
    PERSONA = "persona"


@dataclass(frozen=True)
class Entry:
    """A row. `key` is an id or a command's name; `marks` are (start, end) in `text`; `note` stands right."""

    kind: EntryKind
    key: int | str
    text: str
    note: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    icon: str = ""


def near_first_hit(entry: Entry) -> Entry:
    """Return an entry whose text begins shortly before its first hit."""
    if not entry.marks or entry.marks[0][0] <= _LEAD + 6:
        return entry
    first = entry.marks[0][0]
    space = entry.text.rfind(" ", 0, first - _LEAD)
    cut = space + 1 if space > 0 else first - _LEAD
    marks = tuple((start - cut + 1, end - cut + 1) for start, end in entry.marks)
    return replace(entry, text=f"…{entry.text[cut:]}", marks=marks)


class SearchResults(QAbstractListModel):
    """A flat list of heads and results."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []

    def show_groups(self, groups: Sequence[tuple[str, Sequence[Entry]]]) -> None:
        """Show groups in this order; empty ones are left out."""
        self.beginResetModel()
        self._entries = []
        for title, entries in groups:
            if entries:
                self._entries += [Entry(EntryKind.HEAD, title, title), *entries]
        self.endResetModel()

    def entry(self, row: int) -> Entry:
        """Return the entry of a row."""
        return self._entries[row]

    def next_result(self, row: int, step: int) -> int:
        """Return the next row that can be chosen, forwards or backwards, round the ends; -1 without any."""
        count = len(self._entries)
        for _ in range(count):
            row = (row + step) % count
            if self._entries[row].kind is not EntryKind.HEAD:
                return row
        return -1

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if not index.isValid() or self._entries[index.row()].kind is EntryKind.HEAD:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if role == ENTRY:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{entry.text}, {entry.note}" if entry.note else entry.text
        return None
