"""The rows of a thread: indents, rails and numbers of replies."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.forum import Post, ThreadPost
from forllm_desktop.ui.thread.outline import DEEPEST, Row, outline


@dataclass(frozen=True)
class At:
    """Stands at a depth."""

    depth: int


def rows(*depths: int) -> list[Row]:
    return outline([At(depth) for depth in depths])


def test_no_posts() -> None:
    assert outline([]) == []


def test_rails_run_from_a_post_to_its_last_reply() -> None:
    # 0 asks; 1 and 4 answer it; 2 and 3 answer 1.
    assert rows(0, 1, 2, 2, 1) == [
        Row(indent=0, rails=(), has_later_sibling=False, replies=4),
        Row(indent=1, rails=(0,), has_later_sibling=True, replies=2),
        Row(indent=2, rails=(0, 1), has_later_sibling=True, replies=0),
        Row(indent=2, rails=(0,), has_later_sibling=False, replies=0),
        Row(indent=1, rails=(), has_later_sibling=False, replies=0),
    ]


def test_topics_with_several_first_posts() -> None:
    assert [(row.rails, row.replies) for row in rows(0, 1, 0, 0, 1)] == [
        ((), 1),
        ((), 0),
        ((), 0),
        ((), 1),
        ((), 0),
    ]


def test_indent_ends_at_the_deepest_level() -> None:
    shape = rows(*range(20), 15, 3)
    assert max(row.indent for row in shape) == DEEPEST
    assert shape[15].has_later_sibling
    assert not shape[16].has_later_sibling
    assert shape[19].rails == (2,)
    assert shape[20] == Row(indent=DEEPEST, rails=(2,), has_later_sibling=False, replies=0)


def test_posts_of_the_forum_have_rows() -> None:
    assert outline([ThreadPost(Post(post_id=1), 0)]) == [Row(0, (), has_later_sibling=False, replies=0)]


@pytest.mark.parametrize("depths", [list(range(10_000)), [0] + [1] * 10_000, [*range(5_000), *range(5_000)]])
def test_large_threads(depths: list[int]) -> None:
    steps = 0

    class Counting(list[At]):
        def __getitem__(self, index: object) -> At:  # type: ignore[override]
            nonlocal steps
            steps += 1
            return super().__getitem__(index)  # type: ignore[call-overload]

    shape = outline(Counting(At(depth) for depth in depths))
    assert steps == len(depths) == len(shape)
    assert shape[0].replies == (depths.index(0, 1) if 0 in depths[1:] else len(depths)) - 1


@st.composite
def threads(draw: st.DrawFn) -> list[int]:
    depths = [0]
    for _ in range(draw(st.integers(0, 30))):
        depths.append(draw(st.integers(0, depths[-1] + 1)))
    return depths


@given(threads())
def test_rows_are_what_counting_finds(depths: list[int]) -> None:
    for position, row in enumerate(rows(*depths)):
        later = depths[position + 1 :]

        def continues(at: int, later: list[int] = later) -> bool:
            own = next((index for index, depth in enumerate(later) if depth <= at), len(later))
            return at + 1 in later[:own]

        depth = depths[position]
        below = next((index for index, other in enumerate(later) if other <= depth), len(later))
        assert row.replies == below
        assert row.rails == tuple(at for at in range(min(depth, DEEPEST)) if continues(at))
        assert row.has_later_sibling == (depth > 0 and continues(depth - 1))
