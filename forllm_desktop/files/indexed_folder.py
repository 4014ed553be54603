"""One folder in the process that indexes: what is still to be looked at in it, and its watch."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from forllm_desktop.domain.found_files import FolderState
from forllm_desktop.files.index import Index
from forllm_desktop.files.plans import FolderPlan
from forllm_desktop.files.scanning import Scan
from forllm_desktop.files.watching import CannotWatch, Changes, FolderWatch

TOLD_EVERY = 0.4
"""Seconds between two lines about a folder that is at work."""
RESCANNED_EVERY = 600.0
"""Seconds after which a folder is looked through whose changes are not noticed."""
MOST_PLACES = 500
"""Changed directories above which a folder is looked through as a whole."""


class IndexedFolder:
    """Brings the index of one folder up to date, a directory at a time, and follows its changes.

    `tell` gets what is to be told of it; `changed` is called from other threads with what has changed;
    without it nothing is watched.
    """

    def __init__(
        self,
        plan: FolderPlan,
        index: Index,
        never: str,
        tell: Callable[[dict[str, Any]], object],
        changed: Callable[[Changes], object] | None,
    ) -> None:
        self.plan = plan
        self._index = index
        self._never = never
        self._tell = tell
        self._changed = changed
        self._root = os.path.realpath(plan.path)
        self._watch: FolderWatch | None = None
        self._identity: tuple[int, int] | None = None
        self._scan: Scan | None = None
        self._steps: Iterator[None] | None = None
        self._is_whole = False
        self._written_before = 0
        self._waiting: dict[str, bool] = {}
        self._told: tuple[FolderState, int] | None = None
        self._told_at = 0.0
        self._scanned_at = 0.0
        self._errors = 0

    @property
    def work(self) -> bool:
        """Say whether something is to be done."""
        return self._steps is not None or bool(self._waiting)

    def begin(self, path: str, *, is_deep: bool) -> None:
        """Look at a directory soon; the whole folder takes the place of all its parts."""
        if not path and is_deep:
            self._waiting.clear()
        if not self._waiting.get(""):
            self._waiting[path] = is_deep or self._waiting.get(path, False)

    def note_changes(self, changes: Changes) -> None:
        """Look where something has changed."""
        places: dict[str, bool] = {}
        for path, has_come_or_gone in changes:
            inside = os.path.relpath(path, self._root).replace(os.sep, "/")
            if inside == "." or inside.startswith("../"):
                places[""] = places.get("", False)
                continue
            above = inside.rpartition("/")[0]
            places.setdefault(above, False)
            if not has_come_or_gone:
                continue
            if self._watch is not None:
                self._watch.forget(inside)
            if os.path.isdir(path) and not os.path.islink(path) and not self.plan.rules.skips_folder(inside):
                places[inside] = True
        places = {place: deep for place, deep in places.items() if not self._is_skipped(place)}
        if len(places) > MOST_PLACES:
            self.begin("", is_deep=True)
            return
        for place, is_deep in places.items():
            self.begin(place, is_deep=is_deep and bool(place))

    def do_one_step(self) -> None:
        """Look at one directory."""
        if self._steps is None:
            self._start_next()
        assert self._steps is not None
        try:
            next(self._steps)
        except StopIteration:
            self._finish()
        except OSError as error:
            self._fail(error)
        else:
            if self._is_whole and time.monotonic() - self._told_at >= TOLD_EVERY:
                self._say(FolderState.INDEXING)

    def check(self) -> None:
        """See whether the folder is still the same one; look through it when it is not, or is not watched."""
        if self.work:
            return
        identity = self._present_identity()
        is_stale = (
            identity is not None
            and self._watch is None
            and time.monotonic() - self._scanned_at >= RESCANNED_EVERY
        )
        if identity != self._identity:
            self.stop()  # what is watched is another folder now
        if identity != self._identity or is_stale:
            self.begin("", is_deep=True)

    def stop(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _start_next(self) -> None:
        path, is_deep = next(iter(self._waiting.items()))
        del self._waiting[path]
        self._is_whole = not path and is_deep
        if self._is_whole:
            self._root = os.path.realpath(self.plan.path)
            if self._watch is None and self._changed is not None:
                self._watch = FolderWatch(self._root, self._changed)
        self._written_before = self._index.written
        self._scan = Scan(self._index, self.plan, self._root, self._never)
        self._steps = self._scan.steps(path, is_deep=is_deep)
        if self._is_whole:
            self._say(FolderState.INDEXING)

    def _finish(self) -> None:
        scan = self._scan
        assert scan is not None
        self._steps = self._scan = None
        if self._is_whole:
            self._identity = self._present_identity()
            self._scanned_at = time.monotonic()
            self._errors = scan.errors
        if self._is_whole or self._index.written > self._written_before:
            files = self._index.finish(self.plan.folder_id, self._errors, time.time())
            self._watch_dirs(scan)
            if self._told != (FolderState.READY, files):
                self._say(FolderState.READY, files)
        else:
            self._watch_dirs(scan)

    def _fail(self, error: OSError) -> None:
        self._steps = self._scan = None
        self._waiting.clear()
        self._identity = None  # so that it is tried again once it is there, or every time while it is
        is_gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        state = FolderState.MISSING if is_gone else FolderState.UNREADABLE
        message = "" if is_gone else (error.strerror or str(error))
        self._index.set_state(self.plan.folder_id, state, message)
        self.stop()
        self._say(state)

    def _watch_dirs(self, scan: Scan) -> None:
        """Watch what was looked at; what changed between the look and the watch is looked at again."""
        if self._watch is None:
            return
        try:
            missed = self._watch.add(scan.dirs)
        except CannotWatch as reason:
            self.stop()
            self._index.set_watched(self.plan.folder_id, False, str(reason))
            return
        if self._is_whole:
            self._index.set_watched(self.plan.folder_id, True)
        for path in missed:
            is_there = os.path.isdir(os.path.join(self._root, path))
            self.begin(path if is_there else path.rpartition("/")[0], is_deep=False)

    def _present_identity(self) -> tuple[int, int] | None:
        try:
            state = os.stat(self.plan.path)
        except OSError:
            return None
        return state.st_dev, state.st_ino

    def _is_skipped(self, path: str) -> bool:
        parts = path.split("/") if path else []
        return any(self.plan.rules.skips_folder("/".join(parts[:n])) for n in range(1, len(parts) + 1))

    def _say(self, state: FolderState, files: int | None = None) -> None:
        self._told_at = time.monotonic()
        seen = files if files is not None else (self._scan.seen if self._scan else 0)
        self._told = state, seen
        self._tell({"folder": self.plan.folder_id, "state": state, "files": seen})
