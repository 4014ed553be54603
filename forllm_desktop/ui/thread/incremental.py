"""Parsing a reply while it is written: only its end is parsed again, what is above it is final."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from forllm_desktop.ui.thread import highlight
from forllm_desktop.ui.thread.diff import common_prefix
from forllm_desktop.ui.thread.limits import DEFAULT, Limits, needs_background
from forllm_desktop.ui.thread.markdown import (
    Piece,
    References,
    Start,
    capped,
    cleaned,
    is_full,
    parsed,
    rest_note,
)
from forllm_desktop.ui.thread.specs import Block, Kind

_CODE = (Kind.CODE, Kind.NOTE)
_PATIENCE = 32
"""How often a character of one long block is parsed again at most, about, while the block grows."""
_LINE_END = re.compile("\r\n?|[\n\u2028\u2029]")


class StreamParser:
    """Turns a growing text into block specs, with a cost that depends on its last block only.

    A piece, which is a top-level block or an item of a top-level list, is final once a later one has begun
    with a whole line. Then its blocks stay as they are, save for three things that `finish` puts right:
    a link whose definition comes later; code, which has approximate colours until its fence is closed; and
    the number of words in the note about the rest. One thread at a time may use it; `blocks` may be read in
    any.
    """

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._blocks: list[Block] = []
        self._forget()

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks after the last call."""
        return self._blocks

    def needs_background(self, text: str) -> bool:
        """Say whether `feed` would take too long for the GUI thread, because of one long or odd block."""
        if self._hidden_from:
            return False
        begin = self._seen if self._is_code else len(self._final)
        return needs_background(text[begin : self._limits.cut(text)])

    def is_worth(self, text: str) -> bool:
        """Say whether enough is new to parse one long block again: then its cost stays linear."""
        return _PATIENCE * (len(text) - self._seen) >= self._seen - len(self._final)

    def feed(self, text: str) -> tuple[int, list[Block]]:
        """Take the whole text so far; return how many blocks stay, and the blocks that follow those.

        A text that does not begin with what is already final is parsed from its beginning.
        """
        if not text.startswith(self._final):
            self._forget()
        if not self._hidden_from:
            self._parse(text)
        if self._hidden_from:
            self._words += len(text[self._seen :].split())
            self._characters += len(text) - self._seen
        self._seen = len(text)
        return self._show(
            [*self._shown, rest_note(self._words, self._characters)] if self._has_more else self._shown
        )

    def finish(self, blocks: list[Block]) -> tuple[int, list[Block]]:
        """Take the blocks of the whole text, parsed by `blocks_of` in any thread; return as `feed` does."""
        self._forget()
        return self._show(blocks)

    def _forget(self) -> None:
        self._final = ""
        self._final_blocks: list[Block] = []
        self._start = Start()
        self._references: References = {}
        self._lines = -1
        self._growing = highlight.Growing()
        self._seen = 0
        self._is_code = False
        self._shown: list[Block] = []
        # Where the text begins that will not be shown, and how much is hidden.
        self._hidden_from = 0
        self._has_more = False
        self._words = 0
        self._characters = 0

    def _parse(self, text: str) -> None:
        cut = self._limits.cut(text)
        tail = text[len(self._final) : cut]
        lines = len(_LINE_END.findall(tail))
        if lines != self._lines:
            tail = self._settle(tail)
            self._lines = len(_LINE_END.findall(tail))
        pieces = list(
            parsed(cleaned(tail), self._limits, dict(self._references), self._start, self._growing.coloured)
        )
        self._is_code = len(pieces) == 1 and all(block.kind in _CODE for block in pieces[0].blocks)
        blocks = self._final_blocks + [block for piece in pieces for block in piece.blocks]
        self._has_more = cut < len(text) or is_full(blocks, self._limits)
        self._shown = capped(blocks, "", self._limits)[:-1] if is_full(blocks, self._limits) else blocks
        hidden = " ".join(block.text for block in blocks[len(self._shown) :])
        self._words, self._characters = len(hidden.split()), len(hidden)
        if cut < len(text) or is_full(self._final_blocks, self._limits):
            # What is shown does not change any more, and the rest is only counted.
            self._hidden_from = self._seen = cut

    def _settle(self, tail: str) -> str:
        """Make final what later lines cannot change; return the text after it.

        Only whole lines tell: the "2" of a "2. item" looks like a paragraph, the "|-" of "|-x" like a table.
        """
        ends = [found.end() for found in _LINE_END.finditer(tail)]
        if not ends:
            return tail
        references: dict[str, Any] = dict(self._references)
        pieces = list(parsed(cleaned(tail[: ends[-1]]), self._limits, references, self._start, None))
        last = _first_open(pieces)
        if last <= 0 or pieces[last].first == 0:
            return tail
        for piece in islice(pieces, last):
            self._final_blocks += piece.blocks
        line = pieces[last].first
        skipped = 1 if self._start.prefix else 0
        for label, reference in references.items():
            if label not in self._references and reference["map"][1] - skipped <= line:
                self._references[label] = reference
        self._start = pieces[last].start
        self._growing = highlight.Growing()
        self._final += tail[: ends[line - 1]]
        return tail[ends[line - 1] :]

    def _show(self, blocks: list[Block]) -> tuple[int, list[Block]]:
        kept = common_prefix(self._blocks, blocks)
        self._blocks = blocks
        return kept, blocks[kept:]


def _first_open(pieces: Sequence[Piece]) -> int:
    """Return the index of the first piece that later lines may change.

    That is the last one; and link definitions right before it, for its first line may become their title.
    """
    last = len(pieces) - 1
    while last > 0 and pieces[last - 1].is_definition and pieces[last - 1].end == pieces[last].first:
        last -= 1
    return last
