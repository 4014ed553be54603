"""The composer's picker of who answers: who may here, another one, or an earlier version."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QRect, QRectF, Signal
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import QMenu, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import Wish
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.assignment import Choice
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.editor.pickers import Picker
from forllm_desktop.ui.editor.version_menu import VersionMenu
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.widgets.avatar import paint_persona
from forllm_desktop.ui.widgets.persona_menu import Offer, PersonaMenu, offer_of, persona_action
from forllm_desktop.ui.widgets.tips import plain_tip


class PersonaPicker(Picker):
    """Picks who answers; without a choice it is the one who answers by default, and it says so.

    changed()    someone else answers now, or the same one at another version
    """

    changed = Signal()

    def __init__(self, personas: PersonaService, parent: QWidget | None = None) -> None:
        super().__init__("Persona that answers", parent)
        self._personas = personas
        self._subforum_id = 0
        self._answering = Choice(1, "")
        self._version: int | None = None
        self._tagged: int | None = None
        self.chosen: int | None = None
        self.assigns = False
        portraits().changed.connect(self.update)

    @property
    def persona_id(self) -> int:
        """The persona that would answer now."""
        return self._answering.persona_id

    @property
    def version(self) -> int | None:
        """The earlier version that was picked; None for the newest."""
        return self._version

    @property
    def name(self) -> str:
        """The name of who would answer now."""
        return self._answering.name

    def wish(self, model: ModelChoice) -> Wish:
        """Return what is asked for; a persona that may not answer here yet is assigned with it."""
        chosen = self.persona_id if self._version is not None else self._wanted
        return Wish(model, chosen, self._version, self.assigns)

    def follow(self, persona_id: int | None) -> None:
        """Let the persona that the text tags first answer, unless another one is chosen; None for no tag."""
        if persona_id != self._tagged:
            self._tagged = persona_id
            if self.chosen is None:
                self.refresh()

    @property
    def _wanted(self) -> int | None:
        """The persona that was picked, or else tagged first."""
        return self.chosen if self.chosen is not None else self._tagged

    def show_subforum(self, subforum_id: int) -> None:
        """Offer the personas of a subforum and forget the choice made elsewhere."""
        if subforum_id != self._subforum_id:
            self._subforum_id, self.chosen, self._version = subforum_id, None, None
        self.refresh()

    def refresh(self) -> None:
        """Read again who would answer, and why."""
        choices = self._personas.choices(self._subforum_id)
        chosen = next((c for c in choices if c.persona_id == self._wanted), None) or self._unassigned()
        if self.chosen is not None and chosen is None:
            self.chosen = self._version = None
        answering = chosen or next((c for c in choices if c.is_default), None)
        if answering is None:
            return
        if self._version is not None and self._version >= answering.version:
            self._version = None
        self.assigns = chosen is not None and chosen not in choices
        self._answering = answering
        self.set_word(f"{answering.name} v{self._version}" if self._version else answering.name)
        why = self._why()
        self.setToolTip(plain_tip(f"Persona that answers: {why}"))
        self.setAccessibleDescription(why)
        self.changed.emit()

    def choose(self, persona_id: int | None, version: int | None = None) -> None:
        """Let this persona answer, at a version if given; None is the default one."""
        self.chosen, self._version = persona_id, version
        self.refresh()

    def _unassigned(self) -> Choice | None:
        """Return the choice when it may not answer here yet, but would once it is assigned."""
        if self._wanted is None:
            return None
        try:
            card = self._personas.usable([self._wanted])[0]
        except ForllmError:
            return None
        return Choice(card.persona_id, card.name, version=card.version)

    def _why(self) -> str:
        if self.assigns:
            return f"{self.name}, assigned here with the request"
        if self.chosen is None and self._tagged == self.persona_id:
            return f"{self.name}, whom the text asks first"
        try:
            return self._personas.answering(self._subforum_id, self._wanted).words
        except ForllmError:
            return self.name

    # -- the menu

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        paint_persona(painter, QRectF(box), self.persona_id, self.name)

    def _fill(self) -> None:
        self._menu.clear()
        for submenu in self._menu.findChildren(QMenu):
            submenu.deleteLater()
        choices = self._personas.choices(self._subforum_id)
        for choice in choices:
            self._menu.addAction(self._action(choice))
        if self.assigns:
            wished = Choice(self.persona_id, self.name, "assigned with the request")
            self._menu.addAction(self._action(wished))
        self._menu.addSeparator()
        others = PersonaMenu("Assign another…", partial(self._others, choices), self._menu)
        others.setIcon(icon("plus"))
        others.chosen.connect(self.choose)
        self._menu.addMenu(others)
        if self._answering.version > 1:
            earlier = VersionMenu(
                f"An earlier version of {self.name}",
                partial(self._personas.versions, self.persona_id),
                self._version or self._answering.version,
                self._menu,
            )
            earlier.setIcon(icon("clock-counter-clockwise"))
            earlier.chosen.connect(partial(self.choose, self.persona_id))
            self._menu.addMenu(earlier)

    def _action(self, choice: Choice) -> QAction:
        action = persona_action(choice.persona_id, choice.name, choice.note, self._menu)
        action.setCheckable(True)
        action.setChecked(choice.persona_id == self.persona_id)
        wanted = None if choice.is_default else choice.persona_id
        action.triggered.connect(lambda _=False: self.choose(wanted))
        return action

    def _others(self, choices: Sequence[Choice]) -> list[Offer]:
        here = {choice.persona_id for choice in choices}
        cards = self._personas.cards()
        return [offer_of(card) for card in cards if card.is_active and card.persona_id not in here]
