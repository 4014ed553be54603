"""Where code stands in a Markdown text: fences and backticks. Nothing in code is a tag."""

import re
from bisect import bisect_right
from collections import defaultdict

_IN_CONTAINER = r"^(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*"
_FENCE = re.compile(_IN_CONTAINER + r"(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)$", re.MULTILINE)
_QUOTE = re.compile(r"[ \t]*>")
_MARK = re.compile(
    r"\\`"  # no backtick of code
    r"|`+"
    r"|\n(?=[ \t>]*(?:\n|#{1,6}[ \t]|[-*+][ \t]|\d{1,9}[.)][ \t]))"  # here a block ends, and code with it
)


class CodeSpans:
    """The stretches of a text that are code. Time is linear in the text's length."""

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        if "`" in text or "~~~" in text:
            self._find(text)

    def touches(self, start: int, end: int) -> bool:
        """Say whether any of the characters from `start` up to `end` is code."""
        at = bisect_right(self._starts, max(start, end - 1)) - 1
        return at >= 0 and self._ends[at] > start

    def _find(self, text: str) -> None:
        at = 0
        for start, end in _fences(text):
            self._find_inline(text, at, start)
            self._add(start, end)
            at = end
        self._find_inline(text, at, len(text))

    def _find_inline(self, text: str, start: int, end: int) -> None:
        runs: list[tuple[int, int]] = []
        for found in _MARK.finditer(text, start, end):
            if found[0][0] == "`":
                runs.append(found.span())
            elif found[0][0] == "\n":
                self._pair(runs)
                runs = []
            elif runs:
                # In code a backslash is a backslash, so that this backtick may end code that has begun.
                # It is kept as one that cannot begin any.
                runs.append((found.end() - 1, -_run_end(text, found.end(), end)))
        self._pair(runs)

    def _pair(self, runs: list[tuple[int, int]]) -> None:
        by_length: dict[int, list[int]] = defaultdict(list)
        for index in range(len(runs) - 1, -1, -1):
            by_length[abs(runs[index][1]) - runs[index][0]].append(index)
        done = -1
        for index, (start, end) in enumerate(runs):
            if index <= done or end < 0:
                continue
            same = by_length[end - start]
            while same and same[-1] <= index:
                same.pop()
            if same:
                done = same[-1]
                self._add(start, abs(runs[done][1]))

    def _add(self, start: int, end: int) -> None:
        self._starts.append(start)
        self._ends.append(end)


def _run_end(text: str, at: int, end: int) -> int:
    while at < end and text[at] == "`":
        at += 1
    return at


def _fences(text: str) -> list[tuple[int, int]]:
    """Return the fenced blocks; one that is not closed reaches to the end of its quote, or of the text."""
    blocks = []
    opened: re.Match[str] | None = None
    for found in _FENCE.finditer(text):
        if opened is not None and _quote_end(text, opened, found.start()) < found.start():
            blocks.append((opened.start(), _quote_end(text, opened, found.start())))
            opened = None
        if opened is None:
            opened = found
        elif _closes(opened, found):
            blocks.append((opened.start(), found.end()))
            opened = None
    if opened is not None:
        blocks.append((opened.start(), _quote_end(text, opened, len(text))))
    return blocks


def _closes(opened: re.Match[str], found: re.Match[str]) -> bool:
    fence, other = opened[1] or opened[2], found[1] or found[2]
    behind = found[0][found.end(1 if found[1] else 2) - found.start() :]
    return other[0] == fence[0] and len(other) >= len(fence) and not behind.strip()


def _quote_end(text: str, opened: re.Match[str], most: int) -> int:
    """Return where the quote ends in which a fence was opened; `most` if not before, or if in none."""
    if not _QUOTE.match(text, opened.start()):
        return most
    at = opened.end()
    while at < most:
        if not _QUOTE.match(text, at + 1):
            return at
        at = text.find("\n", at + 1)
        if at < 0:
            break
    return most
