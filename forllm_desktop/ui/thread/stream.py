"""Lets replies grow while they are written: often on screen, once a second elsewhere, one post at a time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer

ON_SCREEN = 0.05
"""Seconds between two updates of a reply that can be seen."""
OFF_SCREEN = 1.0
"""Seconds between two updates of one that cannot; they take turns."""
HEAD = 1.0
"""Seconds between two updates of the numbers on a head line."""
_PATIENCE = 4
"""How many times the cost of an update must pass before the next."""


@dataclass
class Growing:
    """A reply that is being written. `due` and `head_due` are when its text and its head line may be."""

    key: int
    is_dirty: bool = True
    due: float = 0.0
    head_due: float = 0.0


class Streams(QObject):
    """Decides when which growing reply is written. No timer runs while nothing is new."""

    def __init__(
        self,
        write: Callable[[Growing], None],
        is_on_screen: Callable[[int], bool],
        parent: QObject | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(parent)
        self._write = write
        self._is_on_screen = is_on_screen
        self._clock = clock
        self._rests = False
        self.growing: dict[int, Growing] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)

    def begin(self, key: int) -> None:
        """Watch a reply from now on."""
        if key not in self.growing:
            self.growing[key] = Growing(key)
            self._schedule()

    def end(self, key: int) -> None:
        """Stop watching a reply."""
        self.growing.pop(key, None)

    def grew(self, key: int) -> None:
        """Note that there is more of a reply."""
        if key in self.growing:
            self.growing[key].is_dirty = True
            self._schedule()

    def hurry(self) -> None:
        """Look again at what is on screen, after the page was scrolled."""
        for growing in self.growing.values():
            if growing.is_dirty and self._is_on_screen(growing.key):
                growing.due = min(growing.due, self._clock() + ON_SCREEN)
        self._schedule()

    def rest(self, rests: bool) -> None:
        """Write nothing while the page cannot be seen."""
        self._rests = rests
        if rests:
            self._timer.stop()
        else:
            for growing in self.growing.values():
                growing.is_dirty, growing.due = True, 0.0
            self._schedule()

    def _schedule(self) -> None:
        dirty = [growing.due for growing in self.growing.values() if growing.is_dirty]
        if dirty and not self._rests:
            wait = max(0.0, min(dirty) - self._clock())
            if not self._timer.isActive() or self._timer.remainingTime() > wait * 1000:
                self._timer.start(round(wait * 1000))

    def _tick(self) -> None:
        now = self._clock()
        due = [one for one in self.growing.values() if one.is_dirty and one.due <= now]
        seen = [one for one in due if self._is_on_screen(one.key)]
        # Those that nobody sees take turns: never two of them in one go.
        unseen = sorted((one for one in due if one not in seen), key=lambda one: one.due)[:1]
        for growing in [*seen, *unseen]:
            begun = self._clock()
            growing.is_dirty = False
            self._write(growing)
            cost = self._clock() - begun
            pause = ON_SCREEN if growing in seen else OFF_SCREEN
            growing.due = self._clock() + max(pause, _PATIENCE * cost)
        self._schedule()
