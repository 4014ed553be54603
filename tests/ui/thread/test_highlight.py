"""Colours of code: every character stays, odd code and unknown languages stay plain."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.ui.thread import highlight
from forllm_desktop.ui.thread.highlight import Growing, coloured, plain
from forllm_desktop.ui.thread.limits import needs_background
from forllm_desktop.ui.thread.markdown import blocks_of

PYTHON = 'def f(x):  # why\n    """Say.\n\n    More.\n    """\n    return x + 1.5\n'


def source(lines: list[highlight.CodeLine]) -> str:
    return "\n".join("".join(run.text for run in line) for line in lines)


def tokens(lines: list[highlight.CodeLine]) -> dict[str, str]:
    return {run.text.strip(): run.token for line in lines for run in line}


def test_python() -> None:
    found = tokens(coloured(PYTHON, "python"))
    assert found["def"] == found["return"] == "keyword"
    assert found["# why"] == "comment"
    assert found['"""Say.'] == found["More."] == "string"
    assert found["1.5"] == "number"
    assert found["f(x):"] == ""


@pytest.mark.parametrize(
    ("name", "code", "keyword"),
    [
        ("py", "import x", "import"),
        ("Python3", "import x", "import"),
        ("{.python}", "import x", "import"),
        ("C++", "return x;", "return"),
        ("c#", "return x;", "return"),
        ("js", "return x;", "return"),
        ("tsx", "return x;", "return"),
        ("rs", "return x;", "return"),
        ("golang", "return x", "return"),
        ("sh", "if x; then", "if"),
        ("yml", "a: b", "a"),
        ("html", "<b>x</b>", "b"),
        ("objc", "return x;", "return"),
    ],
)
def test_languages_are_found_by_many_names(name: str, code: str, keyword: str) -> None:
    assert tokens(coloured(code, name))[keyword] == "keyword"


@pytest.mark.parametrize("name", ["", "brainfuck", "nope", "text", "../../x", "!", "befunge"])
def test_other_languages_stay_plain(name: str) -> None:
    assert coloured(PYTHON, name) == plain(PYTHON)


@pytest.mark.parametrize("name", sorted(highlight._LEXERS))
def test_every_language_is_known_to_pygments_and_keeps_the_code(name: str) -> None:
    assert name in highlight._names()
    for code in (PYTHON, "", "\n", "\ufeffx\n", "\t\ta \n\n\n", "<a b='c'>/* -- # ;", "é\u0301字👩‍👦"):
        assert source(coloured(code, name)) == code


def test_long_lines_stay_plain() -> None:
    code = "x = 1 # " + "a" * highlight.LONGEST_LINE
    assert coloured(code, "py") == plain(code)


def test_code_that_takes_too_long_stays_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1_000_000))
    monkeypatch.setattr(highlight.time, "thread_time", lambda: next(clock))
    assert coloured(PYTHON, "py") == plain(PYTHON)


def test_only_colours_of_the_theme_are_used() -> None:
    known = {"", "keyword", "number", "string", "comment"}
    diff = "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"
    assert {run.token for line in coloured(diff, "diff") for run in line} <= known
    assert {run.token for line in coloured(PYTHON, "py") for run in line} == known


def test_pygments_is_loaded_when_code_is_shown() -> None:
    code = (
        "import sys; from forllm_desktop.ui.thread.markdown import blocks_of;"
        "blocks_of('# a\\n```\\nx\\n```'); assert 'pygments' not in sys.modules;"
        "from forllm_desktop.ui.thread.highlight import warm_up; warm_up(); assert 'pygments' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_first_code_of_a_language_is_for_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlight, "_loaded", set())
    for text in ("```kt\nval x\n```", "> - ~~~ {.kotlin}\n", "a\n\n1. ```Kotlin"):
        assert needs_background(text)
    for text in ("a ```kotlin", "```nope\n```", "```\nkotlin\n```"):
        assert not needs_background(text)
    coloured("val x", "kotlin")
    assert not needs_background("```kt\nval x\n```")


def test_growing_code_is_coloured_at_a_bounded_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 0

    def counted(code: str, language: str) -> list[highlight.CodeLine]:
        nonlocal longest
        longest = max(longest, code.count("\n"))
        return coloured(code, language)

    monkeypatch.setattr(highlight, "coloured", counted)
    monkeypatch.setattr(highlight, "_PATIENCE", 60.0)
    lines = [f"x{number} = {number}  # note" for number in range(250)]
    growing, code = Growing(), ""
    for line in lines:
        code += line + "\n"
        shown = growing.coloured(code, "py")
    assert source(shown) == code
    assert shown == coloured(code, "py")
    assert longest <= 3 * highlight._WINDOW


@given(st.lists(st.sampled_from(['"""', "x = 1", "\n", "# c\n", "def f():\n", "    'a'\n"]), max_size=200))
def test_growing_code_keeps_every_character(parts: list[str]) -> None:
    growing = Growing()
    for end in range(0, len(parts), 7):
        code = "".join(parts[:end])
        assert source(growing.coloured(code, "py")) == code


def test_code_of_a_post_is_coloured() -> None:
    blocks = blocks_of("> ```py\n> return 1\n> ```")
    assert [(run.text, run.token) for run in blocks[0].runs] == [
        ("return", "keyword"),
        (" ", ""),
        ("1", "number"),
    ]
