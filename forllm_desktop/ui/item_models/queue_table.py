"""The queue as a table: rows in the order they run, then what ended, newest first."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.events import Events
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.running import Progress
from forllm_desktop.ui import queue_words, words
from forllm_desktop.ui.widgets.tips import plain_tip

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The QueueRow of a row."""
PROGRESS_ROLE = Qt.ItemDataRole.UserRole + 2
"""The Progress of a running request, else None."""
GATHER = 30
"""Milliseconds in which changes of requests are gathered before they are read."""
PROGRESS_EVERY = 250
"""Milliseconds between two looks at a running request, while it writes and the table is visible."""

_GROUPS = {
    JobStatus.PROCESSING: 0,
    JobStatus.PENDING: 1,
    JobStatus.PENDING_DEPENDENCY: 1,
    JobStatus.ERROR: 3,
    JobStatus.COMPLETE: 4,
    JobStatus.CANCELLED: 5,
}


class Column(IntEnum):
    """The columns, from left to right."""

    STATE = 0
    REQUEST = 1
    PERSONA = 2
    MODEL = 3
    TOKENS = 4
    PROGRESS = 5
    ASKED = 6


HEADS = {
    Column.STATE: "State",
    Column.REQUEST: "Request",
    Column.PERSONA: "Persona",
    Column.MODEL: "Model",
    Column.TOKENS: "Tokens",
    Column.PROGRESS: "Progress",
    Column.ASKED: "Asked",
}

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Batch:
    """Personas that are written together: how many are asked for, and how many are not done yet."""

    batch_id: int
    subforum: str
    size: int
    open: int

    @classmethod
    def of(cls, rows: list[QueueRow]) -> "Batch":
        """Return the batch that these rows belong to; all open ones have to be among them."""
        about = rows[0].writing
        assert about is not None
        n_open = sum(row.job.is_open for row in rows)
        return cls(rows[0].job.batch_id or 0, about.subforum, max(about.batch_size, len(rows)), n_open)


class QueueTable(QAbstractTableModel):
    """Rows of requests. Nothing is read while no view of it is visible; see `set_awake`."""

    def __init__(self, queue: QueueService, events: Events, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._rows: list[QueueRow] = []
        self._keys: list[tuple] = []
        self._changed: set[int] = set()
        self._is_awake = False
        self._is_stale = True
        self._gather = QTimer(self, interval=GATHER, singleShot=True)
        self._gather.timeout.connect(self._read_changed)
        self._progress = QTimer(self, interval=PROGRESS_EVERY, singleShot=True)
        self._progress.timeout.connect(self._show_progress)
        events.job_changed.connect(self._note_change)
        events.reply_grew.connect(self._note_growth)
        events.topic_changed.connect(self._note_topic)
        events.subforums_changed.connect(self._note_all)
        events.personas_changed.connect(self._note_all)

    def set_awake(self, is_awake: bool) -> None:
        """Follow the queue from now on, or stop looking at it."""
        self._is_awake = is_awake
        if is_awake and self._is_stale:
            self.reload()
        elif is_awake and self._changed:
            self._gather.start(GATHER)

    def reload(self) -> None:
        """Read the whole queue anew."""
        rows = sorted(self._queue.table(), key=_key)
        self.beginResetModel()
        self._rows, self._keys = rows, [_key(row) for row in rows]
        self._is_stale = False
        self._changed.clear()
        self.endResetModel()

    def row_of(self, request_id: int) -> int:
        """Return where a request is; -1 when it is not in the table."""
        return next((at for at, row in enumerate(self._rows) if row.job.request_id == request_id), -1)

    def counts(self) -> dict[str, int]:
        """Return the number of requests by the names of the filters."""
        counts = dict.fromkeys(queue_words.FILTERS, 0)
        for row in self._rows:
            for name in queue_words.filters_of(row.job):
                counts[name] += 1
        return counts

    def batches(self) -> list[Batch]:
        """Return what is made together and not done yet, the newest first."""
        found: dict[int, list[QueueRow]] = {}
        for row in self._rows:
            if row.job.batch_id and row.writing is not None:
                found.setdefault(row.job.batch_id, []).append(row)
        return [batch for _, rows in sorted(found.items(), reverse=True) if (batch := Batch.of(rows)).open]

    # -- Qt's questions

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADS[Column(section)]
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == Column.TOKENS else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == PROGRESS_ROLE:
            return self.progress(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, Column(index.column()), utc_now())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(queue_words.tooltip(row, Column(index.column()).name.lower()))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (self._text(row, column, utc_now()) for column in Column)))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return ". ".join(filter(None, (queue_words.who(row), queue_words.answer(row))))
        return None

    def progress(self, row: QueueRow) -> Progress | None:
        """Return what a running request has written so far; None when it does not run."""
        return self._queue.running.get(row.job.request_id) if row.job.status == JobStatus.PROCESSING else None

    def _text(self, row: QueueRow, column: Column, now: datetime) -> str:
        running = self.progress(row)
        match column:
            case Column.STATE:
                return words.state_look(row.job, is_blocked=bool(row.blocked_by)).word
            case Column.REQUEST:
                return queue_words.title(row)
            case Column.PERSONA:
                return queue_words.persona(row)
            case Column.MODEL:
                return queue_words.model(row.job.llm_model)
            case Column.TOKENS:
                return queue_words.tokens(row.job, running)
            case Column.PROGRESS:
                return queue_words.progress(row, running, now)
            case Column.ASKED:
                return words.ago(row.job.requested_at, now)

    # -- following the queue

    def _note_change(self, request_id: int) -> None:
        self._changed.add(request_id)
        if not self._is_awake:
            return
        # A request that writes no post announces its growth as a change.
        wait = PROGRESS_EVERY if self._queue.running.get(request_id) is not None else GATHER
        if not self._gather.isActive() or self._gather.remainingTime() > wait:
            self._gather.start(wait)

    def _note_growth(self, _post_id: int, _offset: int, _text: str) -> None:
        if self._is_awake and not self._progress.isActive():
            self._progress.start()

    def _note_topic(self, topic_id: int) -> None:
        for row in self._rows:
            if row.topic_id == topic_id:
                self._note_change(row.job.request_id)

    def _note_all(self, *_ids: int) -> None:
        self._is_stale = True
        if self._is_awake and not self._gather.isActive():
            self._gather.start(GATHER)

    def _read_changed(self) -> None:
        if not self._is_awake:
            return
        if self._is_stale:
            self._changed |= {row.job.request_id for row in self._rows}
        wanted = set(self._changed)
        found = {row.job.request_id: row for row in self._queue.table(wanted)}
        # Only now: what could not be read is read with the next change.
        self._is_stale = False
        self._changed -= wanted
        for request_id in wanted:
            self._put(request_id, found.get(request_id))

    def _put(self, request_id: int, row: QueueRow | None) -> None:
        at = self.row_of(request_id)
        if row is None:
            if at >= 0:
                self._take_out(at)
            return
        if at < 0:
            self._insert(row)
        elif self._keys[at] == _key(row):
            self._rows[at] = row
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(Column) - 1))
        else:
            self._move(at, row)

    def _move(self, at: int, row: QueueRow) -> None:
        """Move a row, so that a selection stays with it."""
        keys = self._keys[:at] + self._keys[at + 1 :]
        to = bisect_left(keys, _key(row))
        if to != at:
            self.beginMoveRows(QModelIndex(), at, at, QModelIndex(), to if to < at else to + 1)
        del self._rows[at], self._keys[at]
        self._rows.insert(to, row)
        self._keys.insert(to, _key(row))
        if to != at:
            self.endMoveRows()
        self.dataChanged.emit(self.index(to, 0), self.index(to, len(Column) - 1))

    def _insert(self, row: QueueRow) -> None:
        at = bisect_left(self._keys, _key(row))
        self.beginInsertRows(QModelIndex(), at, at)
        self._rows.insert(at, row)
        self._keys.insert(at, _key(row))
        self.endInsertRows()

    def _take_out(self, at: int) -> None:
        self.beginRemoveRows(QModelIndex(), at, at)
        del self._rows[at], self._keys[at]
        self.endRemoveRows()

    def _show_progress(self) -> None:
        for at, row in enumerate(self._rows):
            if row.job.status == JobStatus.PROCESSING:
                self.dataChanged.emit(self.index(at, Column.TOKENS), self.index(at, Column.PROGRESS))


def _key(row: QueueRow) -> tuple:
    """Sort: running, waiting in its order, parked, failed, done, cancelled; ended ones newest first."""
    job: Job = row.job
    group = 2 if job.is_parked else _GROUPS[JobStatus(job.status)]
    order = (job.position, job.request_id) if group < 3 else (-job.request_id, 0)
    return (group, *order)
