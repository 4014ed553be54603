"""The versions of one persona as rows, the unsaved draft on top."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.persona import PersonaContent
from forllm_desktop.domain.persona_card import VersionEntry
from forllm_desktop.ui import words
from forllm_desktop.ui.version_words import author_of, title_of

_NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex
DRAFT = 0
"""The number of the row that is not saved yet."""


@dataclass(frozen=True)
class VersionRow:
    """A version, or with the number 0 what is typed and not saved."""

    number: int
    title: str
    author: str
    moment: datetime
    content: PersonaContent
    n_posts: int = 0

    @property
    def name(self) -> str:
        """How the row is called: "v4" or "Draft"."""
        return f"v{self.number}" if self.number else "Draft"


class Role(IntEnum):
    """`ROW` returns the VersionRow, `LINE` its second line."""

    ROW = Qt.ItemDataRole.UserRole + 1
    LINE = Qt.ItemDataRole.UserRole + 2


def row_from(entry: VersionEntry) -> VersionRow:
    """Return a version as a row."""
    version = entry.version
    return VersionRow(
        version.version, title_of(entry), author_of(entry), version.created_at, version.content, entry.n_posts
    )


def draft_row(content: PersonaContent, typed_at: datetime) -> VersionRow:
    """Return what is typed as a row."""
    return VersionRow(DRAFT, "Not saved yet", "You", typed_at, content)


class VersionListModel(QAbstractListModel):
    """Rows come and go one by one, so that a selection survives; `clock` says what "now" is."""

    def __init__(self, clock: Callable[[], datetime] = utc_now, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._rows: list[VersionRow] = []

    @property
    def rows(self) -> list[VersionRow]:
        """The rows from the top, the newest first."""
        return list(self._rows)

    def show_rows(self, rows: Sequence[VersionRow], *, is_same: bool) -> None:
        """Show these rows; `is_same`: they are of the same persona as before."""
        if not is_same:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        wanted = {row.number for row in rows}
        for at in range(len(self._rows) - 1, -1, -1):
            if self._rows[at].number not in wanted:
                self.beginRemoveRows(_NOWHERE, at, at)
                del self._rows[at]
                self.endRemoveRows()
        for at, row in enumerate(rows):
            if at >= len(self._rows) or self._rows[at].number != row.number:
                self.beginInsertRows(_NOWHERE, at, at)
                self._rows.insert(at, row)
                self.endInsertRows()
            elif self._rows[at] != row:
                self._rows[at] = row
                self.dataChanged.emit(self.index(at, 0), self.index(at, 0))

    def index_of(self, number: int) -> QModelIndex:
        """Return the index of a version; invalid when it is not there."""
        at = next((at for at, row in enumerate(self._rows) if row.number == number), -1)
        return self.index(at, 0) if at >= 0 else QModelIndex()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{row.name}   {row.title}"
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{row.name}, {row.title}, {self._line(row)}"
            case Qt.ItemDataRole.ToolTipRole:
                # Tooltips take markup for markup; notes are shown as they are.
                return f"<p>{html.escape(row.title)}<br>{words.exact(row.moment)}</p>"
            case Role.ROW:
                return row
            case Role.LINE:
                return self._line(row)
        return None

    def _line(self, row: VersionRow) -> str:
        now = self._clock()
        is_now = (now - row.moment).total_seconds() < 60
        when = "now" if is_now else words.clock(row.moment, now)
        used = f"used by {words.counted(row.n_posts, 'post')}" if row.n_posts else ""
        return " · ".join(filter(None, (row.author, when, used)))
