"""A growing reply looks at every moment as if it had been parsed whole, and costs only its end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forllm_desktop.ui.thread import highlight, incremental
from forllm_desktop.ui.thread.diff import common_prefix, grown_text
from forllm_desktop.ui.thread.highlight import warm_up
from forllm_desktop.ui.thread.incremental import StreamParser
from forllm_desktop.ui.thread.limits import DEFAULT, Limits
from forllm_desktop.ui.thread.markdown import blocks_of
from forllm_desktop.ui.thread.specs import Block, Kind, Run, Style
from tests.ui.thread.hostile import HOSTILE

LINES = [
    *(
        "- a",
        "- b | c",
        "  - n",
        "    - m",
        "1. x",
        "2. y",
        "   z",
        "3) q",
        "999999999. n",
        "1000. n",
        "0. z",
    ),
    *("> q", "> - i", "> > d", ">", "a|b", "|-|-|", "-|-", "|:-|", "| 1 | 2 |", "para", "  in", "    code"),
    *(
        "\tcode",
        "```",
        "```py",
        "~~~",
        "x = '''1",
        "# h",
        "## h ##",
        "---",
        "===",
        "***",
        "* * *",
        "*",
        "-",
        "1.",
    ),
    *("", "", "", "**bold", "end**", "`c", "[x](y", "z)", "- ```", "  ```", "- # h", "-     code", "- [ ] t"),
    *(
        "x  ",
        "y\\",
        "2",
        "10",
        "&amp;",
        " - s",
        "  - s",
        "   - s",
        "    - s",
        "+ p",
        "     more",
        "http://a.b/c",
    ),
    *("\u2028", "é\ud83d", "\ude00", "<b>", "![i](u)", "\r", "x\r"),
]
DEFINITIONS = ["[a]: http://x", "[a]:", '"t', 't"', "see [a]", "> [a]: u", "- [a]: v", "[b]: w 'x'", "[b][a]"]

documents = st.lists(st.sampled_from(LINES), max_size=14).map("\n".join)
with_definitions = st.lists(st.sampled_from(LINES + DEFINITIONS), max_size=14).map("\n".join)
signs = st.text("-*_`#>|[]()!~=+\\<&:1. \n\nab\t\"'", max_size=60)
steps = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def moments(text: str, steps: list[int]) -> list[str]:
    """Return a text as it is after each step; the last is the whole text."""
    ends, at = [], 0
    while at < len(text):
        at += steps[len(ends) % len(steps)]
        ends.append(at)
    return [text[:end] for end in ends]


def without_colours(blocks: list[Block]) -> list[Block]:
    """Return blocks as they are if code had no colours: those are approximate while a fence is open."""
    return [
        block._replace(runs=(Run(block.text),) if block.text else ()) if block.kind is Kind.CODE else block
        for block in blocks
    ]


@settings(max_examples=150)
@given(st.one_of(documents, signs), steps)
def test_growing_text_looks_at_every_moment_as_if_parsed_whole(text: str, steps: list[int]) -> None:
    # A definition changes what stands above it, see the test after this one.
    text = text.replace("]:", "];")
    parser, shown = StreamParser(), []
    for moment in moments(text, steps):
        kept, new = parser.feed(moment)
        shown[kept:] = new
        assert without_colours(shown) == without_colours(blocks_of(moment))


@settings(max_examples=150)
@given(with_definitions, steps)
def test_late_definition_changes_links_only_and_finish_puts_them_right(text: str, steps: list[int]) -> None:
    parser, shown = StreamParser(), []
    for moment in moments(text, steps):
        kept, new = parser.feed(moment)
        shown[kept:] = new
        fresh = blocks_of(moment)
        assert [(block.kind, block.indent, block.quote, block.marker) for block in shown] == [
            (block.kind, block.indent, block.quote, block.marker) for block in fresh
        ]
    kept, new = parser.finish(blocks_of(text))
    shown[kept:] = new
    assert shown == blocks_of(text)


@settings(max_examples=100)
@given(documents, steps)
def test_final_blocks_never_change(text: str, steps: list[int]) -> None:
    parser = StreamParser()
    final: list[Block] = []
    for moment in moments(text.replace("]:", "];"), steps):
        kept, _ = parser.feed(moment)
        assert kept >= len(final)
        assert parser._final_blocks[: len(final)] == final
        final = list(parser._final_blocks)


@pytest.mark.parametrize("text", ["1. a\n\n2\n", "x|y\n", "# h\npara\n", "- a\n- b\n\n", "[a]: b\n"])
def test_unfinished_line_decides_nothing(text: str) -> None:
    for end in ("2. b", "|-|-x", "===", "```", "    c", "'t\n\nu"):
        parser, shown = StreamParser(), []
        for moment in moments(text + end, [1]):
            kept, new = parser.feed(moment)
            shown[kept:] = new
        assert shown == blocks_of(text + end)


def growing(text: str, limits: Limits = DEFAULT) -> list[Block]:
    """Return how a text looks that came character by character."""
    parser = StreamParser(limits)
    for moment in moments(text, [1]):
        parser.feed(moment)
    return list(parser.blocks)


@pytest.mark.parametrize(
    "text",
    [
        "[a]: http://x.y\n\nFirst.\n\nSecond [a].\n\nThird [a].",
        "- one\n- [a]: http://x.y\n- [a]\n- [a]\n\nThird [a].",
        "> [a]: http://x.y\n\nSecond.\n\n[a]: http://z\n\nThird [a].",
        "[a]: http://x.y\n'one\ntwo'\n\nSecond [a].\n\nThird [a].",
    ],
)
def test_definition_from_above_is_known_below(text: str) -> None:
    blocks = growing(text)
    assert blocks == blocks_of(text)
    assert blocks[-1].runs[1] == Run("a", link="http://x.y")


def test_first_line_after_a_definition_may_become_its_title() -> None:
    parser = StreamParser()
    for moment in moments("[a]: http://x.y\n'one\ntwo\nthree' \n\nEnd.", [1]):
        parser.feed(moment)
        assert list(parser.blocks) == blocks_of(moment)


def test_code_and_tables_are_counted_through() -> None:
    text = (
        "```\n1\n2\n3\n```\n\n- a\n- ```\n  1\n  2\n  3\n  ```\n- b\n\n"
        + "|a|\n|-|\n"
        + "|b|\n" * 9
        + "\nEnd.\n\n"
    )
    limits = Limits(code_lines=2, rows=3)
    blocks = growing(text * 2, limits)
    assert blocks == blocks_of(text * 2, limits=limits)
    assert [run.link for block in blocks for run in block.runs if run.link] == [
        *("act:code:0", "act:code:1", "act:table:0", "act:code:2", "act:code:3", "act:table:1")
    ]


def test_only_the_end_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 0

    def counted(text: str, *others: object):
        nonlocal longest
        longest = max(longest, len(text))
        return real(text, *others)  # type: ignore[arg-type]

    real = incremental.parsed
    monkeypatch.setattr(incremental, "parsed", counted)
    parts = [
        "A paragraph of **usual** length.\n\n",
        "- an item\n",
        "- another\n  - inside\n",
        "\n1. one\n",
        "2. two\n\n",
    ]
    text = "".join(parts) * 60
    parser = StreamParser()
    for moment in moments(text, [5]):
        assert not parser.needs_background(moment)
        parser.feed(moment)
    assert list(parser.blocks) == blocks_of(text)
    assert longest < 100


def test_open_fence_is_coloured_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    warm_up()
    # A busy machine would leave what it has no time for plain.
    monkeypatch.setattr(highlight, "_PATIENCE", 60.0)
    lines = [f"x{number} = {number}  # note" for number in range(200)]
    parser, text = StreamParser(), "```py\n"
    for line in lines:
        text += line + "\n"
        assert not parser.needs_background(text)
        kept, new = parser.feed(text)
        assert len(new) <= 2
        assert kept >= len(parser.blocks) - 2
    text += "```\n\nDone."
    parser.feed(text)
    assert list(parser.blocks) == blocks_of(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_within_the_limits_while_it_grows(name: str) -> None:
    text = HOSTILE[name][: DEFAULT.characters + 4_000]
    parser, shown = StreamParser(), []
    for moment in moments(text, [4_001]):
        kept, new = parser.feed(moment)
        shown[kept:] = new
        assert len(shown) <= DEFAULT.blocks + 1
    assert list(parser.blocks) == shown
    if "comments" not in name:
        assert without_colours(shown)[:-1] == without_colours(blocks_of(text))[:-1]
    assert shown[-1].kind is blocks_of(text)[-1].kind


def test_what_is_not_shown_is_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = StreamParser(Limits(characters=100))
    text = "word " * 30
    parser.feed(text)
    monkeypatch.setattr(incremental, "parsed", None)
    for more in range(1, 50):
        kept, new = parser.feed(text + "word " * more)
        assert kept == len(parser.blocks) - 1
        assert new[0].text == f"Show the rest - {10 + more} words"
    assert not parser.needs_background(text * 10_000)


def test_other_text_is_parsed_from_its_beginning() -> None:
    parser = StreamParser()
    parser.feed("One.\n\nTwo.\n\nThree.\n")
    kept, new = parser.feed("One.\n\nDifferent.\n\nEnd.")
    assert kept == 1
    assert [block.text for block in new] == ["Different.", "End."]


def test_common_prefix() -> None:
    one, two, three = (Block(Kind.TEXT, (Run(text),)) for text in "abc")
    assert common_prefix([one, two], [one, three]) == 1
    assert common_prefix([one, two], [one, Block(Kind.TEXT, (Run("b"),)), three]) == 2
    assert common_prefix([], [one]) == 0


def test_block_that_only_grew() -> None:
    old = Block(Kind.TEXT, (Run("a", Style.BOLD), Run("b")), indent=1)
    grown = old._replace(runs=(Run("a", Style.BOLD), Run("bc")))
    assert grown_text(old, grown) == ("c", Run("bc"))
    more = old._replace(runs=(*old.runs, Run("c", Style.CODE)))
    assert grown_text(old, more) == ("c", Run("c", Style.CODE))
    assert grown_text(Block(Kind.TEXT), Block(Kind.TEXT, (Run("x"),))) == ("x", Run("x"))


@pytest.mark.parametrize(
    "runs",
    [
        (Run("a", Style.BOLD), Run("b")),
        (Run("a", Style.BOLD), Run("bc", link="http://x")),
        (Run("a", Style.BOLD), Run("xb")),
        (Run("a"), Run("bc")),
        (Run("a", Style.BOLD),),
        (Run("a", Style.BOLD), Run("b"), Run("c"), Run("d")),
        (Run("a", Style.BOLD), Run("bc"), Run("d")),
    ],
)
def test_block_that_changed_otherwise_is_written_again(runs: tuple[Run, ...]) -> None:
    old = Block(Kind.TEXT, (Run("a", Style.BOLD), Run("b")))
    assert grown_text(old, old._replace(runs=runs)) is None
    assert grown_text(old, old._replace(runs=(Run("a", Style.BOLD), Run("bc")), marker="•")) is None
