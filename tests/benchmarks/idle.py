"""What a window does that nobody touches: it should sleep, and no timer of ours wake it every moment."""

from collections.abc import Callable

from PySide6.QtCore import QAbstractEventDispatcher, QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from forllm_desktop.app import Desktop
from tests.benchmarks.starting import a_folder, run_window
from tests.benchmarks.table import Count, Result

SETTLES = 4_000
"""Milliseconds after which a window that nobody touches should have come to rest."""
LEAST = 1_000
"""Milliseconds below which no timer of ours may run in an idle window."""


def measure(watched: float = 5.0) -> Result:
    """Watch the real window for so many seconds, with its worker and an open topic, in its own process."""
    with a_folder() as folder:
        told = run_window("forllm", folder, watched)
    return Result(
        [
            Count("idle: timers under 1 s", told["quick_timers"], 0),
            Count("idle: events of such timers", told["quick_events"], 0),
            Count("idle: times the window woke, a second", told["wakes"] / told["seconds"]),
        ],
        [],
    )


def watch(desktop: Desktop, seconds: float, then: Callable[[dict[str, float]], object]) -> None:
    """Open a topic, let all come to rest, and call `then` with what so many seconds showed."""
    assert desktop.desk is not None
    desktop.desk.show_topic(1)
    QTimer.singleShot(SETTLES, desktop, lambda: _Watch(desktop, seconds, then))


class _Watch(QObject):
    """Counts events of timers and wake-ups of the window's loop."""

    def __init__(self, desktop: Desktop, seconds: float, then: Callable[[dict[str, float]], object]) -> None:
        super().__init__(desktop)
        self._desktop, self._seconds, self._then = desktop, seconds, then
        self._quick_events = self._wakes = 0
        self._end = QTimer(self, singleShot=True, interval=round(seconds * 1_000))
        self._end.timeout.connect(self._tell)
        QAbstractEventDispatcher.instance().awake.connect(self._note_wake)
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)
        self._end.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Timer and isinstance(watched, QTimer):
            self._quick_events += watched.interval() < LEAST
        return False

    def _note_wake(self) -> None:
        self._wakes += 1

    def _tell(self) -> None:
        timers = {*self._desktop.findChildren(QTimer), *self._desktop.window.findChildren(QTimer)}
        quick = [timer for timer in timers if timer.isActive() and timer.interval() < LEAST]
        self._then(
            {
                "seconds": self._seconds,
                "quick_timers": len(quick),
                "quick_events": self._quick_events,
                "wakes": self._wakes,
            }
        )
