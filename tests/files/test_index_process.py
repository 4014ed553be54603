"""The process that indexes: it follows the disk, survives being killed, and never outlives the app."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.found_files import FolderState
from forllm_desktop.events import Events
from forllm_desktop.files import index_process, watching
from forllm_desktop.paths import own_command
from forllm_desktop.services.files import INDEX_FILE, FilesService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from tests.files.trees import plant

WAIT = 30_000
"""Milliseconds; a busy machine starts processes slowly."""
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="kills by signal and looks into /proc")


@pytest.fixture
def files(database: Database, events: Events, tmp_path: Path) -> Iterator[FilesService]:
    """Return the service, started; its process is stopped at the end."""
    service = FilesService(database, events, tmp_path / "data")
    service.start()
    yield service
    service.stop()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return plant(tmp_path / "root", "a.md", "sub/b.md", "sub/deep/c.md", "node_modules/x.js")


@pytest.fixture
def shows(files: FilesService, qtbot: QtBot) -> Callable[..., None]:
    """Return a function that waits until exactly these files are found."""

    def wait(*paths: str) -> None:
        expected = sorted(paths)
        qtbot.waitUntil(lambda: sorted(file.path for file in files.complete("")) == expected, timeout=WAIT)

    return wait


def pid(files: FilesService) -> int:
    assert files._process is not None
    assert files._process.pid is not None
    return files._process.pid


def is_watched(files: FilesService) -> bool:
    return all(one.is_watched and one.state is FolderState.READY for one in files.status().values())


def is_running(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_process_is_started_with_the_first_folder(files: FilesService, root: Path, shows) -> None:
    assert files._process is None
    assert files.complete("a") == []
    number = files.add_folder(str(root)).folder_id
    shows("a.md", "sub/b.md", "sub/deep/c.md")
    [found] = files.complete("b.md")
    assert (found.folder_id, found.name, found.folder_name, found.size) == (number, "b.md", "root", 8)


def test_changes_on_the_disk_are_followed(
    files: FilesService, root: Path, shows, qtbot: QtBot, tmp_path: Path
) -> None:
    files.add_folder(str(root))
    qtbot.waitUntil(lambda: is_watched(files), timeout=WAIT)
    plant(root, "new.md", "photo.png", "node_modules/y.js")
    shows("a.md", "new.md", "sub/b.md", "sub/deep/c.md")
    (root / "new.md").rename(root / "sub" / "renamed.md")
    shows("a.md", "sub/renamed.md", "sub/b.md", "sub/deep/c.md")
    (root / "sub" / "deep" / "c.md").unlink()
    shows("a.md", "sub/renamed.md", "sub/b.md")
    plant(tmp_path / "elsewhere", "one.md", "in/two.md", ".git/config")
    (tmp_path / "elsewhere").rename(root / "moved")
    shows("a.md", "sub/renamed.md", "sub/b.md", "moved/one.md", "moved/in/two.md")
    plant(root, "moved/in/three.md")  # what was moved in is watched too
    shows("a.md", "sub/renamed.md", "sub/b.md", "moved/one.md", "moved/in/two.md", "moved/in/three.md")
    (root / "moved").rename(root / "sub" / "again")
    shows("a.md", "sub/renamed.md", "sub/b.md", *(f"sub/again/{n}.md" for n in ("one", "in/two", "in/three")))
    shutil.rmtree(root / "sub")
    shows("a.md")
    plant(root, "sub/again/in/back.md")  # a folder that went and came is another one
    shows("a.md", "sub/again/in/back.md")
    plant(root, "sub/again/in/more.md")
    shows("a.md", "sub/again/in/back.md", "sub/again/in/more.md")
    plant(root, "sub/again/in/last.md")  # by now nothing else is to be looked at
    shows("a.md", *(f"sub/again/in/{name}.md" for name in ("back", "more", "last")))


def test_many_watches_become_one(
    files: FilesService, root: Path, shows, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.add_folder(str(root), block=["*.md"])
    qtbot.waitUntil(lambda: is_watched(files), timeout=WAIT)
    expected: list[str] = []
    for number in range(watching.MOST_NETS + 3):
        expected += [f"new{number}/one.txt"]
        plant(root, f"new{number}/one.txt")
        shows(*expected)
    plant(root, "new0/two.txt", f"new{number}/two.txt")
    shows(*expected, "new0/two.txt", f"new{number}/two.txt")


def test_rules_are_followed_at_once(
    files: FilesService, root: Path, shows, database: Database, events: Events
) -> None:
    number = files.add_folder(str(root)).folder_id
    shows("a.md", "sub/b.md", "sub/deep/c.md")
    files.edit_folder(number, is_recursive=False)
    shows("a.md")
    files.edit_folder(number, is_recursive=True, block=["!node_modules/"])
    shows("a.md", "sub/b.md", "sub/deep/c.md", "node_modules/x.js")
    SettingsService(database, events).change(files_block="*.md")
    shows("node_modules/x.js")
    removed = files.remove_folder(number)
    shows()
    files.restore(removed)
    shows("node_modules/x.js")


def test_status_goes_from_waiting_to_ready(
    files: FilesService, root: Path, qtbot: QtBot, events: Events
) -> None:
    seen: list[FolderState] = []
    events.files_changed.connect(lambda: seen.extend(one.state for one in files.status().values()))
    files.add_folder(str(root))
    qtbot.waitUntil(lambda: is_watched(files), timeout=WAIT)
    assert seen[0] is FolderState.WAITING
    qtbot.waitUntil(lambda: seen[-1] is FolderState.READY, timeout=WAIT)
    [status] = files.status().values()
    assert (status.files, status.errors, status.message) == (3, 0, "")


def test_folder_that_goes_and_comes_back_is_told_when_looked_at(
    files: FilesService, root: Path, shows, qtbot: QtBot
) -> None:
    number = files.add_folder(str(root)).folder_id
    shows("a.md", "sub/b.md", "sub/deep/c.md")
    root.rename(root.with_name("away"))
    files.reindex(number)
    qtbot.waitUntil(lambda: files.status()[number].state is FolderState.MISSING, timeout=WAIT)
    assert files.complete("a") == []
    assert files.folders()[0].path == str(root)
    root.with_name("away").rename(root)
    files.reindex()
    shows("a.md", "sub/b.md", "sub/deep/c.md")
    qtbot.waitUntil(lambda: is_watched(files), timeout=WAIT)
    plant(root, "back.md")
    shows("a.md", "back.md", "sub/b.md", "sub/deep/c.md")


def test_read_file_comes_first_from_then_on(files: FilesService, root: Path, qtbot: QtBot, shows) -> None:
    number = files.add_folder(str(root)).folder_id
    shows("a.md", "sub/b.md", "sub/deep/c.md")
    assert files.read(number, "sub/deep/c.md").text == "sub/deep/c.md"
    qtbot.waitUntil(lambda: files.complete("md")[0].path == "sub/deep/c.md", timeout=WAIT)


def test_folder_in_a_folder_shows_no_file_twice(files: FilesService, root: Path, qtbot: QtBot) -> None:
    files.add_folder(str(root))
    files.add_folder(str(root / "sub"))
    qtbot.waitUntil(lambda: is_watched(files) and len(files.complete("")) == 3, timeout=WAIT)
    assert sorted(file.name for file in files.complete("")) == ["a.md", "b.md", "c.md"]


@on_linux
def test_killed_process_is_started_again(
    files: FilesService, root: Path, shows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_process, "RESTARTED_AFTER", (0.01,))
    files.add_folder(str(root))
    shows("a.md", "sub/b.md", "sub/deep/c.md")
    first = pid(files)
    os.kill(first, signal.SIGKILL)
    plant(root, "meanwhile.md")
    shows("a.md", "meanwhile.md", "sub/b.md", "sub/deep/c.md")
    assert pid(files) != first


@on_linux
def test_index_that_is_damaged_at_work_is_made_anew(
    files: FilesService, root: Path, shows, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(index_process, "RESTARTED_AFTER", (0.01, 0.01))
    number = files.add_folder(str(root)).folder_id
    shows("a.md", "sub/b.md", "sub/deep/c.md")
    index = tmp_path / "data" / INDEX_FILE
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with index.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (index.stat().st_size - 4096))
    files.reindex(number)
    plant(root, "new.md")
    shows("a.md", "new.md", "sub/b.md", "sub/deep/c.md")


@on_linux
def test_process_that_cannot_work_is_given_up_and_can_be_tried_again(
    files: FilesService,
    root: Path,
    shows,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(index_process, "RESTARTED_AFTER", (0.01, 0.01))
    (tmp_path / "data" / INDEX_FILE).mkdir(parents=True)  # no file can be made there
    number = files.add_folder(str(root)).folder_id
    qtbot.waitUntil(lambda: files.status()[number].state is FolderState.FAILED, timeout=WAIT)
    assert "unable to open" in files.status()[number].message
    (tmp_path / "data" / INDEX_FILE).rmdir()
    files.reindex(number)
    shows("a.md", "sub/b.md", "sub/deep/c.md")


@on_linux
def test_stop_leaves_nothing(files: FilesService, root: Path, qtbot: QtBot, tmp_path: Path) -> None:
    files.add_folder(str(root))
    qtbot.waitUntil(lambda: files._process is not None and bool(files._process.pid), timeout=WAIT)
    number = pid(files)
    files.stop()
    assert not is_running(number)
    files.stop()
    files.start()
    qtbot.waitUntil(lambda: len(files.complete("")) == 3, timeout=WAIT)
    assert pid(files) != number


@on_linux
def test_process_that_hangs_is_killed_at_the_end(
    files: FilesService, root: Path, shows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_process, "LEAVES_WITHIN", 0.1)
    files.add_folder(str(root))
    shows("a.md", "sub/b.md", "sub/deep/c.md")
    number = pid(files)
    os.kill(number, signal.SIGSTOP)
    files.stop()
    assert not is_running(number)


@on_linux
def test_process_does_not_outlive_an_app_that_is_killed(root: Path, tmp_path: Path, qtbot: QtBot) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "app = QCoreApplication([])\n"
        "from forllm_desktop.services.workspace import open_workspace\n"
        f"workspace = open_workspace(Path({str(tmp_path / 'app')!r}))\n"
        f"workspace.files.start(); workspace.files.add_folder({str(root)!r})\n"
        "while not workspace.files.complete('a.md'): time.sleep(0.05)\n"
        "print(workspace.files._process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    app = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert app.stdout is not None
    with app.stdout as lines:
        number = int(lines.readline())
    assert is_running(number)
    app.kill()
    app.wait()
    qtbot.waitUntil(lambda: not is_running(number), timeout=WAIT)


def test_process_ends_when_nobody_talks_to_it(tmp_path: Path) -> None:
    command = [*own_command(), "--index-files", str(tmp_path / "files.db")]
    ended = subprocess.run(command, input=b"no JSON\n", capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
