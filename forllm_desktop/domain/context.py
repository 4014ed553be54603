"""What of a thread enters a prompt: the options of a place, and the rule of a single post."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.settings import Settings, checked_option


class PromptRule(StrEnum):
    """How a post enters prompts: by itself, never (`LEFT_OUT`), or before all others (`PINNED`)."""

    AUTO = "auto"
    LEFT_OUT = "left_out"
    PINNED = "pinned"


@dataclass(frozen=True)
class ContextOptions:
    """How a prompt is filled, as an answer in one subforum uses it; the fields are those of Settings."""

    ambient_share: int
    ambient_posts_per_branch: int
    ambient_posts: int
    ambient_topics: int
    answer_tokens: int

    @classmethod
    def of(cls, settings: Settings, own: dict[str, Any] | None = None) -> "ContextOptions":
        """Return the options of a place: those of the settings, save for what the subforum sets itself.

        What no longer fits in `own`, or is unknown, counts as not set.
        """
        options = cls(**{f.name: getattr(settings, f.name) for f in fields(cls)})
        return replace(options, **own_options(own))


def own_options(stored: dict[str, Any] | None) -> dict[str, int]:
    """Return what a subforum sets itself, in the types of the options; the rest is left out."""
    names = {f.name for f in fields(ContextOptions)}
    found = {}
    for name, value in (stored or {}).items():
        if name in names and value is not None:
            try:
                found[name] = checked_option(name, value)
            except InvalidInput:
                continue
    return found


def answer_room(window: int, wanted: int, longest: int | None = None) -> int:
    """Return how many tokens of a window are kept for the answer: never more than half of it.

    `longest` is the longest answer that a persona may give, where it has a limit.
    """
    return min(wanted, longest or wanted, window // 2)
