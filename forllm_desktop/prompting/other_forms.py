"""Turns the forms that models write instead of Markdown into it: JSON, HTML, tags, everything in one line."""

import html
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from forllm_desktop.prompting.heading_match import Fit, WantedHeadings

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][\w-]{0,40})(?:\s[^<>]{0,200})?/?>")
_CLOSING = re.compile(r"</(?P<name>[A-Za-z][\w-]{0,40})>")
_BLOCKS = frozenset(
    (
        "p",
        "div",
        "section",
        "article",
        "ul",
        "ol",
        "tr",
        "table",
        "html",
        "body",
        "head",
        "header",
        "main",
        "br",
    )
)
_BARE = frozenset(("span", "em", "i", "u", "small", "tbody", "thead", "title", "a"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_COMMA = re.compile(r",\s*(?=[}\]])")
_MOST_NAMES = 400
"""How many bold places of a line, keys and tags are looked at."""


def as_markdown(text: str, wanted: WantedHeadings) -> str:
    """Return a text with its JSON object or HTML as headings and lists."""
    return _tags_as_markdown(_json_as_markdown(text, wanted), wanted)


def _json_as_markdown(text: str, wanted: WantedHeadings) -> str:
    start = text.find("{")
    if start < 0 or '"' not in text:
        return text
    value, end = _decoded(text, start)
    while isinstance(value, _Pairs) and len(value) == 1 and isinstance(value[0][1], _Pairs):
        value = value[0][1]
    if not isinstance(value, _Pairs):
        return text
    if sum(wanted.named(_title(key))[0] is not None for key, _ in value[:_MOST_NAMES]) < 2:
        return text
    sections = [f"## {_title(key)}\n{_written(inner)}\n" for key, inner in value]
    return "\n".join([text[:start], *sections, text[end:]])


def _title(key: str) -> str:
    return _CAMEL.sub(" ", key).replace("_", " ")


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with every pair of it, keys that come twice too."""


def _decoded(text: str, start: int) -> tuple[Any, int]:
    """Read the JSON object at a place, one that was cut off too; returns it and where it ends."""
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs, strict=False)
    for attempt in (text[start:], _COMMA.sub("", text[start:])):
        try:
            value, length = decoder.raw_decode(attempt)
            # Without its commas the object is shorter; what follows it is counted from the end.
            return value, len(text) - (len(attempt) - length)
        except (ValueError, RecursionError):
            continue
    closed = _closed(text[start:])
    if closed is not None:
        try:
            return decoder.raw_decode(closed)[0], len(text)
        except (ValueError, RecursionError):
            pass
    return None, 0


def _closed(text: str) -> str | None:
    """Return a JSON text that was cut off with its string and brackets closed; None for one that is whole."""
    brackets: list[str] = []
    in_string = is_escaped = False
    for ch in text:
        if in_string:
            in_string = is_escaped or ch != '"'
            is_escaped = ch == "\\" and not is_escaped
        elif ch == '"':
            in_string = True
        elif ch in "{[":
            brackets.append("}" if ch == "{" else "]")
            if len(brackets) > 20:
                return None
        elif ch in "}]" and (not brackets or brackets.pop() != ch or not brackets):
            return None
    ending = '"' if in_string else ""
    whole = text.removesuffix("\\") if is_escaped else text
    return _COMMA.sub("", whole.rstrip(" \n\t,:") + ending + "".join(reversed(brackets)))


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, _Pairs):
        return "\n".join(f"- {key}: {_inline(inner)}" for key, inner in value)
    if isinstance(value, list):
        return "\n".join(f"- {_inline(inner)}" for inner in value)
    return "" if value is None else json.dumps(value)


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, _Pairs):
        return "; ".join(f"{key}: {_inline(inner)}" for key, inner in value)
    if isinstance(value, list):
        return "; ".join(_inline(inner) for inner in value)
    return "" if value is None else json.dumps(value)


def _tags_as_markdown(text: str, wanted: WantedHeadings) -> str:
    closing = {match["name"].lower() for match in _CLOSING.finditer(text)}
    sections = {
        name for name in list(closing)[:_MOST_NAMES] if wanted.named(name.replace("-", " "))[0] is not None
    }
    if not sections and not closing & {"h1", "h2", "h3", "h4", "h5", "h6", "p", "li"}:
        return text

    def mark(tag: re.Match[str]) -> str:
        name, closes = tag["name"].lower(), tag["close"] == "/"
        if name in sections:
            return "\n" if closes else f"\n## {name.replace('_', ' ').replace('-', ' ')}\n"
        if len(name) == 2 and name[0] == "h" and name[1] in "123456":
            return "\n" if closes else "\n" + "#" * int(name[1]) + " "
        if name == "li":
            return "" if closes else "\n- "
        if name in ("strong", "b"):
            return "**"
        if name in ("td", "th"):
            return " "
        return "\n" if name in _BLOCKS else "" if name in _BARE else tag.group()

    plain = _TAG.sub(mark, text)
    for code in ("&amp;", "&quot;", "&#39;", "&apos;", "&nbsp;"):
        plain = plain.replace(code, html.unescape(code))
    return plain


class LineSplitter:
    """Parts lines that hold several headings, such as a persona written in one paragraph."""

    def __init__(self, wanted: WantedHeadings) -> None:
        self._wanted = wanted
        names = "|".join(re.escape(heading) for heading in wanted.headings if heading)
        self._named = re.compile(
            rf"(?<!\S)(?:#{{1,6}} ?|\*{{2,3}}|__|\d{{1,2}}[.)] )?(?P<name>{names})[*_]{{0,3}}\s?[:：]"
        )
        self._bold = re.compile(
            r"(?<!\S)\*\*(?P<name>[^*\n:：]{2,60})(?:[:：]\s?\*\*|\*\*\s?[:：])"
            r"|(?<!\S)#{2,4} (?P<hashed>[^*\n:：#]{2,60})[:：]"
        )

    def split(self, line: str) -> list[str]:
        """Return the line, in parts when it names two headings or more."""
        if len(line) < 60 or line.lstrip().startswith("|"):
            return [line]
        starts = dict(self._places(line))
        if len(set(starts.values())) < 2:
            return [line]
        cuts = sorted({0, *starts, len(line)})
        return [line[a:b].strip() for a, b in pairwise(cuts) if line[a:b].strip()]

    def _places(self, line: str) -> Iterator[tuple[int, str]]:
        for number, match in enumerate(self._named.finditer(line)):
            if number == _MOST_NAMES:
                break
            yield match.start(), match["name"]
        for number, match in enumerate(self._bold.finditer(line)):
            if number == _MOST_NAMES:
                break
            heading, fit = self._wanted.named(match["name"] or match["hashed"])
            if heading is not None and fit > Fit.ALIKE:
                yield match.start(), heading
