"""Collects cyclic garbage in the GUI thread alone, so that no widget is destroyed in another one."""

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_EVERY = 2_000
"""Milliseconds between two looks at the counters."""


class Collector(QObject):
    """Replaces Python's automatic collection, which runs in whatever thread happens to allocate."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=LOOK_EVERY)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        """Look at the counters from now on."""
        self._timer.start()

    def collect(self) -> None:
        """Collect the oldest generation whose counter is over its threshold, as Python would."""
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation] > 0:
                gc.collect(generation)
                return
