"""Looks through a folder, directory by directory, and brings the index up to what is there."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from forllm_desktop.files.index import Entry, Index
from forllm_desktop.files.plans import FolderPlan

COARSE = 2_000_000_000
"""Nanoseconds. How coarse the clock of a file system can be: what changes twice within has one time."""
JUST_NOW = 0
"""Stands for a time of change so near that a later change may have the same."""
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)


@dataclass
class Scan:
    """One look through a folder, or a part of it. Iterate over `steps`; it yields between directories.

    `seen` counts files, `errors` what could not be read; `dirs` are those that were looked through, relative
    to the folder, with their times of change in nanoseconds, or JUST_NOW.
    """

    index: Index
    plan: FolderPlan
    root: str
    never: str = ""
    seen: int = 0
    errors: int = 0
    dirs: dict[str, int] = field(default_factory=dict)

    def steps(self, path: str = "", *, is_deep: bool = True) -> Iterator[None]:
        """Look through the directory `path` and all below it; else only itself and what is new in it.

        Raises OSError when the folder itself cannot be read. Nothing that was known is forgotten before the
        end, so that a look which is given up takes nothing away.
        """
        known = self.index.known_dirs(self.plan.folder_id, path)
        waiting = [path]
        while waiting:
            here = waiting.pop()
            entries, below = self._listed(here)
            if entries is None:
                continue
            self.index.put_dir(self.plan.folder_id, here, entries)
            known.pop(here, None)
            if is_deep:
                waiting += below
            else:
                waiting += [child for child in below if child not in known]
                known = _outside(known, path, {child for child in below if child in known})
                is_deep = True  # what is new is new with all below it
            self.seen += len(entries)
            yield
        self.index.drop_dirs(known.values())

    def _listed(self, path: str) -> tuple[dict[str, Entry] | None, list[str]]:
        """Return the files and the directories of a directory that are to be found; None for one that is gone
        or cannot be read."""
        entries: dict[str, Entry] = {}
        below: list[str] = []
        full = os.path.join(self.root, path) if path else self.root
        try:
            changed = os.stat(full, follow_symlinks=not path).st_mtime_ns
            with os.scandir(full) as listing:
                for entry in listing:
                    self._sort(entry, f"{path}/{entry.name}" if path else entry.name, entries, below)
        except (FileNotFoundError, NotADirectoryError):
            if not path:
                raise
            return None, []
        except OSError:
            if not path:
                raise
            self.errors += 1
            return None, []
        self.dirs[path] = changed if time.time_ns() - changed > COARSE else JUST_NOW
        return entries, below

    def _sort(self, entry: os.DirEntry, path: str, entries: dict[str, Entry], below: list[str]) -> None:
        """Put an entry where it belongs. Links are left out: they lead elsewhere, or in a circle."""
        rules = self.plan.rules
        try:
            if entry.is_symlink():
                return
            if entry.is_dir(follow_symlinks=False):
                if not rules.skips_folder(path) and entry.path != self.never and not _is_junction(entry):
                    below.append(path)
            elif entry.is_file(follow_symlinks=False) and not rules.skips_file(path):
                state = entry.stat(follow_symlinks=False)
                entries[entry.name] = Entry(state.st_size, state.st_mtime)
        except FileNotFoundError:
            return  # it went while it was looked at
        except OSError:
            self.errors += 1


def run(scan: Scan, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Look through the whole folder at once."""
    for _ in scan.steps():
        if should_stop():
            return


def _outside(known: dict[str, int], path: str, kept: set[str]) -> dict[str, int]:
    """Return the known directories that are not within one of `kept`, all of them directly in `path`."""
    begin = len(path) + 1 if path else 0

    def top(place: str) -> str:
        end = place.find("/", begin)
        return place if end < 0 else place[:end]

    return {place: number for place, number in known.items() if top(place) not in kept}


def _is_junction(entry: os.DirEntry) -> bool:
    return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION
