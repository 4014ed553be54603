"""Keeps one flat document equal to lists of block specs, post by post, changing as little as possible."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument, QTextTable

from forllm_desktop.ui.thread.specs import Block, Kind, Run
from forllm_desktop.ui.thread.specs import Style as Bits
from forllm_desktop.ui.thread.style import Style
from forllm_desktop.ui.thread.typeset import GAP, KIND, PAD, Head, Typesetter


class Watcher(Protocol):
    """Told around every change, so that what is being read can stay where it is."""

    def before(self, start: int, end: int) -> None:
        """Prepare: the text from `start` to `end` (document positions) is about to be replaced."""

    def after(self) -> None:
        """Put things right again."""


@dataclass
class Slot:
    """A post in the document. `cursor` stays at its head line; `marks` are its blocks, or their hashes."""

    key: int
    depth: int
    head: Head
    cursor: QTextCursor
    marks: list[Block | int] = field(default_factory=list)
    rewrites: int = 0

    @property
    def start(self) -> int:
        """Position of the head line."""
        return self.cursor.position()


class Writer:
    """Writes posts into a document. Every change is one edit block of one post, or of a run of neighbours."""

    def __init__(self, document: QTextDocument, style: Style, watcher: Watcher) -> None:
        self.document = document
        self.slots: list[Slot] = []
        self.by_key: dict[int, Slot] = {}
        self._watcher = watcher
        self._title = ("", "")
        self.use(style)

    def use(self, style: Style) -> None:
        """Write in this style from now on; what is written stays as it is, see `set_margins`."""
        self.style = style
        self._set = Typesetter(style)

    def clear(self) -> None:
        """Take everything away."""
        self.slots.clear()
        self.by_key.clear()
        self._title = ("", "")
        self.document.clear()

    def set_root(self) -> None:
        """Give the page its room above and below."""
        root = self.document.rootFrame().frameFormat()
        root.setTopMargin(self.style.px(12))
        root.setBottomMargin(self.style.px(32))
        self.document.rootFrame().setFrameFormat(root)

    # -- where things are

    def end(self, slot: Slot) -> int:
        """Return the position behind a post's last character."""
        index = self.index(slot)
        if index + 1 < len(self.slots):
            return self.slots[index + 1].start - 1
        return self.document.characterCount() - 1

    def index(self, slot: Slot) -> int:
        """Return the place of a post among those written."""
        return bisect_right(self.slots, slot.start, key=lambda one: one.start) - 1

    def slot_at(self, position: int) -> Slot | None:
        """Return the post that a position belongs to; None above the first."""
        index = bisect_right(self.slots, position, key=lambda one: one.start) - 1
        return self.slots[index] if index >= 0 else None

    # -- writing

    def set_title(self, title: str, subtitle: str) -> None:
        """Write the page's title, or replace it when it is another one."""
        if self._title == (title, subtitle):
            return
        self._title = (title, subtitle)
        first = self.document.firstBlock()
        with self._editing(0, first.length() - 1) as cursor:
            cursor.setPosition(0)
            cursor.setPosition(first.length() - 1, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            cursor.setBlockFormat(self._set.title_format())
            self._set.write_title(cursor, title, subtitle)

    def insert(self, index: int, key: int, depth: int, head: Head, blocks: Sequence[Block]) -> Slot:
        """Write a post so that it becomes the one at `index`."""
        before = self.end(self.slots[index - 1]) if index else self.document.firstBlock().length() - 1
        with self._editing(before, before) as cursor:
            cursor.setPosition(before)
            cursor.insertBlock(self._set.head_format(depth, is_first=index == 0))
            handle = QTextCursor(cursor)
            handle.setKeepPositionOnInsert(True)
            self._set.write_head(cursor, head)
            slot = Slot(key, depth, head, handle, list(blocks))
            for number, block in enumerate(blocks):
                self._set.append(cursor, block, depth, is_first=number == 0)
        self.slots.insert(index, slot)
        self.by_key[key] = slot
        return slot

    def remove(self, first: int, last: int) -> None:
        """Take the posts from index `first` to `last` away."""
        start, end = self.slots[first].start - 1, self.end(self.slots[last])
        with self._editing(start, end) as cursor:
            self._cut(cursor, start, end)
        for slot in self.slots[first : last + 1]:
            del self.by_key[slot.key]
        del self.slots[first : last + 1]

    def set_head(self, slot: Slot, head: Head) -> None:
        """Replace a post's head line, unless it is the same."""
        if head == slot.head:
            return
        slot.head = head
        start = slot.start
        end = start + self.document.findBlock(start).length() - 1
        with self._editing(start, end) as cursor:
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            self._set.write_head(cursor, head)

    def set_body(self, slot: Slot, blocks: Sequence[Block]) -> bool:
        """Make a post's blocks equal to `blocks`; returns whether anything was different."""
        marks, keep = slot.marks, self.common(slot, blocks)
        if keep == len(marks) == len(blocks):
            return False
        slot.rewrites += 1
        grown = _growth(marks[keep], blocks[keep]) if keep == len(marks) - 1 and keep < len(blocks) else None
        end = self.end(slot)
        start = end if grown else self._end_of(slot, keep, end)
        with self._editing(start, end) as cursor:
            cursor.setPosition(end)
            if grown is not None:
                self._set.write_runs(cursor, grown, *self._set.base(blocks[keep]))
                keep += 1
            elif start < end:
                self._cut(cursor, start, end)
            for number in range(keep, len(blocks)):
                self._set.append(cursor, blocks[number], slot.depth, is_first=number == 0)
        marks[:] = blocks
        return True

    def common(self, slot: Slot, blocks: Sequence[Block]) -> int:
        """Return how many blocks at the beginning of a post are as in `blocks`."""
        keep = 0
        for mark, block in zip(slot.marks, blocks, strict=False):
            if not (mark is block or mark == block or mark == hash(block)):
                break
            keep += 1
        return keep

    def settle(self, slot: Slot) -> None:
        """Forget the blocks of a post that no longer grows, save what a comparison needs."""
        slot.marks = [mark if isinstance(mark, int) else hash(mark) for mark in slot.marks]

    def set_margins(self, first: int, last: int) -> None:
        """Write the right margins of neighbouring posts anew, for another width of the window."""
        start = self.slots[first].start
        with self._editing(start, start) as cursor:
            for slot in self.slots[first : last + 1]:
                self._set_margins(cursor, slot)

    def set_title_margin(self) -> None:
        """Write the right margin of the title anew."""
        cursor = QTextCursor(self.document)
        cursor.setBlockFormat(self._set.title_format())

    # -- steps

    @contextmanager
    def _editing(self, start: int, end: int) -> Iterator[QTextCursor]:
        self._watcher.before(start, end)
        cursor = QTextCursor(self.document)
        cursor.beginEditBlock()
        try:
            yield cursor
        finally:
            cursor.endEditBlock()
            self._watcher.after()

    def _cut(self, cursor: QTextCursor, start: int, end: int) -> None:
        block = self.document.findBlock(start)
        # Qt gives an empty block the format of what is joined to it.
        kept = (block.blockFormat(), block.charFormat()) if block.length() == 1 else None
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        if kept is not None:
            cursor.setBlockFormat(kept[0])
            cursor.setBlockCharFormat(kept[1])

    def _end_of(self, slot: Slot, count: int, end: int) -> int:
        """Return where the first `count` blocks of a post end, walking back from its end."""
        block = self.document.findBlock(end)
        for _ in range(len(slot.marks) - count):
            block = self._before(block)
        return block.position() + block.length() - 1

    def _before(self, block: QTextBlock) -> QTextBlock:
        if block.blockFormat().property(KIND) != GAP:
            return block.previous()
        table = table_before(self.document, block)
        return self.document.findBlock(table.firstPosition() - 1) if table else block.previous()

    def _set_margins(self, cursor: QTextCursor, slot: Slot) -> None:
        width, head = self.style.document_width, self.style.head_right
        right = self.style.text_right(slot.depth)
        block, end = self.document.findBlock(slot.start), self.end(slot)
        while block.isValid() and block.position() <= end:
            form = block.blockFormat()
            kind = form.property(KIND)
            if kind == GAP:
                table = table_before(self.document, block)
                if table is not None:
                    outer = table.format().toTableFormat()
                    outer.setRightMargin(width - right)
                    table.setFormat(outer)
            elif kind is not None:
                edge = head if kind == Kind.HEADER.value else right
                margin = width - edge + float(form.property(PAD) or 0)
                if form.rightMargin() != margin:
                    form.setRightMargin(margin)
                    cursor.setPosition(block.position())
                    cursor.setBlockFormat(form)
            block = self._after(block)

    def _after(self, block: QTextBlock) -> QTextBlock:
        """Return the next block that is no cell of a table."""
        following = block.next()
        if following.isValid() and following.blockFormat().property(KIND) not in _OWN:
            cursor = QTextCursor(following)
            table = cursor.currentTable()
            if table is not None:
                return self.document.findBlock(table.lastPosition() + 1)
        return following


_OWN = frozenset({*(kind.value for kind in Kind), GAP})


def table_before(document: QTextDocument, gap: QTextBlock) -> QTextTable | None:
    """Return the table that the block behind it belongs to."""
    cursor = QTextCursor(document)
    cursor.setPosition(max(gap.position() - 1, 0))
    return cursor.currentTable()


def _growth(old: Block | int, new: Block) -> tuple[Run, ...] | None:
    """Return what was appended to a block, or None when it is another block now."""
    if isinstance(old, int) or old.kind is Kind.TABLE or old._replace(runs=new.runs) != new or not old.runs:
        return None
    last = len(old.runs) - 1
    if old.runs[:last] != new.runs[:last] or len(new.runs) <= last:
        return None
    was, now = old.runs[last], new.runs[last]
    if now._replace(text=was.text) != was or not now.text.startswith(was.text):
        return None
    added = (now._replace(text=now.text[len(was.text) :]), *new.runs[last + 1 :])
    # The sides of inline code hang on the characters around it.
    if new.kind is not Kind.CODE and any(Bits.CODE in run.style for run in (was, *added)):
        return None
    return tuple(run for run in added if run.text)
