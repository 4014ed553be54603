"""Parses long posts in one background thread: pure data in, pure data out."""

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from forllm_desktop.ui.thread.incremental import StreamParser
from forllm_desktop.ui.thread.limits import Limits, needs_background
from forllm_desktop.ui.thread.markdown import blocks_of
from forllm_desktop.ui.thread.specs import Block

Part = tuple[int, str]
"""A post by its key, and which of its texts."""

_LONGEST = 1.0
"""Seconds after which any new text of a long block is worth parsing the block again."""


class Parser(QObject):
    """Turns texts into blocks: short ones at once, long ones later.

    `ready(part, blocks)` is called in the GUI thread when a long text is parsed.
    """

    _done = Signal(object, int, object)

    def __init__(
        self,
        ready: Callable[[Part, list[Block]], None],
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._ready = ready
        self._clock = clock
        self._tickets: dict[Part, int] = {}
        self._fed: dict[Part, float] = {}
        self._last = 0
        # One thread: each holds the interpreter for about 5 ms at a time, and ten would starve the window.
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._done.connect(self._take)

    def parse(self, part: Part, text: str, limits: Limits) -> list[Block] | None:
        """Return the blocks of a text, or None when they will be announced; only the newest wish counts."""
        self.forget(part)
        if not needs_background(text):
            return blocks_of(text, limits=limits)
        self._start(part, lambda: blocks_of(text, limits=limits))
        return None

    def grow(self, part: Part, parser: StreamParser, text: str) -> Sequence[Block]:
        """Return the blocks of a text that is being written, as far as they are known now.

        What is too long for the GUI thread is fed to `parser` in the background, one feed at a time, and
        announced; nothing else touches it meanwhile.
        """
        if self.is_busy(part):
            return parser.blocks
        if not parser.needs_background(text):
            parser.feed(text)
        elif parser.is_worth(text) or self._clock() - self._fed.get(part, 0.0) >= _LONGEST:
            self._fed[part] = self._clock()
            self._start(part, lambda: _fed(parser, text))
        return parser.blocks

    def is_busy(self, part: Part | None = None) -> bool:
        """Say whether a text, or any, is being parsed."""
        return bool(self._tickets) if part is None else part in self._tickets

    def forget(self, part: Part) -> None:
        """Announce nothing of what was wished for a text until now."""
        self._tickets.pop(part, None)
        self._fed.pop(part, None)

    def close(self) -> None:
        """Forget all wishes and wait for the one that is being worked on, at most a fraction of a second."""
        self._tickets.clear()
        self._pool.clear()
        self._pool.waitForDone()

    def _start(self, part: Part, work: Callable[[], list[Block]]) -> None:
        self._last += 1
        self._tickets[part] = self._last
        self._pool.start(_Work(self._done, part, self._last, work))

    def _take(self, part: Part, ticket: int, blocks: list[Block]) -> None:
        if self._tickets.get(part) == ticket:
            del self._tickets[part]
            self._ready(part, blocks)


def _fed(parser: StreamParser, text: str) -> list[Block]:
    parser.feed(text)
    return list(parser.blocks)


class _Work(QRunnable):
    def __init__(self, done: object, part: Part, ticket: int, work: Callable[[], list[Block]]) -> None:
        super().__init__()
        self._done, self._part, self._ticket, self._work = done, part, ticket, work

    def run(self) -> None:
        self._done.emit(self._part, self._ticket, self._work())  # type: ignore[attr-defined]
