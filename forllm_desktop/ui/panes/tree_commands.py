"""What can be done with a row of the forum tree: the same commands by context menu and by key."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.forum import ForumService
from forllm_desktop.ui.delegates.forum_row import text_left
from forllm_desktop.ui.item_models.forum_rows import NEW_SUBFORUM, SubforumRow, TopicRow
from forllm_desktop.ui.item_models.forum_tree import ForumTreeModel
from forllm_desktop.ui.panes.commands import SEPARATOR, Command, fill, short, take_key
from forllm_desktop.ui.panes.forum_view import ForumTreeView


class TreeCommands(QObject):
    """Makes the commands for the current row, shows them as a menu and answers keys.

    new_topic_requested(subforum_id)    a topic is to be started there
    new_subforum_requested()
    describe_requested(subforum_id)     its name and description are to be changed
    settings_requested(subforum_id)     its page is to be shown, with its personas
    assign_requested(subforum_id, place)  personas are to be assigned; `place` is its row on the screen
    ask_requested(topic_id, place)      personas are to be asked in a topic
    experts_requested(subforum_id)      a model shall write personas for it
    undo_offered(undo)                  something was done; how to take it back
    failed(error)                       something could not be done; a ForllmError
    """

    new_topic_requested = Signal(int)
    new_subforum_requested = Signal()
    describe_requested = Signal(int)
    settings_requested = Signal(int)
    assign_requested = Signal(int, QRect)
    ask_requested = Signal(int, QRect)
    experts_requested = Signal(int)
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(self, forum: ForumService, model: ForumTreeModel, view: ForumTreeView) -> None:
        super().__init__(view)
        self._forum = forum
        self._model = model
        self._view = view
        view.menu_requested.connect(self._show_menu)
        view.key_pressed.connect(self._take_key)

    def commands(self) -> list[Command]:
        """Return what can be done with the selected rows, or with the whole tree when there is none."""
        topics = self._view.selected_topics()
        if len(topics) > 1:
            return self._for_topics(topics)
        index = self._view.currentIndex()
        row = self._model.row(index) if index.isValid() else None
        if isinstance(row, TopicRow):
            return self._for_topic(row)
        if isinstance(row, SubforumRow) and row is not NEW_SUBFORUM:
            return self._for_subforum(row)
        return self._for_all()

    def menu(self) -> QMenu:
        """Return the commands as a menu that is deleted once it closes."""
        made = QMenu(self._view)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made.setAccessibleName("What to do here")
        fill(made, self.commands())
        return made

    # -- the commands

    def _for_topic(self, row: TopicRow) -> list[Command]:
        id, view = row.entry.topic_id, self._view
        others = [other for other in self._subforums() if other.entry.subforum_id != row.entry.subforum_id]
        moves = tuple(
            Command(short(other.title), self._doing(self._model.move_topics, [id], other.entry.subforum_id))
            for other in others
        )
        return [
            Command("Open", lambda: view.opened.emit(id, False), ("Return", "Enter"), "arrow-square-out"),
            Command("Open in a new tab", lambda: view.opened.emit(id, True), ("Ctrl+Return", "Ctrl+Enter")),
            Command(
                "Ask a persona…",
                lambda: self.ask_requested.emit(id, self._row_place()),
                ("Alt+P",),
                "chat-centered-text",
            ),
            SEPARATOR,
            Command("Rename", self._edit, ("F2",), "pencil-simple"),
            Command("Move to", icon="folder-simple", is_enabled=bool(moves), below=moves),
            Command("Mark as read", self._reading([id]), (), "checks", bool(row.unread)),
            SEPARATOR,
            Command("Delete", self._doing_undoable(self._forum.delete_topic, id), ("Del",), "trash"),
        ]

    def _for_topics(self, rows: list[TopicRow]) -> list[Command]:
        ids, homes = [row.entry.topic_id for row in rows], {row.entry.subforum_id for row in rows}
        others = [other for other in self._subforums() if homes != {other.entry.subforum_id}]
        moves = tuple(
            Command(short(other.title), self._doing(self._model.move_topics, ids, other.entry.subforum_id))
            for other in others
        )

        def open_all() -> None:
            for id in ids:
                self._view.opened.emit(id, True)

        number = f"{len(ids):,} topics"
        return [
            Command(f"Open {number} in tabs", open_all, ("Ctrl+Return", "Ctrl+Enter"), "arrow-square-out"),
            SEPARATOR,
            Command(f"Move {number} to", icon="folder-simple", is_enabled=bool(moves), below=moves),
            Command("Mark as read", self._reading(ids), (), "checks", any(row.unread for row in rows)),
            SEPARATOR,
            Command(
                f"Delete {number}", self._doing_undoable(self._forum.delete_topics, ids), ("Del",), "trash"
            ),
        ]

    def _for_subforum(self, row: SubforumRow) -> list[Command]:
        id = row.entry.subforum_id
        place = self._model.order.index(id)
        up = self._doing(self._model.move_subforum, id, place - 1)
        down = self._doing(self._model.move_subforum, id, place + 1)
        last = len(self._subforums()) - 1
        is_open = self._view.isExpanded(self._model.subforum_index(id))
        return [
            Command("Close" if is_open else "Open", self._toggle, ("Return", "Enter")),
            Command("New topic here", lambda: self.new_topic_requested.emit(id), (), "note-pencil"),
            Command(
                "Assign personas…",
                lambda: self.assign_requested.emit(id, self._row_place()),
                ("Alt+P",),
                "users",
            ),
            SEPARATOR,
            Command("Rename", self._edit, ("F2",), "pencil-simple"),
            Command("Name and description", lambda: self.describe_requested.emit(id), ("Alt+Return",)),
            Command(
                "Subforum settings…",
                lambda: self.settings_requested.emit(id),
                ("Ctrl+Return", "Ctrl+Enter"),
                "sliders-horizontal",
            ),
            Command("Generate experts…", lambda: self.experts_requested.emit(id), (), "magic-wand"),
            Command("Move up", up, ("Alt+Up", "Ctrl+Shift+Up"), is_enabled=place > 0),
            Command("Move down", down, ("Alt+Down", "Ctrl+Shift+Down"), is_enabled=place < last),
            Command(
                "Mark all as read",
                self._reading(self._model.unread_topics(id)),
                icon="checks",
                is_enabled=bool(row.unread),
            ),
            SEPARATOR,
            *self._for_all(),
            SEPARATOR,
            Command("Delete", self._doing_undoable(self._forum.delete_subforum, id), ("Del",), "trash"),
        ]

    def _for_all(self) -> list[Command]:
        ids = [row.entry.subforum_id for row in self._subforums()]
        unread = [topic_id for id in ids for topic_id in self._model.unread_topics(id)]
        return [
            Command("New subforum", self.new_subforum_requested.emit, (), "plus"),
            Command("Mark everything as read", self._reading(unread), is_enabled=bool(unread)),
            Command("Open all subforums", self._view.expandAll, is_enabled=bool(ids)),
            Command("Close all subforums", self._view.collapseAll, is_enabled=bool(ids)),
        ]

    def _subforums(self) -> list[SubforumRow]:
        return [self._model.branches[id].row for id in self._model.order if id]

    def _row_place(self) -> QRect:
        rect = self._view.visualRect(self._view.currentIndex())
        return QRect(self._view.viewport().mapToGlobal(rect.topLeft()), rect.size())

    def _edit(self) -> None:
        self._view.edit_name(self._view.currentIndex())

    def _toggle(self) -> None:
        index = self._view.currentIndex()
        self._view.setExpanded(index, not self._view.isExpanded(index))

    def _reading(self, topic_ids: list[int]) -> Callable[[], None]:
        return self._doing_undoable(self._forum.mark_topics_read, topic_ids)

    def _doing(self, verb: Callable[..., object], *arguments: object) -> Callable[[], None]:
        def do() -> None:
            try:
                verb(*arguments)
            except ForllmError as error:
                self.failed.emit(error)
            self._model.refresh()

        return do

    def _doing_undoable(self, verb: Callable[[Any], object], what: object) -> Callable[[], None]:
        def do() -> None:
            undo = verb(what)
            if undo is not None:
                self.undo_offered.emit(undo)

        return self._doing(do)

    # -- menu and keys

    def _show_menu(self, point: QPoint, by_key: bool) -> None:
        if by_key and self._view.currentIndex().isValid():
            rect = self._view.visualRect(self._view.currentIndex())
            point = QPoint(rect.left() + text_left(), rect.bottom())
        else:
            self._view.choose_for_menu(self._view.indexAt(point))
        self.menu().popup(self._view.viewport().mapToGlobal(point))

    def _take_key(self, event: QKeyEvent) -> None:
        """Accept a key of the current row, and do what it means unless it is only asked for."""
        take_key(event, self.commands())
