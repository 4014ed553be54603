"""Writes right margins anew after the window got another width: what is seen first, then the rest."""

from collections.abc import Iterator

from forllm_desktop.ui.thread.view import ThreadView

_AT_ONCE = 8
"""Posts of one step: 17 ms in a page of 500 posts."""


def margin_steps(view: ThreadView) -> Iterator[None]:
    """Yield after each step: from the first visible post to the end, then from it to the start."""
    writer = view.writer
    seen = view.visible()
    index = writer.index(seen[0]) if seen else 0
    starts = [*range(index, len(writer.slots), _AT_ONCE)]
    starts += [*range(index - _AT_ONCE, -_AT_ONCE, -_AT_ONCE)]
    for start in starts:
        last = min(start + _AT_ONCE, len(writer.slots)) - 1
        if max(start, 0) <= last:
            writer.set_margins(max(start, 0), last)
            yield
    view.viewport().update()
