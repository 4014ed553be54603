"""What is searched for and what was found; nothing that a user types is ever query syntax."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

MOST_WORDS = 16
"""Words of a query that are looked at."""
LONGEST_WORD = 60
"""Characters of a word that are looked at."""

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u3100-\u312f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese."""


class HitKind(StrEnum):
    """What was found."""

    SUBFORUM = "subforum"
    TOPIC = "topic"
    POST = "post"
    PERSONA = "persona"


@dataclass(frozen=True)
class Hit:
    """One thing found. `text` is its name, title or an excerpt of one line; `marks` are the hits in it.

    `where` says what it is in: a post's topic, a topic's subforum; of a subforum or a persona, what it is
    about. Marks are (start, end) in characters.
    """

    kind: HitKind
    id: int
    text: str
    where: str = ""
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Query:
    """A search as it was understood: words in the order typed, the last one possibly unfinished.

    `parts` are words of scripts without spaces, looked for anywhere inside a text.
    """

    words: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to look for."""
        return not self.words and not self.parts


def query_from(typed: str) -> Query:
    """Read what a user typed. Every word must be found; punctuation alone is no word."""
    cleaned = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in typed)
    seen = [word[:LONGEST_WORD] for word in cleaned.split() if any(map(_is_letter, word))][:MOST_WORDS]
    words = [word for word in seen if not _UNSPACED.search(word)]
    parts = [word for word in seen if _UNSPACED.search(word)]
    return Query(tuple(words), tuple(parts))


def _is_letter(sign: str) -> bool:
    """Say whether the tokenizer takes a character for a part of a word."""
    return unicodedata.category(sign)[0] in "LN"
