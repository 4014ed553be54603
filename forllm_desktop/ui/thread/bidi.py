"""Keeps the direction of a name to itself: one that turns the text around must not turn what follows it."""

import re

_FIRST_STRONG, _POP = "\u2068", "\u2069"
_OPENING = "\u2066\u2067\u2068"
# Letters that are written from right to left, and the characters that set a direction.
_TURNING = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
                      "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")  # fmt: skip
_OURS = str.maketrans("", "", "".join((_OPENING, _POP)))


def isolated(name: str) -> str:
    """Return a name that may stand within a line, whatever it holds; most are returned as they are.

    See https://www.unicode.org/reports/tr9/ (isolates). A name may end ours early, so there are as many more.
    """
    if not _TURNING.search(name):
        return name
    ends = name.count(_POP)
    begins = sum(map(name.count, _OPENING))
    return _FIRST_STRONG * (ends + 1) + name + _POP * (begins + 1)


def without_isolates(text: str) -> str:
    """Return a text without what `isolated` put around names."""
    return text.translate(_OURS)
