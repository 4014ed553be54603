"""Markdown as a flat list of block specs. HTML shows as text, nothing is loaded or dropped silently."""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from forllm_desktop.ui.thread import highlight
from forllm_desktop.ui.thread.limits import DEFAULT, Limits, amount
from forllm_desktop.ui.thread.rendering import NESTING, Colour, Parser, Rendering
from forllm_desktop.ui.thread.specs import Block, Kind, Run

# Ends of lines, NUL, half characters, and the characters by which Qt marks frames and objects.
_UNSAFE = re.compile("[\r\0\x0b\x0c\u2028\u2029\ufdd0-\ufdef\ufffc\ud800-\udfff]")
_SAFER = {"\x0b": " ", "\x0c": " ", "\u2028": "\n", "\u2029": "\n"}
_NEWLINE = re.compile("\r\n?")

_MOST = 999_999_999
"""Largest number an ordered list may begin with; items beyond the next one all have that one's number."""

References = dict[str, dict[str, Any]]
"""Link definitions by label, as markdown-it keeps them; "map" are the lines of each."""


class Start(NamedTuple):
    """What a parse has to know that begins at a piece and not at the beginning of the text.

    `codes` and `tables` count those before, for the N of `act:code:N`. `prefix` is a line that stands for the
    item before, when the piece is a later item of a list: what may interrupt a list is not what may begin.
    """

    codes: int = 0
    tables: int = 0
    prefix: str = ""


class Piece(NamedTuple):
    """A top-level block of the source, or an item of a top-level list: its lines and how it looks.

    `first` is its first line, `end` the one after it, `start` what a parse needs that begins here.
    """

    first: int
    end: int
    blocks: list[Block]
    start: Start
    is_definition: bool


def blocks_of(text: str, *, limits: Limits = DEFAULT) -> list[Block]:
    """Return how a post looks. Longer than its limits, it ends with a NOTE whose link is `act:rest`.

    Follow an act with `limits.after(act)`. Texts above `limits.BACKGROUND` belong in a background thread:
    the worst text of 24,000 characters takes about 0.2 s. Linear in what is shown, not in the whole text.
    """
    cut = limits.cut(text)
    shown = cleaned(text[:cut])
    blocks: list[Block] = []
    for piece in parsed(shown, limits):
        blocks += piece.blocks
        if is_full(blocks, limits):
            return capped(blocks, _from_line(shown, piece.end) + text[cut:], limits)
    return capped(blocks, text[cut:], limits)


def cleaned(text: str) -> str:
    """Return foreign text with line ends as "\\n" and without characters that have a meaning for Qt."""
    if not _UNSAFE.search(text):
        return text
    # Half characters that belong together become one; the others U+FFFD.
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNSAFE.sub(lambda found: _SAFER.get(found[0], "\ufffd"), _NEWLINE.sub("\n", whole))


def parsed(
    text: str,
    limits: Limits = DEFAULT,
    references: References | None = None,
    start: Start | None = None,
    last_colour: Colour | None = highlight.coloured,
) -> Iterator[Piece]:
    """Yield the pieces of a cleaned text in order; a piece that is not asked for costs little.

    `references` are link definitions from before; those of this text are added to it, lines counted from
    `start.prefix` if there is one. `last_colour` colours the code of the last piece; without one that piece
    is not rendered and has no blocks.
    """
    start = start or Start()
    env: dict[str, Any] = {"references": {} if references is None else references}
    text, skipped = (f"{start.prefix}\n{text}", 1) if start.prefix else (text, 0)
    groups = list(_groups(_parser().parse(text, env)))
    rendering = Rendering(text.split("\n"), limits, env, start.codes, start.tables)
    for index, group in enumerate(groups[skipped:], skipped + 1):
        first, end = group.tokens[0].map or (0, 0)
        begin = Start(rendering.codes, rendering.tables, group.prefix)
        blocks: list[Block] = []
        if index < len(groups) or last_colour:
            rendering.colour = last_colour if last_colour and index == len(groups) else highlight.coloured
            blocks = (
                rendering.item(group.tokens, group.number)
                if group.is_item
                else rendering.blocks(group.tokens)
            )
        is_definition = group.tokens[0].type == "definition"
        yield Piece(first - skipped, end - skipped, blocks, begin, is_definition)


def is_full(blocks: Sequence[Block], limits: Limits) -> bool:
    """Say whether these are more blocks than are shown of one post; code that was opened does not count."""
    return len(blocks) > _most_blocks(blocks, limits)


def capped(blocks: list[Block], rest: str, limits: Limits) -> list[Block]:
    """Return the blocks that are shown, and a note about the rest if there is any."""
    most = _most_blocks(blocks, limits)
    shown, hidden = blocks[:most], blocks[most:]
    if hidden and shown and shown[-1].kind is Kind.CODE and shown[-1].place in ("first", "middle"):
        shown[-1] = shown[-1]._replace(place="last" if shown[-1].place == "middle" else "only")
    left = " ".join([block.text for block in hidden] + [rest])
    return [*shown, rest_note(len(left.split()), len(left))] if hidden or rest.strip() else shown


def rest_note(words: int, characters: int) -> Block:
    """Return the note that ends a post of which more could be shown."""
    return Block(Kind.NOTE, (Run(f"Show the rest - {amount(words, characters)}", link="act:rest"),))


@functools.cache
def _parser() -> MarkdownIt:
    """Return the parser of blocks. Inline text is parsed by `Rendering`, and only where it is shown."""
    options = {"html": False, "maxNesting": NESTING, "inline_definitions": True}
    parser = Parser("commonmark", options).enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


class _Group(NamedTuple):
    """The tokens of a piece. `number` is that of an item; `prefix` stands for the item before it."""

    tokens: list[Token]
    is_item: bool
    number: int | None
    prefix: str


def _groups(tokens: list[Token]) -> Iterator[_Group]:
    group: list[Token] = []
    is_list, number, prefix = False, None, ""
    for token in tokens:
        if token.level == 0 and token.type in ("bullet_list_open", "ordered_list_open"):
            is_list, number, prefix = True, None, ""
            if token.type == "ordered_list_open":
                number = int(token.attrs.get("start", 1))
        elif token.level == 0 and token.type in ("bullet_list_close", "ordered_list_close"):
            is_list, prefix = False, ""
        else:
            group.append(token)
            if token.level == is_list and token.nesting <= 0:
                yield _Group(group, is_list, number, prefix)
                group = []
                if is_list:
                    # Four spaces, so that no item of the list can be taken for one inside of this.
                    prefix = f"{'' if number is None else min(number, _MOST)}{token.markup}    x"
                    number = None if number is None else min(number + 1, _MOST + 1)


def _from_line(text: str, line: int) -> str:
    return "\n".join(text.split("\n")[line:])


def _most_blocks(blocks: Sequence[Block], limits: Limits) -> int:
    most = limits.blocks * limits.portions
    if any(name.startswith("code:") for name in limits.opened):
        most += sum(block.kind is Kind.CODE for block in blocks)
    return most
