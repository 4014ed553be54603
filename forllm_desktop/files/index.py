"""Writes the index: what a folder holds, directory by directory, in short transactions."""

import os
import sqlite3
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from forllm_desktop.domain.found_files import FolderState
from forllm_desktop.files.index_file import key, open_for_writing

ROWS_AT_ONCE = 2000
SECONDS_AT_ONCE = 0.2
"""What one transaction changes at most, and how long it stays open."""


@dataclass(frozen=True)
class Entry:
    """A file as the disk tells of it: bytes, and seconds since 1970."""

    size: int
    mtime: float


class Index:
    """The one writer. Changes are committed by themselves now and then, and by `commit`."""

    def __init__(self, path: Path) -> None:
        self._connection = open_for_writing(path)
        self._changes = 0
        self._began = 0.0
        self.written = 0
        """Rows that were changed so far."""

    def close(self) -> None:
        """Commit and close."""
        self.commit()
        self._connection.close()

    def commit(self) -> None:
        """Let readers see what was changed."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        self._changes = 0

    # -- folders

    def plans(self) -> dict[int, str]:
        """Return what each folder was indexed by, by its number."""
        return dict(self._connection.execute("SELECT folder_id, plan FROM folders"))

    def states(self) -> dict[int, FolderState]:
        """Return what is known of each folder."""
        rows = self._connection.execute("SELECT folder_id, state FROM folders")
        return {number: FolderState(state) for number, state in rows}

    def put_folder(self, folder_id: int, plan: str) -> None:
        """Note a folder, or that it is indexed by another plan now."""
        self._change(
            "INSERT INTO folders (folder_id, plan, state) VALUES (?, ?, ?) "
            "ON CONFLICT (folder_id) DO UPDATE SET plan = excluded.plan",
            (folder_id, plan, FolderState.WAITING),
        )

    def drop_folder(self, folder_id: int) -> None:
        """Forget a folder with all its files."""
        for table in ("files", "dirs", "folders"):
            self._change(f"DELETE FROM {table} WHERE folder_id = ?", (folder_id,))
        self.commit()

    def set_state(self, folder_id: int, state: FolderState, message: str = "") -> None:
        """Note what is known of a folder."""
        self._change(
            "UPDATE folders SET state = ?, message = ? WHERE folder_id = ?", (state, message, folder_id)
        )
        self.commit()

    def set_watched(self, folder_id: int, is_watched: bool, message: str = "") -> None:
        """Note whether changes of a folder are noticed; `message` says why not."""
        self._change(
            "UPDATE folders SET is_watched = ?, message = ? WHERE folder_id = ?",
            (is_watched, message, folder_id),
        )
        self.commit()

    def finish(self, folder_id: int, errors: int, now: float) -> int:
        """Note that a folder is indexed now; returns how many files it has."""
        files = self.count(folder_id)
        self._change(
            "UPDATE folders SET state = ?, files = ?, errors = ?, indexed_at = ?, message = '' "
            "WHERE folder_id = ?",
            (FolderState.READY, files, errors, now, folder_id),
        )
        self.commit()
        return files

    def count(self, folder_id: int) -> int:
        """Return how many files of a folder are known."""
        return self._connection.execute(
            "SELECT count(*) FROM files WHERE folder_id = ?", (folder_id,)
        ).fetchone()[0]

    # -- directories

    def known_dirs(self, folder_id: int, path: str) -> dict[str, int]:
        """Return the number of a directory and of all below it, by their paths relative to the folder."""
        begin = os.fsencode(path)
        if not begin:
            rows = self._connection.execute("SELECT path, dir_id FROM dirs WHERE folder_id = ?", (folder_id,))
        else:
            rows = self._connection.execute(
                # "0" comes right after "/": what lies between begins with the path and a slash.
                "SELECT path, dir_id FROM dirs WHERE folder_id = ? AND (path = ? OR path > ? AND path < ?)",
                (folder_id, begin, begin + b"/", begin + b"0"),
            )
        return {os.fsdecode(found): number for found, number in rows}

    def put_dir(self, folder_id: int, path: str, entries: Mapping[str, Entry]) -> int:
        """Write what a directory holds now, as far as it differs from what was known; returns its number."""
        dir_id = self._dir(folder_id, path)
        known = {
            name: (number, size, mtime)
            for number, name, size, mtime in self._connection.execute(
                "SELECT file_id, name, size, mtime FROM files WHERE dir_id = ?", (dir_id,)
            )
        }
        for name, entry in entries.items():
            stored = known.pop(os.fsencode(name), None)
            if stored is None:
                self._add(folder_id, dir_id, path, name, entry)
            elif stored[1:] != (entry.size, entry.mtime):
                self._change(
                    "UPDATE files SET size = ?, mtime = ? WHERE file_id = ?",
                    (entry.size, entry.mtime, stored[0]),
                )
        for number, _, _ in known.values():
            self._change("DELETE FROM files WHERE file_id = ?", (number,))
        return dir_id

    def drop_dirs(self, numbers: Collection[int]) -> None:
        """Forget directories with their files, not with what is below them."""
        for number in numbers:
            self._change("DELETE FROM files WHERE dir_id = ?", (number,))
            self._change("DELETE FROM dirs WHERE dir_id = ?", (number,))

    def note_use(self, folder_id: int, path: str, when: float) -> None:
        """Note that a file was used: it comes first from then on."""
        above, _, name = path.rpartition("/")
        self._change(
            "UPDATE files SET used_at = ? WHERE name = ? AND dir_id = "
            "(SELECT dir_id FROM dirs WHERE folder_id = ? AND path = ?)",
            (when, os.fsencode(name), folder_id, os.fsencode(above)),
        )
        self.commit()

    def _dir(self, folder_id: int, path: str) -> int:
        place = (folder_id, os.fsencode(path))
        row = self._connection.execute(
            "SELECT dir_id FROM dirs WHERE folder_id = ? AND path = ?", place
        ).fetchone()
        if row is not None:
            return row[0]
        added = self._change(
            "INSERT INTO dirs (folder_id, path, path_key) VALUES (?, ?, ?)", (*place, key(path))
        )
        assert added.lastrowid is not None
        return added.lastrowid

    def _add(self, folder_id: int, dir_id: int, path: str, name: str, entry: Entry) -> None:
        whole = f"{path}/{name}" if path else name
        self._change(
            "INSERT INTO files (dir_id, folder_id, name, name_key, path_key, size, mtime) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (dir_id, folder_id, os.fsencode(name), key(name), key(whole), entry.size, entry.mtime),
        )

    def _change(self, statement: str, values: tuple) -> sqlite3.Cursor:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
            self._began = time.monotonic()
        cursor = self._connection.execute(statement, values)
        self._changes += 1
        self.written += 1
        if self._changes >= ROWS_AT_ONCE or time.monotonic() - self._began > SECONDS_AT_ONCE:
            self.commit()
        return cursor
