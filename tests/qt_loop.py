"""Runs the window's event loop for as long as a step needs it, and leaves nothing behind in it."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from forllm_desktop.ui.background import TASK_NAME

T = TypeVar("T")


def run_on(loop: asyncio.AbstractEventLoop, step: Awaitable[T]) -> T:
    """Run a loop of qasync until something is done.

    Its own `run_until_complete` lets Qt handle events once more when the loop no longer counts as running;
    what other tasks do then fails.
    """
    done = asyncio.ensure_future(step, loop=loop)
    done.add_done_callback(lambda _done: loop.stop())
    loop.run_forever()
    return done.result()


async def end_tasks() -> None:
    """Cancel what the window still does and wait for all that runs, as the app's end does."""
    while tasks := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
        for task in tasks:
            if task.get_name() == TASK_NAME:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
