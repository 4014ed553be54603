"""Personas as lists and panels show them: small values with the facts around the record."""

from dataclasses import dataclass
from datetime import datetime

from forllm_desktop.domain.persona import (
    FALLBACK_PERSONA_ID,
    PersonaContent,
    PersonaVersion,
    Resolution,
    ResolutionReason,
)


@dataclass(frozen=True, slots=True)
class PersonaCard:
    """A persona in a list. `subforum_ids` are where it is assigned, `default_in` where it is the default.

    `attention` says what a generated one lacks before it may answer; `is_unseen` marks one just arrived.
    """

    persona_id: int
    name: str
    description: str
    version: int
    tags: tuple[str, ...] = ()
    colour: str | None = None
    has_picture: bool = False
    is_active: bool = True
    attention: str | None = None
    is_unseen: bool = False
    is_generated: bool = False
    is_global_default: bool = False
    subforum_ids: tuple[int, ...] = ()
    default_in: tuple[int, ...] = ()

    @property
    def is_fallback(self) -> bool:
        """Say whether this is the built-in persona, which answers when nobody else is set."""
        return self.persona_id == FALLBACK_PERSONA_ID


@dataclass(frozen=True)
class Member:
    """A persona assigned to a subforum."""

    card: PersonaCard
    is_default: bool
    assigned_at: datetime


@dataclass(frozen=True)
class VersionEntry:
    """A version in the history: in words what it changed, and how many posts it wrote."""

    version: PersonaVersion
    changed: tuple[str, ...]
    n_posts: int


@dataclass(frozen=True)
class Answering:
    """Who answers somewhere, and in words why: "Ada, the default of Physics"."""

    resolution: Resolution
    name: str
    version: int
    words: str


def reason_words(reason: ResolutionReason, subforum: str) -> str:
    """Return in words why a persona answers in a subforum: "the default of Physics"."""
    return {
        ResolutionReason.CHOSEN: "chosen for this request",
        ResolutionReason.SUBFORUM_DEFAULT: f"the default of {subforum}",
        ResolutionReason.GLOBAL_DEFAULT: "the global default",
        ResolutionReason.FALLBACK: "the fallback: no default is set",
    }[reason]


def changed_words(before: PersonaContent | None, after: PersonaContent) -> tuple[str, ...]:
    """Name what differs between two versions; nothing for the first one."""
    if before is None:
        return ()
    old, new = before.options, after.options
    differences = (
        ("name", before.name != after.name),
        ("instructions", before.instructions != after.instructions),
        ("description", before.description != after.description),
        ("preferred model", old.model != new.model),
        ("temperature", old.temperature != new.temperature),
        ("longest reply", old.max_reply_tokens != new.max_reply_tokens),
        ("thinking", old.think != new.think),
    )
    return tuple(word for word, differs in differences if differs)
