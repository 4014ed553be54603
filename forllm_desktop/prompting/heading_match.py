"""Which of the wanted headings a title means: in its own words, by other names, in other languages."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import IntEnum
from functools import cache

from forllm_desktop.paths import resources_dir

_COUNT = re.compile(
    r"^(?:(?:section|part|step|heading)\s+)?(?:\d{1,2}|[ivx]{1,4}(?=[.)])|[a-h](?=[.)]))[.):\s]+"
)
_ASIDE = re.compile(r"[(（\[][^()（）\[\]\"“:]{0,50}[)）\]]\W{0,4}$")
_SMALL_WORDS = frozenset(
    ("and", "the", "of", "your", "key", "core", "a", "an", "main", "de", "la", "le", "les", "y", "et", "und",
     "der", "die", "das", "e", "i", "и", "des", "du")
)  # fmt: skip
_ALIKE_IN_TEXT, _ALIKE = 0.86, 0.72
"""How alike two headings are, from 0 to 1, that mean the same: in running text, and where `#` says so."""
_GUESSES = 250
"""How many different titles of one text are compared letter by letter; a text with more is no persona."""
_STRONGER = ("Forbidden Actions & Topics", "Example Phrases")
"""What a title means that has words of several: "Prohibited Behaviors" forbids."""


class Fit(IntEnum):
    """How well a title fits the heading it means."""

    NONE = 0
    ALIKE = 1
    OTHER_NAME = 2
    FULL = 3


@cache
def _other_names() -> dict[str, str]:
    """Return the default headings by their other names, in several languages."""
    path = resources_dir() / "heading_words.json"
    known: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return {plain(name): heading for heading, names in known.items() for name in (heading, *names)}


@cache
def _telling_words() -> dict[str, str]:
    """Return the default headings by the words that only their names have, such as "expertise"."""
    owners: dict[str, set[str]] = {}
    for name, heading in _other_names().items():
        for word in name.split():
            owners.setdefault(word, set()).add(heading)
    return {
        word: next(iter(of))
        for word, of in owners.items()
        if len(of) == 1 and word not in _SMALL_WORDS and (len(word) > 3 or not word.isascii())
    }


def plain(title: str) -> str:
    """Return a title in the form in which headings are compared: words, lower case, without marks."""
    text = unicodedata.normalize("NFKC", title).casefold().replace("&", " and ").replace("_", " ")
    text = text.replace("behaviour", "behavior").strip(" *#:`-–—.\t")
    words = " ".join(re.sub(r"[^\w.):]+", " ", text).split())
    return " ".join(re.sub(r"[^\w]+", " ", _COUNT.sub("", words)).split())


class WantedHeadings:
    """The headings that are looked for in one text."""

    def __init__(self, headings: Sequence[str]) -> None:
        self.headings = tuple(headings)
        self._forms = {plain(heading): heading for heading in headings}
        self._matchers = {form: SequenceMatcher(None, "", form, autojunk=False) for form in self._forms}
        self._by_default: dict[str, str | None] = {}
        for form, heading in self._forms.items():
            default = _other_names().get(form)
            if default is not None:
                # Two wanted headings that mean the same section are told apart by their own words alone.
                self._by_default[default] = None if default in self._by_default else heading
        self._named: dict[str, tuple[str | None, Fit]] = {}
        self._guessed: dict[tuple[str, float], str | None] = {}

    def named(self, title: str) -> tuple[str | None, Fit]:
        """Return the heading that a title names, in its own words or by another name."""
        if title not in self._named:
            if len(self._named) > 20_000:
                self._named.clear()
            self._named[title] = self._look_up(title)
        return self._named[title]

    def meant(self, title: str, *, is_marked: bool) -> tuple[str | None, Fit]:
        """Return the heading that a title means, guessing where it does not name one.

        `is_marked` says that Markdown makes it a heading; less likeness is enough then.
        """
        heading, fit = self.named(title)
        if heading is not None:
            return heading, fit
        key = (plain(title), _ALIKE if is_marked else _ALIKE_IN_TEXT)
        if key not in self._guessed and len(self._guessed) < _GUESSES and 2 < len(key[0]) <= 90:
            self._guessed[key] = self._alike(*key) or (self._told(key[0]) if is_marked else None)
        guess = self._guessed.get(key)
        return guess, Fit.ALIKE if guess else Fit.NONE

    def _look_up(self, title: str) -> tuple[str | None, Fit]:
        if len(title) > 120:
            return None, Fit.NONE
        said = plain(title)
        if said not in self._forms and said not in _other_names():
            said = plain(_ASIDE.sub(" ", title)) or said
        if said in self._forms:
            return self._forms[said], Fit.FULL
        heading = self._by_default.get(_other_names().get(said, ""))
        return heading, Fit.OTHER_NAME if heading else Fit.NONE

    def _alike(self, said: str, least: float) -> str | None:
        """Return the heading whose letters or words are much the same."""
        best, likeness = None, least
        words = set(said.split()) - _SMALL_WORDS
        for form, heading in self._forms.items():
            others = set(form.split()) - _SMALL_WORDS
            if others and others < words and len(words) <= len(others) + 3 and least == _ALIKE:
                return heading  # "Core Identity of Ada"
            matcher = self._matchers[form]
            matcher.set_seq1(said)
            if matcher.real_quick_ratio() < likeness or matcher.quick_ratio() < likeness:
                continue
            found = matcher.ratio()
            if found >= likeness:
                best, likeness = heading, found
        return best

    def _told(self, said: str) -> str | None:
        """Return the heading that the words of a title tell, unless they tell of several."""
        words = [word for word in said.split() if word not in _SMALL_WORDS]
        if len(words) > 7:
            return None
        told = Counter(default for word in words if (default := _default_of(word)) is not None)
        if not told or sum(told.values()) * 3 < len(words):
            return None
        default = next((d for d in _STRONGER if d in told), next(iter(told)) if len(told) == 1 else "")
        return self._by_default.get(default)


def _default_of(word: str) -> str | None:
    """Return the default heading that a word tells; in scripts without spaces, the name it begins with."""
    if word in _telling_words():
        return _telling_words()[word]
    if not word.isascii() and _is_unspaced(word):
        for end in range(min(len(word), 8), 1, -1):
            if word[:end] in _other_names():
                return _other_names()[word[:end]]
    return None


def _is_unspaced(word: str) -> bool:
    return any("\u3040" <= ch <= "\u30ff" or "\u4e00" <= ch <= "\u9fff" for ch in word)
