"""Runs requests in this process until none can run now."""

import asyncio
import signal
import sys
from collections.abc import Callable, Collection
from contextlib import suppress

from forllm_desktop.cli.output import say, shown
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.worker.assembly import make_queue_loop


def run_requests(workspace: Workspace, only: Collection[int] | None, *, shows_reply: bool) -> bool:
    """Run these requests (all when None), printing replies as they grow if asked for.

    Returns whether it was interrupted; the running request is then queued again, its text kept.
    """
    workspace.events.failed.connect(_print_trouble)
    if shows_reply:
        workspace.events.reply_grew.connect(_Printer(workspace, is_single=only is None or len(only) == 1))
    interrupted = False

    async def drain() -> None:
        worker = make_queue_loop(workspace)

        def stop() -> None:
            nonlocal interrupted
            interrupted = True
            worker.stop()

        _on_interrupt(stop)
        await worker.drain(only)

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(drain())
    if shows_reply:
        print(flush=True)
    return interrupted


def _on_interrupt(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows: Ctrl+C cancels the main task instead
            return


class _Printer:
    """Prints replies as they grow; of several each under the name of who writes it."""

    def __init__(self, workspace: Workspace, *, is_single: bool) -> None:
        self._workspace, self._is_single = workspace, is_single
        self._post_id = 0

    def __call__(self, post_id: int, _offset: int, text: str) -> None:
        head = ""
        if post_id != self._post_id and not self._is_single:
            head = f"{self._workspace.forum.author(post_id)}:\n"
            head = f"\n\n{head}" if self._post_id else head
        self._post_id = post_id
        # Whoever read along may have gone; the reply itself is kept, and the end of the command finds out.
        with suppress(BrokenPipeError):
            sys.stdout.write(shown(head + text))
            sys.stdout.flush()


def _print_trouble(title: str, message: str) -> None:
    say(f"forllm: {title}. {message}", sys.stderr)
