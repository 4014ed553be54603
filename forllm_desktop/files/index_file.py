"""The index of names: an SQLite file beside the database that can be made again at any time."""

import os
import sqlite3
import unicodedata
from contextlib import suppress
from pathlib import Path

from forllm_desktop.domain.found_files import shown_name

VERSION = 1
"""Raised with every change of the schema: an index of another version is made anew."""
WAIT_TO_WRITE = 5.0
"""Seconds the writer waits for whoever else has locked the file."""
WAIT_TO_READ = 0.02
"""Seconds a reader waits. It waits only while the file is made: there is nothing in it then."""

_SCHEMA = """
CREATE TABLE folders (
    folder_id INTEGER PRIMARY KEY,
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    files INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    indexed_at REAL,
    is_watched INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT ''
);
CREATE TABLE dirs (
    dir_id INTEGER PRIMARY KEY,
    folder_id INTEGER NOT NULL,
    path BLOB NOT NULL,
    path_key TEXT NOT NULL,
    UNIQUE (folder_id, path)
);
CREATE TABLE files (
    file_id INTEGER PRIMARY KEY,
    dir_id INTEGER NOT NULL,
    folder_id INTEGER NOT NULL,
    name BLOB NOT NULL,
    name_key TEXT NOT NULL,
    path_key TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime REAL NOT NULL,
    used_at REAL NOT NULL DEFAULT 0,
    UNIQUE (dir_id, name)
);
CREATE INDEX files_name_key ON files (name_key);
CREATE INDEX files_mtime ON files (mtime);
CREATE INDEX files_used_at ON files (used_at) WHERE used_at > 0;
CREATE INDEX files_folder_id ON files (folder_id);
"""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open the index, or make it: anew when it is damaged or of another version."""
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        discard(path)
        return _opened(path)


def is_damage(error: BaseException) -> bool:
    """Say whether an error means that the file is no index any more, and not that it cannot be reached."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def discard(path: Path) -> None:
    """Delete the index; it is made anew at the next opening."""
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.unlink(f"{path}{ending}")


def open_for_reading(path: Path) -> sqlite3.Connection | None:
    """Open the index for queries; None where there is none yet. Raises sqlite3.Error."""
    if not path.is_file():
        return None
    # Not with mode=ro: after a crash of the writer a reader has to be able to recover the file.
    connection = sqlite3.connect(path, timeout=WAIT_TO_READ, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only=ON")
        is_ours = _version(connection) == VERSION
    except BaseException:
        connection.close()
        raise
    if not is_ours:
        connection.close()
        return None
    return connection


def key(text: str) -> str:
    """Return a text as it is searched: without case, accents and what cannot be shown."""
    if text.isascii() and text.isprintable():
        return text.lower()
    apart = unicodedata.normalize("NFKD", shown_name(text)).casefold()
    return "".join(ch for ch in apart if not unicodedata.combining(ch))


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=WAIT_TO_WRITE, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        if _version(connection) != VERSION:
            _make(connection)
        connection.execute("SELECT count(*) FROM folders").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: sqlite3.Connection) -> None:
    tables = "".join(f"DROP TABLE IF EXISTS {name};" for name in ("files", "dirs", "folders"))
    connection.executescript(f"BEGIN IMMEDIATE;{tables}{_SCHEMA}PRAGMA user_version={VERSION};COMMIT;")


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]
