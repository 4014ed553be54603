"""The view of the forum tree: mouse, keys, dragging, and fetching topics as they come into sight."""

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTreeView, QWidget

from forllm_desktop.domain.forum_tree import AssignedPersona
from forllm_desktop.ui.delegates.forum_row import INSET, ForumRowDelegate, is_on_caret
from forllm_desktop.ui.delegates.name_editor import NameEditor
from forllm_desktop.ui.item_models.forum_rows import NEW_SUBFORUM, TopicRow
from forllm_desktop.ui.item_models.forum_tree import ForumTreeModel
from forllm_desktop.ui.panes.tree_drops import DropHandler, DropPlace, Hover, TreeDrops
from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard
from forllm_desktop.ui.widgets.persona_capsule import drag_personas
from forllm_desktop.ui.widgets.title_capsule import title_capsule

_OPENS_AFTER = 600
"""Milliseconds over a closed subforum until it opens during a drag."""


class ForumTreeView(QTreeView):
    """Shows a ForumTreeModel.

    opened(topic_id, new_tab)    a topic was clicked or chosen by key
    menu_requested(point, by_key) a menu is wanted at a point of the viewport, by key for the current row
    key_pressed(event)           a key the view itself does not know; accepted by whoever does
    failed(error)                a name could not be given; a ForllmError
    subforum_named(subforum_id)  a subforum was made by typing its name
    """

    opened = Signal(int, bool)
    menu_requested = Signal(QPoint, bool)
    key_pressed = Signal(object)
    failed = Signal(object)
    subforum_named = Signal(int)

    def __init__(self, model: ForumTreeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._delegate = ForumRowDelegate(self._use_name, self)
        self._delegate.failed.connect(self.failed)
        self._drops = TreeDrops(self, model)
        self._place: DropPlace | None = None
        self._pressed = QPersistentModelIndex()
        self._pressed_at = QPoint()
        self._opener = QTimer(self, singleShot=True, interval=_OPENS_AFTER)
        self._opener.timeout.connect(self._open_target)
        self._configure()
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self._delegate.closeEditor.connect(self._drop_new_row)
        self.verticalScrollBar().valueChanged.connect(self._fetch_in_sight)
        look().changed.connect(self.scheduleDelayedItemsLayout)
        portraits().changed.connect(self.viewport().update)

    def _configure(self) -> None:
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDropIndicatorShown(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName("Subforums and topics")

    @property
    def drop_handlers(self) -> list[DropHandler]:
        """Who takes drops that are neither topics nor subforums; append to it."""
        return self._drops.handlers

    # -- choosing

    def selected_topics(self) -> list[TopicRow]:
        """Return the selected topics from top to bottom."""
        found = [(self.visualRect(index).top(), self._model.row(index)) for index in self.selectedIndexes()]
        found.sort(key=lambda place: place[0])
        return [row for _, row in found if isinstance(row, TopicRow)]

    def setCurrentIndex(self, index: QModelIndex | QPersistentModelIndex) -> None:
        # Qt's own asks which keys are held down, and would add to the selection while Ctrl+Tab is.
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(index, flags)

    def choose_for_menu(self, index: QModelIndex) -> None:
        """Make a row the current one; if it is one of several selected ones, they all stay so."""
        if self.selectionModel().isSelected(index):
            flags = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(index, flags)
        else:
            self.setCurrentIndex(index)

    # -- showing and typing

    def show_open_topic(self, topic_id: int) -> None:
        """Mark the topic that the centre shows; 0 for none."""
        self._delegate.open_topic = topic_id
        self.viewport().update()

    def edit_name(self, index: QModelIndex) -> None:
        """Let the user type the name of a row; a name that is being typed in another row is kept first."""
        if not index.isValid():
            return
        self.setFocus()
        held, editor = QPersistentModelIndex(index), self.editor()
        if editor is not None and editor.index == held:
            editor.setFocus()
            return
        if editor is not None:
            # Refused, or it would have closed when the focus left.
            self._delegate.close_editor(editor)
        index = self._model.index(held.row(), 0, held.parent())
        self.scrollTo(index)
        self.setCurrentIndex(index)
        self.edit(index)

    def editor(self) -> NameEditor | None:
        """Return the field in which a name is being typed."""
        fields = self.viewport().findChildren(NameEditor)
        return next((field for field in fields if field.index.isValid() and field.isVisibleTo(self)), None)

    def _use_name(self, index: QModelIndex | QPersistentModelIndex, name: str) -> None:
        if self._model.row(index) is not NEW_SUBFORUM:
            self._model.rename(index, name)
            return
        made = self._model.create_subforum(name)
        self.setFocus()
        self.setCurrentIndex(self._model.subforum_index(made))
        self.scrollTo(self.currentIndex())
        self.subforum_named.emit(made)

    def _drop_new_row(self, editor: QWidget) -> None:
        index = editor.index if isinstance(editor, NameEditor) else QPersistentModelIndex()
        if index.isValid() and self._model.row(index) is NEW_SUBFORUM:
            self._model.end_subforum()

    # -- fetching

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self._fetch_in_sight()

    def _fetch_in_sight(self) -> None:
        """Fetch more topics of the open subforums whose last fetched row is not far from what is seen."""
        # Qt does this by itself for the top level only.
        for subforum_id in list(self._model.order):
            index = self._model.subforum_index(subforum_id)
            if self._model.has_more(index) and self.isExpanded(index) and self._ends_in_sight(index):
                self._model.fetch_page(index)

    def _ends_in_sight(self, index: QModelIndex) -> bool:
        rows, height = self._model.rowCount(index), self.viewport().height()
        first = self.visualRect(index)
        if not rows:
            return True
        # A row has the height of its text, so where the last one is needs no layout, which may be due.
        last = first.bottom() + rows * theme().row(28)
        return -height < last < 2 * height

    # -- painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # A scroll bar takes the place of the free space at the right, so that rows do not jump.
        bar = self.verticalScrollBar()
        self._delegate.right_inset = max(0, INSET - (bar.width() if bar.isVisible() else 0))

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex) -> None:  # type: ignore[override]
        """Paint nothing: the delegate paints the caret."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._place is not None and self._place.line_y is not None:
            y = min(max(self._place.line_y, 1), self.viewport().height() - 1)
            painter = QPainter(self.viewport())
            painter.setPen(QPen(theme().colour("accent_text"), 2))
            painter.drawLine(INSET, y, self.viewport().width() - INSET, y)

    # -- keys and mouse

    def event(self, event: QEvent) -> bool:
        # Keys of rows win over keys of the window while the tree has the focus.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.ignore()
            self.key_pressed.emit(event)
            if event.isAccepted():
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._show_focus(True)
        event.ignore()
        self.key_pressed.emit(event)
        if not event.isAccepted():
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if comes_by_keyboard(event):
            self._show_focus(True)
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and comes_by_keyboard(event):
            self.setCurrentIndex(self._model.index(0, 0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._show_focus(False)
        self._pressed_at = event.position().toPoint()
        index = self.indexAt(self._pressed_at)
        self._pressed = QPersistentModelIndex(index)
        if event.button() == Qt.MouseButton.MiddleButton:
            event.accept()
        elif event.button() == Qt.MouseButton.LeftButton and self._is_on_caret(index, event):
            self._pressed = QPersistentModelIndex()
            self.setExpanded(index, not self.isExpanded(index))
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        is_click = index.isValid() and self._pressed == index
        self._pressed = QPersistentModelIndex()
        super().mouseReleaseEvent(event)
        row = self._model.row(index) if is_click else None
        keys = Qt.KeyboardModifier
        selects = event.modifiers() & (keys.ControlModifier | keys.ShiftModifier)
        if isinstance(row, TopicRow) and event.button() != Qt.MouseButton.RightButton and not selects:
            self.opened.emit(row.entry.topic_id, event.button() == Qt.MouseButton.MiddleButton)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and not self._model.is_topic(index):
            self.setExpanded(index, not self.isExpanded(index))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu_requested.emit(event.pos(), by_key)

    def _is_on_caret(self, index: QModelIndex, event: QMouseEvent) -> bool:
        if not index.isValid() or self._model.is_topic(index):
            return False
        return is_on_caret(self.visualRect(index), round(event.position().x()))

    def _show_focus(self, is_shown: bool) -> None:
        if self._delegate.shows_focus != is_shown:
            self._delegate.shows_focus = is_shown
            self.viewport().update()

    # -- dragging

    def startDrag(self, actions: Qt.DropAction) -> None:
        persona = self._pressed_persona()
        if persona is not None:
            drag_personas(self, [(persona.persona_id, persona.name)])
            self._leave_drag()
            return
        indexes = [index for index in self.selectedIndexes() if self._is_draggable(index)]
        if not indexes:
            return
        drag = QDrag(self)
        drag.setMimeData(self._model.mimeData(indexes))
        topics = len(self.selected_topics())
        words = self._model.row(indexes[0]).title if topics < 2 else f"{topics:,} topics"
        drag.setPixmap(title_capsule(words, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(-12, -8))
        drag.exec(Qt.DropAction.MoveAction)
        self._leave_drag()

    def _pressed_persona(self) -> AssignedPersona | None:
        """Return the persona whose avatar the mouse was pressed on."""
        index = self.indexAt(self._pressed_at)
        if not index.isValid():
            return None
        is_open = self.isExpanded(index)
        return self._delegate.persona_at(self.visualRect(index), index, self._pressed_at, is_open=is_open)

    def _is_draggable(self, index: QModelIndex) -> bool:
        return bool(self._model.flags(index) & Qt.ItemFlag.ItemIsDragEnabled)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.setState(QAbstractItemView.State.DraggingState)
        self._mark_place(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)  # scrolls near the edges
        self._mark_place(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._leave_drag()

    def dropEvent(self, event: QDropEvent) -> None:
        place = self._drops.place_at(event.mimeData(), event.position().toPoint())
        # What a left drag leaves behind, a finished one does too: scrolling and the dragging state.
        super().dragLeaveEvent(QDragLeaveEvent())
        self._leave_drag()
        if place is not None and self._drops.drop(event.mimeData(), place, event.modifiers()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def _mark_place(self, event: QDragMoveEvent) -> None:
        place = self._drops.place_at(event.mimeData(), event.position().toPoint())
        if place != self._place:
            self._show_place(place)
        if place is None:
            # Enter has to be accepted all the same, or the moves that follow would not come.
            event.setAccepted(isinstance(event, QDragEnterEvent))
            return
        if place.handler is not None:
            rect = self.visualRect(place.target)
            on_screen = QRect(self.viewport().mapToGlobal(rect.topLeft()), rect.size())
            row = self._model.row(place.target)
            hover = place.handler.hover(event.mimeData(), row, on_screen, event.modifiers())
            self._show_hover(hover, place.target)
            if not hover.is_allowed:
                event.setAccepted(isinstance(event, QDragEnterEvent))
                return
        event.acceptProposedAction()

    def _show_hover(self, hover: Hover, target: QModelIndex) -> None:
        self._delegate.drop_target = QPersistentModelIndex(target if hover.is_allowed else QModelIndex())
        self._delegate.coming = hover.coming
        self.viewport().update()

    def _show_place(self, place: DropPlace | None) -> None:
        if self._place is not None and self._place.handler is not None:
            self._place.handler.leave()
        self._place = place
        self._delegate.coming = ()
        self._delegate.drop_target = QPersistentModelIndex(place.target if place else QModelIndex())
        if place is not None and place.target.isValid():
            self._opener.start()
        else:
            self._opener.stop()
        self.viewport().update()

    def _leave_drag(self) -> None:
        self._show_place(None)

    def _open_target(self) -> None:
        target = self._delegate.drop_target
        if target.isValid():
            self.expand(self._model.index(target.row(), 0, target.parent()))
