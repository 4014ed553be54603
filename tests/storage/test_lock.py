"""The lock of the data folder across processes."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forllm_desktop.domain.errors import DataFolderBusy
from forllm_desktop.storage.lock import FolderLock

HOLD = """
import sys
from pathlib import Path
from forllm_desktop.storage.lock import FolderLock

FolderLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def other_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_second_process_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    with other_process(tmp_path), pytest.raises(DataFolderBusy) as refusal:
        FolderLock(tmp_path).acquire()
    assert str(tmp_path) in refusal.value.message


def test_lock_is_free_after_kill_9(tmp_path: Path) -> None:
    with other_process(tmp_path) as process:
        process.kill()
        assert process.wait() == -signal.SIGKILL
        lock = FolderLock(tmp_path)
        lock.acquire()
    lock.release()


def test_lock_can_be_released_and_taken_again(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "new"), FolderLock(tmp_path / "new")
    first.acquire()
    with pytest.raises(DataFolderBusy):
        second.acquire()
    first.release()
    first.release()
    second.acquire()
    second.release()
