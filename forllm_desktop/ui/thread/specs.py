"""Block specs: what a post looks like, as plain values that can be compared and tested without Qt."""

from enum import IntEnum, IntFlag
from typing import NamedTuple

LINE_BREAK = "\u2028"
"""A line break inside a block, as Qt writes it; a "\\n" begins a new block. No foreign text holds one."""


class Kind(IntEnum):
    """What a block of the document is."""

    TITLE = 1
    SUBTITLE = 2
    HEADER = 3
    TEXT = 4
    HEADING = 5
    CODE = 6
    TABLE = 7
    RULE = 8
    NOTE = 9
    FILE = 10


class Style(IntFlag):
    """Style bits of a run."""

    PLAIN = 0
    BOLD = 1
    ITALIC = 2
    STRIKE = 4
    CODE = 8
    MUTED = 16
    HIDDEN = 32
    META = 64
    DANGER = 128
    TAG = 256


class Run(NamedTuple):
    """A stretch of text in one style; `token` is a code colour: "keyword", "number", "string", "comment".

    `link` is a target: a web address, `act:NAME` for something of ours (unfolding, showing the rest), or what
    a tag stands for: `persona:ID`, `folder:ID/PATH`.
    """

    text: str
    style: Style = Style.PLAIN
    link: str = ""
    token: str = ""


class Block(NamedTuple):
    """One block of a post's body, or its header.

    `level` is the heading's level, or 1 for the last file of a post; `indent` the nesting of lists; `quote`
    that of quotes; `marker` is a list marker ("•", "3.") or a task's box ("[ ]", "[x]"); `language` names a
    code block's language; `place` is the position in a run of code lines: "first", "middle", "last" or
    "only", or the icon of a file; `rows` are a table's rows, each a tuple of cells, each a tuple of runs, the
    first row the head; `align` the columns' alignments ("l", "c", "r"). `joined` blocks continue the block
    before without a gap.
    """

    kind: Kind
    runs: tuple[Run, ...] = ()
    level: int = 0
    indent: int = 0
    quote: int = 0
    marker: str = ""
    language: str = ""
    place: str = ""
    rows: tuple[tuple[tuple[Run, ...], ...], ...] = ()
    align: str = ""
    joined: bool = False

    @property
    def text(self) -> str:
        """The text of the block, without its marker."""
        return "".join(run.text for run in self.runs)
