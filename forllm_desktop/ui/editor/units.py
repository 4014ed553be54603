"""Places in a text as Python counts them, in characters, and as Qt does, in UTF-16 units."""

from collections.abc import Sequence


def units(text: str, characters: int) -> int:
    """Return how many units the first characters of a text have: most emoji are two."""
    return units_of(text, [characters])[0]


def characters(text: str, units: int) -> int:
    """Return how many characters the first units of a text are."""
    return characters_of(text, [units])[0]


def units_of(text: str, places: Sequence[int]) -> list[int]:
    """Turn ascending places in characters into units, in one pass."""
    if is_plain(text):
        return list(places)
    found, at, so_far = [], 0, 0
    for place in places:
        so_far += _size(text[at:place])
        at = place
        found.append(so_far)
    return found


def characters_of(text: str, places: Sequence[int]) -> list[int]:
    """Turn ascending places in units into characters, in one pass."""
    if is_plain(text):
        return list(places)
    raw = text.encode("utf-16-le", "surrogatepass")
    found, at, so_far = [], 0, 0
    for place in places:
        so_far += len(raw[2 * at : 2 * place].decode("utf-16-le", "surrogatepass"))
        at = place
        found.append(so_far)
    return found


def is_plain(text: str) -> bool:
    """Say whether each character of a text is one unit."""
    return text.isascii() or _size(text) == len(text)


def _size(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
