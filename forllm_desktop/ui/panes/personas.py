"""The pane at the right: the personas, to be found, opened, and dragged to where they shall answer."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.item_models.persona_list import PersonaListModel
from forllm_desktop.ui.panes.commands import SEPARATOR, Command, fill, short, take_key
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.persona_acts import PersonaActs
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.search_field import SearchField

_HEAD = 36


class PersonaDock(QWidget):
    """A list with a filter. What it does it does through the acts it is given.

    open_requested(persona_id)    a persona is to be read and edited
    new_requested()               a persona is to be written
    generate_requested()          a model shall write a persona
    regenerate_requested(persona_id)    a model shall write a new text for a persona
    """

    open_requested = Signal(int)
    new_requested = Signal()
    generate_requested = Signal()
    regenerate_requested = Signal(int)

    def __init__(
        self,
        personas: PersonaService,
        forum: ForumService,
        events: Events,
        acts: PersonaActs,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._forum = forum
        self._acts = acts
        self._topic_id = 0
        self._model = PersonaListModel(personas, events, self)
        self._view = PersonaListView(self._model)
        self._title = plain_label("Personas", "ui_strong")
        self._filter = SearchField("Filter")
        self._generate = icon_button("Generate a persona", "magic-wand")
        self._add = icon_button("New persona", "plus")
        self._none = EmptyPane(
            "users", "Nobody matches", "Names, descriptions and tags are looked at.", "Clear the filter"
        )
        self._list = QStackedWidget()
        self._head, self._field = QHBoxLayout(), QHBoxLayout()
        self._foot = plain_label("Drag onto a subforum, a topic or a post.", "small", "text_3", wraps=True)
        self._lay_out()
        self._dress()
        self._connect()

    def show_topic(self, topic_id: int) -> None:
        """Take note of the topic that the centre shows; 0 for none."""
        self._topic_id = topic_id

    def show_persona(self, persona_id: int) -> None:
        """Select a persona, whatever the filter hides."""
        self._model.refresh()
        if not self._model.index_of(persona_id).isValid():
            self._filter.clear()
        self._view.show_persona(persona_id)

    def commands(self) -> list[Command]:
        """Return what can be done with the selected personas; with none selected, what can be done at all."""
        cards = self._view.selected_cards()
        new = Command("New persona", self.new_requested.emit, (), "plus")
        generate = Command("Generate a persona…", self.generate_requested.emit, (), "magic-wand")
        if not cards:
            return [new, generate]
        return [*self._for_cards(cards), SEPARATOR, new, generate]

    # -- the commands

    def _for_cards(self, cards: list[PersonaCard]) -> list[Command]:
        acts, ids = self._acts, [card.persona_id for card in cards]
        is_single, is_off = len(cards) == 1, not any(card.is_active for card in cards)
        who = "" if is_single else f" {len(cards)} personas"
        free = [card.persona_id for card in cards if not card.is_fallback]
        topic_id, can_ask = self._topic_id, bool(self._topic_id) and not is_off
        places = self._places(ids)
        return [
            Command(
                "Open",
                lambda: self.open_requested.emit(ids[0]),
                ("Return", "Enter"),
                "arrow-square-out",
                is_single,
            ),
            Command(
                "Ask in this topic",
                lambda: acts.ask_in_topic(topic_id, ids),
                icon="chat-centered-text",
                is_enabled=can_ask,
            ),
            Command("Assign to", icon="folder-simple", is_enabled=bool(places) and not is_off, below=places),
            SEPARATOR,
            self._default_command(cards[0], is_enabled=is_single),
            Command(
                f"Switch{who} {'on' if is_off else 'off'}",
                lambda: acts.set_active(free, is_off),
                is_enabled=bool(free),
            ),
            *self._regenerating(cards),
            Command("Duplicate", lambda: self._duplicate(ids[0]), icon="copy", is_enabled=is_single),
            SEPARATOR,
            Command(f"Delete{who}", lambda: acts.delete(free), ("Del",), "trash", is_enabled=bool(free)),
        ]

    def _regenerating(self, cards: list[PersonaCard]) -> list[Command]:
        if len(cards) != 1 or not cards[0].is_generated:
            return []
        persona_id = cards[0].persona_id
        step = lambda: self.regenerate_requested.emit(persona_id)  # noqa: E731
        return [Command("Regenerate…", step, icon="magic-wand")]

    def _places(self, ids: list[int]) -> tuple[Command, ...]:
        def assigning(subforum_id: int) -> Callable[[], None]:
            return lambda: self._acts.assign(subforum_id, ids)

        return tuple(
            Command(short(subforum.name), assigning(subforum.subforum_id))
            for subforum in self._forum.subforums()
        )

    def _default_command(self, card: PersonaCard, *, is_enabled: bool) -> Command:
        if card.is_global_default:
            return Command("No global default", lambda: self._acts.set_global_default(None), (), "star")
        choose = lambda: self._acts.set_global_default(card.persona_id)  # noqa: E731
        return Command("Make global default", choose, (), "star", is_enabled and card.is_active)

    def _duplicate(self, persona_id: int) -> None:
        copy = self._acts.duplicate(persona_id)
        if copy:
            self.show_persona(copy)

    # -- menu and keys

    def _show_menu(self, point: QPoint, by_key: bool) -> None:
        if by_key and self._view.currentIndex().isValid():
            rect = self._view.visualRect(self._view.currentIndex())
            point = QPoint(rect.left() + theme().px(48), rect.bottom())
        menu = QMenu(self)
        menu.setAccessibleName("What to do with these personas")
        menu.aboutToHide.connect(menu.deleteLater)
        fill(menu, self.commands())
        menu.popup(self._view.viewport().mapToGlobal(point))

    def _take_key(self, event: QKeyEvent) -> None:
        take_key(event, self.commands())

    # -- showing

    def _lay_out(self) -> None:
        self._head.addWidget(self._title)
        self._head.addStretch()
        self._head.addWidget(self._generate)
        self._head.addWidget(self._add)
        self._field.addWidget(self._filter)
        self._list.addWidget(self._view)
        self._list.addWidget(self._none)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 12)
        foot.addWidget(self._foot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head)
        layout.addLayout(self._field)
        layout.addWidget(self._list, 1)
        layout.addLayout(foot)
        self.setAccessibleName("Personas")

    def _dress(self) -> None:
        now = theme()
        self._head.setContentsMargins(16, 0, 12, 0)
        self._title.setFixedHeight(max(now.row(_HEAD), now.px(28) + 8))
        self._field.setContentsMargins(12, 0, 12, 8)
        self._add.setIconSize(QSize(now.px(18), now.px(18)))
        self._generate.setIconSize(QSize(now.px(18), now.px(18)))

    def _connect(self) -> None:
        self._filter.textChanged.connect(self._model.set_filter)
        self._filter.returnPressed.connect(self._go_to_list)
        self._add.clicked.connect(self.new_requested)
        self._generate.clicked.connect(self.generate_requested)
        self._none.button_pressed.connect(self._filter.clear)
        self._model.refreshed.connect(self._show_list_or_hint)
        self._view.opened.connect(self.open_requested)
        self._view.menu_requested.connect(self._show_menu)
        self._view.key_pressed.connect(self._take_key)
        look().changed.connect(self._dress)

    def _go_to_list(self) -> None:
        if self._model.rowCount():
            self._view.setFocus()
            self._view.setCurrentIndex(self._model.index(0, 0))

    def _show_list_or_hint(self) -> None:
        self._list.setCurrentWidget(self._view if self._model.rowCount() else self._none)
