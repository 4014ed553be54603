"""Runs long work in the GUI thread in slices so short that nobody notices."""

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer

SLICE = 0.003
"""Seconds of work in one go."""
PAUSE = 4
"""Milliseconds between two goes, in which the window lives."""


class Slices(QObject):
    """Runs one iterator to its end, a few steps at a time; each step should take well below 50 ms."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: Iterator[object] | None = None
        self._then: Callable[[], object] | None = None
        self.count = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._go)

    @property
    def is_busy(self) -> bool:
        """Say whether there is work left."""
        return self._steps is not None

    def run(
        self, steps: Iterator[object], then: Callable[[], object] | None = None, first: float = 0.0
    ) -> None:
        """Run this from now on instead of what ran before; `first` seconds of it at once."""
        self._steps, self._then = steps, then
        if first:
            self._go(first)
        else:
            self._timer.start()

    def stop(self) -> None:
        """Leave the rest undone."""
        self._steps = self._then = None
        self._timer.stop()

    def finish(self) -> None:
        """Do all that is left now."""
        self._go(float("inf"))

    def _go(self, most: float = SLICE) -> None:
        begun = time.perf_counter()
        steps = self._steps
        while steps is not None and steps is self._steps:
            if next(steps, self) is self:
                then, self._steps, self._then = self._then, None, None
                self._timer.stop()
                if then is not None:
                    then()
                return
            self.count += 1
            if time.perf_counter() - begun >= most:
                break
        if self._steps is not None:
            self._timer.start()
