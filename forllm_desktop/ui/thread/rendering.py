"""From markdown-it's block tokens to specs: text, lists, quotes, code and tables within their limits."""

import functools
import re
from collections.abc import Callable, MutableMapping
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from forllm_desktop.ui.thread import highlight
from forllm_desktop.ui.thread.inline import followed, runs_of
from forllm_desktop.ui.thread.limits import Limits, pieces, shortened
from forllm_desktop.ui.thread.specs import LINE_BREAK, Block, Kind, Run, Style

NESTING = 26
"""Levels the parser goes down: a quote is one, a list with its item two. Beyond, text is shown as typed."""
_INLINE_NESTING = 4
"""Brackets within brackets; what is deeper stays text. Each level costs a pass over hostile brackets."""
_TASK = re.compile(r"\[([ xX])\](?:[ \t]+|$)")
_HTML_BREAK = re.compile(r"<br[ \t]*/?>", re.IGNORECASE)

Colour = Callable[[str, str], list[highlight.CodeLine]]
"""From code and its language to lines of runs."""


class Parser(MarkdownIt):
    """Lets every target through: `inline` decides what is a link, and shows what is none."""

    def validateLink(self, url: str) -> bool:
        return True


@functools.cache
def _inline_parser() -> MarkdownIt:
    options = {"html": False, "maxNesting": _INLINE_NESTING}
    return Parser("commonmark", options).enable("strikethrough")


class Rendering:
    """Turns the tokens of top-level blocks into specs. `codes` and `tables` count those so far."""

    def __init__(
        self, lines: list[str], limits: Limits, env: MutableMapping[str, Any], codes: int = 0, tables: int = 0
    ) -> None:
        self.codes = codes
        self.tables = tables
        self.colour: Colour = highlight.coloured
        self._lines = lines
        self._limits = limits
        self._env = env
        self._blocks: list[Block] = []
        self._quote = 0
        self._indent = 0
        self._numbers: list[int | None] = []
        self._marker = ""

    def blocks(self, tokens: list[Token]) -> list[Block]:
        """Return the specs of one top-level block.

        The parser leaves out what is nested too deep, so such a block is shown as typed.
        """
        self._blocks = []
        if any(token.level >= NESTING - 1 and token.nesting == 1 for token in tokens):
            self._add_as_typed(tokens[0])
        else:
            self._add_all(tokens)
        if not self._blocks:
            # Such as a ">" without text.
            self._add_as_typed(tokens[0])
        return self._blocks

    def item(self, tokens: list[Token], number: int | None) -> list[Block]:
        """Return the specs of one item of a top-level list; `number` is None where items have none."""
        self._indent, self._numbers = 1, [number]
        blocks = self.blocks(tokens)
        self._indent, self._numbers = 0, []
        return blocks

    def _add_all(self, tokens: list[Token]) -> None:
        at = 0
        while at < len(tokens):
            token = tokens[at]
            match token.type:
                case "blockquote_open":
                    self._quote += 1
                case "blockquote_close":
                    self._quote -= 1
                case "bullet_list_open" | "ordered_list_open":
                    self._write_marker()
                    self._indent += 1
                    start = int(token.attrs.get("start", 1))
                    self._numbers.append(start if token.type.startswith("o") else None)
                case "bullet_list_close" | "ordered_list_close":
                    self._indent -= 1
                    self._numbers.pop()
                case "list_item_open":
                    self._marker = self._next_marker(token)
                case "list_item_close":
                    self._write_marker()
                case "inline":
                    self._add_text(token, tokens[at - 1])
                case "fence" | "code_block":
                    self._write_marker()
                    self._add_code(token)
                case "hr":
                    self._write_marker()
                    self._add(Kind.RULE)
                case "definition":
                    self._add_definition(token)
                case "table_open":
                    self._write_marker()
                    end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
                    self._add_table(tokens[at : end + 1])
                    at = end
                case _:
                    pass
            at += 1

    def _add(self, kind: Kind, runs: tuple[Run, ...] = (), **fields: Any) -> None:
        marker, self._marker = self._marker, ""
        place = {"indent": self._indent, "quote": self._quote}
        first, *more = pieces(runs, self._limits)
        self._blocks.append(Block(kind, first, marker=marker, **place, **fields))
        self._blocks += [Block(kind, piece, joined=True, **place, **fields) for piece in more]

    def _write_marker(self) -> None:
        """Give an item that does not begin with text a line of its own for its marker."""
        if self._marker:
            self._add(Kind.TEXT)

    def _next_marker(self, token: Token) -> str:
        number = self._numbers[-1]
        if number is None:
            return "•"
        self._numbers[-1] = number + 1
        return f"{number}{token.markup}"

    def _add_text(self, token: Token, opened: Token) -> None:
        text = token.content
        if opened.type == "heading_open":
            self._add(Kind.HEADING, self._runs(text), level=int(opened.tag[1:]))
            return
        task = _TASK.match(text) if self._marker == "•" else None
        if task:
            self._marker = "[ ]" if task[1] == " " else "[x]"
            text = text[task.end() :]
        self._add(Kind.TEXT, self._runs(text))

    def _runs(self, text: str) -> tuple[Run, ...]:
        parser = _inline_parser()
        tokens: list[Token] = []
        parser.inline.parse(text, parser, self._env, tokens)
        return runs_of(tokens)

    def _add_definition(self, token: Token) -> None:
        """Show where a link leads that was defined apart: a model's list of sources looks just like that."""
        url, title = str(token.meta["url"]), str(token.meta["title"])
        runs = [Run(f"[{token.meta['label']}]: ", Style.MUTED), Run(url, Style.MUTED, followed(url))]
        self._add(Kind.TEXT, (*runs, Run(f" {title}", Style.MUTED)) if title else tuple(runs))

    def _add_as_typed(self, token: Token) -> None:
        text = self._source(token).strip("\n")
        if text:
            self._add(Kind.TEXT, (Run(text.replace("\n", LINE_BREAK)),))

    def _source(self, token: Token) -> str:
        first, end = token.map or (0, 0)
        return "\n".join(self._lines[first:end])

    def _add_code(self, token: Token) -> None:
        language = token.info.split(maxsplit=1)[0][:40] if token.info.strip() else ""
        self._add_lines(token.content.removesuffix("\n"), language, f"code:{self.codes}")
        self.codes += 1

    def _add_lines(self, code: str, language: str, name: str) -> None:
        source = code.split("\n")
        most = self._limits.code_lines
        hidden = len(source) > most and name not in self._limits.opened
        if hidden:
            code = "\n".join(source[:most])
        is_coloured = language and (hidden or len(source) <= most) and len(code) <= self._limits.highlighted
        lines = self.colour(code, language) if is_coloured else highlight.plain(code)
        began = len(self._blocks)
        for runs in lines:
            self._add(Kind.CODE, runs, language=language, place="middle")
        _place(self._blocks, began)
        if hidden:
            self._add(Kind.NOTE, (Run(f"Show all {len(source):,} lines", link=f"act:{name}"),))

    def _add_table(self, tokens: list[Token]) -> None:
        name = f"table:{self.tables}"
        self.tables += 1
        if name in self._limits.opened:
            self._add_lines(self._source(tokens[0]), "", name)
            return
        rows, align = _cells(tokens)
        columns = min(len(align), self._limits.columns)
        most = max(2, min(self._limits.rows, self._limits.cells // columns))
        shown = tuple(tuple(self._cell(cell) for cell in row[:columns]) for row in rows[:most])
        self._add(Kind.TABLE, rows=shown, align=align[:columns])
        note = _table_note(len(rows) - most, len(align) - columns, self._has_long_cell(rows[:most]))
        if note:
            self._add(Kind.NOTE, (Run(f"{note} · "), Run("Show as text", link=f"act:{name}")))

    def _cell(self, text: str) -> tuple[Run, ...]:
        # Markdown has no other way to begin a line in a cell, and models write this one.
        runs = self._runs(text[: 4 * self._limits.cell])
        broken = (run._replace(text=_HTML_BREAK.sub(LINE_BREAK, run.text)) for run in runs)
        return shortened(tuple(broken), self._limits.cell)

    def _has_long_cell(self, rows: list[list[str]]) -> bool:
        return any(len(cell) > self._limits.cell for row in rows for cell in row)


def _place(blocks: list[Block], began: int) -> None:
    """Mark where a run of code lines begins and ends."""
    last = len(blocks) - 1
    if began == last:
        blocks[last] = blocks[last]._replace(place="only")
    else:
        blocks[began] = blocks[began]._replace(place="first")
        blocks[last] = blocks[last]._replace(place="last")


def _cells(tokens: list[Token]) -> tuple[list[list[str]], str]:
    """Return the source of each cell by rows, and the alignment of each column as "l", "c" or "r"."""
    rows: list[list[str]] = []
    align = ""
    for index, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(tokens[index + 1].content)
            if token.type == "th_open":
                style = str(token.attrs.get("style", ""))
                align += style.removeprefix("text-align:")[:1] or "l"
    return rows, align


def _table_note(rows: int, columns: int, is_shortened: bool) -> str:
    parts = []
    if rows > 0:
        parts.append(f"{rows:,} more {'row' if rows == 1 else 'rows'}")
    if columns > 0:
        parts.append(f"{columns:,} more {'column' if columns == 1 else 'columns'}")
    if is_shortened:
        parts.append("long cells are shortened")
    return ", ".join(parts)
