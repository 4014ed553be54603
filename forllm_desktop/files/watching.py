"""Notices changes in indexed folders while the app runs."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from watchfiles import Change
from watchfiles._rust_notify import RustNotify

log = logging.getLogger(__name__)

MOST_NETS = 8
"""Watches of one folder that are joined into one when there are more: each takes a thread."""
GATHERED = 600
"""Milliseconds over which changes are gathered."""
QUIET = 200
"""Milliseconds without a change after which those gathered are told; so often the library wakes up, too."""
TRIES = 3
_IS_RECURSIVE = sys.platform != "linux"
"""Whether the system watches everything below a folder by itself. Linux does not: the library would walk
through links and skipped folders too, so there exactly the directories that are indexed are watched."""
_REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.rclone"}
)


Changes = list[tuple[str, bool]]
"""Paths, each with whether something came or went there; else it was only written to."""


class CannotWatch(Exception):
    """Changes of a folder are not noticed; the text says why."""


class FolderWatch:
    """Watches one folder. `tell` is called from threads of its own with what has changed, in full paths."""

    def __init__(self, root: str, tell: Callable[[Changes], object]) -> None:
        self._root = root
        self._tell = tell
        self._nets: list[_Net] = []
        self._dirs: dict[str, int] = {}

    def add(self, dirs: Mapping[str, int]) -> list[str]:
        """Watch these directories, relative to the folder, too; each was looked at when it had changed last
        at this time, in nanoseconds. Returns those to be looked at again: they changed before they were
        watched. Raises CannotWatch.
        """
        new = [path for path in dirs if path not in self._dirs]
        self._dirs.update(dirs)
        if not new or (_IS_RECURSIVE and self._nets):
            return self._changed(new)
        if is_remote(self._root):
            raise CannotWatch("network drives do not tell of them")
        self._nets.append(_Net(self._full(new), self._tell))
        if len(self._nets) <= MOST_NETS:
            return self._changed(new)
        for path in self._changed(self._dirs, are_gone=True):
            del self._dirs[path]
        joined = _Net(self._full(self._dirs), self._tell)
        self._stop_nets()
        self._nets = [joined]
        # What the old ones had gathered and not told yet is lost.
        return self._changed(self._dirs)

    def forget(self, path: str) -> None:
        """Note that what was watched as this directory, and below it, went: one that comes there is new."""
        if path in self._dirs:
            self._dirs = {
                one: time
                for one, time in self._dirs.items()
                if one != path and not one.startswith(f"{path}/")
            }

    def stop(self) -> None:
        """Watch no longer."""
        self._stop_nets()
        self._dirs.clear()

    def _full(self, dirs: Collection[str]) -> list[str]:
        if _IS_RECURSIVE:
            return [self._root]
        return [os.path.join(self._root, path) if path else self._root for path in dirs]

    def _changed(self, dirs: Iterable[str], *, are_gone: bool = False) -> list[str]:
        """Return those directories that have changed since they were looked at, or those that are gone."""
        found = []
        for path in dirs:
            try:
                changed = os.stat(os.path.join(self._root, path)).st_mtime_ns
            except OSError:
                changed = None
            if changed is None if are_gone else changed != self._dirs[path]:
                found.append(path)
        return found

    def _stop_nets(self) -> None:
        for net in self._nets:
            net.ask_to_stop()
        for net in self._nets:
            net.stop()
        self._nets = []


class _Net:
    """Directories that are watched together by one thread."""

    def __init__(self, paths: list[str], tell: Callable[[Changes], object]) -> None:
        self._tell = tell
        self._stopped = threading.Event()
        self._watcher = _watcher(list(_encodable(paths)))
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stopped.set()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._watcher.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            found = self._watcher.watch(GATHERED, QUIET, 0, self._stopped)
            if isinstance(found, set):
                self._tell([(path, kind != Change.modified) for kind, path in sorted(found)])
            elif found == "signal":
                return


def is_remote(path: str) -> bool:
    """Say whether a folder lies on a network drive, whose changes by others are not told."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            lines = [line.split() for line in mounts]
    except OSError:
        return False
    # https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html: the place is the fifth field, the type
    # follows the lone hyphen.
    places = {
        fields[4].replace("\\040", " "): fields[fields.index("-") + 1] for fields in lines if "-" in fields
    }
    above = path
    while above not in places and above != os.path.dirname(above):
        above = os.path.dirname(above)
    return places.get(above) in _REMOTE


def _watcher(paths: list[str]) -> RustNotify:
    """Begin to watch; directories that have gone meanwhile are left out. Raises CannotWatch."""
    for _ in range(TRIES):
        try:
            return RustNotify(paths, False, False, 0, _IS_RECURSIVE, True)
        except FileNotFoundError:
            paths = [path for path in paths if os.path.isdir(path)]
        except (OSError, RuntimeError) as error:
            log.warning("a folder cannot be watched: %s", error)
            raise CannotWatch("the system watches no more folders") from error
    raise CannotWatch("the folder changes too quickly")


def _encodable(paths: Collection[str]) -> Iterator[str]:
    """Yield the paths that the library takes: those with bytes that are no text are not watched."""
    for path in paths:
        try:
            path.encode()
        except UnicodeEncodeError:
            continue
        yield path
