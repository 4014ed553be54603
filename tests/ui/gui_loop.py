"""The window's own event loop for tests of what is asynchronous there."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import qasync
from PySide6.QtWidgets import QApplication

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def run(qapp: QApplication) -> Iterator[Run]:
    """Return a function that runs a coroutine on the window's loop, for at most ten seconds."""
    quits = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(qapp)
    asyncio.set_event_loop(loop)
    yield lambda coroutine: loop.run_until_complete(_to_the_end(coroutine))
    loop.close()
    asyncio.set_event_loop(None)
    qapp.setQuitOnLastWindowClosed(quits)


async def until(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    while not condition():  # noqa: ASYNC110 (Qt announces some of it nowhere)
        await asyncio.sleep(0.005)


async def _to_the_end(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine, then end what else runs, as the app does when it is closed.

    Nothing may be left: the loop's callbacks would run later, outside the loop.
    """
    try:
        return await asyncio.wait_for(coroutine, 10)
    finally:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
