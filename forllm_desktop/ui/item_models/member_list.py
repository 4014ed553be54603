"""The personas of one subforum as a list: its default first, then in the order they were assigned."""

from typing import Any

from PySide6.QtCore import QObject, Qt

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.errors import NotFound
from forllm_desktop.domain.persona_card import Member, PersonaCard
from forllm_desktop.events import Events
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.item_models.persona_list import Index, PersonaListModel, Role


class MemberList(PersonaListModel):
    """Shows who is assigned to a subforum, also who is switched off; nobody once it is deleted."""

    def __init__(
        self, subforum_id: int, personas: PersonaService, events: Events, parent: QObject | None = None
    ) -> None:
        self._subforum_id = subforum_id
        self._members: dict[int, Member] = {}
        super().__init__(personas, events, parent)

    def member(self, index: Index) -> Member:
        """Return the member of a valid index."""
        return self._members[self.card(index).persona_id]

    def ids(self) -> set[int]:
        """Return the personas that are assigned."""
        return set(self._members)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if index.isValid() and role == Role.WORD:
            return self._word(self.card(index))
        if index.isValid() and role == Qt.ItemDataRole.AccessibleTextRole:
            card = self.card(index)
            words = {"default": "default of this subforum", "off": "switched off"}
            word = words.get(self._word(card), self._word(card))
            return ", ".join(filter(None, (card.name, f"version {card.version}", word)))
        return super().data(index, role)

    def _word(self, card: PersonaCard) -> str:
        is_default = self._members[card.persona_id].is_default
        return ", ".join(filter(None, ("default" if is_default else "", "" if card.is_active else "off")))

    def _read(self) -> None:
        try:
            members = self._personas.members(self._subforum_id)
        except NotFound:
            members = []
        self._members = {member.card.persona_id: member for member in members}
        self._all = [member.card for member in members]
        self._texts = {card.persona_id: name_key(card.name) for card in self._all}
