"""Where code stands in a Markdown text: fences and backticks. Nothing in code is a tag."""

import re
from bisect import bisect_right
from collections import defaultdict
from typing import NamedTuple

_IN_CONTAINER = r"^((?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*)"
_FENCE = re.compile(_IN_CONTAINER + r"(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)$", re.MULTILINE)
_QUOTE = re.compile(r"[ \t]*>")
_ITEM = re.compile(r".*(?:[-*+]|\d[.)])[ \t]+", re.DOTALL)
_INDENT = re.compile(r"[ \t]*(?=\S)")
_MARK = re.compile(
    r"\\\\"  # a backslash that takes nothing from what follows
    r"|\\?`+"
    r"|\n(?=[ \t>]*(?:\n|#{1,6}[ \t]|[-*+][ \t]|\d{1,9}[.)][ \t]))"  # here a block ends, and code with it
)


class _Run(NamedTuple):
    start: int
    end: int
    opens: bool = True
    closes: bool = True


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
        runs: list[_Run] = []
        for found in _MARK.finditer(text, start, end):
            if found[0] == "\n":
                self._pair(runs)
                runs = []
            elif found[0] == "\\\\":
                continue
            elif found[0][0] == "`":
                runs.append(_Run(*found.span()))
            else:
                # In code a backslash is a backslash: this run may end code that has begun. Outside of code
                # it takes its first backtick away from what may begin some.
                runs.append(_Run(found.start() + 1, found.end(), opens=False))
                runs.append(_Run(found.start() + 2, found.end(), closes=False))
        self._pair(runs)

    def _pair(self, runs: list[_Run]) -> None:
        by_length: dict[int, list[int]] = defaultdict(list)
        for index in range(len(runs) - 1, -1, -1):
            if runs[index].closes:
                by_length[runs[index].end - runs[index].start].append(index)
        done = -1
        for index, run in enumerate(runs):
            # What an escaped run leaves over is no run of its own within code.
            if index <= done or not run.opens or run.start == run.end:
                continue
            same = by_length[run.end - run.start]
            while same and same[-1] <= index:
                same.pop()
            if same:
                done = same[-1] + (runs[same[-1]].opens is False)
                self._add(run.start, runs[same[-1]].end)

    def _add(self, start: int, end: int) -> None:
        self._starts.append(start)
        self._ends.append(end)


def _fences(text: str) -> list[tuple[int, int]]:
    """Return the fenced blocks; one that is not closed reaches to the end of what it is in."""
    blocks = []
    opened: _Opened | None = None
    for found in _FENCE.finditer(text):
        if opened is not None and (end := opened.end_before(text, found.start())) is not None:
            blocks.append((opened.start, end))
            opened = None
        if opened is None:
            opened = _Opened(found)
        elif opened.is_closed_by(found):
            blocks.append((opened.start, found.end()))
            opened = None
    if opened is not None:
        end = opened.end_before(text, len(text))
        blocks.append((opened.start, len(text) if end is None else end))
    return blocks


class _Opened:
    """A fence that was opened, in a quote or an item of a list maybe, which ends it with itself."""

    def __init__(self, found: re.Match[str]) -> None:
        self.start = found.start()
        self._at = found.end()
        self._fence = found[2] or found[3]
        item = _ITEM.match(found[1])
        self._indent = len(item[0]) if item else 0
        self._is_quoted = ">" in found[1]

    def is_closed_by(self, found: re.Match[str]) -> bool:
        """Say whether a later fence closes this one."""
        if _ITEM.match(found[1]) or (">" in found[1]) is not self._is_quoted:
            return False
        group = 2 if found[2] else 3
        behind = found[0][found.end(group) - found.start() :]
        is_same = found[group][0] == self._fence[0] and len(found[group]) >= len(self._fence)
        return is_same and not behind.strip()

    def end_before(self, text: str, most: int) -> int | None:
        """Return where what the fence is in ends, if before `most`; each line is looked at once."""
        if not self._is_quoted and not self._indent:
            return None
        while 0 <= self._at < most:
            if self._leaves(text, self._at + 1):
                return self._at
            self._at = text.find("\n", self._at + 1)
        if self._at < 0:
            self._at = len(text)
        return None

    def _leaves(self, text: str, line: int) -> bool:
        if self._is_quoted and not self._indent:
            return not _QUOTE.match(text, line)
        found = _INDENT.match(text, line)
        return found is not None and "\n" not in found[0] and len(found[0]) < self._indent
