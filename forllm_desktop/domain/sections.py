"""Instructions by their sections: cut at `## ` headings, compared, put together from two texts."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

_HEADING = re.compile(r"^## +(\S.*?)\s*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_NAME_LINE = re.compile(r"\A(\s*## +persona name\s*:[ \t]*)(\S[^\n]*)", re.IGNORECASE)


class Choice(StrEnum):
    """Which text a section is taken from; `both` puts the proposed one below the current one."""

    CURRENT = "current"
    PROPOSED = "proposed"
    BOTH = "both"


@dataclass(frozen=True)
class Section:
    """A heading with the text below it; what stands before the first heading has none."""

    heading: str
    text: str

    @property
    def title(self) -> str:
        """The heading's words without what may follow a colon, such as a name."""
        return self.heading.partition(":")[0].strip()

    @property
    def words(self) -> str:
        """All that the section says below or behind its title."""
        return "\n".join(filter(None, (self.heading.partition(":")[2].strip(), self.body)))

    @property
    def body(self) -> str:
        """The text without the line of the heading."""
        return self.text.partition("\n")[2].strip() if self.heading else self.text.strip()


@dataclass(frozen=True)
class SectionPair:
    """A section in the current and in the proposed text; `number` tells sections of one title apart."""

    title: str
    number: int
    current: Section | None
    proposed: Section | None

    @property
    def key(self) -> tuple[str, int]:
        """What a choice is remembered by."""
        return self.title.casefold(), self.number

    @property
    def is_same(self) -> bool:
        """Say whether both texts agree."""
        return _stripped(self.current) == _stripped(self.proposed)

    @property
    def is_name(self) -> bool:
        """Say whether it only says the persona's name, which follows the persona whatever is chosen."""
        bodies = [section.body for section in (self.current, self.proposed) if section is not None]
        return self.title.casefold() == "persona name" and not any(bodies)

    @property
    def can_take_both(self) -> bool:
        """Say whether both texts have something of their own to say below this heading."""
        one, other = self.current, self.proposed
        return one is not None and other is not None and bool(one.body and other.body) and not self.is_same


def split_sections(text: str) -> list[Section]:
    """Cut a text at its `## ` headings, not inside of code; the pieces make up the text again."""
    pieces: list[tuple[str, list[str]]] = [("", [])]
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        heading = None if fence or mark else _HEADING.match(line.rstrip("\r\n"))
        if mark and not fence:
            fence = mark.group(1)[0] * 3
        elif mark and mark.group(1).startswith(fence):
            fence = ""
        if heading:
            pieces.append((heading.group(1), []))
        pieces[-1][1].append(line)
    return [Section(heading, "".join(lines)) for heading, lines in pieces if lines]


def paired_sections(current: str, proposed: str) -> list[SectionPair]:
    """Put the sections of two texts beside each other by their titles, in the order of the proposed text.

    Those that only the current text has stand behind the one they follow there.
    """
    ours, theirs = _by_key(current), _by_key(proposed)
    order = list(theirs)
    before = -1
    for key in ours:
        if key in theirs:
            before = order.index(key)
        else:
            before += 1
            order.insert(before, key)
    pairs = []
    for key in order:
        one, other = ours.get(key), theirs.get(key)
        title = next(section.title for section in (other, one) if section is not None)
        pairs.append(SectionPair(title, key[1], one, other))
    return pairs


def chosen_text(
    pairs: Sequence[SectionPair], choices: Mapping[tuple[str, int], Choice], default: Choice = Choice.PROPOSED
) -> str:
    """Return the text that the choices make, sections parted by an empty line."""
    texts = [_taken(pair, choices.get(pair.key, default)) for pair in pairs]
    return "\n\n".join(text for text in texts if text)


def with_name(text: str, name: str) -> str:
    """Return instructions whose first line, if it says the persona's name, says this one."""
    return _NAME_LINE.sub(lambda match: match.group(1) + name, text, count=1)


def _by_key(text: str) -> dict[tuple[str, int], Section]:
    seen: Counter[str] = Counter()
    found = {}
    for section in split_sections(text):
        if not section.heading and not section.text.strip():
            continue
        title = section.title.casefold()
        found[title, seen[title]] = section
        seen[title] += 1
    return found


def _taken(pair: SectionPair, choice: Choice) -> str:
    if choice is Choice.BOTH and pair.can_take_both and pair.proposed is not None:
        return f"{_stripped(pair.current)}\n{pair.proposed.body}"
    if choice is Choice.BOTH:
        return _stripped(pair.current or pair.proposed)
    return _stripped(pair.current if choice is Choice.CURRENT else pair.proposed)


def _stripped(section: Section | None) -> str:
    return section.text.strip() if section is not None else ""
