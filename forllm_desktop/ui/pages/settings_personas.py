"""Who answers when nobody is chosen, in the settings: the global default and the fallback."""

from PySide6.QtCore import QRect, QRectF, Signal
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, NotFound
from forllm_desktop.domain.persona import FALLBACK_PERSONA_ID
from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.events import Events
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.editor.pickers import Picker
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.widgets.avatar import paint_persona
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.persona_menu import Offer, PersonaMenu, offer_of
from forllm_desktop.ui.widgets.wrap_row import WrapRow

_WORDS = "personas global default fallback answers nobody chosen subforum none edit templates generate"
_LEAST = 240


class PersonasSection(QWidget):
    """The global default and the fallback.

    said(sentence, undo)                      something was done; `undo` is a function without arguments
    failed(error)                             something could not be done
    persona_requested(persona_id, version)    a persona is to be shown
    templates_requested()                     the templates of the generator are to be shown
    """

    said = Signal(str, object)
    failed = Signal(object)
    persona_requested = Signal(int, int)
    templates_requested = Signal()

    def __init__(self, personas: PersonaService, events: Events, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._personas = personas
        self._picker = _DefaultPicker(personas)
        self._note = plain_label("", "small", "warn", wraps=True)
        self._fallback = plain_label("", "small", "text_3", wraps=True)
        self._edit = push_button("Edit…")
        rows = RowList()
        help = plain_label(
            "Answers where a subforum has no default of its own.", "small", "text_3", wraps=True
        )
        rows.add(_row("Global default", [help, self._note], self._picker))
        rows.add(_row("Fallback", [self._fallback], self._edit))
        templates = push_button("Templates…")
        about = plain_label(
            "The texts with which a model is asked to write personas.", "small", "text_3", wraps=True
        )
        rows.add(_row("Templates", [about], templates))
        templates.clicked.connect(self.templates_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(rows)
        self._picker.chosen.connect(self._use)
        self._edit.clicked.connect(lambda: self.persona_requested.emit(FALLBACK_PERSONA_ID, 0))
        events.personas_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is stored."""
        chosen, card = self._personas.global_default(), None
        fallback = self._personas.card(FALLBACK_PERSONA_ID)
        if chosen is not None:
            try:
                card = self._personas.card(chosen)
            except NotFound:
                name = self._personas.persona(chosen).name
                self._say_unusable(f"{name} is deleted", fallback)
        if card is not None and not card.is_active:
            self._say_unusable(f"{card.name} is switched off", fallback)
        elif card is not None or chosen is None:
            self._note.hide()
        self._picker.show_default(card, fallback.name)
        self._fallback.setText(
            f"{fallback.name} answers when there is no default at all. It can be edited, but not deleted."
        )
        self._edit.setAccessibleName(f"Edit the fallback {fallback.name}")

    def filter(self, text: str) -> bool:
        """Say whether a text is about this."""
        own = f"{_WORDS} {self._picker.accessibleName()}".casefold()
        return all(word in own for word in text.casefold().split())

    def _say_unusable(self, what: str, fallback: PersonaCard) -> None:
        self._note.setText(f"{what}: {fallback.name} answers instead.")
        self._note.show()

    def _use(self, persona_id: int) -> None:
        try:
            undo = self._personas.set_global_default(persona_id or None)
        except ForllmError as error:
            self.failed.emit(error)
            return
        self.said.emit(undo.label, lambda: self._personas.undo(undo))


class _DefaultPicker(Picker):
    """A button that shows the global default and opens the list of all personas.

    chosen(persona_id)    0: nobody, the fallback answers
    """

    chosen = Signal(int)

    def __init__(self, personas: PersonaService) -> None:
        super().__init__("Global default")
        self._personas = personas
        self._card: PersonaCard | None = None
        self.setProperty("kind", "")
        self._menu = PersonaMenu("Global default", self._offers, self)
        self._none = QAction("", self._menu)
        self._none.setCheckable(True)
        self._none.triggered.connect(lambda: self.chosen.emit(0))
        self._menu.insertAction(self._menu.actions()[0], self._none)
        self._menu.chosen.connect(self.chosen)

    def show_default(self, card: PersonaCard | None, fallback: str) -> None:
        """Show the global default; None for nobody."""
        self._card = card
        words = f"None: {fallback} answers"
        self._none.setText(words.replace("&", "&&"))
        self._none.setChecked(card is None)
        self.set_word(card.name if card else words)

    def _offers(self) -> list[Offer]:
        return [offer_of(card) for card in self._personas.cards() if card.is_active]

    def _fill(self) -> None:
        """The menu fills itself."""

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        if self._card is not None:
            paint_persona(painter, QRectF(box), self._card.persona_id, self._card.name)
        else:
            paint_icon(painter, box, "lifebuoy", "text_2")


def _row(title: str, below: list[QWidget], control: QWidget) -> QWidget:
    words = QWidget()
    lines = QVBoxLayout(words)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.setSpacing(2)
    lines.addWidget(plain_label(title, "ui_medium", wraps=True))
    for label in below:
        lines.addWidget(label)
    beside = WrapRow()
    beside.add(words, _LEAST)
    beside.add(control)
    row = QWidget()
    around = QVBoxLayout(row)
    around.setContentsMargins(0, 10, 0, 10)
    around.addLayout(beside)
    return row
