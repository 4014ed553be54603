"""The list at the left of the Personas page: filter, rows, New."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from forllm_desktop.events import Events
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.item_models.persona_list import PersonaListModel
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.search_field import SearchField


class PersonaListPane(QWidget):
    """Rows can also be dragged to where they shall answer.

    chosen(persona_id)          a row was selected
    opened(persona_id)          Enter or a double click: its name is to be typed
    delete_requested(ids)       Del
    rename_requested(id)        F2
    new_requested()
    generate_requested()        a model shall write a persona
    menu_requested(id, point)   a menu of a row, at a point of the screen
    """

    chosen = Signal(int)
    opened = Signal(int)
    delete_requested = Signal(list)
    rename_requested = Signal(int)
    new_requested = Signal()
    generate_requested = Signal()
    menu_requested = Signal(int, QPoint)

    def __init__(self, personas: PersonaService, events: Events, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = PersonaListModel(personas, events, self)
        self._view = PersonaListView(self._model)
        self._filter = SearchField("Filter")
        self._filter.setAccessibleName("Filter personas")
        self._hint = plain_label("", "small", "text_3", wraps=True)
        self._new = push_button("New", "quiet", "plus")
        self._new.setAccessibleName("New persona")
        self._generate = push_button("Generate", "quiet", "magic-wand")
        self._generate.setAccessibleName("Generate a persona")
        self._shown = 0
        self._lay_out()
        self._filter.textChanged.connect(self._model.set_filter)
        self._new.clicked.connect(self.new_requested)
        self._generate.clicked.connect(self.generate_requested)
        self._view.selectionModel().currentChanged.connect(self._note_current)
        self._view.opened.connect(self.opened)
        self._view.key_pressed.connect(self._take_key)
        self._view.menu_requested.connect(self._pop_up)
        self._model.refreshed.connect(self._note_refreshed)
        self._note_refreshed()
        self.setFocusProxy(self._view)

    def show_persona(self, persona_id: int) -> None:
        """Mark the persona that is edited; 0: a new one, which is no row."""
        self._shown = persona_id
        if persona_id and not self._model.index_of(persona_id).isValid():
            self._model.refresh()
            if not self._model.index_of(persona_id).isValid():
                self._filter.clear()
        card = self._view.current_card()
        if persona_id and (card is None or card.persona_id != persona_id):
            self._view.show_persona(persona_id)
        elif not persona_id:
            self._view.clearSelection()
            self._view.setCurrentIndex(self._model.index(-1, 0))

    def neighbour(self, persona_id: int) -> int:
        """Return the persona below another one, or else above; 0 when there is no other."""
        row = self._model.index_of(persona_id).row()
        for at in (row + 1, row - 1, 0):
            index = self._model.index(at, 0)
            if index.isValid() and self._model.card(index).persona_id != persona_id:
                return self._model.card(index).persona_id
        return 0

    def first(self) -> int:
        """Return the first persona of the list; 0 when there is none."""
        index = self._model.index(0, 0)
        return self._model.card(index).persona_id if index.isValid() else 0

    def _note_current(self) -> None:
        card = self._view.current_card()
        if card is not None and card.persona_id != self._shown:
            self._shown = card.persona_id
            self.chosen.emit(card.persona_id)

    def _note_refreshed(self) -> None:
        if not self._model.rowCount():
            self._hint.setText("No persona has these words.")
        elif self._model.total == 1:
            self._hint.setText("A persona is a name with instructions. So far there is only the fallback.")
        else:
            self._hint.setText("")
        self._hint.setVisible(bool(self._hint.text()))
        self.mark_again()

    def mark_again(self) -> None:
        """Mark the edited persona again after the rows changed, without filtering it in."""
        if self._shown and self._model.index_of(self._shown).isValid():
            card = self._view.current_card()
            if card is None or card.persona_id != self._shown:
                self._view.show_persona(self._shown)

    def _take_key(self, event: object) -> None:
        assert isinstance(event, QKeyEvent)
        card = self._view.current_card()
        is_plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if card is None or not is_plain or event.key() not in (Qt.Key.Key_Delete, Qt.Key.Key_F2):
            return
        event.accept()
        if event.type() == QKeyEvent.Type.ShortcutOverride:
            return
        if event.key() == Qt.Key.Key_F2:
            self.rename_requested.emit(card.persona_id)
        else:
            self.delete_requested.emit([card.persona_id for card in self._view.selected_cards()])

    def _pop_up(self, at: QPoint, by_key: bool) -> None:
        index = self._view.currentIndex() if by_key else self._view.indexAt(at)
        if index.isValid():
            place = self._view.visualRect(index).center() if by_key else at
            point = self._view.viewport().mapToGlobal(place)
            self.menu_requested.emit(self._model.card(index).persona_id, point)

    def _lay_out(self) -> None:
        around = QHBoxLayout()
        around.setContentsMargins(12, 12, 12, 8)
        around.addWidget(self._filter)
        hint = QHBoxLayout()
        hint.setContentsMargins(16, 8, 16, 8)
        hint.addWidget(self._hint)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 8, 12, 12)
        foot.addWidget(self._new)
        foot.addWidget(self._generate)
        foot.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(around)
        layout.addWidget(self._view, 1)
        layout.addLayout(hint)
        layout.addLayout(foot)
