"""A small panel in which personas are picked by mouse or keyboard: what dragging does, without a mouse."""

from collections.abc import Collection

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from forllm_desktop.events import Events
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.item_models.persona_list import PersonaListModel
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.search_field import SearchField

_WIDTH, _HEIGHT = 304, 360


class PersonaChooser(QFrame):
    """A list with a filter and one or two buttons; a click or Space picks, Enter is the first button.

    It closes and is deleted after a choice, with Esc, and with a press elsewhere.

    chosen(persona_ids, is_second)    those who were picked, and whether by the second button
    """

    chosen = Signal(list, bool)

    def __init__(
        self,
        personas: PersonaService,
        events: Events,
        title: str,
        verbs: tuple[str, ...],
        parent: QWidget,
        *,
        hidden: Collection[int] = (),
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._verbs = verbs
        self._model = PersonaListModel(personas, events, self)
        self._model.hide(hidden)
        self._view = PersonaListView(self._model)
        self._filter = SearchField("Filter")
        self._buttons = [push_button(verb, "" if at else "primary") for at, verb in enumerate(verbs)]
        self._none = plain_label("Nobody else is left to pick.", "ui", "text_3", wraps=True)
        self._lay_out(title)
        self._connect()
        self._note_picked()
        self._show_list_or_hint()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(title)

    def open_beside(self, place: QRect) -> None:
        """Open below a part of the screen, or where there is room."""
        self.resize(theme().px(_WIDTH), theme().px(_HEIGHT))
        screen = QGuiApplication.screenAt(place.center()) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        below = QPoint(place.left() + theme().px(24), place.bottom())
        self.move(
            max(room.left(), min(below.x(), room.right() - self.width())),
            max(room.top(), min(below.y(), room.bottom() - self.height())),
        )
        self.show()
        self._filter.setFocus(Qt.FocusReason.PopupFocusReason)

    # -- what it does

    def _choose(self, *, is_second: bool = False) -> None:
        ids = [card.persona_id for card in self._view.selected_cards()]
        if ids:
            self.chosen.emit(ids, is_second)
            self.close()

    def _take_enter(self) -> None:
        """Choose those who are picked; with nobody picked, the only one or the current one."""
        if not self._view.selectedIndexes():
            only = self._model.index(0, 0) if self._model.rowCount() == 1 else self._view.currentIndex()
            if only.isValid():
                self._view.setCurrentIndex(only)
                self._view.selectionModel().select(only, self._view.selectionModel().SelectionFlag.Select)
        self._choose()

    def _note_picked(self) -> None:
        count = len(self._view.selectedIndexes())
        for at, (button, verb) in enumerate(zip(self._buttons, self._verbs, strict=True)):
            button.setEnabled(bool(count))
            button.setText(f"{verb} {count}" if count > 1 and not at else verb)
            button.setAccessibleName(button.text())

    def _show_list_or_hint(self) -> None:
        self._none.setVisible(not self._model.rowCount())
        self._view.setVisible(bool(self._model.rowCount()))

    # -- keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Down lead from the field to the list, and Enter choose from both."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take_enter()
            return True
        if watched is self._filter and event.key() == Qt.Key.Key_Down:
            self._view.setFocus(Qt.FocusReason.TabFocusReason)
            return True
        return super().eventFilter(watched, event)

    # -- showing

    def _lay_out(self, title: str) -> None:
        now = theme()
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self._view.setDragDropMode(QAbstractItemView.DragDropMode.NoDragDrop)
        head, buttons = QHBoxLayout(), QHBoxLayout()
        head.addWidget(plain_label(title, "ui_strong", elides=True))
        head.setContentsMargins(16, 0, 16, 0)
        buttons.setContentsMargins(16, 0, 16, 0)
        buttons.addStretch()
        for button in reversed(self._buttons):
            buttons.addWidget(button)
        field = QHBoxLayout()
        field.setContentsMargins(12, 0, 12, 0)
        field.addWidget(self._filter)
        self._none.setContentsMargins(16, 8, 16, 8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, now.px(12), 1, now.px(12))
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addLayout(field)
        layout.addWidget(self._none)
        layout.addWidget(self._view, 1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self._filter.installEventFilter(self)
        self._view.installEventFilter(self)
        self._filter.textChanged.connect(self._model.set_filter)
        self._model.refreshed.connect(self._show_list_or_hint)
        self._view.selectionModel().selectionChanged.connect(self._note_picked)
        for at, button in enumerate(self._buttons):
            button.clicked.connect(lambda _=False, at=at: self._choose(is_second=bool(at)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("raised"))
        painter.setPen(QPen(theme().colour("line_strong"), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
