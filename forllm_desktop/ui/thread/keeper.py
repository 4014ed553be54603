"""Keeps the document of a page equal to what the store says: opening, changes, folding, growing replies."""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain

from PySide6.QtCore import QObject, Signal

from forllm_desktop.ui import words
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.thread import actions
from forllm_desktop.ui.thread.bidi import isolated
from forllm_desktop.ui.thread.bodies import Bodies
from forllm_desktop.ui.thread.content import head_of
from forllm_desktop.ui.thread.entries import Entry, pages
from forllm_desktop.ui.thread.filler import Slices
from forllm_desktop.ui.thread.fitting import fitted
from forllm_desktop.ui.thread.limits import slices
from forllm_desktop.ui.thread.margins import margin_steps
from forllm_desktop.ui.thread.source import Source
from forllm_desktop.ui.thread.stream import HEAD, Growing, Streams
from forllm_desktop.ui.thread.style import Style
from forllm_desktop.ui.thread.tags import has_persona_tag
from forllm_desktop.ui.thread.typeset import Head
from forllm_desktop.ui.thread.view import ThreadView

EARLIER, LATER = -(2**40), 2**40
"""Keys of the rows that lead to the pages before and after this one."""
_REPEATED = 5
"""Posts that a page repeats of the one before: what its first post answers, and what that answers."""
_ROOM_ABOVE = 0.22
"""Share of the view above a post that is shown, for the end of what stands before it."""
_NEAR_ABOVE, _NEAR_BELOW = 4, 8
"""Posts around the first one that are written before all the others: two screens."""


class Keeper(QObject):
    """The document side of a page.

    filled()            everything of this page is written
    grew(key)           a reply that is being written is longer now
    began(key)          a reply began to be written
    ended(key)          a reply is no longer being written
    """

    filled = Signal()
    grew = Signal(int)
    began = Signal(int)
    ended = Signal(int)

    def __init__(
        self, view: ThreadView, source: Source, now: Callable[[], datetime], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.view, self.source = view, source
        self.shown: list[Entry] = []
        self.zoom = 1.0
        self._now = now
        self._page = 0
        self._ranks: dict[int, int] = {}
        self._filler = Slices(self)
        self._margins = Slices(self)
        self.streams = Streams(self._write_growing, self._is_on_screen, self)
        growing = self.streams.growing
        self.bodies = Bodies(view.writer, source, lambda key: key in growing, self.streams.grew, self)

    @property
    def is_busy(self) -> bool:
        """Say whether something is still to be written."""
        return self._filler.is_busy or self.bodies.is_busy

    # -- opening

    def open(self, key: int | None = None, block: int = 0, distance: float | None = None) -> None:
        """Write the page that holds a post anew, from that post outwards, and show it there."""
        view, writer = self.view, self.view.writer
        style = Style(theme(), self.zoom, view.viewport().width())
        for work in (self._filler, self.bodies, self._margins):
            work.stop()
        view.anchor.forget()
        writer.clear()
        view.use(style)
        writer.set_root()
        self._choose_page(key)
        self._write_title()
        self._follow_running()
        self._fill(key if key in self._ranks else None, first=0.02)
        slot = writer.by_key.get(key) if key is not None else None
        if slot is not None:
            position = (
                self.view.document()
                .findBlockByNumber(self.view.document().findBlock(slot.start).blockNumber() + block)
                .position()
            )
            view.anchor.put(position, self.room_above() if distance is None else distance)

    def room_above(self) -> float:
        """Return how far from the top of the view a post is put so that it is read in its context, in px."""
        return max(self.view.writer.style.px(12 + 44), _ROOM_ABOVE * self.view.viewport().height())

    def _choose_page(self, key: int | None) -> None:
        everything = pages(self.source.thread.shown())
        if key is not None:
            for number, page in enumerate(everything):
                if any(entry.key == key for entry in page):
                    self._page = number
        self._page = min(self._page, len(everything) - 1)
        self._use_page(everything)

    def _use_page(self, everything: list[list[Entry]]) -> None:
        page = everything[self._page]
        is_cut = self._page > 0 and not self.source.thread.is_flat
        above = self.source.thread.above(page[0].key)[:_REPEATED] if is_cut else []
        self.shown = [*reversed(above), *page]
        self._before = sum(len(page) for page in everything[: self._page])
        self._after = sum(len(page) for page in everything[self._page + 1 :])
        keys = [entry.key for entry in self.shown]
        self._ranks = {key: rank for rank, key in enumerate(keys)} | {EARLIER: -1, LATER: len(keys)}

    def turn(self, step: int) -> int | None:
        """Turn to the next or the previous page; returns the post that is shown then."""
        everything = pages(self.source.thread.shown())
        if not 0 <= self._page + step < len(everything):
            return None
        self._page += step
        key = everything[self._page][0 if step > 0 else -1].key
        self.open(key)
        return key

    def _write_title(self) -> None:
        subtitle = (
            f"{isolated(self.source.subforum_name)} · {words.counted(self.source.thread.count, 'post')}"
        )
        self.view.writer.set_title(self.source.topic.title, subtitle)

    def _fill(self, target: int | None, first: float = 0.0) -> None:
        self._filler.run(self._steps(target), self.filled.emit, first)

    def _steps(self, target: int | None) -> Iterator[object]:
        """Write what is missing: the target and what is near it, then all below, then all above."""
        rank = self._ranks.get(target, 0) if target is not None else 0
        down, up = self.shown[rank:], self.shown[:rank][::-1]
        near = [*down[:1], *up[:1], *down[1:_NEAR_BELOW], *up[1:_NEAR_ABOVE]]
        for entry in [*near, *down[_NEAR_BELOW:], *up[_NEAR_ABOVE:]]:
            if entry.key not in self.view.writer.by_key and entry.key in self._ranks:
                yield from self._write(entry)
        for key, count, word in ((EARLIER, self._before, "earlier"), (LATER, self._after, "later")):
            if count and key not in self.view.writer.by_key:
                head = Head(f"{word.capitalize()} posts", (f"{count:,}",), link=f"act:{word}")
                self.view.writer.insert(self._place(key), key, 0, head, ())
                yield

    def _place(self, key: int) -> int:
        """Return the index that a post takes among those written."""
        slots = self.view.writer.slots
        return bisect_left(slots, self._ranks[key], key=lambda slot: self._ranks.get(slot.key, 0))

    def _write(self, entry: Entry) -> Iterator[object]:
        body = self.bodies.known(entry)
        yield
        if entry.key in self.view.writer.by_key or entry.key not in self._ranks:
            return
        first = next(slices(body), [])
        slot = self.view.writer.insert(
            self._place(entry.key), entry.key, entry.depth, self._head(entry), first
        )
        yield
        yield from self.bodies.steps(slot, body, len(first))

    # -- what a post says

    def head(self, entry: Entry) -> Head:
        """Return the head line of an entry as it is now."""
        head = head_of(entry, self.source.names, self._now(), self.source.progress(entry))
        thread, names = self.source.thread, self.source.names
        parent = thread.by_key.get(entry.parent) if thread.is_flat and entry.parent is not None else None
        if parent is None:
            return head
        return head._replace(to="you" if names.persona_id(parent) is None else names.author(parent))

    def _head(self, entry: Entry) -> Head:
        """Return the head line as it fits into the width there is."""
        style = self.view.writer.style
        labels = len(actions.labelled(entry, is_marked=False))
        return fitted(self.head(entry), style, entry.depth, style.px(16 + 28 * labels) if labels else 0.0)

    # -- changes

    def sync(self, *changed: int) -> None:
        """Make the document follow the store again; `changed` are posts whose text or state is different."""
        before = {entry.key: entry.state for entry in self.source.thread.entries}
        self.source.thread.arrange()
        everything = pages(self.source.thread.shown())
        self._page = min(self._page, len(everything) - 1)
        self._use_page(everything)
        self._remove_missing()
        ended = self._follow_running()
        for entry in self.shown:
            is_different = entry.key in changed or before.get(entry.key, entry.state) != entry.state
            if is_different and entry.key not in ended:
                self.refresh(entry.key)
        self._write_title()
        if any(entry.key not in self.view.writer.by_key for entry in self.shown):
            self._fill(changed[0] if changed else None, first=0.008)

    def _remove_missing(self) -> None:
        slots = self.view.writer.slots
        depths = {entry.key: entry.depth for entry in self.shown} | {EARLIER: 0, LATER: 0}
        index = len(slots) - 1
        while index >= 0:
            if depths.get(slots[index].key) == slots[index].depth:
                index -= 1
                continue
            last = index
            while index > 0 and depths.get(slots[index - 1].key) != slots[index - 1].depth:
                index -= 1
            self.view.writer.remove(index, last)
            index -= 1

    def refresh(self, key: int) -> None:
        """Write a post's head line and text anew where they differ."""
        slot, entry = self.view.writer.by_key.get(key), self.source.thread.by_key.get(key)
        if slot is not None and entry is not None:
            self.view.writer.set_head(slot, self._head(entry))
            self.bodies.refresh(entry)

    def refresh_heads(self) -> None:
        """Write the head lines anew where they differ, and the tags of personas."""
        for _ in self._head_steps():
            pass
        for entry in self.shown:
            if entry.post is not None and has_persona_tag(entry.post.content):
                self.bodies.refresh(entry)

    def _head_steps(self) -> Iterator[None]:
        for slot in list(self.view.writer.slots):
            entry = self.source.thread.by_key.get(slot.key)
            if entry is not None and self.view.writer.by_key.get(slot.key) is slot:
                self.view.writer.set_head(slot, self._head(entry))
                yield

    def first_act(self, key: int) -> str:
        """Return the first thing of a post that can be unfolded, or ""."""
        entry = self.source.thread.by_key.get(key)
        body = self.bodies.known(entry) if entry is not None else []
        acts = [run.link for block in body for run in block.runs if run.link.startswith("act:")]
        if entry is not None and entry.replies and not acts:
            return "act:branch"
        return next((act for act in acts if act != "act:thinking"), acts[0] if acts else "")

    def is_growing(self, request_id: int) -> bool:
        """Pass on that a running request of this page has news; False when it is none."""
        progress = self.source.running(request_id)
        if progress is None or progress.post_id not in self.streams.growing:
            return False
        self.streams.grew(progress.post_id)
        return True

    def follow_act(self, key: int, act: str) -> None:
        """Unfold what a link inside a post stands for."""
        if act == "act:branch":
            self.fold(key)
        else:
            self.bodies.unfold(key, act)
            self.refresh(key)

    def fold(self, key: int) -> None:
        """Hide the replies of a post, or show them again."""
        self.source.thread.folded ^= {key}
        self.view.scene.folded = self.source.thread.folded
        self.sync(key)

    def unfold_to(self, key: int) -> None:
        """Show whatever a post is folded away in."""
        if key in self.source.thread.by_key:
            hiding = {above.key for above in self.source.thread.above(key)} & self.source.thread.folded
            for above in hiding:
                self.fold(above)

    # -- growing replies

    def _follow_running(self) -> set[int]:
        """Let begin and end growing what does; returns those that ended, to be written as they are now."""
        running = {entry.key for entry in self.source.thread.entries if entry.is_running and entry.post}
        ended = self.streams.growing.keys() - running
        for key in ended:
            self.streams.end(key)
            self.bodies.end(key)
            self.refresh(key)
            self.ended.emit(key)
        for key in running - self.streams.growing.keys():
            self.streams.begin(key)
            self.began.emit(key)
        self.view.scene.writing = running
        return ended

    def _write_growing(self, growing: Growing) -> None:
        slot, entry = self.view.writer.by_key.get(growing.key), self.source.thread.by_key.get(growing.key)
        progress = self.source.progress(entry) if entry is not None else None
        if slot is None or entry is None or progress is None:
            return
        now = time.perf_counter()
        if now >= growing.head_due or progress.phase not in ("thinking", "writing"):
            growing.head_due = now + HEAD
            self.view.writer.set_head(slot, self._head(entry))
        if self.bodies.refresh(entry):
            self.grew.emit(growing.key)

    def _is_on_screen(self, key: int) -> bool:
        return any(slot.key == key for slot in self.view.visible())

    # -- another width, another look

    def resize(self) -> None:
        """Write the right margins for the width there is now: what is seen first, then the rest."""
        view, writer = self.view, self.view.writer
        style = Style(theme(), self.zoom, view.viewport().width())
        if style.is_narrow != writer.style.is_narrow:
            self.rebuild()
            return
        view.use(style)
        writer.set_title_margin()
        self._margins.run(chain(margin_steps(view), self._head_steps()), first=0.001)

    def rebuild(self) -> None:
        """Write everything anew in the present look, holding what is being read."""
        writer = self.view.writer
        position, distance = self.view.anchor.place()
        slot = writer.slot_at(position)
        if slot is None or slot.key not in self._ranks:
            self.open()
            return
        document = self.view.document()
        block = document.findBlock(position).blockNumber() - document.findBlock(slot.start).blockNumber()
        self.open(slot.key, block, distance)

    def arrange(self, *, is_flat: bool) -> None:
        """Show the posts in order of time, or each below what it answers, holding what is being read."""
        self.source.thread.is_flat = is_flat
        if self.view.writer.slots:
            self.source.thread.arrange()
            self.rebuild()

    def close(self) -> None:
        """Stop all work."""
        for work in (self._filler, self._margins):
            work.stop()
        self.streams.rest(True)
        self.bodies.close()
