"""`forllm files`: folders are added, changed, indexed, searched and read without a window."""

import os
from pathlib import Path

import pytest

from forllm_desktop.services.workspace import open_workspace
from tests.cli.conftest import Run
from tests.files.trees import plant

pytestmark = pytest.mark.usefixtures("made")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return plant(tmp_path / "notes", "plan.md", "sub/idea.txt", "photo.png")


def test_folder_is_added_and_indexed_at_once(run: Run, notes: Path) -> None:
    added = run("files", "add", str(notes), "--block", "*.log")
    assert (added.code, added.out) == (0, f"Folder 1: {notes}: 2 files.\n")
    listed = run("files", "list", "--json").document
    assert [(one["id"], one["state"], one["files"], one["block"]) for one in listed] == [
        (1, "ready", 2, ["*.log"])
    ]
    assert "with subfolders, not *.log" in run("files", "list").out


def test_nothing_is_listed_in_a_new_folder(run: Run) -> None:
    assert run("files", "list").out == "No folder is indexed yet. Add one: forllm files add FOLDER\n"
    assert run("files", "list", "--json").document == []
    assert run("files", "find", "x").out == "No file fits.\n"
    assert run("files", "reindex", "--json").document == []


def test_files_are_found_best_first(run: Run, notes: Path) -> None:
    run("files", "add", str(notes))
    assert run("files", "find", "idea", "--json").document == [
        {"folder": 1, "path": "sub/idea.txt", "name": "idea.txt", "size": 12}
    ]
    assert run("files", "find", "sub", "id").out.splitlines()[1].split() == [
        "1",
        "sub/idea.txt",
        "12",
        "bytes",
    ]
    assert len(run("files", "find", "--most", "1", "--json").document) == 1
    assert run("files", "find", "--most", "-5", "--json").document == []


def test_folder_is_changed_and_indexed_anew(run: Run, notes: Path) -> None:
    run("files", "add", str(notes))
    assert run("files", "edit", "1", "--no-subfolders", "--json").document["files"] == 1
    assert run("files", "edit", "1", "--subfolders", "--allow", "*.txt", "--json").document["files"] == 1
    changed = run("files", "edit", "1", "--allow", "none", "--block", "!*.png", "--json").document
    assert (changed["files"], changed["allow"], changed["subfolders"]) == (3, [], True)


def test_changes_are_found_after_reindex(run: Run, notes: Path) -> None:
    run("files", "add", str(notes))
    plant(notes, "new.md")
    assert run("files", "find", "new", "--json").document == []
    assert run("files", "reindex", "1").out == f"1: {notes}: 3 files.\n"
    assert len(run("files", "find", "new", "--json").document) == 1
    notes.rename(notes.with_name("away"))
    assert run("files", "reindex").out == f"1: {notes}: the folder is missing.\n"


def test_file_is_read_as_a_model_would_get_it(run: Run, notes: Path) -> None:
    (notes / "old.txt").write_bytes("Käse\r\n\x1b[31m".encode("cp1252"))
    run("files", "add", str(notes))
    assert run("files", "read", "1", "old.txt").out == "Käse\n\ufffd[31m\n"
    document = run("files", "read", "1", "old.txt", "--json").document
    assert (document["text"], document["encoding"], document["size"]) == ("Käse\n\x1b[31m", "cp1252", 11)
    for path, title in (("../x.md", "x.md lies outside its folder"), ("gone.md", "gone.md is gone")):
        refused = run("files", "read", "1", path, "--json")
        assert (refused.code, refused.document["error"]["title"]) == (1, title)


def test_removed_folder_is_no_longer_found(run: Run, notes: Path) -> None:
    run("files", "add", str(notes))
    assert run("files", "remove", "1").out.startswith(f"{notes} is no longer indexed")
    assert run("files", "find", "plan", "--json").document == []
    assert (notes / "plan.md").exists()
    for verb in ("remove", "edit", "reindex"):
        refused = run("files", verb, "1", "--json")
        assert (refused.code, refused.document["error"]["title"]) == (
            1,
            "The folder is not indexed any more",
        )


def test_bad_patterns_and_folders_are_refused(run: Run, notes: Path) -> None:
    refused = run("files", "add", str(notes), "--allow", "*.md", "--allow", "[z-a]", "--json")
    assert (refused.code, refused.document["error"]["field"]) == (1, "allow")
    assert refused.document["error"]["title"] == "Line 2 is no pattern: [z-a]"
    assert run("files", "add", str(notes / "plan.md"), "--json").document["error"]["field"] == "path"
    assert run("files", "list", "--json").document == []


def test_names_cannot_steer_the_terminal(run: Run, notes: Path) -> None:
    with open(os.fsencode(notes) + b"/\x1b]0;x\x07\xff\nname.md", "w", encoding="utf-8") as file:
        file.write("Odd")
    run("files", "add", str(notes))
    shown = run("files", "find", "name").out
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2
    path = run("files", "find", "name", "--json").document[0]["path"]
    assert os.fsencode(path) == b"\x1b]0;x\x07\xff\nname.md"


def test_window_that_is_open_keeps_its_index(run: Run, notes: Path, folder: Path) -> None:
    run("files", "add", str(notes))
    workspace = open_workspace(folder)
    try:
        assert run("files", "reindex", "--json").document["error"]["title"] == "FORLLM is already running"
        assert len(run("files", "find", "plan", "--json").document) == 1
    finally:
        workspace.close()
