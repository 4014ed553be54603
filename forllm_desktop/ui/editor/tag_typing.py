"""What is being typed before the caret: the beginning of a tag, or a persona's whole name."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.code_spans import CodeSpans

_PERSONA = re.compile(r"(?<![\w.%+/@\\-])@(?!\s)([^@\n]{0,80})\Z")
_FILE = re.compile(r"(?<![\w#&/\\(\[-])#(?![\s#])([^#\n]{0,120})\Z")
_LONGEST = 100
"""Characters of a line that are looked at."""
_ENDS_NAME = re.compile(r"[^\w@]")


class Beginning(NamedTuple):
    """A tag that is being typed: its sign, how many characters before the caret it stands, and the rest."""

    sign: str
    back: int
    typed: str


def beginning(line: str) -> Beginning | None:
    """Return the tag that a line ends in the middle of, where a tag may begin; None when there is none."""
    end = line[-_LONGEST:]
    found = [(match.start(), match) for pattern in (_PERSONA, _FILE) if (match := pattern.search(end))]
    if not found:
        return None
    at, match = max(found, key=lambda one: one[0])
    if end[:at].count("`") % 2 and "`" not in end[at:]:
        return None
    return Beginning(end[at], len(end) - at, match[1])


def is_in_code(text: str, at: int) -> bool:
    """Say whether a character of a text is in code."""
    return CodeSpans(text).touches(at, at + 1)


def finished_name(typed: str, names: Mapping[str, int]) -> tuple[str, int] | None:
    """Return the name that was finished by the last character typed behind the sign, and its id.

    `names` are by their key. A name is finished when no longer one can be meant any more.
    """
    now = _finished(typed, names)
    return now if now is not None and _finished(typed[:-1], names) is None else None


def _finished(typed: str, names: Mapping[str, int]) -> tuple[str, int] | None:
    key = name_key(typed + "|")[:-1]
    if any(name.startswith(key) for name in names):
        return None
    for end in range(len(typed) - 1, 0, -1):
        if _ENDS_NAME.match(typed, end):
            name = name_key(typed[:end])
            if name in names and typed[:end] == typed[:end].strip():
                return typed[:end], names[name]
    return None
