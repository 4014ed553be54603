"""Fixtures for every test."""

import gc
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database, open_database
from tests.builders import FixedClock
from tests.recorder import Recorder

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# How long one example takes says more about the machine than about the code.
settings.register_profile("forllm", deadline=None)
settings.load_profile("forllm")


_EXIT_STATUS = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a variant of `tests.tiny_gguf` to its file, made once per session."""
    from tests.tiny_gguf import make_tiny_gguf

    folder = tmp_path_factory.mktemp("gguf")

    def make(variant: str = "chat") -> Path:
        path = folder / f"tiny-{variant}.gguf"
        return path if path.exists() else make_tiny_gguf(path, variant)

    return make


@pytest.fixture(autouse=True)
def _nothing_left_running() -> Iterator[None]:
    """Fail a test that leaves a thread or a child process behind."""
    threads, children = set(threading.enumerate()), _children()
    yield
    deadline = time.monotonic() + 2
    while (left := _left_behind(threads, children)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, f"left running: {left}"


def _left_behind(threads: set[threading.Thread], children: set[int]) -> list[str]:
    late = [thread.name for thread in threading.enumerate() if thread not in threads and _runs(thread)]
    return [f"thread {name}" for name in late] + [f"process {pid}" for pid in sorted(_children() - children)]


def _runs(thread: threading.Thread) -> bool:
    """Say whether a thread is there: Python learns of one that Qt started, but never of its end."""
    is_from_qt = isinstance(thread, threading._DummyThread)
    return not is_from_qt or Path(f"/proc/self/task/{thread.native_id}").exists()


def _children() -> set[int]:
    """Return the processes whose parent is this one, zombies too; none where there is no /proc."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # "pid (command) state ppid ...", and the command may hold anything, brackets too.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


@pytest.fixture(scope="session")
def database_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database file at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "forllm.db"
    open_database(path).close()
    return path


@pytest.fixture
def database_path(database_template: Path, tmp_path: Path) -> Path:
    """Return a fresh database file."""
    return Path(shutil.copy(database_template, tmp_path / "forllm.db"))


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Return a fresh open database."""
    opened = open_database(database_path)
    yield opened
    opened.close()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def recorder(events: Events) -> Recorder:
    """Return what writes down the signals of `events`."""
    return Recorder(events)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def forum(database: Database, events: Events, clock: FixedClock) -> ForumService:
    return ForumService(database, events, clock)


@pytest.fixture
def queue(database: Database, events: Events, clock: FixedClock) -> QueueService:
    return QueueService(database, events, clock)


@pytest.fixture
def personas(database: Database, events: Events, clock: FixedClock) -> PersonaService:
    return PersonaService(database, events, clock)


def pytest_runtest_setup(item: pytest.Item) -> None:
    # As the window does: Python would take widgets apart in whatever thread happens to allocate.
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    if nextitem is None or nextitem.path != item.path:
        gc.collect()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_EXIT_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End at once after the report: Python takes hundreds of widgets apart in an order that crashes Qt."""
    if _EXIT_STATUS in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_EXIT_STATUS])
