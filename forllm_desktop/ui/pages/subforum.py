"""The page of one subforum: its name, what it is about, who answers in it, and what is sent then."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.item_models.persona_list import dragged_personas
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.pages.subforum_context import ContextPart
from forllm_desktop.ui.pages.subforum_members import MembersPart
from forllm_desktop.ui.pages.subforum_names import NamesPart
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.grounds import on_surface
from forllm_desktop.ui.widgets.labels import plain_label

COLUMN_WIDTH = 640


class SubforumPage(Page):
    """Everything about a subforum but its topics. What is changed is stored at once and can be undone.

    page_requested(key)                       another page is to be shown
    persona_requested(persona_id, version)    a persona is to be shown; version 0 is the newest
    title_changed(title)
    undo_offered(undo)
    failed(error)
    """

    page_requested = Signal(str)
    persona_requested = Signal(int, int)
    title_changed = Signal(str)
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(self, subforum_id: int, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        ws = workspace
        self.subforum_id = subforum_id
        self._forum = ws.forum
        self._title = plain_label("", "title", wraps=True)
        self._names = NamesPart(subforum_id, ws.forum)
        self._members = MembersPart(subforum_id, ws.forum, ws.personas, ws.events)
        self._context = ContextPart(subforum_id, ws.context, ws.settings, ws.events)
        self._column = QWidget()
        column = QVBoxLayout(self._column)
        column.setContentsMargins(32, 24, 32, 32)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addSpacing(8)
        column.addWidget(self._names)
        column.addSpacing(24)
        column.addWidget(self._members)
        column.addSpacing(16)
        column.addWidget(self._context)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidget(self._column)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        on_surface(self._column)
        on_surface(scroll.viewport())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.setAcceptDrops(True)
        self.setFocusProxy(self._members)
        for part in (self._names, self._members, self._context):
            part.undo_offered.connect(self.undo_offered)
            part.failed.connect(self.failed)
        self._members.experts_requested.connect(lambda: self.page_requested.emit(f"experts:{subforum_id}"))
        self._members.persona_requested.connect(self.persona_requested)
        ws.events.subforums_changed.connect(self._refresh)
        look().changed.connect(self._dress)
        self._dress()
        self._refresh()

    def flush(self) -> None:
        self._names.keep()

    # -- dropping personas

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._mark(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._mark(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._members.end_offer()

    def dropEvent(self, event: QDropEvent) -> None:
        ids = dragged_personas(event.mimeData())
        self._members.end_offer()
        if ids:
            self._members.assign(ids, default=_wants_default(event))
            event.acceptProposedAction()

    def _mark(self, event: QDragMoveEvent) -> None:
        ids = dragged_personas(event.mimeData())
        if ids:
            self._members.offer(ids, default=_wants_default(event))
            event.acceptProposedAction()
        else:
            event.ignore()

    def _refresh(self) -> None:
        self._names.follow()
        name = next((s.name for s in self._forum.subforums() if s.subforum_id == self.subforum_id), "")
        if name and name != self._title.text():
            self._title.setText(name)
            self.setAccessibleName(f"Settings of the subforum {name}")
            self.title_changed.emit(name)

    def _dress(self) -> None:
        self._column.setMaximumWidth(theme().px(COLUMN_WIDTH) + 64)


def _wants_default(event: QDropEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
