"""The open file: one writer, readers that cannot write, and what is committed is on disk."""

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.forum import Subforum
from forllm_desktop.storage import database as module
from forllm_desktop.storage.database import Database, Session, open_database, open_for_reading


def add_subforum(session: Session, name: str = "Physics") -> None:
    session.add(Subforum(name=name, name_key=name.casefold()))


def names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(text("SELECT name FROM subforums ORDER BY subforum_id")))


def pragma(session: Session, name: str) -> object:
    return session.scalar(text(f"PRAGMA {name}"))


def test_writer_syncs_every_commit_and_checks_references(database: Database) -> None:
    with database.write() as session:
        assert pragma(session, "journal_mode") == "wal"
        assert pragma(session, "synchronous") == 2, "2 is FULL"
        assert pragma(session, "foreign_keys") == 1
        assert pragma(session, "busy_timeout") == module.TRY_FOR
        assert pragma(session, "mmap_size") in (0, None)


def test_reader_cannot_write(database: Database) -> None:
    with database.read() as session:
        assert pragma(session, "query_only") == 1
        add_subforum(session)
        with pytest.raises(OperationalError, match="readonly"):
            session.flush()
    assert names(database) == []


def test_reader_sees_one_state_while_others_write(database: Database) -> None:
    with database.read() as reader:
        assert reader.scalar(text("SELECT count(*) FROM subforums")) == 0
        with database.write() as writer:
            add_subforum(writer)
        assert reader.scalar(text("SELECT count(*) FROM subforums")) == 0
    assert names(database) == ["Physics"]


def test_all_threads_write_through_one_connection(database: Database) -> None:
    used: set[int] = set()
    kept = []

    def write(thread: int) -> None:
        for number in range(10):
            with database.write() as session:
                add_subforum(session, f"{thread}-{number}")
                connection = session.connection().connection.driver_connection
                kept.append(connection)
                used.add(id(connection))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(used) == 1
    assert len(names(database)) == 60


def test_write_inside_a_write_is_an_error_in_words(
    database_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POOL_TIMEOUT", 0.05)
    with closing(open_database(database_path)) as database:
        with database.write() as outer:
            with pytest.raises(ForllmError, match="busy"), database.write():
                pass
            add_subforum(outer)
        assert names(database) == ["Physics"]


def test_file_that_another_program_locks_is_an_error_in_words(
    database_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with closing(open_database(database_path)) as database:
        with closing(sqlite3.connect(database_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(ForllmError, match="locked"), database.write() as session:
                add_subforum(session)
        with database.write() as session:
            add_subforum(session)
        assert names(database) == ["Physics"]


@contextmanager
def locked_by_another_process(path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Let another process hold the write lock; it lets go when its standard input closes."""
    script = (
        "import sqlite3, sys\n"
        "other = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "other.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"locked\n"
        yield process
        process.stdin.close()


@pytest.mark.parametrize("is_first", [True, False], ids=["the first write", "a later write"])
def test_thread_that_must_not_wait_is_refused_at_once_while_others_wait(
    database_path: Path, is_first: bool
) -> None:
    with closing(open_database(database_path)) as database:
        database.hurry(threading.get_ident())
        if not is_first:
            with database.write() as session:
                add_subforum(session, "Physics")
        with locked_by_another_process(database_path) as other:
            patient = threading.Thread(target=write_one, args=(database, "Chemistry"))
            patient.start()
            for _ in range(3):
                began = time.monotonic()
                with pytest.raises(ForllmError, match="locked by another program"), database.write():
                    pass
                assert time.monotonic() - began < 1, (
                    "a quarter of a second, and some more where the machine is busy"
                )
            assert patient.is_alive()
            assert other.stdin is not None
            other.stdin.close()
            patient.join(5)
        with database.write() as session:
            add_subforum(session, "Biology")
        assert set(names(database)) >= {"Chemistry", "Biology"}


def write_one(database: Database, name: str) -> None:
    with database.write() as session:
        add_subforum(session, name)


def test_damage_that_is_met_while_the_file_is_open_is_an_error_in_words(database_path: Path) -> None:
    with closing(open_database(database_path)) as database:
        with database_path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xaa" * (database_path.stat().st_size - 4096))
        with pytest.raises(ForllmError, match="cannot be read"):
            names(database)
        with pytest.raises(ForllmError, match="could not be saved"), database.write() as session:
            add_subforum(session)


def test_commit_is_on_disk_before_the_block_ends(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        add_subforum(session)
    after_power_cut = tmp_path / "copy"
    after_power_cut.mkdir()
    for file in tmp_path.glob("forllm.db*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, after_power_cut)
    with closing(open_database(after_power_cut / "forllm.db")) as reopened:
        assert names(reopened) == ["Physics"]


def test_error_inside_a_write_rolls_all_of_it_back(database: Database) -> None:
    def fail_half_way() -> None:
        with database.write() as session:
            add_subforum(session)
            session.flush()
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert names(database) == []
    with database.write() as session:
        add_subforum(session, "Chemistry")
    assert names(database) == ["Chemistry"]


def test_close_leaves_one_whole_file(database_path: Path) -> None:
    database = open_database(database_path)
    with database.write() as session:
        add_subforum(session)
    names(database)
    database.close()
    assert [file.name for file in database_path.parent.glob("forllm.db*")] == ["forllm.db"]


def test_check_finds_nothing_in_a_sound_file(database: Database) -> None:
    assert database.check() == []


def test_check_finds_a_broken_reference(database: Database) -> None:
    with closing(sqlite3.connect(database.path)) as careless:
        careless.execute(
            "INSERT INTO drafts (draft_id, place, title, content, updated_at) "
            "VALUES (1, 'topic:1', '', '', '2026-01-01 00:00:00.000000')"
        )
        careless.execute("INSERT INTO post_revisions VALUES (1, 77, 'lost', '2026-01-01 00:00:00.000000')")
        careless.commit()
    (line,) = database.check()
    assert "broken reference" in line
    assert "post_revisions" in line


def test_opening_for_reading_refuses_to_write(database: Database) -> None:
    with closing(open_for_reading(database.path)) as beside:
        with database.write() as session:
            add_subforum(session)
        assert names(beside) == ["Physics"]
        with pytest.raises(ForllmError, match="reading only"), beside.write():
            pass


def test_opening_for_reading_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ForllmError, match="nothing here"):
        open_for_reading(tmp_path / "none" / "forllm.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["Größe 50%", "what? me & you", "a#b", "日本語 forum"])
def test_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "forllm.db"
    with closing(open_database(path)) as database, database.write() as session:
        add_subforum(session)
    assert path.stat().st_size > 0
    with closing(open_for_reading(path)) as database:
        assert names(database) == ["Physics"]
