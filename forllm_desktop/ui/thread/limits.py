"""How much of a post is shown at first, how texts are cut, and what a block costs to lay out.

A model in a loop writes one word of a megabyte or 20,000 list items, and Qt lays that out for seconds. Every
number here was found by measuring; see the reasons beside them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from forllm_desktop.ui.thread.highlight import is_ready
from forllm_desktop.ui.thread.specs import Block, Kind, Run

BACKGROUND = 4_000
"""Longest text, in characters, that the GUI thread parses itself; usual text of this length takes 3 ms."""
_HEAVY = 8_000
"""Weight the GUI thread still parses, about 20 ms at worst: a line weighs 20, a mark of Markdown 5."""
_MARKS = "[]*_~`<&\\|"
SLICE = 60
"""Points one slice of insertion may cost, see `points`; the worst text then stays below 50 ms."""

_UNBREAKABLE = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\u200d]"
)
_WIDE = re.compile("[^\0-\u024f\u2000-\u206f]")
_LOOK_BACK = 2_000
"""How far before a limit an end of line is looked for, in characters."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is shown of a post before somebody asks for more. Lengths are in characters.

    `portions` counts how often the rest was asked for; `opened` holds the `code:N` and `table:N` shown whole.
    """

    characters: int = 24_000
    """Of the whole post. Ten screens; the worst text of this length is parsed in 0.3 s, in the background."""
    lines: int = 2_000
    """Of the whole post: 12,000 lines of one letter are parsed in 0.5 s, although they are short."""
    blocks: int = 400
    """Of the whole post: an edit costs 1.6 microseconds for every block below it, and each has a layout."""
    text: int = 2_000
    """Of one block: Qt lays a block out as a whole, 24,000 characters of Chinese in 264 ms."""
    runs: int = 150
    """Of one block: each run is a format of its own."""
    code_lines: int = 300
    """Of one code block, each a block of the document."""
    highlighted: int = 30_000
    """Longest code that is coloured; Pygments takes 0.6 ms for 1,000 characters."""
    rows: int = 60
    """Of a table, the head included: 400 x 4 cells take 126 ms."""
    columns: int = 12
    """Of a table: 100 rows x 12 columns take 89 ms."""
    cells: int = 400
    """Of a table in all, because it is written in one go."""
    cell: int = 400
    """Of one cell."""
    target: int = 2_000
    """Longest address that is a link; browsers take about this much."""
    portions: int = 1
    opened: frozenset[str] = frozenset()

    def after(self, act: str) -> "Limits":
        """Return the limits once `act` was followed: "rest" or "act:rest", "code:0", "table:2"."""
        name = act.removeprefix("act:")
        if name == "rest":
            return replace(self, portions=self.portions + 1)
        return replace(self, opened=self.opened | {name})

    def cut(self, text: str) -> int:
        """Return how many characters of `text` are shown, ending with a line where one ends near the limit.

        A fence that is cut stays open and a table keeps whole rows, so both look as they would whole. The
        result never shrinks while `text` grows, once it is past the limit.
        """
        limit = self.characters * self.portions
        end = _end_of_line(text, self.lines * self.portions, limit)
        if end or len(text) <= limit:
            return end or len(text)
        end_of_line = text.rfind("\n", limit - _LOOK_BACK, limit)
        return end_of_line + 1 if end_of_line >= 0 else _break_before(text, limit)


DEFAULT = Limits()


def needs_background(text: str) -> bool:
    """Say whether a text takes too long to be parsed in the GUI thread."""
    if len(text) > BACKGROUND or not is_ready(text):
        return True
    return len(text) + 20 * text.count("\n") + 5 * sum(map(text.count, _MARKS)) > _HEAVY


def points(block: Block) -> int:
    """Return what writing a block costs.

    1, and 1 more for every 50 characters (12 of scripts that need shaping or other fonts), every 5 runs and
    every table cell.
    """
    if block.kind is Kind.TABLE:
        cells = [cell for row in block.rows for cell in row]
        return 1 + len(cells) + sum(_text_points("".join(run.text for run in cell)) for cell in cells)
    return 1 + _text_points(block.text) + len(block.runs) // 5


def slices(blocks: Iterable[Block], most: int = SLICE) -> Iterator[list[Block]]:
    """Yield blocks in groups of at most `most` points each; a block that costs more stands alone."""
    group: list[Block] = []
    spent = 0
    for block in blocks:
        cost = points(block)
        if group and spent + cost > most:
            yield group
            group, spent = [], 0
        group.append(block)
        spent += cost
    if group:
        yield group


def pieces(runs: tuple[Run, ...], limits: Limits) -> list[tuple[Run, ...]]:
    """Divide runs into blocks' worths. What comes first does not change when more is appended."""
    if len(runs) <= limits.runs and sum(len(run.text) for run in runs) <= limits.text:
        return [runs]
    result: list[tuple[Run, ...]] = []
    piece: list[Run] = []
    room = limits.text
    for run in runs:
        text = run.text
        while len(text) > room or len(piece) == limits.runs:
            at = _break_before(text, room) if room and len(piece) < limits.runs else 0
            if piece and text[at - 1 : at] != " " and piece[-1].text.endswith(" "):
                at = 0
            if at:
                piece.append(run._replace(text=text[:at]))
            result.append(tuple(piece))
            piece, text, room = [], text[at:], limits.text
        if text:
            piece.append(run._replace(text=text))
            room -= len(text)
    return [*result, tuple(piece)] if piece else result


def shortened(runs: tuple[Run, ...], most: int) -> tuple[Run, ...]:
    """Return runs cut to `most` characters, the last one an ellipsis."""
    if sum(len(run.text) for run in runs) <= most:
        return runs
    result, room = [], most - 1
    for run in runs:
        if len(run.text) >= room:
            cut = run.text[: _break_before(run.text, room)] if room else ""
            return (*result, run._replace(text=f"{cut}…"))
        result.append(run)
        room -= len(run.text)
    return tuple(result)


def amount(words: int, characters: int) -> str:
    """Return how much text is left, in words; in characters where a script has no spaces between them."""
    if characters > 20 * words:
        return f"{characters:,} characters"
    return f"{words:,} word" if words == 1 else f"{words:,} words"


def _end_of_line(text: str, number: int, limit: int) -> int:
    """Return where the line of this number ends, or 0 if that is beyond `limit`."""
    if text.count("\n", 0, limit) < number:
        return 0
    at = 0
    for _ in range(number):
        at = text.find("\n", at) + 1
    return at


def _break_before(text: str, limit: int) -> int:
    """Return where to break at most `limit` characters off: after a space, never inside a character."""
    space = max(text.rfind(" ", limit - 100 if limit > 100 else 0, limit), text.rfind("\u2028", 0, limit))
    if space > limit - 100 and space > 0:
        return space + 1
    # A character of more than 16 marks and joiners is not language, and is broken.
    for at in range(limit, max(limit - 16, 0), -1):
        if at >= len(text) or not (_UNBREAKABLE.match(text[at]) or text[at - 1] == "\u200d"):
            return at
    return limit


def _text_points(text: str) -> int:
    if text.isascii():
        return len(text) // 50
    wide = len(_WIDE.findall(text))
    return (len(text) - wide) // 50 + wide // 12
