"""Which of the wanted headings a line that looks like a heading means."""

import json
import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache

from forllm_desktop.paths import resources_dir

_NUMBER = re.compile(r"^(?:\(?\d{1,2}[.):]|[ivx]{1,4}[.)]|section \d+:?|step \d+:?)\s*", re.IGNORECASE)
_STRICT, _LOOSE = 0.86, 0.72
"""How alike two headings are, from 0 to 1, that mean the same: in running text, and where `#` says so."""


@cache
def _aliases() -> dict[str, str]:
    """Return the default headings by their other names, in several languages."""
    path = resources_dir() / "heading_words.json"
    known: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return {alias: heading for heading, aliases in known.items() for alias in aliases}


def plain(title: str) -> str:
    """Return a heading in the form in which headings are compared: words, lower case, without marks."""
    text = (
        unicodedata.normalize("NFKC", title).casefold().replace("&", " and ").replace("behaviour", "behavior")
    )
    text = _NUMBER.sub("", text.strip(" *_#:`-–—.\t"))
    return " ".join(re.sub(r"[^\w]+", " ", text).split())


def matching(title: str, wanted: Sequence[str], *, is_marked: bool) -> str | None:
    """Return the wanted heading that a title means; `is_marked` when Markdown says that it is a heading."""
    said = plain(title)
    if not said:
        return None
    forms = {plain(heading): heading for heading in wanted}
    if said in forms:
        return forms[said]
    meant = _aliases().get(said)
    if meant is not None and plain(meant) in forms:
        return forms[plain(meant)]
    best, likeness = None, _LOOSE if is_marked else _STRICT
    for form, heading in forms.items():
        found = _likeness(said, form)
        if found >= likeness:
            best, likeness = heading, found
    return best


def _likeness(one: str, other: str) -> float:
    """Return how alike two plain headings are: by letters, or by the words they share."""
    ignored = {"and", "the", "of", "your", "key", "core", "a"}
    words, others = set(one.split()) - ignored, set(other.split()) - ignored
    shared = len(words & others) / max(1, min(len(words), len(others))) if words and others else 0.0
    covers = (
        0.9 if shared == 1.0 and len(words) <= len(others) + 1 and min(map(len, words & others)) > 3 else 0.0
    )
    return max(SequenceMatcher(None, one, other).ratio(), covers)
