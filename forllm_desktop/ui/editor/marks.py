"""Markdown marks around the selection or before its lines: a text in, the changes to it out."""

import re
from collections.abc import Callable
from typing import NamedTuple

_NUMBER = re.compile(r"\d{1,9}[.)] ")


class Change(NamedTuple):
    """So many characters at a place give way to others."""

    at: int
    removed: int
    added: str


class Marked(NamedTuple):
    """What changes, from the first place to the last, and the selection afterwards, in characters."""

    changes: tuple[Change, ...]
    start: int
    end: int

    def applied(self, text: str) -> str:
        """Return the changed text."""
        pieces, at = [], 0
        for change in self.changes:
            pieces += (text[at : change.at], change.added)
            at = change.at + change.removed
        return "".join([*pieces, text[at:]])


Marking = Callable[[str, int, int], Marked]
"""From a text and its selection to what a mark changes."""


def toggle_around(text: str, start: int, end: int, mark: str) -> Marked:
    """Put a mark on both sides of the selection, or take it away where it is already."""
    size = len(mark)
    if _is_around(text, start, end, mark):
        taken = (Change(start - size, size, ""), Change(end, size, ""))
        return Marked(taken, start - size, end - size)
    return Marked((Change(start, 0, mark), Change(end, 0, mark)), start + size, end + size)


def toggle_code(text: str, start: int, end: int) -> Marked:
    """Mark the selection as code: in the line, or as a fenced block when it spans lines."""
    if "\n" not in text[start:end]:
        return toggle_around(text, start, end, "`")
    first, last = _line_span(text, start, end)
    return Marked((Change(first, 0, "```\n"), Change(last, 0, "\n```")), first, last + 8)


def toggle_before_lines(text: str, start: int, end: int, mark: str) -> Marked:
    """Put a mark before every line of the selection, or take it away where all lines have it."""
    lines = _lines(text, start, end)
    if all(text.startswith(mark, at) for at in lines):
        return _changed_lines(text, start, end, [Change(at, len(mark), "") for at in lines])
    return _changed_lines(text, start, end, [Change(at, 0, mark) for at in lines])


def toggle_numbers(text: str, start: int, end: int) -> Marked:
    """Number the lines of the selection, or take the numbers away where all lines have one."""
    lines = _lines(text, start, end)
    found = [_NUMBER.match(text, at) for at in lines]
    if all(found):
        gone = [Change(at, len(match[0]), "") for at, match in zip(lines, found, strict=True) if match]
        return _changed_lines(text, start, end, gone)
    return _changed_lines(
        text, start, end, [Change(at, 0, f"{number}. ") for number, at in enumerate(lines, 1)]
    )


def make_link(text: str, start: int, end: int) -> Marked:
    """Make the selection a link; what is missing of it, words or address, is selected to be typed."""
    words = text[start:end]
    if re.match(r"https?://\S+\Z", words):
        return Marked(
            (Change(start, 0, "["), Change(start, 0, "]("), Change(end, 0, ")")), start + 1, start + 1
        )
    changes = (Change(start, 0, "["), Change(end, 0, "](https://)"))
    address = end + 3
    return Marked(changes, address, address + 8) if words else Marked(changes, start + 1, start + 1)


def _is_around(text: str, start: int, end: int, mark: str) -> bool:
    size = len(mark)
    if text[max(0, start - size) : start] != mark or text[end : end + size] != mark:
        return False
    # One star of the two of bold is no mark of its own, but one of three is.
    beyond = 0
    while start - size - beyond > 0 and text[start - size - beyond - 1] == mark[0]:
        beyond += 1
    return mark != "*" or beyond % 2 == 0


def _changed_lines(text: str, start: int, end: int, changes: list[Change]) -> Marked:
    first, last = _line_span(text, start, end)
    grown = sum(len(change.added) - change.removed for change in changes)
    return Marked(tuple(changes), first, last + grown)


def _lines(text: str, start: int, end: int) -> list[int]:
    """Return where the lines of a selection begin."""
    first, last = _line_span(text, start, end)
    return [first, *(match.end() for match in re.compile("\n").finditer(text, first, last))]


def _line_span(text: str, start: int, end: int) -> tuple[int, int]:
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return first, len(text) if last < 0 else last
