"""Opens the SQLite file: upgrade with backup, one writer, and readers that cannot write."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

# All records, not only the ones a caller uses: their tables refer to each other.
import forllm_desktop.domain.records  # noqa: F401
from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import DatabaseTooNew, ForllmError, NotFound
from forllm_desktop.storage.migrations import HEAD, REVISIONS

__all__ = ["Database", "IntegrityError", "Session", "open_database", "open_for_reading", "revision_of"]

FILE_NAME = "forllm.db"
BUSY_TIMEOUT = 5_000
"""Milliseconds a reader, and an upgrade, waits for another process."""
PATIENCE = 5.0
"""Seconds a write waits for another process that has locked the file."""
HURRIED_PATIENCE = 0.2
"""The same in the thread that must not wait, in seconds."""
TRY_FOR = 50
"""Milliseconds of one try. Between two tries the writer is free for a thread that has less patience."""
POOL_TIMEOUT = 5
"""Seconds a thread waits for the writer before this is an error."""
BACKUPS_KEPT = 5
_SIGNATURE = b"SQLite format 3\0"
"""How every SQLite file begins (https://www.sqlite.org/fileformat.html)."""


class Database:
    """The open file. One connection writes and checkpoints; the others are `query_only`.

    `is_read_only` says that the file or its folder allows no writing.

    Sessions are short: no await, no network and no second `write()` inside one.
    """

    def __init__(self, path: Path, *, writes: bool = True) -> None:
        self.path = path
        self.is_read_only = not (os.access(path.parent, os.W_OK) and os.access(path, os.W_OK))
        self._writer = _engine(path, _prepare_writer, pool_size=1) if writes else None
        # SQLite makes files beside the database even to read it, unless nobody can be writing.
        is_fixed = self.is_read_only and not writes and not _has_wal(path)
        self._reader = _engine(path, _prepare_reader, pool_size=4, is_fixed=is_fixed)
        self._new_writer = sessionmaker(self._writer, expire_on_commit=False)
        self._new_reader = sessionmaker(self._reader, expire_on_commit=False)
        event.listen(self._new_writer, "loaded_as_persistent", _keep)
        self._hurried: int | None = None

    def hurry(self, thread: int | None) -> None:
        """Let no write of this thread (`threading.get_ident`), the window's, wait long for other programs."""
        self._hurried = thread

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open the one write transaction; it commits at the end of the block, or rolls back on an error.

        Raises ForllmError when the writer stays busy, another program locks the file, or the disk is full.
        """
        if self._writer is None:
            raise ForllmError("This is opened for reading only")
        try:
            # Begin now and not at the first statement, so that a write inside a write is always found.
            with self._begun() as session:
                yield session
                session.commit()
        except PoolTimeout as error:
            raise ForllmError(
                "The database is busy", "Another step has held it for too long. Try again in a moment."
            ) from error
        except OverflowError as error:
            raise _no_such_number() from error
        except DatabaseError as error:
            if not _is_of_the_file(error):
                raise
            if _is_locked(error):
                raise _locked(self.path) from error
            raise ForllmError(
                "This could not be saved", f"{self.path}: {error.orig}. Check the disk and try again."
            ) from error

    def _begun(self) -> Session:
        """Return a session whose transaction has begun; a locked file is tried again while patience lasts."""
        is_hurried = threading.get_ident() == self._hurried
        until = time.monotonic() + (HURRIED_PATIENCE if is_hurried else PATIENCE)
        while True:
            session = self._new_writer()
            try:
                session.connection()
            except BaseException as error:
                session.close()
                is_locked = isinstance(error, DatabaseError) and _is_locked(error)
                if not is_locked or time.monotonic() >= until:
                    raise
            else:
                return session
            time.sleep(0 if is_hurried else TRY_FOR / 1000)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one consistent state and cannot write.

        Raises ForllmError when the file is damaged, or cannot be reached.
        """
        try:
            with self._new_reader() as session:
                yield session
        except OverflowError as error:
            raise _no_such_number() from error
        except DatabaseError as error:
            if not _is_of_the_file(error):
                raise
            raise _unreadable(self.path, error.orig) from error

    def check(self) -> list[str]:
        """Return what `integrity_check` and `foreign_key_check` complain about; empty when all is well."""
        try:
            with self._reader.connect() as connection:
                found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        except DatabaseError as error:
            return [str(error.orig)]
        return [line for line in found if line != "ok"] + [
            f"broken reference: {tuple(row)}" for row in broken
        ]

    def close(self) -> None:
        """Close the readers, then the writer, so that the writer does the last checkpoint."""
        self._reader.dispose()
        if self._writer is not None:
            self._writer.dispose()


def open_database(path: Path) -> Database:
    """Open `path` for writing: make it, or bring it to the newest schema after a backup copy.

    The caller holds the lock of the data folder. Raises DatabaseTooNew, with the file untouched, when a
    newer app wrote it, and ForllmError when it is no database of ours.
    """
    revision = revision_of(path)
    if revision != HEAD:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if revision is not None:
                _back_up(path, revision)
            _upgrade(path)
        except (OSError, sqlite3.Error, DatabaseError) as error:
            reason = error.orig if isinstance(error, DatabaseError) else error
            raise ForllmError(
                "The database could not be opened",
                f"{path}: {reason}. Nothing in it was changed; check the disk and try again.",
            ) from error
    return Database(path)


def open_for_reading(path: Path) -> Database:
    """Open a file that another process may be writing. Raises ForllmError when missing or not at head."""
    revision = revision_of(path)
    if revision is None:
        raise ForllmError("There is nothing here yet", f"{path.parent} holds no forum.")
    if revision != HEAD:
        raise ForllmError("The database is of an older version", "Start FORLLM once to bring it up to date.")
    return Database(path, writes=False)


def revision_of(path: Path) -> str | None:
    """Return the schema revision of a file without changing a byte of it; None when missing or empty."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    # Without a WAL the file can be read as immutable, which makes no side files next to it.
    mode = "mode=ro" if _has_wal(path) else "mode=ro&immutable=1"
    try:
        with path.open("rb") as file:
            # SQLite itself takes any file shorter than a page for an empty database, and would overwrite it.
            if file.read(len(_SIGNATURE)) != _SIGNATURE:
                raise ForllmError("This is not a FORLLM database", f"{path} is something else; move it away.")
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
            tables = {
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            }
            if "alembic_version" not in tables:
                if not tables:
                    return None
                raise ForllmError(
                    "This is not a FORLLM database", f"{path} holds other tables; move it away."
                )
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.DatabaseError, OSError) as error:
        raise _unreadable(path, error) from error
    revision = row[0] if row else None
    if revision is not None and revision not in REVISIONS:
        raise DatabaseTooNew(
            "The database was written by a newer FORLLM",
            f"It is of revision {revision}, this app knows up to {HEAD}. Install the newer version; "
            "the file was left as it is.",
        )
    return revision


def _has_wal(path: Path) -> bool:
    """Say whether the newest changes lie in the file beside the database."""
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _is_of_the_file(error: DatabaseError) -> bool:
    """Say whether the file or its disk is to blame, and not the statement."""
    return type(error) in (DatabaseError, OperationalError)


def _is_locked(error: DatabaseError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


def _locked(path: Path) -> ForllmError:
    return ForllmError(
        "The database is locked by another program",
        f"It was not saved. Wait until the program that holds {path} is done, or close it, and try again.",
    )


def _unreadable(path: Path, reason: BaseException | None) -> ForllmError:
    return ForllmError(
        "The database cannot be read",
        f"{path}: {reason}. Copies from before upgrades lie in the folder “backups” beside it.",
    )


def _no_such_number() -> NotFound:
    """Say what it means that a number typed as an id is too large for any column."""
    return NotFound("This does not exist", "Nothing has so large a number.")


def _keep(session: Session, record: object) -> None:
    """Hold what a write has read until it ends: a session holds it weakly, and would read it once more."""
    session.info.setdefault("read", []).append(record)


def _engine(path: Path, prepare: Any, pool_size: int, *, is_fixed: bool = False) -> Engine:
    place = URL.create("sqlite", database=str(path))
    if is_fixed:
        options = {"immutable": "1", "mode": "ro", "uri": "true"}
        place = URL.create("sqlite", database=path.absolute().as_uri(), query=options)
    engine = create_engine(
        place,
        connect_args={"check_same_thread": False},
        pool_size=pool_size,
        max_overflow=0 if pool_size == 1 else 8,
        pool_timeout=POOL_TIMEOUT,
    )
    event.listen(engine, "connect", prepare)
    # The driver's own transaction handling starts late and upgrades locks; we say BEGIN ourselves.
    begin = "BEGIN IMMEDIATE" if prepare is _prepare_writer else "BEGIN"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _prepare_writer(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={TRY_FOR}")


def _prepare_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
    connection.execute("PRAGMA query_only=ON")


def _back_up(path: Path, revision: str, now: datetime | None = None) -> Path:
    """Copy the file, WAL included, to `backups/` beside it; the newest few are kept."""
    folder = path.parent / "backups"
    folder.mkdir(exist_ok=True)
    stamp = (now or utc_now()).strftime("%Y%m%dT%H%M%S%fZ")
    copy = folder / f"{path.stem}-{stamp}-{revision}.db"
    # A copy that was cut short must neither look like a whole one nor push one out.
    part = folder / f"{path.stem}.part"
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(copy)
    for old in sorted(folder.glob(f"{path.stem}-*.db"))[:-BACKUPS_KEPT]:
        old.unlink()
    return copy


def _upgrade(path: Path) -> None:
    """Run all missing migrations in one transaction. Alembic costs 0.3 s to import, so only here."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = _engine(path, _prepare_writer, pool_size=1)
    try:
        with engine.connect() as connection:
            # Tables are rebuilt by some migrations; references are checked once, at the end.
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
            with connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise ForllmError("The database could not be upgraded", "References would have broken.")
    finally:
        engine.dispose()
