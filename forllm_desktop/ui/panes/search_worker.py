"""Runs one search at a time in a thread: over 100,000 posts a common word takes 20 to 240 ms."""

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from forllm_desktop.services.search import Found


class SearchWorker(QObject):
    """The newest wish is served next; older ones that wait are forgotten.

    found(typed, result)    a search ended, emitted in the thread that made this object
    """

    found = Signal(str, object)

    def __init__(self, search: Callable[[str], Found], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._search = search
        self._answers = _Answers()
        self._answers.come.connect(self._take)
        self._thread: threading.Thread | None = None
        self._next: str | None = None

    @property
    def is_busy(self) -> bool:
        """Say whether an answer is still to come."""
        return self._thread is not None

    def ask(self, typed: str) -> None:
        """Search for a text, after the search that runs now."""
        if self._thread is not None:
            self._next = typed
            return
        self._thread = threading.Thread(
            target=_run, args=(self._search, typed, self._answers), name="search", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Wait for the search that runs and start no other; the answer is dropped."""
        self._next = None
        if self._thread is not None:
            self._answers.come.disconnect(self._take)
            self._thread.join()
            self._answers.come.connect(self._take)
            self._thread = None

    def _take(self, typed: str, result: object) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._next is not None:
            wanted, self._next = self._next, None
            self.ask(wanted)
        else:
            self.found.emit(typed, result)


class _Answers(QObject):
    """Belongs to no widget, so that an answer that comes late finds it alive."""

    come = Signal(str, object)


def _run(search: Callable[[str], Found], typed: str, answers: _Answers) -> None:
    """Called in a thread of its own."""
    result = None
    try:
        result = search(typed)
    finally:
        # Also after a failure, which Python reports, so that the panel goes on.
        answers.come.emit(typed, result or Found())
