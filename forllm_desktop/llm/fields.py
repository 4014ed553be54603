"""Reads fields of JSON of which no shape is certain; what is missing, absurd or of another type is None."""

from typing import Any

MOST_TOKENS = 2**31 - 1
"""What a count of tokens may be: no server counts further, and Qt's integers end here."""
MOST_BYTES = 2**53
"""What a size may be: beyond it JSON numbers are not exact."""
MOST_SECONDS = 366 * 24 * 3600
"""What a duration may be."""


def text_in(value: Any) -> str | None:
    """Return `value` if it is a string."""
    return value if isinstance(value, str) else None


def count_in(value: Any) -> int | None:
    """Return `value` if it can be a count of tokens."""
    return value if _is_number(value, int) and 0 <= value <= MOST_TOKENS else None


def size_in(value: Any) -> int | None:
    """Return `value` if it can be a size in bytes."""
    return value if _is_number(value, int) and 0 <= value <= MOST_BYTES else None


def seconds_in(value: Any, per_second: int) -> float | None:
    """Return the seconds that `value` stands for, of which `per_second` make one, if it can be a duration."""
    # Compared before it is divided: NaN is within no bounds, and a whole number may be too large for a float.
    is_duration = _is_number(value, int | float) and 0 <= value <= MOST_SECONDS * per_second
    return value / per_second if is_duration else None


def object_in(value: Any) -> dict[str, Any]:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
