"""Notices what models have written, personas and new texts for them, and says that it is there."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.services.proposals import Proposal
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.main_window import MainWindow

AFTER = 400
"""Milliseconds in which arrivals are gathered; the page that shows one has noticed it by then."""


class Arrivals(QObject):
    """Says it in the quiet bar, unless the page on which it is written is in view.

    persona_requested(persona_id)    one that arrived is to be shown
    list_requested()                 several arrived; all personas are to be shown
    page_requested(key)              a new text is to be compared with the present one
    """

    persona_requested = Signal(int)
    list_requested = Signal()
    page_requested = Signal(str)

    def __init__(self, window: MainWindow, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self._ws = workspace
        self._since = workspace.clock()
        self._known = {card.persona_id for card in self._unseen()}
        self._known_texts: set[int] = set()
        self._timer = QTimer(self, singleShot=True, interval=AFTER)
        self._timer.timeout.connect(self._look)
        workspace.events.personas_changed.connect(self._look_soon)

    def _look_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _unseen(self) -> list[PersonaCard]:
        return [card for card in self._ws.personas.cards() if card.is_unseen]

    def _look(self) -> None:
        new = [card for card in self._unseen() if card.persona_id not in self._known]
        self._known |= {card.persona_id for card in new}
        told = [card for card in new if not self._is_in_view("persona_id", card.persona_id)]
        texts = [text for text in self._new_texts() if not self._is_in_view("request_id", text.request_id)]
        if told:
            self._tell_personas(told)
        elif texts:
            self._tell_text(texts[0])

    def _new_texts(self) -> list[Proposal]:
        new = [
            text
            for text in self._ws.proposals.proposals()
            if text.request_id not in self._known_texts and text.made_at and text.made_at >= self._since
        ]
        self._known_texts |= {text.request_id for text in new}
        return new

    def _tell_personas(self, told: list[PersonaCard]) -> None:
        first = told[0].persona_id
        words = f"{told[0].name} has arrived"
        if len(told) > 1:
            words = f"{len(told):,} personas have arrived"
        elif told[0].attention:
            words = f"{words} and needs attention"
        is_single = len(told) == 1
        self._say(
            words, (lambda: self.persona_requested.emit(first)) if is_single else self.list_requested.emit
        )

    def _tell_text(self, text: Proposal) -> None:
        name = self._ws.personas.persona(text.persona_id).name
        self._say(
            f"A new text for {name} has arrived",
            lambda: self.page_requested.emit(f"proposal:{text.request_id}"),
        )

    def _say(self, words: str, step: Callable[[], object]) -> None:
        self._window.bar.say(f"{words}.", icon="magic-wand", action="Open", on_action=step)

    def _is_in_view(self, name: str, id: int) -> bool:
        pages = self._window.findChildren(QWidget, "new_persona")
        return any(page.isVisible() and page.property(name) == id for page in pages)
