"""What changed between two prompts, part by part, and how much of the beginning stayed."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from forllm_desktop.domain.word_diff import Stretch, word_diff
from forllm_desktop.domain.xray import Xray, XrayPart

COMPARED = 60_000
"""Characters of both texts up to which they are compared word by word."""


class ChangeKind(StrEnum):
    """What became of a part."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class PartChange:
    """A part that came, went or changed, or `count` neighbours that stayed."""

    kind: ChangeKind
    old: XrayPart | None = None
    new: XrayPart | None = None
    count: int = 1


@dataclass(frozen=True)
class Changes:
    """What leads from one prompt to the next, in its order; `same_tokens` at the beginning stayed."""

    items: tuple[PartChange, ...]
    same_tokens: int

    def count(self, kind: ChangeKind) -> int:
        """Return how many parts there are of a kind."""
        return sum(item.count for item in self.items if item.kind is kind)


def compare(before: Xray, now: Xray) -> Changes:
    """Compare two prompts. Takes some milliseconds for thousands of parts; meant for a thread."""
    old = [part for part in before.parts if part.text]
    new = [part for part in now.parts if part.text]
    matcher = SequenceMatcher(None, [_key(p) for p in old], [_key(p) for p in new], autojunk=False)
    items: list[PartChange] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            items.append(PartChange(ChangeKind.SAME, old[a], new[c], d - c))
        else:
            items += _replaced(old[a:b], new[c:d])
    return Changes(tuple(items), _same_tokens(old, new))


def may_be_compared(change: PartChange) -> bool:
    """Say whether both texts of a change are short enough to be compared word by word."""
    return len(_text(change.old)) + len(_text(change.new)) <= COMPARED


def compared_texts(change: PartChange) -> list[Stretch]:
    """Return the stretches that lead from the old text of a part to the new one. Meant for a thread."""
    return word_diff(_text(change.old), _text(change.new))


def _text(part: XrayPart | None) -> str:
    return part.text if part is not None else ""


def _key(part: XrayPart) -> tuple[str, str]:
    return part.role, part.text


def _replaced(old: Sequence[XrayPart], new: Sequence[XrayPart]) -> list[PartChange]:
    """Pair what is of the same post or place; the rest went or came."""
    places = {_place(part): part for part in old}
    items, paired = [], set()
    for part in new:
        former = places.get(_place(part))
        if former is not None and id(former) not in paired:
            paired.add(id(former))
            items.append(PartChange(ChangeKind.CHANGED, former, part))
        else:
            items.append(PartChange(ChangeKind.ADDED, new=part))
    gone = [PartChange(ChangeKind.REMOVED, old=part) for part in old if id(part) not in paired]
    return [*gone, *items]


def _place(part: XrayPart) -> tuple[str, str, int | None]:
    return part.source, "" if part.post_id else part.label, part.post_id


def _same_tokens(old: Sequence[XrayPart], new: Sequence[XrayPart]) -> int:
    """Count the tokens of the leading parts that stayed, and of the beginning of the next one."""
    same = 0
    for former, part in zip(old, new, strict=False):
        if _key(former) != _key(part):
            if former.role == part.role and part.text:
                same += part.tokens * _common(former.text, part.text) // len(part.text)
            break
        same += part.tokens
    return same


def _common(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
