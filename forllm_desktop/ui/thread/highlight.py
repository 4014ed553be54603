"""Colours for code: Pygments' tokens as runs, one tuple of runs for each line."""

import functools
import itertools
import re
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from forllm_desktop.ui.thread.specs import Run

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

CodeLine = tuple[Run, ...]

LONGEST_LINE = 500
"""Longest line of code that is coloured, in characters. Pygments' rules for INI and OCaml take 0.4 s for one
line of 4,000, in a single call that nothing can interrupt."""
# Processor time one code block may take, in seconds, and for each character: five times what is usual.
# Unclosed comments make most lexers quadratic; what takes longer stays plain.
_PATIENCE = 0.01
_PATIENCE_EACH = 4e-6

_NAMES = """
ada asm awk bash bat bibtex c clojure cmake common-lisp console cpp csharp css cython d dart delphi diff
docker ebnf elixir elm emacs-lisp erlang fish fortran fsharp glsl go graphql groovy haskell hcl html http
ini java javascript json jsx julia kotlin latex less llvm lua make markdown nasm nginx nim nix
objective-c ocaml octave perl php postgresql powershell prolog properties protobuf pycon python r racket
rst ruby rust sass scala scheme scss solidity sparql sql swift systemverilog tcl terraform toml ts tsx
vb.net verilog vhdl vim vue xml yaml zig
"""
_LEXERS = frozenset(_NAMES.split())
"""Tried with 100 kinds of hostile code, 300 lines each: no step of theirs takes over 30 ms. A reply decides
what is run, so it must not choose among all 500; MATLAB's rules, for one, are too slow."""
_MORE_NAMES = {
    "yml": "yaml",
    "kt": "kotlin",
    "jsonc": "json",
    "json5": "json",
    "jsonl": "json",
    "py3": "python",
    "cxx": "cpp",
    "hpp": "cpp",
    "cc": "cpp",
    "h": "c",
    "pl": "perl",
    "patch": "diff",
    "cmd": "bat",
    "svelte": "html",
    "golang": "go",
    "zsh": "bash",
    "env": "bash",
    "conf": "ini",
    "mysql": "sql",
    "ipython": "python",
}
_EMBEDDED = "<style>a{}</style><script>x</script>"
"""HTML and its like load further lexers when they meet these."""
_FENCE = re.compile(r"^[ >\d.*+-]*(?:`{3,}|~{3,})[ \t]*([^\s`]+)", re.MULTILINE)
_NAME = re.compile(r"[{.\s]*([\w+#.-]*[\w+#])")


def coloured(code: str, language: str) -> list[CodeLine]:
    """Return code as lines of runs; all plain when the language is not known or the code too odd.

    `language` is what stands behind a fence, such as "py", "C++" or "{.rust}".
    """
    lexer = _lexer(language)
    if lexer is None or any(len(line) > LONGEST_LINE for line in code.split("\n")):
        return plain(code)
    parts = list(_parts(lexer, code + "\n"))
    is_whole = sum(len(text) for _, text in parts) == len(code) + 1
    # A lexer that leaves something out, such as a byte order mark, or that ran out of time.
    return list(_lines(parts))[:-1] if is_whole else plain(code)


def plain(code: str) -> list[CodeLine]:
    """Return code as lines without colours."""
    return [(Run(line),) if line else () for line in code.split("\n")]


def is_ready(text: str) -> bool:
    """Say whether the lexers for all code of a post are loaded; that takes 90 ms for Kotlin or HTML."""
    names = (_lexer_name(language) for language in _FENCE.findall(text))
    return all(not name or name in _loaded for name in names)


def warm_up() -> None:
    """Load Pygments and the commonest lexer, so that the first code block need not: 50 ms."""
    coloured("x = 1", "python")


class Growing:
    """Colours code that is still being written, at a cost that does not grow with it.

    Lines far above the end keep the colours they had, and the end is coloured with only the lines before it
    as a context. A string or comment that began further above may be taken for code until the fence closes.
    """

    def __init__(self) -> None:
        self._language = ""
        self._settled = ""
        self._lines: list[CodeLine] = []
        self._context = ""
        self._last: tuple[str, list[CodeLine]] = ("", [()])

    def coloured(self, code: str, language: str) -> list[CodeLine]:
        """Return code as lines of runs; at once when the code is the same as before, cut after 300 lines."""
        if code != self._last[0] or language != self._language:
            self._last = (code, self._colour_end(code, language))
        return self._last[1]

    def _colour_end(self, code: str, language: str) -> list[CodeLine]:
        if language != self._language or not code.startswith(self._settled):
            self._language, self._settled, self._lines, self._context = language, "", [], ""
        rest = code[len(self._settled) :]
        skipped = self._context.count("\n")
        lines = coloured(self._context + rest, language)[skipped:]
        result = self._lines + lines
        settled = (len(lines) // _WINDOW - 1) * _WINDOW
        if settled > 0:
            source = [f"{line}\n" for line in rest.split("\n", settled)[:settled]]
            self._lines = result[: len(self._lines) + settled]
            self._settled += "".join(source)
            self._context = "".join(source[-_WINDOW:])
        return result


_WINDOW = 20
"""Lines that are settled at once: at most three times as many are coloured at every update, in 4 ms."""


_loaded: set[str] = set()


def _lexer(language: str) -> "Lexer | None":
    """Return a lexer of its own for each caller: some keep notes, and there are two threads."""
    from pygments.lexers import get_lexer_by_name

    name = _lexer_name(language)
    if not name:
        return None
    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    if name not in _loaded:
        list(lexer.get_tokens(_EMBEDDED))
        _loaded.add(name)
    return lexer


def _lexer_name(language: str) -> str:
    found = _NAME.match(language)
    name = found[1].lower() if found else ""
    return _names().get(_MORE_NAMES.get(name, name), "") if name else ""


@functools.cache
def _names() -> dict[str, str]:
    """Return all names of the lexers we use, without loading one."""
    from pygments.lexers import get_all_lexers

    lexers = [names for _, names, _, _ in get_all_lexers(plugins=False) if _LEXERS.intersection(names)]
    return {name.lower(): names[0] for names in lexers for name in names}


def _parts(lexer: "Lexer", code: str) -> Iterator[tuple[str, str]]:
    """Yield colour and text of each token, and end early when it takes too long."""
    until = time.thread_time() + _PATIENCE + _PATIENCE_EACH * len(code)
    for token, text in lexer.get_tokens(code):
        yield _colour(token), text
        if time.thread_time() > until:
            return


@functools.cache
def _colour(token: "_TokenType") -> str:
    from pygments.token import Token

    for kind, colour in (
        (Token.Comment.Preproc, "keyword"),
        (Token.Comment, "comment"),
        (Token.Keyword, "keyword"),
        (Token.Operator.Word, "keyword"),
        (Token.Name.Tag, "keyword"),
        (Token.Generic.Heading, "keyword"),
        (Token.Generic.Subheading, "comment"),
        (Token.Generic.Inserted, "string"),
        (Token.Generic.Deleted, "number"),
        (Token.Literal.Number, "number"),
        (Token.Literal.String, "string"),
    ):
        if token in kind:
            return colour
    return ""


def _lines(parts: Iterable[tuple[str, str]]) -> Iterator[CodeLine]:
    line: list[Run] = []
    for colour, group in itertools.groupby(parts, key=lambda part: part[0]):
        first, *more = "".join(text for _, text in group).split("\n")
        for index, text in enumerate((first, *more)):
            if index:
                yield tuple(line)
                line = []
            if text:
                line.append(Run(text, token=colour))
    yield tuple(line)
