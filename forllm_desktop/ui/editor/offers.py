"""What can be tagged, as the list beside the caret offers it: personas and files, the likeliest first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.found_files import FoundFile, shown_size
from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.domain.tags import FileTag, PersonaTag, Tag

MOST = 50
"""Rows of the list; typing finds the others."""
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Offer:
    """A row: its name, the line below, a word at its right end. Without a tag it opens the settings."""

    name: str
    line: str = ""
    word: str = ""
    tag: Tag | None = None

    @property
    def spoken(self) -> str:
        """The row as a screen reader says it."""
        return ", ".join(filter(None, (self.name, self.word, self.line)))


def persona_offers(cards: Sequence[PersonaCard], subforum_id: int, typed: str) -> list[Offer]:
    """Return the personas whose words begin as typed: those assigned to a subforum first.

    Each typed word must begin a word of the name; none has to be the first.
    """
    wanted = name_key(typed)
    found = [card for card in cards if card.is_active and is_meant(card.name, typed)]
    found.sort(
        key=lambda card: (
            subforum_id not in card.subforum_ids,
            not name_key(card.name).startswith(wanted),
            subforum_id not in card.default_in,
            name_key(card.name),
        )
    )
    return [_persona_offer(card, subforum_id) for card in found[:MOST]]


def is_meant(name: str, typed: str) -> bool:
    """Say whether each word that was typed begins a word of a name."""
    key, wanted = name_key(name), name_key(typed)
    words = _WORDS.findall(key)
    return key.startswith(wanted) or all(
        any(word.startswith(part) for word in words) or part in key.split() for part in wanted.split()
    )


def file_offers(found: Sequence[FoundFile], *, has_folders: bool) -> list[Offer]:
    """Return files as they are offered, or the way to the settings when no folder is indexed."""
    if not has_folders:
        return [Offer("No folder is indexed yet", "Enter opens the settings, where you add one")]
    return [
        Offer(
            file.name,
            file.folder_name,
            shown_size(file.size),
            FileTag(file.folder_id, file.path, file.name),
        )
        for file in found[:MOST]
    ]


def _persona_offer(card: PersonaCard, subforum_id: int) -> Offer:
    word = "default" if subforum_id in card.default_in else ""
    return Offer(card.name, card.description, word, PersonaTag(card.persona_id, card.name))
