"""The shape of a thread: from posts in reading order to rows with an indent and the rails beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

DEEPEST = 8
"""Deepest indent that is shown; what is deeper stands below its parent at the same indent."""


class Placed(Protocol):
    """Something in reading order that knows how deep it stands, such as a ThreadPost."""

    @property
    def depth(self) -> int:
        """How many ancestors it has."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """Where a post stands.

    `indent` is its depth, at most DEEPEST. `rails` are the indents of those ancestors that have another reply
    of their own further down, outermost first: their lines run past this post. `has_later_sibling` says so
    of its own parent, however deep. `replies` counts all posts below it.
    """

    indent: int
    rails: tuple[int, ...]
    has_later_sibling: bool
    replies: int


def outline(posts: Sequence[Placed]) -> list[Row]:
    """Return the row of each post of a thread; `posts` are in reading order, each followed by its replies.

    Goes backwards and not down, so that its cost is linear and a chain of 10,000 replies needs no recursion.
    """
    rows: list[Row] = []
    # By depth: whether the ancestor there has a reply of its own further down.
    continues: list[bool] = []
    # Positions of later posts that end the replies of posts before, the nearest last.
    ends: list[tuple[int, int]] = [(len(posts), -1)]
    for position in range(len(posts) - 1, -1, -1):
        depth = posts[position].depth
        continues += [False] * (depth - len(continues))
        while ends[-1][1] > depth:
            ends.pop()
        rows.append(
            Row(
                indent=min(depth, DEEPEST),
                rails=tuple(at for at in range(min(depth, DEEPEST)) if continues[at]),
                has_later_sibling=depth > 0 and continues[depth - 1],
                replies=ends[-1][0] - position - 1,
            )
        )
        ends.append((position, depth))
        del continues[depth:]
        if depth:
            continues[depth - 1] = True
    return rows[::-1]
