"""The list of personas with the mouse and the keyboard: for the dock, and for the page of all personas."""

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QListView, QWidget

from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.ui.delegates.persona_row import PersonaRowDelegate
from forllm_desktop.ui.item_models.persona_list import PersonaListModel
from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.theme import look
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard
from forllm_desktop.ui.widgets.persona_capsule import drag_personas


class PersonaListView(QListView):
    """Shows a PersonaListModel; several rows can be selected and dragged to where they shall answer.

    opened(persona_id)              Enter or a double click
    menu_requested(point, by_key)   a menu is wanted at a point of the viewport, by key for the current row
    key_pressed(event)              a key the view itself does not know; accepted by whoever does
    """

    opened = Signal(int)
    menu_requested = Signal(QPoint, bool)
    key_pressed = Signal(object)

    def __init__(self, model: PersonaListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._delegate = PersonaRowDelegate(self)
        self._right_press: QPoint | None = None
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName("Personas")
        self.doubleClicked.connect(self._open)
        self._kept: tuple[set[int], int] = (set(), 0)
        model.modelAboutToBeReset.connect(self._keep_selection)
        model.modelReset.connect(self._bring_selection_back)
        look().changed.connect(self.scheduleDelayedItemsLayout)
        portraits().changed.connect(self.viewport().update)

    def selected_cards(self) -> list[PersonaCard]:
        """Return the selected personas from the top."""
        rows = sorted(self.selectedIndexes(), key=lambda index: index.row())
        return [self._model.card(index) for index in rows]

    def current_card(self) -> PersonaCard | None:
        """Return the persona with the focus."""
        index = self.currentIndex()
        return self._model.card(index) if index.isValid() else None

    def show_persona(self, persona_id: int) -> None:
        """Select a persona and bring it into sight, if it is among the rows."""
        index = self._model.index_of(persona_id)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    # -- keys and mouse

    def event(self, event: QEvent) -> bool:
        # Keys of rows win over keys of the window while the list has the focus.
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
        if event.isAccepted():
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            event.accept()
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if comes_by_keyboard(event):
            self._show_focus(True)
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and comes_by_keyboard(event):
            self.setCurrentIndex(self._model.index(0, 0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._show_focus(False)
        is_right = event.button() == Qt.MouseButton.RightButton
        self._right_press = event.position().toPoint() if is_right else None
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.RightButton:
            super().mouseMoveEvent(event)
            return
        way = event.position().toPoint() - (self._right_press or event.position().toPoint())
        if self._right_press is not None and way.manhattanLength() >= QApplication.startDragDistance():
            is_on_row = self.indexAt(self._right_press).isValid()
            self._right_press = None
            if is_on_row:
                self._drag(offers_menu=True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.RightButton and self._right_press is not None:
            point, self._right_press = self._right_press, None
            self.menu_requested.emit(point, False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # By mouse it opens when the button is released: with the button down, personas can be dragged.
        if event.reason() != QContextMenuEvent.Reason.Mouse:
            self.menu_requested.emit(event.pos(), event.reason() == QContextMenuEvent.Reason.Keyboard)

    def startDrag(self, actions: Qt.DropAction) -> None:
        self._drag()

    def _drag(self, *, offers_menu: bool = False) -> None:
        cards = self.selected_cards()
        if not cards:
            return
        self._delegate.dragged = {card.persona_id for card in cards}
        self.viewport().update()
        who = [(card.persona_id, card.name) for card in cards]
        drag_personas(self, who, offers_menu=offers_menu)
        self._delegate.dragged = ()
        self.viewport().update()

    def _keep_selection(self) -> None:
        current = self.current_card()
        ids = {card.persona_id for card in self.selected_cards()}
        self._kept = (ids, current.persona_id if current else 0)

    def _bring_selection_back(self) -> None:
        """Select again who was selected, when all rows are new."""
        ids, current = self._kept
        flag = QItemSelectionModel.SelectionFlag
        selection = QItemSelection()
        for row in range(self._model.rowCount() if ids or current else 0):
            index = self._model.index(row, 0)
            persona_id = self._model.card(index).persona_id
            if persona_id == current:
                self.selectionModel().setCurrentIndex(index, flag.NoUpdate)
            if persona_id in ids:
                selection.merge(QItemSelection(index, index), flag.Select)
        self.selectionModel().select(selection, flag.ClearAndSelect)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self._model.card(index).persona_id)

    def _show_focus(self, is_shown: bool) -> None:
        if self._delegate.shows_focus != is_shown:
            self._delegate.shows_focus = is_shown
            self.viewport().update()
