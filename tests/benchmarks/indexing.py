"""A large folder is indexed while the window is used: how long it stands still, how soon names complete."""

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forllm_desktop.app import Desktop
from forllm_desktop.domain.found_files import FolderState
from forllm_desktop.services.files import FilesService
from tests.benchmarks.own_time import OwnTime
from tests.benchmarks.screen import application, wait_until
from tests.benchmarks.streaming import Probe
from tests.benchmarks.table import Count, Measure, Result

IN_ONE_FOLDER = 25
TYPED = ("", "r", "read", "readme", "plan me", "work/notes", "rdm", "nothing like it", "e", "x7")
PAUSE = 0.05
"""Seconds between two completions: somebody who types quickly."""
SETTLES = 3.0
"""Seconds after which a window that was just opened should have come to rest."""
PATIENCE = 600.0
"""Seconds for all of it."""
WORDS = ("work", "home", "plan", "notes", "readme", "report", "budget", "draft", "index", "model", "view")
ENDINGS = ("md", "txt", "py", "ts", "rs", "html", "json", "csv")


@dataclass(frozen=True)
class Run:
    """What one indexing did: files, seconds, and how often a completion failed."""

    indexed: int
    complete: int
    failed: int
    longest: float
    longest_gap: float
    slowest: float
    middle: float


def measure(files: int = 100_000, times: int = 3) -> Result:
    """Index so many files while names are completed all the time, in the real window, several times.

    The least of the longest stalls counts: what is ours comes every time, what is the machine's does not.
    """
    application()
    with tempfile.TemporaryDirectory() as place:
        made = _planted(Path(place) / "root", files)
        runs = [_indexed(Path(place) / "root", Path(place) / f"data{n}", made) for n in range(times)]
    return Result(
        [
            Count("indexing: files indexed", min(run.indexed for run in runs) / made, 1),
            Count("indexing: files that can be found", min(run.complete for run in runs) / made, 1),
            Count("indexing: completions that failed", max(run.failed for run in runs), 0),
        ],
        [
            Measure(
                f"longest stall, {made:,} files are indexed",
                min(run.longest for run in runs) * 1_000,
                50,
                "ms",
            ),
            Measure(
                "   longest, as busy as the machine was",
                min(run.longest_gap for run in runs) * 1_000,
                None,
                "ms",
            ),
            Measure("slowest completion meanwhile", min(run.slowest for run in runs) * 1_000, 50, "ms"),
            Measure("   the one in the middle", min(run.middle for run in runs) * 1_000, None, "ms"),
        ],
    )


def _indexed(root: Path, data: Path, made: int) -> Run:
    """Open the window over a new data folder, and index a folder from its first file to its last."""
    desktop = Desktop(data)
    desktop.start()
    wait_until(lambda: desktop.worker is not None)
    assert desktop.desk is not None
    assert desktop.workspace is not None
    desktop.desk.show_page("settings")
    service = desktop.workspace.files
    wait_until(lambda: service._is_started)
    opened = time.monotonic()
    wait_until(lambda: time.monotonic() - opened >= SETTLES)
    probe, typist = Probe(), _Typist(service)
    typist.start()
    adding = threading.Thread(target=service.add_folder, args=(str(root),))
    adding.start()
    wait_until(lambda: typist.is_ready, PATIENCE)
    probe.stop()
    typist.stop()
    adding.join()
    indexed = sum(status.files for status in service.status().values())
    complete = len(service.complete("", made + 1))
    desktop.quit()
    wait_until(lambda: desktop.has_ended)
    desktop.window.deleteLater()
    return Run(
        indexed,
        complete,
        typist.failed,
        max(probe.stalls),
        max(probe.gaps),
        max(typist.own),
        statistics.median(typist.own),
    )


class _Typist:
    """Completes names one by one in a thread, as the composer does. `own` leaves other programs out."""

    def __init__(self, service: FilesService) -> None:
        self._service = service
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="typist")
        self.own: list[float] = []
        self.failed = 0
        self.is_ready = False
        """Whether all was typed once, and everything is indexed."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_done.set()
        self._thread.join()

    def _run(self) -> None:
        own = OwnTime()
        for typed in self._typed():
            before = own()
            try:
                self._service.complete(typed)
            except Exception:  # noqa: BLE001 - counted, whatever it is
                self.failed += 1
            self.own.append(own() - before)
            self.is_ready = len(self.own) >= len(TYPED) and _is_ready(self._service)
        own.close()

    def _typed(self) -> Iterator[str]:
        while True:
            for typed in TYPED:
                yield typed
                if self._is_done.wait(PAUSE):
                    return


def _is_ready(service: FilesService) -> bool:
    statuses = service.status().values()
    return bool(statuses) and all(status.state is FolderState.READY for status in statuses)


def _planted(root: Path, files: int) -> int:
    """Make so many small files in folders of a few levels; returns how many there are."""
    chance = random.Random(6)
    made = 0
    while made < files:
        levels = (f"{chance.choice(WORDS)}{chance.randrange(30)}" for _ in range(chance.randrange(1, 6)))
        folder = root.joinpath(*levels)
        folder.mkdir(parents=True, exist_ok=True)
        for _ in range(min(IN_ONE_FOLDER, files - made)):
            name = f"{chance.choice(WORDS)} {chance.choice(WORDS)}{made}.{chance.choice(ENDINGS)}"
            (folder / name).touch()
            made += 1
    return made
