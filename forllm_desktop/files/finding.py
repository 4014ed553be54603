"""Queries of the index: the files that fit what was typed, and how far each folder is indexed."""

import os
import re
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from forllm_desktop.domain.found_files import FolderState, FolderStatus
from forllm_desktop.files.index_file import key, open_for_reading

MOST_WORDS = 8
LONGEST_TYPED = 200
CANDIDATES = 2000
"""Files of one kind of fit that are compared with each other; a word of one letter fits half of all names."""
LONG = 4
"""Letters of a word that few names hold in their order: one look at all names finds them and its parts."""
PATIENCE = 0.03
"""Seconds after which nothing less fitting is looked for any more. Half of it is enough for 100,000 files."""
_STEPS_PER_LOOK = 10_000
"""Steps of SQLite between two looks at the clock; about a millisecond."""

_DAY = 86_400
_SEEN = "SELECT file_id, name_key, path_key, mtime, used_at"
_BEST = """
    used_at DESC, (mtime > :day) + (mtime > :week) + (mtime > :month) DESC,
        length(path_key), mtime DESC, path_key
"""


@dataclass(frozen=True)
class Match:
    """A file of the index; `path` is relative to its folder."""

    folder_id: int
    path: str
    size: int


def find(index: Path, typed: str, most: int, folder_ids: Collection[int]) -> list[Match]:
    """Return up to `most` files of these folders, the best first; nothing where there is no index.

    Best are those used before, then names that begin with what was typed, then names that hold it, then paths
    that hold all its words, then names that hold its letters in order; of each the newer, the shorter path.
    """
    if most <= 0 or not folder_ids:
        return []
    try:
        connection = open_for_reading(index)
        if connection is None:
            return []
        with closing(connection):
            connection.execute("BEGIN")  # all steps see the same state
            return _Query(connection, typed, most, folder_ids).run()
    except sqlite3.DatabaseError:
        return []  # the writer makes a damaged one anew


def statuses(index: Path) -> dict[int, FolderStatus]:
    """Return how far each folder is indexed, as the index itself tells."""
    try:
        connection = open_for_reading(index)
        if connection is None:
            return {}
        with closing(connection):
            rows = connection.execute(
                "SELECT folder_id, state, files, errors, indexed_at, is_watched, message FROM folders"
            ).fetchall()
    except sqlite3.DatabaseError:
        return {}
    return {
        number: FolderStatus(
            number,
            FolderState(state),
            files,
            errors,
            None if indexed_at is None else datetime.fromtimestamp(indexed_at, UTC),
            bool(is_watched),
            message,
        )
        for number, state, files, errors, indexed_at, is_watched, message in rows
    }


class _Query:
    """One search, from the best fits to the others, until there are enough or time is up."""

    def __init__(
        self, connection: sqlite3.Connection, typed: str, most: int, folder_ids: Collection[int]
    ) -> None:
        self._connection = connection
        self._most = most
        self._until = time.monotonic() + PATIENCE
        words = key(typed[:LONGEST_TYPED]).replace("/", " ").replace("\\", " ").split()
        self._words = words[:MOST_WORDS]
        self._found: dict[int, Match] = {}
        self._put_off: list[int] = []
        now = time.time()
        self._values: dict[str, object] = {
            "day": now - _DAY,
            "week": now - 7 * _DAY,
            "month": now - 30 * _DAY,
            "most": most,
            "candidates": CANDIDATES,
        }
        there = [
            number
            for number, state in connection.execute("SELECT folder_id, state FROM folders")
            if number in folder_ids and state not in (FolderState.MISSING, FolderState.UNREADABLE)
        ]
        # The plus keeps SQLite from going by the folder, which nearly all files have in common.
        self._folders = f"+folder_id IN ({', '.join(map(str, there))})"

    def run(self) -> list[Match]:
        if not self._words:
            self._add(
                f"SELECT file_id FROM files WHERE used_at > 0 AND {self._folders} "
                f"ORDER BY used_at DESC LIMIT :most"
            )
            self._add(f"SELECT file_id FROM files WHERE {self._folders} ORDER BY mtime DESC LIMIT :most")
            return list(self._found.values())
        self._name_words()
        steps: list[Callable[[], None]] = [self._by_use, self._by_beginning]
        if len(self._words) > 1 or len(self._words[0]) == 1:
            steps += [self._by_part, self._by_folders]
        elif len(self._words[0]) < LONG:
            steps += [self._by_part, self._by_folders, self._by_letters]
        else:
            steps += [self._by_part_and_letters, self._by_folders, self._add_put_off]
        for step in steps:
            if len(self._found) >= self._most:
                break
            try:
                step()
            except sqlite3.OperationalError:
                break  # time is up
            if step == self._by_beginning:
                self._connection.set_progress_handler(self._is_late, _STEPS_PER_LOOK)
        return list(self._found.values())[: self._most]

    def _name_words(self) -> None:
        last = self._words[-1]
        self._values |= {"last": last, "after": f"{last}\U0010ffff"}
        for number, word in enumerate(self._words):
            self._values[f"part{number}"] = f"*{_literal(word)}*"
        self._values["letters"] = f"*{'*'.join(map(_literal, last))}*"

    def _is_late(self) -> bool:
        return time.monotonic() > self._until

    def _in_path(self) -> str:
        """Return the condition that all words are in the path."""
        return " AND ".join(f"path_key GLOB :part{number}" for number in range(len(self._words)))

    def _and_in_path(self) -> str:
        """Return the same to be added where one word has been found in the name: nothing for a lone word."""
        return f"AND {self._in_path()}" if len(self._words) > 1 else ""

    def _by_use(self) -> None:
        self._add(
            f"SELECT file_id FROM files WHERE used_at > 0 AND {self._in_path()} AND {self._folders} "
            f"ORDER BY used_at DESC LIMIT :most"
        )

    def _by_beginning(self) -> None:
        self._add(
            f"SELECT file_id FROM ({_SEEN} FROM files WHERE name_key >= :last AND name_key < :after "
            f"{self._and_in_path()} AND {self._folders} LIMIT :candidates) ORDER BY {_BEST} LIMIT :most"
        )

    def _by_part(self) -> None:
        any_word = " OR ".join(f"name_key GLOB :part{number}" for number in range(len(self._words)))
        self._add(
            f"SELECT file_id FROM ({_SEEN} FROM files INDEXED BY files_name_key WHERE ({any_word}) "
            f"{self._and_in_path()} AND {self._folders} LIMIT :candidates) ORDER BY {_BEST} LIMIT :most"
        )

    def _by_folders(self) -> None:
        """Find the files whose directories alone hold all words."""
        self._add(
            f"SELECT file_id FROM ({_SEEN} FROM files WHERE dir_id IN "
            f"(SELECT dir_id FROM dirs WHERE {self._in_path()} AND {self._folders} LIMIT :candidates) "
            f"LIMIT :candidates) ORDER BY {_BEST} LIMIT :most"
        )

    def _by_letters(self) -> None:
        self._add(
            f"SELECT file_id FROM ({_SEEN} FROM files INDEXED BY files_name_key "
            f"WHERE name_key GLOB :letters AND {self._folders} LIMIT :candidates) "
            f"ORDER BY {_BEST} LIMIT :most"
        )

    def _by_part_and_letters(self) -> None:
        """Find both with one look at all names; those that hold the letters alone are put off."""
        rows = self._connection.execute(
            f"SELECT file_id, name_key GLOB :part0 AS is_part FROM ({_SEEN} FROM files INDEXED BY "
            f"files_name_key WHERE name_key GLOB :letters AND {self._folders} LIMIT :candidates) "
            f"ORDER BY is_part DESC, {_BEST} LIMIT :most",
            self._values,
        ).fetchall()
        self._put_off = [number for number, is_part in rows if not is_part]
        self._add_all([number for number, is_part in rows if is_part])

    def _add_put_off(self) -> None:
        self._add_all(self._put_off)

    def _add(self, numbers: str) -> None:
        """Add the files that a query names, in its order, after those found before."""
        self._add_all([number for (number,) in self._connection.execute(numbers, self._values)])

    def _add_all(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            if number in self._found or len(self._found) >= self._most:
                continue
            folder_id, above, name, size = self._connection.execute(
                "SELECT files.folder_id, dirs.path, name, size FROM files JOIN dirs USING (dir_id) "
                "WHERE file_id = ?",
                (number,),
            ).fetchone()
            path = b"/".join((above, name)) if above else name
            self._found[number] = Match(folder_id, os.fsdecode(path), size)


def _literal(text: str) -> str:
    """Return a text as a GLOB takes it for itself."""
    return re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", text)
