"""The index of names: true to the folder after every look, changed no more than needed, never in the way."""

import os
import sqlite3
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from forllm_desktop.domain.found_files import FolderState
from forllm_desktop.files.finding import find, statuses
from forllm_desktop.files.index import Index
from forllm_desktop.files.index_file import open_for_reading
from forllm_desktop.files.indexer import index_once
from forllm_desktop.files.patterns import Rules
from forllm_desktop.files.plans import FolderPlan
from forllm_desktop.files.scanning import Scan
from tests.files.trees import indexed, known, plant

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs names and files that Linux allows")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "files.db"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return plant(tmp_path / "root", "a.md", "sub/b.md", "sub/deep/c.md", ".git/config", "photo.png")


def rows_written(index: Path, root: Path) -> int:
    """Look through a folder; returns how many rows that changed."""
    writer = Index(index)
    scan = Scan(writer, FolderPlan(1, str(root)), str(root))
    for _ in scan.steps():
        pass
    writer.close()
    return writer.written


def test_texts_are_found_and_the_rest_is_skipped(index: Path, root: Path) -> None:
    assert indexed(index, root) == ["a.md", "sub/b.md", "sub/deep/c.md"]
    status = statuses(index)[1]
    assert (status.state, status.files, status.errors, status.is_watched) == (FolderState.READY, 3, 0, False)
    assert status.indexed_at is not None


def test_second_look_changes_what_has_changed(index: Path, root: Path) -> None:
    indexed(index, root)
    assert rows_written(index, root) == 0
    plant(root, "new.md", "other/d.md")
    (root / "a.md").unlink()
    (root / "sub" / "b.md").write_text("longer than before", encoding="utf-8")
    assert rows_written(index, root) == 5  # one row for each, and the new folder
    assert known(index) == ["new.md", "other/d.md", "sub/b.md", "sub/deep/c.md"]
    [match] = [match for match in find(index, "b.md", 5, [1]) if match.path == "sub/b.md"]
    assert match.size == len("longer than before")


def test_folders_come_and_go(index: Path, root: Path) -> None:
    indexed(index, root)
    (root / "sub").rename(root / "sub2")
    plant(root, "sub-3/x.md", "sub0/y.md")
    assert indexed(index, root) == ["a.md", "sub-3/x.md", "sub0/y.md", "sub2/b.md", "sub2/deep/c.md"]


def test_look_at_a_part_goes_on_below_what_is_new_alone(index: Path, root: Path) -> None:
    indexed(index, root)
    plant(root, "top.md", "fresh/one/two.md", "sub/unseen.md")
    (root / "sub" / "deep" / "c.md").unlink()
    writer = Index(index)
    for _ in Scan(writer, FolderPlan(1, str(root)), str(root)).steps("", is_deep=False):
        pass
    writer.commit()
    assert known(index) == ["a.md", "fresh/one/two.md", "sub/b.md", "sub/deep/c.md", "top.md"]
    for _ in Scan(writer, FolderPlan(1, str(root)), str(root)).steps("sub", is_deep=True):
        pass
    writer.close()
    assert known(index) == ["a.md", "fresh/one/two.md", "sub/b.md", "sub/unseen.md", "top.md"]


def test_look_at_a_part_forgets_what_went_with_all_below_it(index: Path, root: Path) -> None:
    indexed(index, plant(root, "gone/x/y.md"))
    (root / "gone" / "x" / "y.md").unlink()
    (root / "gone" / "x").rmdir()
    (root / "gone").rmdir()
    writer = Index(index)
    for _ in Scan(writer, FolderPlan(1, str(root)), str(root)).steps("", is_deep=False):
        pass
    writer.close()
    assert known(index) == ["a.md", "sub/b.md", "sub/deep/c.md"]


def test_look_that_is_given_up_forgets_nothing(index: Path, root: Path) -> None:
    indexed(index, root)
    (root / "sub" / "b.md").unlink()
    (root / "sub" / "deep" / "c.md").unlink()
    (root / "sub" / "deep").rmdir()
    writer = Index(index)
    next(iter(Scan(writer, FolderPlan(1, str(root)), str(root)).steps()))
    writer.close()
    assert known(index) == ["a.md", "sub/b.md", "sub/deep/c.md"]


def test_other_rules_change_what_is_found(index: Path, root: Path) -> None:
    indexed(index, root)
    assert indexed(index, root, Rules(block=("sub/deep/", "!photo.png"))) == ["a.md", "photo.png", "sub/b.md"]
    assert indexed(index, root, Rules(is_recursive=False)) == ["a.md"]
    assert indexed(index, root, Rules(allow=("c.*",))) == ["sub/deep/c.md"]


def test_folder_that_is_no_longer_wanted_is_forgotten(index: Path, root: Path) -> None:
    indexed(index, root)
    index_once(index, [], "", None, lambda _line: None)
    assert (statuses(index), known(index)) == ({}, [])


def test_missing_folder_keeps_what_was_known_but_offers_none_of_it(index: Path, root: Path) -> None:
    indexed(index, root)
    root.rename(root.with_name("away"))
    assert indexed(index, root) == []
    status = statuses(index)[1]
    assert (status.state, status.files) == (FolderState.MISSING, 3)
    root.with_name("away").rename(root)
    assert len(indexed(index, root)) == 3
    assert statuses(index)[1].state is FolderState.READY


def test_file_in_place_of_the_folder_is_told(index: Path, root: Path, tmp_path: Path) -> None:
    indexed(index, tmp_path / "root" / "a.md")
    assert statuses(index)[1].state is FolderState.MISSING


@on_linux
def test_links_are_not_followed(index: Path, root: Path, tmp_path: Path) -> None:
    plant(tmp_path / "outside", "secret.md")
    (root / "loop").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "out.md").symlink_to(tmp_path / "outside" / "secret.md")
    (root / "dead.md").symlink_to("nowhere")
    os.mkfifo(root / "pipe.md")
    assert indexed(index, root) == ["a.md", "sub/b.md", "sub/deep/c.md"]


@on_linux
def test_odd_names_are_kept_as_they_are(index: Path, root: Path) -> None:
    names = [
        'it\'s "q".md',
        "two\nlines.md",
        "\udcff.md",
        "%_*?[x].md",
        "\udcfe/in.md",
        "ÄÖ.md",
        "e\u0301.md",
    ]
    plant(root, *names)
    assert set(indexed(index, root)) >= set(names)
    for typed, name in (
        ("two lines", names[1]),
        ("it's \"q", names[0]),
        ("%_*?[", names[3]),
        ("äö", names[5]),
    ):
        assert [match.path for match in find(index, typed, 5, [1])] == [name]
    assert [match.path for match in find(index, "\ufffd", 9, [1])] == ["\udcff.md", "\udcfe/in.md"]
    assert [match.path for match in find(index, "é", 1, [1])] == ["e\u0301.md"]


def test_deep_folders_are_reached(index: Path, tmp_path: Path) -> None:
    path = "/".join(["d"] * 300) + "/bottom.md"
    assert indexed(index, plant(tmp_path / "r", path)) == [path]


def test_folder_of_the_app_itself_is_left_out(index: Path, root: Path) -> None:
    assert indexed(index, root, never=str(root / "sub")) == ["a.md"]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_damaged_index_is_made_anew(index: Path, root: Path, content: bytes) -> None:
    index.write_bytes(content)
    assert (known(index), statuses(index)) == ([], {})
    assert len(indexed(index, root)) == 3


def test_index_of_another_version_is_made_anew(index: Path, root: Path) -> None:
    indexed(index, root)
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("PRAGMA user_version=99")
    assert known(index) == []
    assert len(indexed(index, root)) == 3


def test_readers_cannot_write_and_do_not_wait_for_the_writer(index: Path, root: Path) -> None:
    indexed(index, root)
    writer = Index(index)
    plant(root, "more.md")
    next(iter(Scan(writer, FolderPlan(1, str(root)), str(root)).steps()))  # its transaction stays open
    assert known(index) == ["a.md", "sub/b.md", "sub/deep/c.md"]
    reader = open_for_reading(index)
    assert reader is not None
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM files")
    reader.close()
    writer.close()
    assert "more.md" in known(index)


def test_long_work_is_committed_in_pieces(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forllm_desktop.files.index.ROWS_AT_ONCE", 100)
    monkeypatch.setattr("forllm_desktop.files.index.SECONDS_AT_ONCE", 60)
    root = plant(tmp_path / "many", *(f"{n % 50}/{n}.md" for n in range(300)))
    writer = Index(index)
    writer.put_folder(1, "")
    steps = Scan(writer, FolderPlan(1, str(root)), str(root)).steps()
    seen = []
    for _ in steps:
        seen.append(len(known(index)))
    assert max(after - before for before, after in pairwise(seen)) <= 100
    assert 200 < seen[-1] < 300
    writer.close()
    assert len(known(index)) == 300


@on_linux
def test_folder_that_cannot_be_listed_is_counted(
    index: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("sub"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    indexed(index, root)
    monkeypatch.setattr("forllm_desktop.files.scanning.os.scandir", refuse)
    assert indexed(index, root) == ["a.md"]
    assert statuses(index)[1].errors == 1
    monkeypatch.setattr("forllm_desktop.files.scanning.os.scandir", lambda _: refuse("sub"))
    assert indexed(index, root) == []
    status = statuses(index)[1]
    assert (status.state, status.message) == (FolderState.UNREADABLE, "Permission denied")
