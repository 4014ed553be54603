"""The QThread that hosts the worker's event loop: wake, cancel, stop; nothing else."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import QObject, Qt, QThread

from forllm_desktop.events import Events
from forllm_desktop.worker.loop import QueueLoop

STOP_WITHIN = 3_000
"""Milliseconds a stopping worker gets to put its request back and close its connections."""


class WorkerThread(QThread):
    """Runs a QueueLoop until `stop`. `make_loop` is called in the new thread, where its loop lives."""

    def __init__(self, make_loop: Callable[[], QueueLoop], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_loop = make_loop
        self._queue_loop: QueueLoop | None = None
        self._runner_loop: asyncio.AbstractEventLoop | None = None

    def listen_to(self, events: Events) -> None:
        """Wake on every change of a request or an option, and cancel what is asked to be cancelled.

        Direct connections: they must work while the GUI thread is busy, and all slots are thread-safe.
        """
        events.job_changed.connect(self.wake, Qt.ConnectionType.DirectConnection)
        events.servers_changed.connect(self.wake, Qt.ConnectionType.DirectConnection)
        events.settings_changed.connect(self.wake, Qt.ConnectionType.DirectConnection)
        events.cancel_requested.connect(self.cancel, Qt.ConnectionType.DirectConnection)

    def run(self) -> None:
        """Host the loop. Called by Qt in the new thread."""
        # On Python 3.11 a bare asyncio.run would pick up the GUI's event loop policy.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._main())

    def wake(self) -> None:
        """Let the worker look at the queue. Called from every thread."""
        self._call(lambda: self._queue_loop.wake() if self._queue_loop else None)

    def cancel(self, request_id: int) -> None:
        """Stop a running stream. Called from every thread."""
        self._call(lambda: self._queue_loop.cancel(request_id) if self._queue_loop else None)

    def ask_to_stop(self) -> None:
        """Let the thread end, the running request goes back into the queue; `finished` tells when."""
        self.requestInterruption()
        self._call(lambda: self._queue_loop.stop() if self._queue_loop else None)

    def stop(self) -> bool:
        """End the thread and wait for that; False if it did not end in time."""
        self.ask_to_stop()
        return self.wait(STOP_WITHIN)

    async def _main(self) -> None:
        self._queue_loop = self._make_loop()
        self._runner_loop = asyncio.get_running_loop()
        if self.isInterruptionRequested():
            self._queue_loop.stop()
        try:
            await self._queue_loop.run()
        finally:
            self._runner_loop = None

    def _call(self, step: Callable[[], object]) -> None:
        loop = self._runner_loop
        if loop is not None:
            # It may have been closed since the line above.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(step)
