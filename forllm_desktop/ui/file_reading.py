"""Reads files in threads, one after the other, so that the window never waits for a disk or a PDF."""

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.files import AttachedFile, FileFacts

Work = Callable[[], tuple[AttachedFile, FileFacts | None]]


class FileReading(QObject):
    """Every file that is to be read gets a ticket; what is cancelled is never announced.

    added(ticket, file, facts)    a file was read and stored
    refused(ticket, error)        it cannot be; a ForllmError
    """

    added = Signal(int, object, object)
    refused = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: dict[int, Work] = {}
        self._running = 0
        self._last = 0
        self._answers = _Answers()
        self._answers.come.connect(self._take)

    @property
    def is_busy(self) -> bool:
        """Say whether something is still to be announced."""
        return bool(self._running or self._waiting)

    def start(self, work: Work) -> int:
        """Read a file after those that wait; returns its ticket."""
        self._last += 1
        self._waiting[self._last] = work
        self._go_on()
        return self._last

    def cancel(self, ticket: int) -> None:
        """Announce nothing of a file; the next one need not wait for it."""
        self._waiting.pop(ticket, None)
        if ticket == self._running:
            self._running = 0
            self._go_on()

    def _go_on(self) -> None:
        if self._running or not self._waiting:
            return
        self._running = next(iter(self._waiting))
        work = self._waiting.pop(self._running)
        threading.Thread(
            target=_run, args=(work, self._running, self._answers), name="read-file", daemon=True
        ).start()

    def _take(self, ticket: int, result: tuple[AttachedFile, FileFacts | None] | None, error: object) -> None:
        if ticket != self._running:
            return
        self._running = 0
        self._go_on()
        if result is not None:
            self.added.emit(ticket, *result)
        else:
            self.refused.emit(ticket, error)


class _Answers(QObject):
    """Belongs to no widget, so that an answer that comes late finds it alive."""

    come = Signal(int, object, object)


def _run(work: Work, ticket: int, answers: _Answers) -> None:
    """Called in a thread of its own."""
    result, error = None, ForllmError("The file could not be read", "The log says more.")
    try:
        result = work()
    except MemoryError:
        error = InvalidInput("file", "The file does not fit into the memory")
    except ForllmError as told:
        error = told
    finally:
        # Also after a defect, which Python reports, so that the others are read.
        answers.come.emit(ticket, result, error)
