"""Runs one piece of work at a time in a thread; of those that wait only the newest is run."""

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from forllm_desktop.domain.errors import ForllmError


class Latest(QObject):
    """For what may take longer than the window can wait: long texts, many posts, pictures.

    done(result)     the newest work ended; emitted in the thread that made this object
    failed(error)    it could not be done; a ForllmError
    """

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._answers = _Answers()
        self._answers.come.connect(self._take)
        self._thread: threading.Thread | None = None
        self._next: Callable[[], object] | None = None

    @property
    def is_busy(self) -> bool:
        """Say whether an answer is still to come."""
        return self._thread is not None

    def ask(self, work: Callable[[], object]) -> None:
        """Do some work, after what runs now; what waited before is forgotten."""
        if self._thread is not None:
            self._next = work
            return
        self._thread = threading.Thread(target=_run, args=(work, self._answers), name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait for what runs and start nothing else; its answer is dropped."""
        self._next = None
        if self._thread is not None:
            self._answers.come.disconnect(self._take)
            self._thread.join()
            self._answers.come.connect(self._take)
            self._thread = None

    def _take(self, result: object, error: object) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._next is not None:
            wanted, self._next = self._next, None
            self.ask(wanted)
        elif error is not None:
            self.failed.emit(error)
        else:
            self.done.emit(result)


class _Answers(QObject):
    """Belongs to no widget, so that an answer that comes late finds it alive."""

    come = Signal(object, object)


def _run(work: Callable[[], object], answers: _Answers) -> None:
    """Called in a thread of its own."""
    result, failure = None, ForllmError("Something went wrong", "The log says more.")
    error: ForllmError | None = failure
    try:
        result, error = work(), None
    except ForllmError as told:
        error = told
    finally:
        # Also after a defect, which Python reports, so that the page goes on.
        answers.come.emit(result, error)
