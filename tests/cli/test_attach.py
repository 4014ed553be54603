"""`forllm ask --attach`: the files of a question, as they were when it was asked."""

from pathlib import Path

import pytest

from forllm_desktop.services.workspace import open_workspace
from tests.cli.conftest import Result, Run

AWAY = "http://127.0.0.1:9"


@pytest.fixture
def ask(made: Path, run: Run) -> Run:
    """Return a function that asks a model on a server that is away."""

    def ask_it(*arguments: str) -> Result:
        return run("ask", "Why?", "--subforum", "Physics", "--model", "tiny", "--server", AWAY, *arguments)

    return ask_it


def files_of(folder: Path, post_id: int) -> list[tuple[str, str, str]]:
    """Return names, notes and texts."""
    workspace = open_workspace(folder, writes=False)
    found = workspace.attachments.of_post(post_id)
    texts = workspace.attachments.texts([file.digest for file in found])
    workspace.close()
    return [(file.name, file.note, texts[file.digest].text) for file in found]


def test_files_and_their_notes_go_with_the_question(ask: Run, folder: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one.txt", tmp_path / "other.md"
    one.write_text("first")
    other.write_text("second")
    asked = ask("--attach", str(one), "--attach", str(other), "--note", "from the attic")
    assert asked.code == 0
    one.write_text("changed")
    other.unlink()
    assert files_of(folder, 1) == [("one.txt", "", "first"), ("other.md", "from the attic", "second")]


def test_what_cannot_be_sent_is_refused_before_anything_is_posted(
    ask: Run, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "program").write_bytes(bytes(range(256)) * 10)
    refused = ask("--attach", str(tmp_path / "program"), "--json")
    assert refused.code == 1
    assert "program" in refused.document["error"]["title"]
    workspace = open_workspace(folder, writes=False)
    assert workspace.forum.subforums() == []
    workspace.close()


@pytest.mark.parametrize(
    "arguments", [("--note", "lost"), ("--attach", "a", "--note", "b", "--note", "c"), ("--attach",)]
)
def test_a_note_without_a_file_is_a_wrong_argument(ask: Run, arguments: tuple[str, ...]) -> None:
    assert ask(*arguments, "--json").code == 2
