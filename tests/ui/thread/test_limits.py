"""No text makes more blocks, larger blocks or dearer slices than the page can bear."""

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.ui.thread.limits import (
    BACKGROUND,
    DEFAULT,
    SLICE,
    Limits,
    needs_background,
    pieces,
    points,
    shortened,
    slices,
)
from forllm_desktop.ui.thread.markdown import blocks_of
from forllm_desktop.ui.thread.specs import Block, Kind, Run, Style
from tests.ui.thread.hostile import HOSTILE


@functools.cache
def hostile_blocks(name: str) -> list[Block]:
    return blocks_of(HOSTILE[name])


def acts(blocks: list[Block]) -> list[str]:
    return [run.link for block in blocks for run in block.runs if run.link.startswith("act:")]


def notes(blocks: list[Block]) -> list[str]:
    return [block.text for block in blocks if block.kind is Kind.NOTE]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_within_the_limits(name: str) -> None:
    blocks = hostile_blocks(name)
    assert 1 <= len(blocks) <= DEFAULT.blocks + 1
    assert sum(len(block.text) for block in blocks) <= DEFAULT.characters + 1_000
    for block in blocks:
        assert len(block.text) <= DEFAULT.text
        assert len(block.runs) <= DEFAULT.runs
        assert len(block.rows) <= DEFAULT.rows
        assert sum(len(row) for row in block.rows) <= DEFAULT.cells
        assert all(len(row) <= DEFAULT.columns for row in block.rows)
        # Whoever cannot be divided: a table, and 2,000 characters in a script that needs shaping.
        assert points(block) <= 1 + max(DEFAULT.cells, DEFAULT.text // 12)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hidden_of_a_hostile_text_is_said(name: str) -> None:
    text = HOSTILE[name]
    blocks = hostile_blocks(name)
    shown = sum(len(block.text) for block in blocks) + sum(len(block.rows) for block in blocks)
    if len(text) > 2 * DEFAULT.characters:
        assert shown < len(text)
        assert blocks[-1].runs[-1].link == "act:rest"
        assert blocks[-1].text.startswith("Show the rest - ")


@pytest.mark.parametrize("name", HOSTILE)
def test_slices_hold_every_block_once(name: str) -> None:
    blocks = hostile_blocks(name)
    groups = list(slices(blocks))
    assert [block for group in groups for block in group] == blocks
    assert all(len(group) == 1 or sum(map(points, group)) <= SLICE for group in groups)


def test_rest_comes_in_portions() -> None:
    text = "".join(f"Paragraph {number} of many. {'word ' * 50}\n\n" for number in range(400))
    limits, counted = DEFAULT, []
    blocks = blocks_of(text)
    while acts(blocks) == ["act:rest"]:
        counted.append(len(blocks))
        limits = limits.after("act:rest")
        blocks = blocks_of(text, limits=limits)
    assert counted == sorted(set(counted))
    assert len(counted) == len(text) // DEFAULT.characters
    assert " ".join(block.text for block in blocks).split() == text.split()


def test_rest_is_counted_in_words() -> None:
    text = "word " * 3 * DEFAULT.characters
    assert notes(blocks_of(text)) == ["Show the rest - 67,200 words"]
    assert notes(blocks_of("字" * (DEFAULT.characters + 500))) == ["Show the rest - 500 characters"]


def test_rest_after_too_many_blocks_is_counted_in_words() -> None:
    assert notes(blocks_of("two words\n\n" * (DEFAULT.blocks + 50))) == ["Show the rest - 100 words"]


def test_cut_post_ends_with_a_whole_line() -> None:
    blocks = blocks_of("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 100, limits=Limits(characters=105))
    assert [len(row) for row in blocks[0].rows] == [2] * len(blocks[0].rows)
    assert all(cell[0].text in "ab12" for row in blocks[0].rows for cell in row)


def test_cut_does_not_divide_a_character() -> None:
    family = "👩‍👩‍👧‍👦"
    for most in range(90, 110):
        blocks = blocks_of(family * 40, limits=Limits(text=most, characters=280))
        assert all(len(block.text) % len(family) == 0 for block in blocks[:-1])


def test_long_code_shows_its_first_lines_until_it_is_opened() -> None:
    text = "\n\n".join("```py\n" + f"x = {number}\n" * 500 + "```" for number in range(2))
    blocks = blocks_of(text, limits=Limits(blocks=2_000))
    assert acts(blocks) == ["act:code:0", "act:code:1"]
    assert notes(blocks) == ["Show all 500 lines"] * 2
    assert [block.place for block in blocks if block.place != "middle"] == [
        "first",
        "last",
        "",
        "first",
        "last",
        "",
    ]
    opened = blocks_of(text, limits=Limits().after("act:code:1"))
    assert notes(opened) == ["Show all 500 lines"]
    assert sum(block.kind is Kind.CODE for block in opened) == DEFAULT.code_lines + 500
    assert {run.token for block in opened[-500:] for run in block.runs} == {""}


def test_code_cut_by_the_number_of_blocks_ends_its_well() -> None:
    blocks = blocks_of("```\n" + "x\n" * 200 + "```", limits=Limits(blocks=100))
    assert [block.place for block in blocks[-2:]] == ["last", ""]


def test_long_table_shows_its_first_rows_until_it_is_opened() -> None:
    text = "| a | b |\n|---|---|\n" + "".join(f"| {number} | x |\n" for number in range(399))
    blocks = blocks_of(text)
    assert len(blocks[0].rows) == DEFAULT.rows
    assert notes(blocks) == ["340 more rows · Show as text"]
    assert acts(blocks) == ["act:table:0"]
    opened = blocks_of(text, limits=DEFAULT.after("act:table:0").after("act:rest"))
    assert [block.text for block in opened][-1] == "| 398 | x |"
    assert not notes(opened)


def test_wide_table_and_long_cells_say_so() -> None:
    row = "|" + "c|" * 15 + "\n"
    blocks = blocks_of(row + "|" + "-|" * 15 + "\n" + row * 50 + f"| {'x' * 500} |\n")
    assert notes(blocks) == ["19 more rows, 3 more columns · Show as text"]
    long = blocks_of(f"|a|\n|-|\n|{'x' * 500}|")
    assert long[0].rows[1][0][0].text == "x" * (DEFAULT.cell - 1) + "…"
    assert notes(long) == ["long cells are shortened · Show as text"]


def test_points() -> None:
    assert points(Block(Kind.RULE)) == 1
    assert points(Block(Kind.TEXT, (Run("x" * 500),))) == 11
    assert points(Block(Kind.TEXT, (Run("字" * 120),))) == 11
    assert points(Block(Kind.TEXT, (Run("“x”…" * 25),))) == 3
    assert (
        points(Block(Kind.TEXT, tuple(Run("x", style) for style in list(Style) * 2)))
        >= 1 + len(Style) * 2 // 5
    )
    row = ((Run("a"),), (Run("b"),))
    assert points(Block(Kind.TABLE, rows=(row, row))) == 5


def test_background_takes_what_is_long_or_odd() -> None:
    assert not needs_background("Some words in a line.\n" * 100)
    assert needs_background("x" * (BACKGROUND + 1))
    assert needs_background("[" * 2_000)
    assert needs_background("- a\n" * 500)


@given(
    st.lists(st.tuples(st.text("ab \u0301字", min_size=1, max_size=40), st.integers(0, 3)), min_size=1),
    st.integers(2, 50),
    st.integers(1, 5),
)
def test_pieces_keep_the_text_and_the_limits(parts: list[tuple[str, int]], most: int, runs: int) -> None:
    source = tuple(Run(text, Style(style)) for text, style in parts)
    limits = Limits(text=most, runs=runs)
    result = pieces(source, limits)
    assert "".join(run.text for piece in result for run in piece) == "".join(text for text, _ in parts)
    assert all(piece for piece in result)
    assert all(len(piece) <= runs and sum(len(run.text) for run in piece) <= most for piece in result)


@given(st.lists(st.text("ab", min_size=1, max_size=9), max_size=9), st.integers(1, 30))
def test_shortened_text_is_never_longer(parts: list[str], most: int) -> None:
    whole = "".join(parts)
    short = "".join(run.text for run in shortened(tuple(map(Run, parts)), most))
    assert short == whole if len(whole) <= most else len(short) <= most
    assert whole.startswith(short.removesuffix("…"))


def test_pieces_at_the_beginning_stay_while_the_text_grows() -> None:
    limits, before = Limits(text=50), []
    for length in range(1, 400):
        now = pieces((Run(("word and more. " * 40)[:length]),), limits)
        assert now[: len(before) - 1] == before[:-1]
        before = now
