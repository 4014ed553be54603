"""A menu of personas, with a field to filter by when there are many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QKeyEvent, QPainter, QPixmap, QShowEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget, QWidgetAction

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.avatar import paint_persona
from forllm_desktop.ui.widgets.search_field import SearchField

FIELD_FROM = 7
"""Personas from which on there is a field to filter them by."""
MOST = 24
"""Personas shown at once; typing finds the others."""


@dataclass(frozen=True)
class Offer:
    """A persona of the menu; `note` stands behind its name, `searched` is what the filter looks at."""

    persona_id: int
    name: str
    note: str = ""
    searched: str = ""


def offer_of(card: PersonaCard) -> Offer:
    """Return a persona as the menu offers it, found by name, description and tags."""
    return Offer(
        card.persona_id,
        card.name,
        "",
        name_key(" ".join((card.name, card.description, *card.tags))),
    )


class PersonaMenu(QMenu):
    """Reads its personas each time it opens.

    chosen(persona_id)
    """

    chosen = Signal(int)

    def __init__(
        self, title: str, offers: Callable[[], Sequence[Offer]], parent: QWidget | None = None
    ) -> None:
        super().__init__(title.replace("&", "&&"), parent)
        self._read = offers
        self._offers: Sequence[Offer] = ()
        self._shown: list[QAction] = []
        self.field = SearchField("Filter the personas")
        self._field_action = _field_action(self.field, self)
        self.addAction(self._field_action)
        self.setAccessibleName(title)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.aboutToShow.connect(self._open)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._field_action.isVisible():
            self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Enter in the field choose the first persona, or the one the arrow keys went to."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose_current()
                return True
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self.keyPressEvent(event)
                return True
        return super().eventFilter(watched, event)

    def personas(self) -> list[QAction]:
        """Return the actions of the personas that are shown now."""
        return [action for action in self._shown if action.isEnabled()]

    def _open(self) -> None:
        self._offers = self._read()
        self._field_action.setVisible(len(self._offers) >= FIELD_FROM)
        self.field.blockSignals(True)
        self.field.clear()
        self.field.blockSignals(False)
        self._filter("")

    def _filter(self, typed: str) -> None:
        words = name_key(typed).split()
        found = [offer for offer in self._offers if all(word in offer.searched for word in words)]
        for action in self._shown:
            self.removeAction(action)
            action.deleteLater()
        self._shown = [self._action(offer) for offer in found[:MOST]]
        if len(found) > MOST:
            self._shown.append(self._line(f"{len(found) - MOST:,} more: type to find them"))
        elif not found:
            self._shown.append(self._line("No persona found" if words else "There is no other persona"))
        self.addActions(self._shown)
        if words and found:
            self.setActiveAction(self._shown[0])

    def _choose_current(self) -> None:
        current = self.activeAction()
        offered = self.personas()
        chosen = current if current in offered else offered[0] if offered else None
        if chosen is not None:
            self._close_all()
            chosen.trigger()

    def _close_all(self) -> None:
        """Close this menu and those it hangs off."""
        menu: QWidget | None = self
        while isinstance(menu, QMenu):
            menu.close()
            menu = menu.parentWidget()

    def _action(self, offer: Offer) -> QAction:
        action = persona_action(offer.persona_id, offer.name, offer.note, self)
        action.triggered.connect(lambda _=False, id=offer.persona_id: self.chosen.emit(id))
        return action

    def _line(self, words: str) -> QAction:
        action = QAction(words, self)
        action.setEnabled(False)
        return action


def persona_action(persona_id: int, name: str, note: str, parent: QObject, verb: str = "") -> QAction:
    """Return a menu row of a persona: its avatar, its name, and a note behind it; "Ask Ada   default"."""
    words = "   ".join(filter(None, (f"{verb} {name}".strip(), note)))
    return QAction(portrait(persona_id, name), words.replace("&", "&&"), parent)


def portrait(persona_id: int, name: str) -> QIcon:
    """Return a persona's avatar as an icon."""
    side = theme().px(16)
    pixmap = QPixmap(side * 2, side * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_persona(painter, QRectF(0, 0, side, side), persona_id, name)
    painter.end()
    return QIcon(pixmap)


def _field_action(field: SearchField, menu: QMenu) -> QWidgetAction:
    around = QWidget()
    layout = QVBoxLayout(around)
    layout.setContentsMargins(8, 4, 8, 4)
    layout.addWidget(field)
    action = QWidgetAction(menu)
    action.setDefaultWidget(around)
    action.setText(field.placeholderText())
    return action
