"""What changed between two texts, word by word."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORD = re.compile(r"\w+|[^\w\s]")
_LINE = re.compile(r"\S[^\n]*")
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


@dataclass(frozen=True)
class _Piece:
    """A word, a mark or a line, with the space before it: space alone is nothing to compare by."""

    space: str
    text: str


def word_diff(old: str, new: str) -> list[Stretch]:
    """Return the stretches that lead from `old` to `new`, what went before what came in its place.

    Those that stayed or went make up `old`, those that stayed or came make up `new`. Very long texts are
    compared by lines, and those that repeat themselves without end as a whole.
    """
    before, after = _pieces(old, new)
    stretches: list[Stretch] = []
    matcher = SequenceMatcher(None, [p.text for p in before], [p.text for p in after], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            for was, now in zip(before[a:b], after[c:d], strict=True):
                _change(stretches, was.space, now.space)
                _add(stretches, Change.SAME, now.text)
        else:
            _change(stretches, _joined(before[a:b]), _joined(after[c:d]))
    return stretches


def counts(stretches: list[Stretch]) -> tuple[int, int]:
    """Return how many words came and how many went."""
    came, went = (
        sum(len(re.findall(r"\w+", s.text)) for s in stretches if s.change is change)
        for change in (Change.ADDED, Change.REMOVED)
    )
    return came, went


def _pieces(old: str, new: str) -> tuple[list[_Piece], list[_Piece]]:
    """Cut both texts into the finest pieces that can be compared in good time."""
    for pattern in (_WORD, _LINE):
        before, after = _cut(pattern, old), _cut(pattern, new)
        there = Counter(piece.text for piece in after)
        if sum(there[piece.text] for piece in before) + len(before) + len(after) <= _WORK:
            return before, after
    return [_Piece("", old)], [_Piece("", new)]


def _cut(pattern: re.Pattern[str], text: str) -> list[_Piece]:
    """Cut a text into pieces; an empty one at the end keeps the space that nothing follows."""
    pieces, end = [], 0
    for match in pattern.finditer(text):
        pieces.append(_Piece(text[end : match.start()], match.group()))
        end = match.end()
    return [*pieces, _Piece(text[end:], "")]


def _joined(pieces: list[_Piece]) -> str:
    return "".join(piece.space + piece.text for piece in pieces)


def _change(stretches: list[Stretch], old: str, new: str) -> None:
    """Add what became of a stretch; space that stayed before it is no part of the change."""
    same = _leading_space(old) if _leading_space(old) == _leading_space(new) and (old and new) else ""
    _add(stretches, Change.SAME, same)
    _add(stretches, Change.REMOVED, old[len(same) :])
    _add(stretches, Change.ADDED, new[len(same) :])


def _leading_space(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _add(stretches: list[Stretch], change: Change, text: str) -> None:
    """Add a stretch, or lengthen the last one if it changed the same way."""
    if not text:
        return
    if stretches and stretches[-1].change is change:
        text = stretches.pop().text + text
    stretches.append(Stretch(change, text))
