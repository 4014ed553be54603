"""Parses long posts in one background thread: pure data in, pure data out."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from forllm_desktop.ui.thread.incremental import StreamParser
from forllm_desktop.ui.thread.limits import Limits, needs_background
from forllm_desktop.ui.thread.markdown import blocks_of
from forllm_desktop.ui.thread.specs import Block


class Parser(QObject):
    """Turns texts into blocks: short ones at once, long ones later.

    `ready(key, blocks)` is called in the GUI thread when a long text is parsed.
    """

    _done = Signal(int, int, object)

    def __init__(self, ready: Callable[[int, list[Block]], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ready = ready
        self._tickets: dict[int, int] = {}
        self._last = 0
        # One thread: each holds the interpreter for about 5 ms at a time, and ten would starve the window.
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._done.connect(self._take)

    def parse(self, key: int, text: str, limits: Limits) -> list[Block] | None:
        """Return the blocks of a text, or None when they will be announced; only the newest wish counts."""
        self._tickets.pop(key, None)
        if not needs_background(text):
            return blocks_of(text, limits=limits)
        self._last += 1
        self._tickets[key] = self._last
        self._pool.start(_Work(self._done, key, self._last, text, limits))
        return None

    def grow(self, key: int, parser: StreamParser, text: str, limits: Limits) -> list[Block]:
        """Return the blocks of a text that is being written, as far as they are known now."""
        if not parser.needs_background(text):
            parser.feed(text)
        elif not self.is_busy(key):
            # One block that is very long or very odd: it grows as fast as the background parses it.
            self.parse(key, text, limits)
        return list(parser.blocks)

    def is_busy(self, key: int | None = None) -> bool:
        """Say whether the text of a post, or of any, is being parsed."""
        return bool(self._tickets) if key is None else key in self._tickets

    def close(self) -> None:
        """Forget all wishes and wait for the one that is being worked on, at most a fraction of a second."""
        self._tickets.clear()
        self._pool.clear()
        self._pool.waitForDone()

    def _take(self, key: int, ticket: int, blocks: object) -> None:
        if self._tickets.get(key) == ticket and isinstance(blocks, list):
            del self._tickets[key]
            self._ready(key, blocks)


class _Work(QRunnable):
    def __init__(self, done: object, key: int, ticket: int, text: str, limits: Limits) -> None:
        super().__init__()
        self._args = (done, key, ticket, text, limits)

    def run(self) -> None:
        done, key, ticket, text, limits = self._args
        done.emit(key, ticket, blocks_of(text, limits=limits))  # type: ignore[attr-defined]
