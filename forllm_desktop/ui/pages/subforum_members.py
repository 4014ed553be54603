"""Who answers in a subforum: its personas, its default, and what can be done about them."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.persona import ResolutionReason
from forllm_desktop.domain.persona_card import Member
from forllm_desktop.domain.undo import PersonaUndo
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.delegates.persona_row import row_height
from forllm_desktop.ui.item_models.member_list import MemberList
from forllm_desktop.ui.panes.commands import SEPARATOR, Command, fill, take_key
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.persona_menu import Offer, PersonaMenu, offer_of
from forllm_desktop.ui.widgets.wrap_row import WrapRow

MOST_ROWS = 10
"""Rows that are shown without scrolling the list."""


class MembersPart(QWidget):
    """A sentence that says who answers by default and why, the list, and buttons for its current row.

    experts_requested()                       a model shall write personas for it
    persona_requested(persona_id, version)    a persona is to be shown
    undo_offered(undo), failed(error)
    """

    experts_requested = Signal()
    persona_requested = Signal(int, int)
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        subforum_id: int,
        forum: ForumService,
        personas: PersonaService,
        events: Events,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._subforum_id = subforum_id
        self._forum = forum
        self._personas = personas
        self._offered = ""
        self._model = MemberList(subforum_id, personas, events, self)
        self._list = PersonaListView(self._model)
        self._list.setAccessibleName("Personas of this subforum")
        self._list.setSelectionMode(PersonaListView.SelectionMode.SingleSelection)
        self._why = plain_label("", "ui", "text_2", wraps=True)
        self._assign = push_button("Assign", "", "plus")
        self._experts = push_button("Generate experts…", "", "magic-wand")
        self._default = push_button("Make default", "quiet", small=True)
        self._open = push_button("Open", "quiet", small=True)
        self._remove = push_button("Remove", "quiet", small=True)
        self._empty = EmptyPane("users", "Nobody is assigned", "")
        self._body = QStackedWidget()
        self._menu = PersonaMenu("Assign a persona", self._others, self)
        self._lay_out()
        self._connect()
        self._show_all()

    # -- what it does

    def assign(self, persona_ids: Sequence[int], *, default: bool = False) -> None:
        """Assign personas; with `default` the first becomes the default."""
        self._do(lambda: self._personas.assign(self._subforum_id, persona_ids, default=default))

    def offer(self, persona_ids: Sequence[int], *, default: bool) -> None:
        """Say what a drop of these personas would do."""
        try:
            names = [card.name for card in self._personas.usable(persona_ids)]
        except ForllmError as error:
            self._say_offer(f"{error.title}. {error.message}")
            return
        who = names[0] if len(names) == 1 else f"{len(names)} personas"
        also = f", {names[0]} as the default" if default else "; with Shift as the default"
        self._say_offer(f"Drop to assign {who} here{also}.")

    def end_offer(self) -> None:
        """Take back what `offer` said."""
        self._say_offer("")

    def commands(self) -> list[Command]:
        """Return what can be done with the current persona, or with the whole list."""
        member = self._current()
        add = Command("Assign…", self._pop_up_others, ("Ins",), "plus")
        if member is None:
            return [add]
        id = member.card.persona_id
        chosen = None if member.is_default else id
        word = "No default" if member.is_default else "Make default"
        return [
            Command("Open", lambda: self.persona_requested.emit(id, 0), ("Return", "Enter"), "users"),
            Command(word, self._doing(self._personas.set_default, chosen), ("D",), "star"),
            SEPARATOR,
            add,
            Command("Remove", self._doing(self._personas.unassign, id), ("Del",), "x"),
        ]

    def _doing(self, verb: Callable[..., PersonaUndo], persona_id: int | None) -> Callable[[], None]:
        return lambda: self._do(lambda: verb(self._subforum_id, persona_id))

    def _do(self, verb: Callable[[], PersonaUndo]) -> None:
        try:
            self.undo_offered.emit(verb())
        except ForllmError as error:
            self.failed.emit(error)
        self._model.refresh()

    def _run(self, *words: str) -> None:
        """Do what the button says, which is one of the commands of the current row."""
        for command in self.commands():
            if command.word in words:
                command.run()

    # -- showing

    def _show_all(self) -> None:
        rows = self._model.rowCount()
        self._body.setCurrentWidget(self._list if rows else self._empty)
        full = max(2, min(rows, MOST_ROWS)) * row_height() + 8
        self._body.setFixedHeight(full if rows else theme().px(140))
        if rows and not self._list.currentIndex().isValid():
            self._list.setCurrentIndex(self._model.index(0, 0))
        sentence = self._sentence()
        self._empty.set_line(sentence)
        self._why.setVisible(bool(rows) or bool(self._offered))
        self._why.setText(self._offered or sentence)
        self._note_current()

    def _sentence(self) -> str:
        """Return who answers here by default, and why."""
        try:
            found = self._personas.answering(self._subforum_id)
            place = self._forum.subforum(self._subforum_id).name
        except ForllmError:
            return ""
        match found.resolution.reason:
            case ResolutionReason.SUBFORUM_DEFAULT:
                return f"{found.name} answers when nobody is chosen: the default of {place}."
            case ResolutionReason.GLOBAL_DEFAULT:
                who = f"the global default {found.name} answers when nobody is chosen."
            case _:
                who = f"the fallback {found.name} answers when nobody is chosen, because no default is set."
        if not self._model.rowCount():
            return f"{who[0].upper()}{who[1:]}"
        off = next((m.card.name for m in self._members() if m.is_default), "")
        lead = f"{off}, the default of {place}, is switched off" if off else f"{place} has no default"
        return f"{lead}: {who}"

    def _note_current(self) -> None:
        member = self._current()
        for button in (self._default, self._open, self._remove):
            button.setVisible(member is not None)
        if member is None:
            return
        name = member.card.name
        self._default.setText("No default" if member.is_default else "Make default")
        self._default.setAccessibleName(
            f"Let {name} no longer be the default" if member.is_default else f"Make {name} the default"
        )
        self._open.setAccessibleName(f"Open {name}")
        self._remove.setAccessibleName(f"Remove {name} from this subforum")

    def _members(self) -> list[Member]:
        return [self._model.member(self._model.index(row, 0)) for row in range(self._model.rowCount())]

    def _current(self) -> Member | None:
        index = self._list.currentIndex()
        return self._model.member(index) if index.isValid() else None

    def _others(self) -> list[Offer]:
        here = self._model.ids()
        cards = self._personas.cards()
        return [offer_of(card) for card in cards if card.is_active and card.persona_id not in here]

    def _say_offer(self, words: str) -> None:
        if words != self._offered:
            self._offered = words
            self._show_all()
            self.update()

    # -- menu and keys

    def _pop_up_others(self) -> None:
        self._menu.popup(self._assign.mapToGlobal(self._assign.rect().bottomLeft() + QPoint(0, 4)))

    def _pop_up(self, point: QPoint, by_key: bool) -> None:
        index = self._list.currentIndex() if by_key else self._list.indexAt(point)
        if index.isValid():
            self._list.setCurrentIndex(index)
            point = self._list.visualRect(index).center() if by_key else point
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("What to do with this persona")
        fill(menu, self.commands())
        menu.popup(self._list.viewport().mapToGlobal(point))

    def _take_key(self, event: QKeyEvent) -> None:
        take_key(event, self.commands())

    # -- how it is made

    def _lay_out(self) -> None:
        buttons = WrapRow()
        for button in (self._default, self._open, self._remove):
            buttons.addWidget(button)
        head = WrapRow()
        head.add(plain_label("Personas", "heading"), 80)
        head.add(self._experts)
        head.add(self._assign)
        self._body.addWidget(self._list)
        self._body.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._why)
        layout.addWidget(self._body)
        layout.addLayout(buttons)
        self.setFocusProxy(self._list)

    def _connect(self) -> None:
        self._model.refreshed.connect(self._show_all)
        self._list.selectionModel().currentChanged.connect(lambda *_: self._note_current())
        self._list.opened.connect(lambda id: self.persona_requested.emit(id, 0))
        self._list.menu_requested.connect(self._pop_up)
        self._list.key_pressed.connect(self._take_key)
        self._menu.chosen.connect(lambda id: self.assign([id]))
        self._experts.clicked.connect(self.experts_requested)
        self._assign.clicked.connect(self._pop_up_others)
        self._default.clicked.connect(lambda: self._run("Make default", "No default"))
        self._open.clicked.connect(lambda: self._run("Open"))
        self._remove.clicked.connect(lambda: self._run("Remove"))
        look().changed.connect(self._show_all)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._offered:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme().colour("accent_text"), 2))
            painter.drawRoundedRect(QRectF(self._body.geometry()).adjusted(1, 1, -1, -1), 8, 8)
