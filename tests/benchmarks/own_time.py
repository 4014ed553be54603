"""A clock that stands still while other programs have the processor; this file must stay quick to import."""

import time
from pathlib import Path


class OwnTime:
    """Tells monotonic seconds, less those that a thread was ready and the machine had no processor for it.

    So a busy machine does not look like a slow program, while waiting for a disk or a lock still counts.
    Linux alone tells that time; elsewhere nothing is taken off. To be used in the thread it was made in.
    """

    def __init__(self) -> None:
        path = Path("/proc/thread-self/schedstat")
        # https://docs.kernel.org/scheduler/sched-stats.html: time running, time waiting, in ns.
        self._line = path.open("rb", buffering=0) if path.exists() else None

    def __call__(self) -> float:
        now = time.monotonic()
        if self._line is None:
            return now
        self._line.seek(0)
        return now - int(self._line.read().split()[1]) / 1e9

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
