"""Commands in a data folder in which nothing has been made yet."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_commands import AWAY, COMMANDS


def test_missing_key_is_refused_and_changes_nothing(run: Run, folder: Path) -> None:
    refused = run("servers", "add", AWAY, "--key", "--json", stdin=b" \n")
    assert (refused.code, refused.document["error"]["title"]) == (1, "No key came in")
    assert not folder.exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_prints_one_document_in_a_fresh_folder(run: Run, command: tuple[str, ...]) -> None:
    ended = run(*command, "--json")
    assert ended.document is not None
    assert ended.err == ""
    if isinstance(ended.document, dict) and "error" in ended.document and "id" not in ended.document:
        assert ended.code == 1
        assert set(ended.document["error"]) == {"title", "message"}


def test_doctor_tells_of_a_file_that_is_no_database(run: Run, folder: Path) -> None:
    folder.mkdir()
    (folder / "forllm.db").write_bytes(b"something else entirely")
    report = run("doctor", "--json")
    assert (report.code, report.document["database"]["state"]) == (1, "unreadable")


def test_doctor_and_lists_make_nothing(run: Run, folder: Path) -> None:
    report = run("doctor", "--json")
    assert (report.code, report.document["database"]["state"]) == (0, "not made yet")
    assert run("queue", "list", "--json").document["error"]["title"] == "There is nothing here yet"
    assert not folder.exists()


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", "-"])
def test_empty_question_is_refused(run: Run, folder: Path, text: str) -> None:
    refused = run("ask", text, "--subforum", "Physics", "--model", "tiny", "--server", AWAY, "--json")
    assert (refused.code, refused.document["error"]["title"]) == (1, "The post is empty")
    assert not folder.exists()
