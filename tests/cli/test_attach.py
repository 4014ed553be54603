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


def test_files_of_a_post_are_listed_and_saved(ask: Run, run: Run, tmp_path: Path) -> None:
    one = tmp_path / "one.txt"
    one.write_bytes(b"first\r\n")
    ask("--attach", str(one), "--note", "from the attic")
    listed = run("files", "of", "1")
    assert "one.txt" in listed.out
    assert "from the attic" in listed.out
    document = run("files", "of", "1", "--json").document[0]
    assert (document["number"], document["bytes"], document["encoding"]) == (1, 7, "utf-8")
    target = tmp_path / "saved"
    target.mkdir()
    assert run("files", "save", "1", "1", str(target)).code == 0
    assert (target / "one.txt").read_bytes() == b"first\r\n"
    refused = run("files", "save", "1", "1", str(target), "--json")
    assert refused.document["error"]["message"] == "Name another file, or use --force."
    assert run("files", "save", "1", "1", str(target), "--force").code == 0


def test_a_post_or_file_that_is_not_there_is_told(ask: Run, run: Run) -> None:
    ask()
    assert run("files", "of", "1").out == "The post has no files.\n"
    assert run("files", "of", "99").code == 1
    assert run("files", "save", "1", "1").code == 1
