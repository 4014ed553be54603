"""What changed between two texts, word by word."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_WORK = 150_000
"""Pairs of equal pieces up to which two texts are compared, about a tenth of a second in Python."""


class Change(StrEnum):
    """What became of a stretch of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Stretch:
    """Text that stayed, came or went."""

    change: Change
    text: str


def word_diff(old: str, new: str) -> list[Stretch]:
    """Return the stretches that lead from `old` to `new`, what went before what came in its place.

    Those that stayed or went make up `old`, those that stayed or came make up `new`. Very long texts are
    compared by lines, and those that repeat themselves without end as a whole.
    """
    before, after = _pieces(old, new)
    stretches: list[Stretch] = []
    # Spaces alone anchor nothing; they would make the search slow and its findings odd.
    for tag, a, b, c, d in SequenceMatcher(str.isspace, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            _add(stretches, Change.SAME, "".join(before[a:b]))
        else:
            _add(stretches, Change.REMOVED, "".join(before[a:b]))
            _add(stretches, Change.ADDED, "".join(after[c:d]))
    return _calmed(stretches)


def counts(stretches: list[Stretch]) -> tuple[int, int]:
    """Return how many words came and how many went."""
    came, went = (
        sum(len(re.findall(r"\w+", s.text)) for s in stretches if s.change is change)
        for change in (Change.ADDED, Change.REMOVED)
    )
    return came, went


def _pieces(old: str, new: str) -> tuple[list[str], list[str]]:
    """Cut both texts into the finest pieces that can be compared in good time."""
    for cut in (_TOKEN.findall, lambda text: text.splitlines(keepends=True)):
        before, after = cut(old), cut(new)
        there = Counter(piece for piece in after if not piece.isspace())
        if sum(there[piece] for piece in before) + len(before) + len(after) <= _WORK:
            return before, after
    return [old], [new]


def _add(stretches: list[Stretch], change: Change, text: str) -> None:
    if text:
        stretches.append(Stretch(change, text))


def _calmed(stretches: list[Stretch]) -> list[Stretch]:
    """Take a lone space between two changes into both: "a b" for "c d" is one change, not two and a space."""
    calm: list[Stretch] = []
    gone, come = "", ""
    for index, stretch in enumerate(stretches):
        is_bridge = (
            stretch.change is Change.SAME
            and (gone or come)
            and index + 1 < len(stretches)
            and stretch.text.isspace()
            and "\n" not in stretch.text
        )
        if stretch.change is Change.SAME and not is_bridge:
            _flush(calm, gone, come)
            gone = come = ""
            calm.append(stretch)
            continue
        gone += stretch.text if stretch.change is not Change.ADDED else ""
        come += stretch.text if stretch.change is not Change.REMOVED else ""
    _flush(calm, gone, come)
    return calm


def _flush(calm: list[Stretch], gone: str, come: str) -> None:
    _add(calm, Change.REMOVED, gone)
    _add(calm, Change.ADDED, come)
