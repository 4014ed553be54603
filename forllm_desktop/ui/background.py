"""Short asynchronous work of a widget on the window's own event loop, cancelled when the widget goes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec

from PySide6.QtCore import QObject, QTimer

from forllm_desktop.domain.errors import ForllmError

P = ParamSpec("P")

TASK_NAME = "background"
"""Name of every task that is started here, to tell them from those that libraries start inside of them."""


class Background:
    """Runs coroutines for one owner and reports what fails in words."""

    def __init__(self, owner: QObject, on_error: Callable[[ForllmError], object]) -> None:
        self._owner = owner
        self._on_error = on_error
        self._tasks: set[asyncio.Task[None]] = set()
        tasks = self._tasks
        owner.destroyed.connect(lambda: [task.cancel() for task in list(tasks)])

    @property
    def is_busy(self) -> bool:
        """Say whether something still runs."""
        return bool(self._tasks)

    def start(self, work: Callable[P, Awaitable[object]], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run a coroutine function soon; before the event loop runs, as soon as it does.

        Where no event loop ever runs, as when a page is only drawn, nothing is started.
        """
        if not self._try_to_start(work, *args, **kwargs):
            QTimer.singleShot(0, self._owner, lambda: self._try_to_start(work, *args, **kwargs))

    def cancel(self) -> None:
        """Stop everything that runs."""
        for task in list(self._tasks):
            task.cancel()

    def _try_to_start(self, work: Callable[P, Awaitable[object]], *args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False

        async def guarded() -> None:
            try:
                await work(*args, **kwargs)
            except ForllmError as error:
                self._on_error(error)

        task = loop.create_task(guarded(), name=TASK_NAME)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return True

    def _forget(self, task: "asyncio.Task[None]") -> None:
        """Let a task go; what it raised besides errors in words is a defect and reported at once."""
        self._tasks.discard(task)
        if not task.cancelled() and (defect := task.exception()) is not None:
            context = {"message": "A background task failed", "exception": defect, "task": task}
            task.get_loop().call_exception_handler(context)
