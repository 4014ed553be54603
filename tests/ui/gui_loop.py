"""The window's own event loop for tests of what is asynchronous there."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import qasync
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from forllm_desktop.ui.background import Background

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def run(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return a function that runs a coroutine on the window's loop, once and for at most ten seconds."""
    clear_away()
    quits = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(qapp)
    asyncio.set_event_loop(loop)

    def start_nothing() -> None:
        monkeypatch.setattr(Background, "start", lambda *_args, **_kwargs: None)

    yield lambda coroutine: loop.run_until_complete(_to_the_end(coroutine, start_nothing))
    loop.close()
    asyncio.set_event_loop(None)
    qapp.setQuitOnLastWindowClosed(quits)


def clear_away() -> None:
    """Destroy the widgets of earlier tests here: a collection in a thread would do it there, and crash."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


async def until(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    while not condition():  # noqa: ASYNC110 (Qt announces some of it nowhere)
        await asyncio.sleep(0.005)


async def _to_the_end(coroutine: Coroutine[Any, Any, Any], close_down: Callable[[], None]) -> Any:
    """Run a coroutine, then end what else runs, as the app does when it is closed.

    Nothing may be left: the loop's callbacks would run later, outside the loop.
    """
    try:
        return await asyncio.wait_for(coroutine, 10)
    finally:
        close_down()
        # Only the widgets' own tasks: a child task of the network library that is cancelled before its first
        # step never awaits its coroutine. The children end with their parents.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                if "Background" in task.get_coro().__qualname__:
                    task.cancel()
            await asyncio.wait(tasks, timeout=5)
