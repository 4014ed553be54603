"""The list of personas, with a filter; it changes row by row as long as there are not too many of them."""

import html
import json
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import groupby
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
    Slot,
)

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.events import Events
from forllm_desktop.services.persona import PersonaService

PERSONAS_MIME = "application/x-forllm-personas"
_PAUSE = 50
"""Milliseconds in which changes are gathered before they are read."""
_MOST_STRETCHES = 40
"""Stretches of rows that go and come one by one; with more of them all rows are shown anew."""
_NOWHERE = QModelIndex()

Index = QModelIndex | QPersistentModelIndex


class Role(IntEnum):
    """`CARD` returns the PersonaCard of a row, `SORT` the key of its name, `WORD` what sets it apart."""

    CARD = Qt.ItemDataRole.UserRole + 1
    SORT = Qt.ItemDataRole.UserRole + 2
    WORD = Qt.ItemDataRole.UserRole + 3


class PersonaListModel(QAbstractListModel):
    """The personas by name, as `PersonaService.cards` lists them; only those that pass the filter are rows.

    refreshed()    what was announced, or another filter, is shown now
    """

    refreshed = Signal()

    def __init__(self, personas: PersonaService, events: Events, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._personas = personas
        self._all: list[PersonaCard] = []
        self._texts: dict[int, str] = {}
        self._rows: list[PersonaCard] = []
        self._words: list[str] = []
        self._hidden: frozenset[int] = frozenset()
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self.refresh)
        # Where they are assigned comes with the subforums.
        events.personas_changed.connect(self._start)
        events.subforums_changed.connect(self._start)
        self._read()
        self._rows = list(self._all)

    @property
    def total(self) -> int:
        """How many personas there are, whatever the filter."""
        return len(self._all)

    def set_filter(self, typed: str) -> None:
        """Show the personas whose name, description and tags have all these words, in any case."""
        words = name_key(typed).split()
        if words != self._words:
            self._words = words
            self._show()

    def hide(self, persona_ids: Iterable[int]) -> None:
        """Leave these personas out, whatever the filter."""
        self._hidden = frozenset(persona_ids)
        self._show()

    def card(self, index: Index) -> PersonaCard:
        """Return the persona of a valid index."""
        return self._rows[index.row()]

    def index_of(self, persona_id: int) -> QModelIndex:
        """Return the index of a persona; invalid when it is not among the rows."""
        row = next((at for at, card in enumerate(self._rows) if card.persona_id == persona_id), -1)
        return self.index(row, 0) if row >= 0 else QModelIndex()

    @Slot()
    def refresh(self) -> None:
        """Show now what was announced and not shown yet."""
        self._timer.stop()
        self._read()
        self._show()

    # -- reading, as Qt asks for it

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        card = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return card.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(card)
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return card.description
            case Qt.ItemDataRole.ToolTipRole:
                return _tooltip(card)
            case Role.CARD:
                return card
            case Role.WORD:
                return badge(card)
            case Role.SORT:
                return name_key(card.name)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flag = Qt.ItemFlag
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled | flag.ItemNeverHasChildren

    # -- dragging

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return [PERSONAS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return persona_mime(self.card(index).persona_id for index in indexes)

    # -- following events

    @Slot()
    def _start(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _read(self) -> None:
        self._all = self._personas.cards()
        self._texts = {card.persona_id: _searched(card) for card in self._all}

    def _show(self) -> None:
        wanted = [card for card in self._all if self._passes(card)]
        if _stretches(self._rows, wanted) > _MOST_STRETCHES:
            self.beginResetModel()
            self._rows = wanted
            self.endResetModel()
        elif wanted != self._rows:
            self._remove(wanted)
            self._reorder(wanted)
            self._insert(wanted)
            self._update(wanted)
        self.refreshed.emit()

    def _passes(self, card: PersonaCard) -> bool:
        is_shown = card.persona_id not in self._hidden
        return is_shown and all(word in self._texts[card.persona_id] for word in self._words)

    def _remove(self, wanted: list[PersonaCard]) -> None:
        kept = {card.persona_id for card in wanted}
        gone = [row for row, card in enumerate(self._rows) if card.persona_id not in kept]
        for first, last in reversed(list(_runs(gone))):
            self.beginRemoveRows(_NOWHERE, first, last)
            del self._rows[first : last + 1]
            self.endRemoveRows()

    def _reorder(self, wanted: list[PersonaCard]) -> None:
        """Put the rows into their new order, as after a renaming."""
        place = {card.persona_id: at for at, card in enumerate(wanted)}
        ordered = sorted(self._rows, key=lambda card: place[card.persona_id])
        if ordered == self._rows:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        ids = [self._rows[index.row()].persona_id for index in before]
        self._rows = ordered
        row_of = {card.persona_id: row for row, card in enumerate(ordered)}
        self.changePersistentIndexList(before, [self.index(row_of[id], 0) for id in ids])
        self.layoutChanged.emit()

    def _insert(self, wanted: list[PersonaCard]) -> None:
        known = {card.persona_id for card in self._rows}
        new = [row for row, card in enumerate(wanted) if card.persona_id not in known]
        for first, last in _runs(new):
            self.beginInsertRows(_NOWHERE, first, last)
            self._rows[first:first] = wanted[first : last + 1]
            self.endInsertRows()

    def _update(self, wanted: list[PersonaCard]) -> None:
        for row, card in enumerate(wanted):
            if self._rows[row] != card:
                self._rows[row] = card
                self.dataChanged.emit(self.index(row, 0), self.index(row, 0))


def _stretches(rows: list[PersonaCard], wanted: list[PersonaCard]) -> int:
    """Return how many stretches of rows go and come: views work on each of them."""
    before, after = ({card.persona_id for card in some} for some in (rows, wanted))
    gone = [at for at, card in enumerate(rows) if card.persona_id not in after]
    new = [at for at, card in enumerate(wanted) if card.persona_id not in before]
    return sum(1 for _ in _runs(gone)) + sum(1 for _ in _runs(new))


def persona_mime(persona_ids: Iterable[int], *, offers_menu: bool = False) -> QMimeData:
    """Return personas as what is dragged; another running FORLLM does not take them.

    `offers_menu` lets the drop ask what is meant, as after a drag with the right button.
    """
    dragged = {
        "process": QCoreApplication.applicationPid(), "ids": list(persona_ids), "menu": offers_menu
    }  # fmt: skip
    data = QMimeData()
    data.setData(PERSONAS_MIME, json.dumps(dragged).encode())
    return data


def dragged_personas(data: QMimeData) -> list[int]:
    """Return the personas that are dragged, each once; none when it is something else."""
    try:
        return list(dict.fromkeys(int(id) for id in _dragged(data)["ids"]))
    except (ValueError, KeyError, TypeError):
        return []


def offers_menu(data: QMimeData) -> bool:
    """Say whether a drop of these personas is to ask what is meant."""
    return bool(_dragged(data).get("menu"))


def _dragged(data: QMimeData) -> dict[str, Any]:
    if not data.hasFormat(PERSONAS_MIME):
        return {}
    try:
        dragged = json.loads(bytes(data.data(PERSONAS_MIME).data()))
    except ValueError:
        return {}
    is_ours = isinstance(dragged, dict) and dragged.get("process") == QCoreApplication.applicationPid()
    return dragged if is_ours else {}


def badge(card: PersonaCard) -> str:
    """Return the one word that sets a persona apart from the others; empty for most."""
    if not card.is_active:
        return "off"
    if card.attention:
        return "attention"
    if card.is_unseen:
        return "new"
    if card.is_global_default:
        return "default"
    return "fallback" if card.is_fallback else ""


def spoken(card: PersonaCard) -> str:
    """Return what a screen reader says of a persona."""
    words = {"off": "switched off", "default": "global default", "attention": "needs attention"}.get(
        badge(card), badge(card)
    )
    return ", ".join(part for part in (card.name, f"version {card.version}", words) if part)


def _searched(card: PersonaCard) -> str:
    return name_key(" ".join((card.name, card.description, *card.tags)))


def _tooltip(card: PersonaCard) -> str:
    # Tooltips take markup for markup; names are shown as they are.
    lines = [card.name, card.description, f"Tags: {', '.join(card.tags)}" if card.tags else ""]
    return f"<p>{'<br>'.join(html.escape(line) for line in lines if line)}</p>"


def _runs(rows: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Return the first and last of each stretch of rows that follow each other."""
    for _, stretch in groupby(enumerate(rows), key=lambda pair: pair[1] - pair[0]):
        found = [row for _, row in stretch]
        yield found[0], found[-1]
