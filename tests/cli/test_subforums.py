"""`forllm subforum context`: what is sent in a subforum, seen and changed."""

from pathlib import Path

import pytest

from forllm_desktop.services.workspace import open_workspace
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("physics")


@pytest.fixture
def physics(made: Path) -> int:
    workspace = open_workspace(made)
    number = workspace.forum.create_subforum("Physics").subforum_id
    workspace.close()
    return number


def options(run: Run, *arguments: str) -> dict[str, tuple[int, int | None]]:
    done = run("subforum", "context", "physics", *arguments, "--json")
    assert done.code == 0, done.out
    return {name: (one["value"], one["own"]) for name, one in done.document["options"].items()}


def test_options_are_seen_changed_and_left_to_the_settings_again(run: Run) -> None:
    assert options(run)["ambient_share"] == (25, None)
    changed = options(run, "--ambient-share", "10", "--answer-tokens", "500")
    assert changed["ambient_share"] == (10, 10)
    assert changed["answer_tokens"] == (500, 500)
    assert changed["ambient_posts"] == (12, None)
    assert options(run, "--ambient-share", "none")["ambient_share"] == (25, None)
    assert options(run, "--reset")["answer_tokens"] == (2048, None)


def test_a_table_says_where_each_value_comes_from(run: Run) -> None:
    lines = run("subforum", "context", "Physics", "--ambient-share", "10").out.splitlines()
    assert lines[0] == "Share of other threads in “Physics”: 10 %"
    assert "Share of other threads (%)     10     the subforum; the settings say 25" in lines
    assert "Room for the answer (tokens)   2048   the settings" in lines


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        (("physics", "--ambient-share", "95"), 1, "ambient_share"),
        (("physics", "--ambient-share", "lots"), 1, "ambient_share"),
        (("physics", "--ambient-share", "5", "--reset"), 1, "reset"),
        (("physics", "--context-window", "4096"), 2, None),
        (("nowhere", "--reset"), 1, None),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    run: Run, arguments: tuple[str, ...], code: int, field: str | None
) -> None:
    done = run("subforum", "context", *arguments, "--json")
    assert (done.code, done.document["error"].get("field")) == (code, field)
    assert options(run)["ambient_share"] == (25, None)
