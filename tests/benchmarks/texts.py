"""Texts as models write them, for posts and for replies that are streamed."""

import re

_PARAGRAPH = (
    "Light that comes through the air is scattered, and **short waves** more than long ones: the share grows "
    "with the fourth power of the frequency. What reaches the eye from the side is what was scattered there, "
    "so a clear sky is `blue` by day and *red* where the way through the air is long. "
)
_CODE = """```python
def scattered(wavelength: float, density: float = 1.0) -> float:
    # In relation to green light of 530 nm.
    share = density * (530 / wavelength) ** 4
    return round(share, 3)

for colour, wavelength in {"red": 680, "green": 530, "blue": 470}.items():
    print(f"{colour}: {scattered(wavelength)}")
```
"""
_LIST = "".join(f"{n}. The {n}. thing to look at, with `code_{n}` and a reason.\n" for n in range(1, 6))
_TABLE = "| colour | nm | share |\n|--|--:|--:|\n| red | 680 | 0.37 |\n| blue | 470 | 1.62 |\n"
_QUOTE = "> One asks first what is there, and then\n> why it is not something else.\n"


def a_text(number: int) -> str:
    """Return a post of about 2,400 characters with everything Markdown has; each number has its own."""
    parts = (_PARAGRAPH * 2, _CODE, _LIST, _PARAGRAPH, _TABLE, _QUOTE, _PARAGRAPH)
    turn = number % len(parts)
    return f"## Answer {number}\n\n" + "\n".join(f"{part}\n" for part in (*parts[turn:], *parts[:turn]))


def a_reply(tokens: int) -> list[str]:
    """Return the pieces of a reply: so many, of the length that tokens have."""
    pieces: list[str] = []
    number = 0
    while len(pieces) < tokens:
        number += 1
        pieces += re.findall(r"\s*\S{1,6}|\s+", a_text(number))
    return pieces[:tokens]
