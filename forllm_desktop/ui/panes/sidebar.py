"""The pane at the left: the pages, the forum tree, the trash."""

from typing import Any

from PySide6.QtCore import QModelIndex, QRect, QSize, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.ui.item_models.forum_tree import ForumTreeModel
from forllm_desktop.ui.panes.forum_view import ForumTreeView
from forllm_desktop.ui.panes.sidebar_entry import SidebarEntry
from forllm_desktop.ui.panes.subforum_panel import SubforumPanel
from forllm_desktop.ui.panes.tree_commands import TreeCommands
from forllm_desktop.ui.panes.tree_drops import DropHandler
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.labels import plain_label

QUEUE, PERSONAS, TRASH = "queue", "personas", "trash"
_PAUSE = 100
"""Milliseconds in which changes are gathered before the numbers are counted anew."""


class Sidebar(QWidget):
    """Where the user chooses what the centre shows.

    topic_requested(topic_id, new_tab)    a topic is to be shown
    page_requested(page)                  a page is to be shown: "queue", "subforum:3", "experts:3"
    new_topic_requested(subforum_id)      a topic is to be started in a subforum
    assign_requested(subforum_id, place)  personas are to be assigned; `place` is its row on the screen
    ask_requested(topic_id, place)        personas are to be asked in a topic
    undo_offered(undo)                    something was done here; how to take it back
    failed(error)                         something could not be done; a ForllmError
    """

    topic_requested = Signal(int, bool)
    page_requested = Signal(str)
    new_topic_requested = Signal(int)
    assign_requested = Signal(int, QRect)
    ask_requested = Signal(int, QRect)
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        forum: ForumService,
        queue: QueueService,
        personas: PersonaService,
        events: Events,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._forum = forum
        self._queue = queue
        self._topic_id = 0
        self._model = ForumTreeModel(forum, personas, events, self)
        self._view = ForumTreeView(self._model)
        self._commands = TreeCommands(forum, self._model, self._view)
        self._panel = SubforumPanel(forum)
        self._empty = EmptyPane(
            "chats-teardrop", "No subforums yet", "A subforum keeps topics about one thing.", "New subforum"
        )
        self._entries = {
            QUEUE: SidebarEntry("Queue", "queue", "open"),
            PERSONAS: SidebarEntry("Personas", "users", ""),
            TRASH: SidebarEntry("Trash", "trash", "deleted"),
        }
        self._add = icon_button("New subforum", "plus")
        self._tree = QStackedWidget()
        self._counter = QTimer(self, singleShot=True, interval=_PAUSE)
        self._lay_out()
        self._dress()
        self._connect(events)
        self._count()
        self._show_tree_or_hint()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 10, 0)
        head.addWidget(plain_label("Subforums", "caption", "text_3"))
        head.addStretch()
        head.addWidget(self._add)
        self._tree.addWidget(self._view)
        self._tree.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(0)
        layout.addWidget(self._entries[QUEUE])
        layout.addWidget(self._entries[PERSONAS])
        layout.addLayout(head)
        layout.addWidget(self._panel)
        layout.addWidget(self._tree, 1)
        layout.addSpacing(8)
        layout.addWidget(self._entries[TRASH])
        self.setAccessibleName("Sidebar")
        self.setMinimumWidth(200)

    def _dress(self) -> None:
        self._add.setFixedSize(theme().row(24, "small"), theme().row(24, "small"))
        self._add.setIconSize(QSize(theme().px(16), theme().px(16)))

    def _connect(self, events: Events) -> None:
        for page, entry in self._entries.items():
            entry.clicked.connect(lambda _=False, page=page: self.page_requested.emit(page))
        for signal in (events.job_changed, events.post_removed, events.post_added, events.topic_changed):
            signal.connect(self._count_soon)
        events.subforums_changed.connect(self._count_soon)
        events.personas_changed.connect(self._count_soon)
        self._counter.timeout.connect(self._count)
        look().changed.connect(self._dress)
        self._add.clicked.connect(self.add_subforum)
        self._empty.button_pressed.connect(self.add_subforum)
        self._view.opened.connect(self.topic_requested)
        self._model.changed.connect(self.undo_offered)
        self._model.rowsInserted.connect(self._show_tree_or_hint)
        self._model.rowsRemoved.connect(self._show_tree_or_hint)
        self._commands.new_topic_requested.connect(self.new_topic_requested)
        self._commands.settings_requested.connect(lambda id: self.page_requested.emit(f"subforum:{id}"))
        self._commands.assign_requested.connect(self.assign_requested)
        self._commands.ask_requested.connect(self.ask_requested)
        self._commands.experts_requested.connect(lambda id: self.page_requested.emit(f"experts:{id}"))
        self._commands.new_subforum_requested.connect(self.add_subforum)
        self._commands.describe_requested.connect(self._describe)
        self._panel.closed.connect(self._model.refresh)
        self._panel.closed.connect(self._view.setFocus)
        for part in (self._commands, self._panel):
            part.undo_offered.connect(self.undo_offered)
        for part in (self._commands, self._panel, self._view, self._model):
            part.failed.connect(self.failed)

    # -- what others ask of it

    @property
    def drop_handlers(self) -> list[DropHandler]:
        """Who takes what is dropped on the tree and is neither topics nor a subforum; append to it."""
        return self._view.drop_handlers

    def show_current(self, topic_id: int, page: str = "") -> None:
        """Select the topic that the centre shows (0: none), or mark the entry of its page."""
        self._topic_id = topic_id
        for name, entry in self._entries.items():
            entry.setChecked(name == page)
        self._view.show_open_topic(topic_id)
        index = self._model.fetch_topic(topic_id) if topic_id else QModelIndex()
        if index.isValid():
            self._view.expand(index.parent())
            self._view.setCurrentIndex(index)
            self._view.scrollTo(index)
        else:
            self._view.clearSelection()

    def next_unread(self) -> None:
        """Ask for the next topic with unread replies, from the one that is shown on and around the end."""
        found = self._forum.tree.next_unread(self._topic_id)
        if found is not None:
            self.topic_requested.emit(found, False)

    @Slot()
    def add_subforum(self) -> None:
        """Let the user type the name of a new subforum; Enter makes it, Esc does not."""
        index = self._model.begin_subforum()
        self._show_tree_or_hint()
        self._view.edit_name(index)

    def selected_subforum(self) -> int:
        """Return the subforum that is selected or that the selected topic is in; 0 when there is none."""
        return self._model.subforum_id(self._view.currentIndex())

    def first_subforum(self) -> int:
        """Return the subforum at the top; 0 when there is none."""
        return next((subforum.subforum_id for subforum in self._forum.subforums()), 0)

    def show_subforum(self, subforum_id: int) -> None:
        """Select a subforum and open it."""
        index = self._model.subforum_index(subforum_id)
        if index.isValid():
            self._view.expand(index)
            self._view.setCurrentIndex(index)
            self._view.scrollTo(index)
            self._view.setFocus()

    def state(self) -> dict[str, Any]:
        """Return which subforums are open, for `restore`."""
        is_open = self._view.isExpanded
        ids = [id for id in self._model.order if id and is_open(self._model.subforum_index(id))]
        return {"expanded": ids}

    def restore(self, state: dict[str, Any]) -> None:
        """Open the subforums that were open; those that are gone are passed over."""
        for subforum_id in state.get("expanded", []):
            index = self._model.subforum_index(int(subforum_id))
            if index.isValid():
                self._view.expand(index)

    # -- keeping up

    @Slot(int)
    @Slot()
    def _count_soon(self, _id: int = 0) -> None:
        if not self._counter.isActive():
            self._counter.start()

    @Slot()
    def _count(self) -> None:
        self._entries[QUEUE].set_count(sum(self._queue.standing()))
        self._entries[TRASH].set_count(self._forum.tree.trash_count())

    @Slot()
    def _show_tree_or_hint(self) -> None:
        self._tree.setCurrentWidget(self._view if self._model.rowCount() else self._empty)

    def _describe(self, subforum_id: int) -> None:
        try:
            self._panel.edit(subforum_id)
        except ForllmError as error:
            self.failed.emit(error)
