"""Markdown marks around the selection or before its lines: pure text in, text and selection out."""

from typing import NamedTuple


class Marked(NamedTuple):
    """A changed text and its new selection, as offsets in characters."""

    text: str
    start: int
    end: int


def toggle_around(text: str, start: int, end: int, mark: str) -> Marked:
    """Put a mark on both sides of the selection, or take it away where it is already."""
    size = len(mark)
    if text[max(0, start - size) : start] == mark and text[end : end + size] == mark:
        return Marked(text[: start - size] + text[start:end] + text[end + size :], start - size, end - size)
    return Marked(text[:start] + mark + text[start:end] + mark + text[end:], start + size, end + size)


def toggle_code(text: str, start: int, end: int) -> Marked:
    """Mark the selection as code: in the line, or as a fenced block when it spans lines."""
    if "\n" not in text[start:end]:
        return toggle_around(text, start, end, "`")
    first, last = _line_span(text, start, end)
    block = f"```\n{text[first:last]}\n```"
    return Marked(text[:first] + block + text[last:], first, first + len(block))


def toggle_before_lines(text: str, start: int, end: int, mark: str) -> Marked:
    """Put a mark before every line of the selection, or take it away where all lines have it."""
    first, last = _line_span(text, start, end)
    lines = text[first:last].split("\n")
    if all(line.startswith(mark) for line in lines):
        changed = [line[len(mark) :] for line in lines]
    else:
        changed = [mark + line for line in lines]
    block = "\n".join(changed)
    return Marked(text[:first] + block + text[last:], first, first + len(block))


def _line_span(text: str, start: int, end: int) -> tuple[int, int]:
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return first, len(text) if last < 0 else last
