"""Notices personas that models have written, and says that they are there."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.events import Events
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.main_window import MainWindow

AFTER = 400
"""Milliseconds in which arrivals are gathered; the page that shows one has noticed it by then."""


class Arrivals(QObject):
    """Says it in the quiet bar, unless the page on which the persona is written is in view.

    persona_requested(persona_id)    one that arrived is to be shown
    list_requested()                 several arrived; all personas are to be shown
    """

    persona_requested = Signal(int)
    list_requested = Signal()

    def __init__(self, window: MainWindow, personas: PersonaService, events: Events, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self._personas = personas
        self._known = {card.persona_id for card in self._unseen()}
        self._timer = QTimer(self, singleShot=True, interval=AFTER)
        self._timer.timeout.connect(self._look)
        events.personas_changed.connect(self._look_soon)

    def _look_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _unseen(self) -> list[PersonaCard]:
        return [card for card in self._personas.cards() if card.is_unseen]

    def _look(self) -> None:
        unseen = self._unseen()
        new = [card for card in unseen if card.persona_id not in self._known]
        self._known |= {card.persona_id for card in new}
        told = [card for card in new if not self._is_in_view(card.persona_id)]
        if not told:
            return
        first = told[0].persona_id
        words = f"{told[0].name} has arrived"
        if len(told) > 1:
            words = f"{len(told):,} personas have arrived"
        elif told[0].attention:
            words = f"{words} and needs attention"
        step = (lambda: self.persona_requested.emit(first)) if len(told) == 1 else self.list_requested.emit
        self._window.bar.say(f"{words}.", icon="magic-wand", action="Open", on_action=step)

    def _is_in_view(self, persona_id: int) -> bool:
        pages = self._window.findChildren(QWidget, "new_persona")
        return any(page.isVisible() and page.property("persona_id") == persona_id for page in pages)
