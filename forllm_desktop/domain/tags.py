"""Tags in the text of a post: whom it asks and which files go with it, stored as Markdown links.

`[@Ada](persona:12)` asks a persona; colons join a chain, in which each answers the one before:
`[@Ada](persona:12):[@Bob](persona:7)`. `[#notes.md](folder:3/sub%20dir/notes.md)` is a file. Ids and not
names are what counts, so that a name may hold anything and may change. Nothing in code is a tag.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from forllm_desktop.domain.code_spans import CodeSpans
from forllm_desktop.domain.found_files import shown_name

_LABEL = r"((?:\\[^\n]|[^\\\[\]\n])*)"
_TAG = re.compile(
    r"\\."
    rf"|\[@{_LABEL}\]\(persona:([0-9]{{1,18}})\)"
    rf"|\[\#{_LABEL}\]\(folder:([0-9]{{1,18}})/([^\s()<>\\]+)\)"
)
_SPECIAL = re.compile(r"([\\\[\]`*_~<>&|])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_CUT_TAG = re.compile(rf"\[([@#]){_LABEL}(?:\\|\](?:\([^\s()]*)?)?\Z")
_CHAINED_WORD = re.compile(r":+(?=@[^\s@:]|\[@|:+@)(?:\[?@[^\s@:\[\]]*)?")
_WORD_BEFORE = re.compile(r"(?:^|(?<=[\s(]))@[^\s@:\[\]]+:+\Z")
_SIGN = re.compile(r"(?<![\w.%+/@\\-])@(?=\S)")
_LINK = re.compile(r"\\.|\[(?:\\[^\n]|[^\\\[\]\n])*\]\([^()\s]*\)|[A-Za-z][A-Za-z0-9+.-]{1,20}://\S+")
_GOES_ON = re.compile(r"[\w@]|\.\w")
_WORD_LIMIT = 200
"""Longest unknown name in a broken chain, in characters."""
_CUT_LIMIT = 2_000
"""Longest tag that is cut off, in characters."""


@dataclass(frozen=True)
class PersonaTag:
    """A persona that is asked; `label` is its name as it was when it was tagged, without the sign."""

    persona_id: int
    label: str

    @property
    def words(self) -> str:
        """The tag as it is shown: "@Ada Lovelace"."""
        return f"@{self.label}"


@dataclass(frozen=True)
class FileTag:
    """A file of an indexed folder; `path` is relative to it, `label` is shown, without the sign."""

    folder_id: int
    path: str
    label: str

    @property
    def words(self) -> str:
        """The tag as it is shown: "#notes.md"."""
        return f"#{self.label}"


Tag = PersonaTag | FileTag
Chain = tuple[PersonaTag, ...]


class Span(NamedTuple):
    """A tag and where it stands: `text[start:end]` is its stored form."""

    start: int
    end: int
    tag: Tag


class Typed(NamedTuple):
    """A name that was typed by hand: `text[start:end]` is "@name"."""

    start: int
    end: int
    persona_id: int
    name: str


def spans(text: str) -> list[Span]:
    """Return all tags of a text with their places, in order."""
    if "](persona:" not in text and "](folder:" not in text:
        return []
    return list(_spans(text))


@lru_cache(maxsize=8)
def _spans(text: str) -> tuple[Span, ...]:
    # Remembered, because a text is looked at for several things in a row, in the window's thread too.
    code = CodeSpans(text)
    found = []
    for match in _TAG.finditer(text):
        if match[0][0] == "[" and not code.touches(*match.span()):
            tag = _tag(match)
            if tag is not None:
                found.append(Span(*match.span(), tag))
    return tuple(found)


def chains(text: str) -> list[Chain]:
    """Return whom a text asks, in order: a chain for each, of one if tagged alone. Doubles count once."""
    found: dict[str, Chain] = {}
    for chain in _all_chains(text):
        found.setdefault(chain_key(chain), chain)
    return list(found.values())


def chain_key(chain: Chain) -> str:
    """Return a chain as requests store it: the ids of its personas, "12:7:12"."""
    return ":".join(str(tag.persona_id) for tag in chain)


def file_tags(text: str) -> list[FileTag]:
    """Return the files that a text names, in order, each once."""
    found: dict[tuple[int, str], FileTag] = {}
    for span in spans(text):
        if isinstance(span.tag, FileTag):
            found.setdefault((span.tag.folder_id, span.tag.path), span.tag)
    return list(found.values())


def broken_chains(text: str) -> list[str]:
    """Return the pieces of a text that are meant as a chain and miss a link, as they are shown.

    A colon that is followed by anything but a name is prose: "Ask @Ada: why?".
    """
    found = spans(text)
    starts = {span.start for span in found}
    broken = []
    for span in found:
        if not isinstance(span.tag, PersonaTag):
            continue
        before = _WORD_BEFORE.search(text, max(0, span.start - _WORD_LIMIT), span.start)
        behind = _CHAINED_WORD.match(text, span.end, span.end + _WORD_LIMIT)
        if before:
            broken.append(before[0] + span.tag.words)
        if behind and not (text[span.end] == ":" and span.end + 1 in starts):
            broken.append(span.tag.words + behind[0].replace("[", ""))
    return broken


def plain(text: str) -> str:
    """Return a text with its tags as they are shown."""
    return _replaced(text, [(span.start, span.end, span.tag.words) for span in spans(text)])


def plain_start(text: str) -> str:
    """Return the beginning of a longer text with its tags as they are shown, one that is cut off too."""
    shown = plain(text)
    kept, end = shown[:-_CUT_LIMIT], shown[-_CUT_LIMIT:]
    return kept + _CUT_TAG.sub(lambda cut: cut[1] + _unescaped(cut[2]), end)


def plain_excerpt(excerpt: str, marks: str = "") -> str:
    """Return a piece out of a text with its tags as they are shown, those at both ends too that are cut off.

    `marks` are characters that were put in to mark hits; those within what is not shown go with it.
    """
    hidden = excerpt.translate(dict.fromkeys(map(ord, marks))) if marks else excerpt
    if "](" not in hidden and "persona:" not in hidden and "folder:" not in hidden:
        return plain_start(excerpt)
    sign = f"[{re.escape(marks)}]*" if marks else ""
    target = rf"{sign}(?:persona|folder){sign}:[^\s()]*\)"
    shown = re.sub(rf"\[([@#]){_LABEL}\]\({target}", lambda tag: tag[1] + _unescaped(tag[2]), excerpt)
    shown = re.sub(rf"\A(…?(?:\\[^\n]|[^\\\[\]\n])*)\]\({target}", lambda cut: _unescaped(cut[1]), shown)
    return plain_start(re.sub(rf"\A…?{target}", "…", shown))


def persona_tag_text(persona_id: int, name: str) -> str:
    """Return the stored form of a persona's tag."""
    return f"[@{_escaped(name)}](persona:{persona_id})"


def file_tag_text(folder_id: int, path: str, name: str = "") -> str:
    """Return the stored form of a file's tag, shown by `name` or else by the last part of its path."""
    label = name or shown_name(path.rstrip("/").rpartition("/")[2])
    # Bytes and not letters: a name on a Linux disk need not be text.
    target = quote(path.encode("utf-8", "surrogateescape"))
    return f"[#{_escaped(label)}](folder:{folder_id}/{target})"


def typed_names(text: str, names: Mapping[str, int]) -> list[Typed]:
    """Find the names of personas that were typed by hand, "@Ada Lovelace", and so ask nobody yet.

    The longest known name counts, in any case, at the start of a word. Code, links, addresses of the web and
    of mailboxes, and a sign behind a backslash are left alone.
    """
    if "@" not in text or not names:
        return []
    by_first: dict[str, list[str]] = {}
    for name in sorted(filter(None, names), key=len, reverse=True):
        by_first.setdefault(name[0].casefold(), []).append(name)
    code = CodeSpans(text)
    links = [match.span() for match in _LINK.finditer(text) if match[0][0] != "\\"]
    found: list[Typed] = []
    end, link = 0, 0
    for sign in _SIGN.finditer(text):
        start = sign.start()
        while link < len(links) and links[link][1] <= start:
            link += 1
        is_linked = link < len(links) and links[link][0] <= start
        if start < end or is_linked or code.touches(start, start + 1):
            continue
        name = _name_at(text, start + 1, by_first)
        if name:
            end = start + 1 + len(name)
            found.append(Typed(start, end, names[name], name))
    return found


def resolve_typed(text: str, names: Mapping[str, int]) -> str:
    """Return a text in which the names that were typed by hand are tags; `names` leads to ids."""
    return _replaced(
        text,
        [
            (typed.start, typed.end, persona_tag_text(typed.persona_id, typed.name))
            for typed in typed_names(text, names)
        ],
    )


def _name_at(text: str, at: int, by_first: Mapping[str, list[str]]) -> str:
    for name in by_first.get(text[at].casefold(), ()):
        end = at + len(name)
        if text[at:end].casefold() == name.casefold() and not _GOES_ON.match(text, end):
            return name
    return ""


def _tag(match: re.Match[str]) -> Tag | None:
    if match[2] is not None:
        return PersonaTag(int(match[2]), _unescaped(match[1]))
    path = unquote_to_bytes(match[5]).decode("utf-8", "surrogateescape")
    return FileTag(int(match[4]), path, _unescaped(match[3])) if "\0" not in path else None


def _all_chains(text: str) -> list[Chain]:
    made: list[list[PersonaTag]] = []
    end = -1
    for span in spans(text):
        if not isinstance(span.tag, PersonaTag):
            continue
        if made and span.start == end + 1 and text[end] == ":":
            made[-1].append(span.tag)
        else:
            made.append([span.tag])
        end = span.end
    return [tuple(chain) for chain in made]


def _replaced(text: str, parts: list[tuple[int, int, str]]) -> str:
    pieces, at = [], 0
    for start, end, instead in parts:
        pieces += (text[at:start], instead)
        at = end
    return "".join([*pieces, text[at:]])


def _escaped(label: str) -> str:
    return _SPECIAL.sub(r"\\\1", _BREAKS.sub(" ", label))


def _unescaped(label: str) -> str:
    return _ESCAPED.sub(r"\1", label)
