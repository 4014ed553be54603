"""The words for the context window of a model: how large it is, where that comes from, how well we count."""

from dataclasses import dataclass
from datetime import datetime

from forllm_desktop.ui.folder_words import since


@dataclass(frozen=True)
class WindowFacts:
    """What is known of a model's window. `window` may be used; `largest` is what its server said.

    `own` is what the user set for it, `error` how far estimates were off, 0.1 being 10 %; `asked_at` is when
    its server said so.
    """

    window: int
    own: int | None
    largest: int | None
    error: float | None
    asked_at: datetime | None


def window_sentence(facts: WindowFacts, now: datetime) -> str:
    """Say how large the window is, of what, and why; how far estimates are off; when the server was asked."""
    said = [_size(facts)]
    if facts.error is not None:
        said.append(f"estimates off by about {facts.error:.0%}".replace("%", " %"))
    said.append("never asked" if facts.asked_at is None else f"asked {since(facts.asked_at, now)}")
    return " · ".join(said)


def _size(facts: WindowFacts) -> str:
    source = "from Settings" if facts.own is None else "set here"
    if facts.largest is None:
        return f"{facts.window:,} tokens, {source}; its own limit is not known"
    if facts.window < facts.largest:
        return f"{facts.window:,} of {facts.largest:,} tokens, {source}"
    wanted_all = facts.own == facts.largest
    return f"{facts.window:,} tokens, {'set here' if wanted_all else 'all that its server allows'}"
