"""The Trash page: what was deleted, and Restore."""

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.undo import Kind, Restored, TrashItem
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui import words
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.item_models.trash_list import TrashList
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.quiet_bar import QuietBar


class TrashPage(QWidget):
    """Lists deleted subforums, topics, posts and personas.

    topic_requested(topic_id)                 a restored topic is to be opened
    post_requested(post_id)                   a restored post is to be opened
    persona_requested(persona_id, version)    a restored persona is to be opened
    """

    topic_requested = Signal(int)
    post_requested = Signal(int)
    persona_requested = Signal(int, int)

    def __init__(
        self, forum: ForumService, personas: PersonaService, events: Events, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._forum = forum
        self._personas = personas
        self._is_stale = True
        self._model = TrashList(utc_now, self)
        self._bar = QuietBar()
        self._title = plain_label("Trash", "title")
        self._count = plain_label("", "small", "text_3")
        self._restore = push_button("Restore", "primary", "arrow-counter-clockwise")
        self._table = _Table()
        self._table.setModel(self._model)
        self._table.fit_columns()
        self._empty = EmptyPane(
            "trash",
            "The trash is empty",
            "What you delete comes here and can be restored, also after a restart.",
        )
        self._stack = QStackedWidget()
        self._lay_out()
        self._restore.clicked.connect(self.restore_selected)
        self._table.restore_requested.connect(self.restore_selected)
        self._table.selectionModel().selectionChanged.connect(self._note_selection)
        for signal in (events.subforums_changed, events.topic_changed, events.post_removed, events.post_added,
                       events.post_changed, events.personas_changed):  # fmt: skip
            signal.connect(self._note_change)
        self.refresh()

    def refresh(self) -> None:
        """Read the trash anew."""
        self._is_stale = False
        items = [*self._forum.trash(), *self._personas.trash()]
        items.sort(key=lambda item: item.deleted_at, reverse=True)
        self._model.show_items(items)
        self._count.setText(words.counted(len(items), "thing"))
        self._stack.setCurrentIndex(int(bool(items)))
        self._restore.setVisible(bool(items))
        if items and not self._table.selectionModel().hasSelection():
            self._table.selectRow(0)
        self._note_selection()

    def restore_selected(self) -> None:
        """Bring the selected things back and say what else came with them."""
        rows = sorted({index.row() for index in self._table.selectionModel().selectedIndexes()})
        items = [self._model.item(row) for row in rows]
        if not items:
            return
        restored = None
        for item in items:
            try:
                restored = self._restore_one(item)
            except ForllmError as error:
                self.refresh()
                self._bar.say_error(error)
                return
        self.refresh()
        if restored is None:
            return
        if len(items) > 1:
            self._bar.say(f"{len(items)} things restored", icon="arrow-counter-clockwise")
        elif restored.kind == Kind.SUBFORUM:
            self._bar.say(restored.message, icon="arrow-counter-clockwise")
        else:
            self._bar.say(
                restored.message,
                icon="arrow-counter-clockwise",
                action="Open",
                on_action=lambda: self._open(restored),
            )

    def _restore_one(self, item: TrashItem) -> Restored:
        if item.kind == Kind.PERSONA:
            return self._personas.restore(item.id)
        return self._forum.restore(item.kind, item.id)

    def _open(self, restored: Restored) -> None:
        match restored.kind:
            case Kind.PERSONA:
                self.persona_requested.emit(restored.id, 0)
            case Kind.TOPIC:
                self.topic_requested.emit(restored.id)
            case _:
                self.post_requested.emit(restored.id)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self.refresh()

    def _note_change(self, *_ids: int) -> None:
        if self.isVisible():
            self.refresh()
        else:
            self._is_stale = True

    def _note_selection(self) -> None:
        self._restore.setEnabled(self._table.selectionModel().hasSelection())

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 16, 8)
        head.setSpacing(12)
        head.addWidget(self._title)
        head.addWidget(self._count)
        head.addStretch()
        head.addWidget(self._restore)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)


class _Table(QTableView):
    """The table of the trash; Enter restores what is selected.

    restore_requested()
    """

    restore_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Deleted things")
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setProperty("rows", "lines")
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._pop_up)
        self.doubleClicked.connect(lambda _index: self.restore_requested.emit())
        QShortcut(QKeySequence.StandardKey.SelectAll, self, self.selectAll)
        look().changed.connect(self._fit)
        self._fit()

    def fit_columns(self) -> None:
        """Let the title and the place take what the others leave."""
        head = self.horizontalHeader()
        for column, mode in enumerate(
            (QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.ResizeToContents,
             QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.ResizeToContents)
        ):  # fmt: skip
            head.setSectionResizeMode(column, mode)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.restore_requested.emit()
        else:
            super().keyPressEvent(event)

    def _pop_up(self, at: QPoint) -> None:
        index = self.indexAt(at)
        if index.isValid() and not self.selectionModel().isSelected(index):
            self.selectionModel().select(
                index,
                QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows,
            )
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        restore = menu.addAction(icon("arrow-counter-clockwise"), "Restore")
        restore.triggered.connect(self.restore_requested)
        menu.popup(self.viewport().mapToGlobal(at))

    def _fit(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme().row(32))
        self.verticalHeader().setMinimumSectionSize(theme().row(32))
