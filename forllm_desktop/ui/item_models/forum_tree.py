"""The item model of the forum tree: subforums, and below them their topics, fetched page by page."""

import json
from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
    Slot,
)

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.forum_tree import TopicEntry
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.item_models.forum_rows import NEW_SUBFORUM, Branch, SubforumRow, TopicRow, TreeRow
from forllm_desktop.ui.item_models.tree_changes import TreeChanger

TOPICS_MIME = "application/x-forllm-topics"
SUBFORUM_MIME = "application/x-forllm-subforum"
PAGE = 100
"""Topics fetched at once; a screen holds about 40."""
_PAUSE = 50
"""Milliseconds in which changes are gathered before they are read."""
_TOPIC = 1

Index = QModelIndex | QPersistentModelIndex


class Role(IntEnum):
    """`ROW` returns the SubforumRow or TopicRow, `SORT` what the rows are sorted by."""

    ROW = Qt.ItemDataRole.UserRole + 1
    SORT = Qt.ItemDataRole.UserRole + 2


class ForumTreeModel(QAbstractItemModel):
    """The tree. Reads when rows are fetched and after events, never while data is asked for.

    changed(undo)     something was renamed or moved through the model; how to take it back
    failed(error)     a drop or an edit was refused; a ForllmError
    refreshed()       changes that were announced are shown now
    """

    changed = Signal(object)
    failed = Signal(object)
    refreshed = Signal()

    def __init__(
        self, forum: ForumService, personas: PersonaService, events: Events, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._forum = forum
        self.branches: dict[int, Branch] = {}
        self.order: list[int] = []
        self.homes: dict[int, int] = {}
        self._changer = TreeChanger(self, forum, personas)
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self.refresh)
        self._changer.load()
        events.subforums_changed.connect(self._note_subforums)
        events.personas_changed.connect(self._note_subforums)
        events.topic_changed.connect(self._note_topic)
        for signal in (events.post_added, events.post_changed, events.post_removed):
            signal.connect(self._note_post)
        events.job_changed.connect(self._note_request)

    # -- what is where

    def subforum_index(self, subforum_id: int) -> QModelIndex:
        """Return the index of a subforum; invalid when it is not there."""
        if subforum_id not in self.branches:
            return QModelIndex()
        return self.createIndex(self.order.index(subforum_id), 0, subforum_id << 1)

    def topic_index(self, topic_id: int) -> QModelIndex:
        """Return the index of a topic that was fetched; else an invalid one."""
        branch = self.branches.get(self.homes.get(topic_id, -1))
        if branch is None:
            return QModelIndex()
        row = next(at for at, row in enumerate(branch.topics) if row.entry.topic_id == topic_id)
        return self.createIndex(row, 0, topic_id << 1 | _TOPIC)

    def row(self, index: Index) -> TreeRow:
        """Return the record of a valid index."""
        if self.is_topic(index):
            branch = self.branches[self.homes[index.internalId() >> 1]]
            return branch.topics[index.row()]
        return self.branches[index.internalId() >> 1].row

    def is_topic(self, index: Index) -> bool:
        """Say whether a valid index is a topic's."""
        return bool(index.internalId() & _TOPIC)

    def subforum_id(self, index: Index) -> int:
        """Return the subforum of a row, or the one a topic is in; 0 for none and for one yet to be named."""
        if not index.isValid():
            return 0
        row = self.row(index)
        return row.entry.subforum_id

    def unread_topics(self, subforum_id: int) -> list[int]:
        """Return the topics of a subforum that have unread replies, fetched or not."""
        return [state.topic_id for state in self.branches[subforum_id].states.values() if state.unread]

    def fetch_topic(self, topic_id: int) -> QModelIndex:
        """Return the index of a topic, fetching the rows down to it; invalid when it does not exist."""
        self.refresh()
        found = self.topic_index(topic_id)
        entry = None if found.isValid() else self._forum.tree.entry(topic_id)
        branch = self.branches.get(entry.subforum_id) if entry else None
        if entry is None or branch is None:
            return found
        rows = self._forum.tree.page_through(entry.subforum_id, branch.reached, entry.place)
        self._append(branch, rows, is_last=False)
        return self.topic_index(topic_id)

    def has_more(self, index: Index) -> bool:
        """Say whether topics are left to fetch below a row."""
        if not index.isValid() or self.is_topic(index):
            return False
        return not self.branches[index.internalId() >> 1].is_complete

    def fetch_page(self, index: Index) -> None:
        """Fetch further topics of a subforum."""
        branch = self.branches[index.internalId() >> 1]
        rows = self._forum.tree.page(branch.row.entry.subforum_id, branch.reached, PAGE)
        self._append(branch, rows, is_last=len(rows) < PAGE)

    # -- reading, as Qt asks for it

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        if not parent.isValid():
            return self.createIndex(row, column, self.order[row] << 1)
        topic_id = self.branches[parent.internalId() >> 1].topics[row].entry.topic_id
        return self.createIndex(row, column, topic_id << 1 | _TOPIC)

    def parent(self, child: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        if not child.isValid() or not self.is_topic(child):
            return QModelIndex()
        return self.subforum_index(self.homes.get(child.internalId() >> 1, -1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self.order)
        return 0 if self.is_topic(parent) else len(self.branches[parent.internalId() >> 1].topics)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 1

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        if not parent.isValid():
            return bool(self.order)
        if self.is_topic(parent):
            return False
        branch = self.branches[parent.internalId() >> 1]
        return bool(branch.topics) or not branch.is_complete

    def canFetchMore(self, parent: Index) -> bool:
        # A tree view fetches at every layout as long as it can. It gets the first page in this way; the
        # others are fetched by `fetch_page`, as they come into sight.
        return self.has_more(parent) and self.branches[parent.internalId() >> 1].reached is None

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self.fetch_page(parent)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.row(index)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return row.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.spoken
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return row.entry.description if isinstance(row, SubforumRow) else ""
            case Role.ROW:
                return row
            case Role.SORT:
                return index.row()
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        flag = Qt.ItemFlag
        usual = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsEditable
        if self.row(index) is NEW_SUBFORUM:
            return usual | flag.ItemNeverHasChildren
        usual |= flag.ItemIsDragEnabled | flag.ItemIsDropEnabled
        return usual | flag.ItemNeverHasChildren if self.is_topic(index) else usual

    # -- changing

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename as `rename` does; a refusal is told by `failed`."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        try:
            self.rename(index, str(value))
        except ForllmError as error:
            self.failed.emit(error)
            return False
        return True

    def rename(self, index: Index, name: str) -> None:
        """Give a subforum or topic another name. Raises InvalidInput and NotFound."""
        row = self.row(index)
        if name == row.title:
            return
        if isinstance(row, TopicRow):
            undo = self._forum.rename_topic(row.entry.topic_id, name)
        else:
            undo = self._forum.rename_subforum(row.entry.subforum_id, name)
        self.refresh()
        self.changed.emit(undo)

    def begin_subforum(self) -> QModelIndex:
        """Add the row in which the name of a new subforum is typed."""
        if 0 not in self.branches:
            self.beginInsertRows(QModelIndex(), len(self.order), len(self.order))
            self.branches[0] = Branch(NEW_SUBFORUM)
            self.order.append(0)
            self.endInsertRows()
        return self.subforum_index(0)

    def end_subforum(self) -> None:
        """Take that row away again."""
        if 0 in self.branches:
            self._changer.remove_subforum(0)

    def create_subforum(self, name: str) -> int:
        """Make a subforum and return its number. Raises InvalidInput; the row of its name stays then."""
        made = self._forum.create_subforum(name).subforum_id
        self.refresh()
        self.end_subforum()
        return made

    # -- dragging

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [TOPICS_MIME, SUBFORUM_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the topics among the rows, or else the first subforum."""
        rows = [self.row(index) for index in indexes]
        topics = [row.entry.topic_id for row in rows if isinstance(row, TopicRow)]
        ids = topics or [row.entry.subforum_id for row in rows if isinstance(row, SubforumRow)][:1]
        data = QMimeData()
        data.setData(TOPICS_MIME if topics else SUBFORUM_MIME, json.dumps(ids).encode())
        return data

    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        if data.hasFormat(TOPICS_MIME):
            target = self.subforum_id(parent)
            return bool(target) and any(self._home(topic) != target for topic in _ids(data, TOPICS_MIME))
        moved = _ids(data, SUBFORUM_MIME)
        return bool(moved) and not parent.isValid() and moved[0] in self.branches

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """Move topics into the subforum of `parent`, or a subforum before the row `row` (-1: to the end)."""
        if not self.canDropMimeData(data, action, row, column, parent):
            return False
        try:
            if data.hasFormat(TOPICS_MIME):
                self.move_topics(_ids(data, TOPICS_MIME), self.subforum_id(parent))
            else:
                moved = _ids(data, SUBFORUM_MIME)[0]
                row = len(self.order) if row < 0 else row
                self.move_subforum(moved, row - (row > self.order.index(moved)))
        except ForllmError as error:
            self.failed.emit(error)
            return False
        return True

    def move_topics(self, topic_ids: Sequence[int], subforum_id: int) -> None:
        """Put topics into a subforum. Raises NotFound."""
        moved = [topic_id for topic_id in topic_ids if self._home(topic_id) != subforum_id]
        if moved:
            undo = self._forum.move_topics(moved, subforum_id)
            self.refresh()
            self.changed.emit(undo)

    def move_subforum(self, subforum_id: int, position: int) -> None:
        """Put a subforum at a place in the list, counted from 0. Raises NotFound."""
        if self.order.index(subforum_id) != position and 0 <= position < len(self.order):
            undo = self._forum.move_subforum(subforum_id, position)
            self.refresh()
            self.changed.emit(undo)

    # -- following events

    @Slot()
    def refresh(self) -> None:
        """Show now what was announced and not shown yet."""
        self._timer.stop()
        if self._changer.apply():
            self.refreshed.emit()

    @Slot()
    def _note_subforums(self) -> None:
        self._changer.subforums_changed = True
        self._start()

    @Slot(int)
    def _note_topic(self, topic_id: int) -> None:
        self._changer.topic_ids.add(topic_id)
        self._start()

    @Slot(int)
    def _note_post(self, post_id: int) -> None:
        self._changer.post_ids.add(post_id)
        self._start()

    @Slot(int)
    def _note_request(self, request_id: int) -> None:
        self._changer.request_ids.add(request_id)
        self._start()

    def _start(self) -> None:
        # Not started anew by each event: a steady stream of them would put the reading off for ever.
        if not self._timer.isActive():
            self._timer.start()

    def _append(self, branch: Branch, entries: list[TopicEntry], *, is_last: bool) -> None:
        # One that is shown in another place was moved a moment ago; the event will bring it here.
        rows = [branch.topic_row(entry) for entry in entries if entry.topic_id not in self.homes]
        subforum_id, first = branch.row.entry.subforum_id, len(branch.topics)
        if rows:
            self.beginInsertRows(self.subforum_index(subforum_id), first, first + len(rows) - 1)
            branch.topics += rows
            self.homes.update((row.entry.topic_id, subforum_id) for row in rows)
        branch.reached = entries[-1].place if entries else branch.reached
        branch.is_complete = branch.is_complete or is_last
        if rows:
            self.endInsertRows()

    def _home(self, topic_id: int) -> int:
        return self.homes.get(topic_id, 0)


def _ids(data: QMimeData, kind: str) -> list[int]:
    return [int(found) for found in json.loads(bytes(data.data(kind).data()) or b"[]")]
