"""What stands below the head line of each post: parsed as far as it is unfolded, and written in slices."""

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QObject

from forllm_desktop.ui.thread.attached import file_blocks
from forllm_desktop.ui.thread.content import body_of, branch_words
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.filler import Slices
from forllm_desktop.ui.thread.incremental import StreamParser
from forllm_desktop.ui.thread.limits import DEFAULT, Limits, slices
from forllm_desktop.ui.thread.parsing import Parser, Part
from forllm_desktop.ui.thread.source import Source
from forllm_desktop.ui.thread.specs import Block
from forllm_desktop.ui.thread.tags import has_persona_tag, with_lost_struck
from forllm_desktop.ui.thread.writer import Slot, Writer

_TEXT, _THOUGHTS = "text", "thoughts"


class Bodies(QObject):
    """Keeps the bodies of posts equal to what the store says. `is_growing` tells which are being written.

    `grew` is called with a post when more of a growing reply was parsed in the background.
    """

    def __init__(
        self,
        writer: Writer,
        source: Source,
        is_growing: Callable[[int], bool],
        grew: Callable[[int], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._writer, self._source = writer, source
        self._is_growing, self._grew = is_growing, grew
        self._limits: dict[int, Limits] = {}
        self._unfolded: set[int] = set()
        self._growing: dict[Part, StreamParser] = {}
        self._parsed: dict[Part, list[Block]] = {}
        # What is to be written in slices, and whose slices are being written now, here or by the filler.
        self._due: dict[int, list[Block]] = {}
        self._busy: set[int] = set()
        self._parser = Parser(self._take, self)
        self._slices = Slices(self)

    @property
    def is_busy(self) -> bool:
        """Say whether something is still to be parsed or written."""
        return self._slices.is_busy or bool(self._due) or self._parser.is_busy()

    def limits_of(self, key: int) -> Limits:
        """Return how much of a post is shown."""
        return self._limits.get(key, DEFAULT)

    def unfold(self, key: int, act: str) -> None:
        """Show more of a post from now on, or fold its thoughts again."""
        if act == "act:thinking":
            self._unfolded ^= {key}
        else:
            self._limits[key] = self.limits_of(key).after(act)
            self.end(key)

    def end(self, key: int) -> None:
        """Parse a post from its beginning the next time."""
        for part in (_TEXT, _THOUGHTS):
            self._growing.pop((key, part), None)
            self._parser.forget((key, part))

    def stop(self) -> None:
        """Leave undone what is to be written."""
        self._due.clear()
        self._parsed.clear()
        self._slices.stop()

    def close(self) -> None:
        """Stop all work."""
        self.stop()
        self._parser.close()

    # -- writing

    def known(self, entry: Entry) -> list[Block]:
        """Return the body of a post as far as it is parsed; what is not is written when it is."""
        return self._composed(entry, *self._parts(entry)[:2])

    def refresh(self, entry: Entry) -> bool:
        """Write a post's body where it differs, at once or soon; returns whether it did."""
        slot = self._writer.by_key.get(entry.key)
        text, thoughts, is_whole = self._parts(entry)
        return slot is not None and is_whole and self._put(slot, self._composed(entry, text, thoughts))

    def steps(self, slot: Slot, body: list[Block], written: int) -> Iterator[object]:
        """Make a post's body equal to `body`, of which so many blocks are there, a slice in each step."""
        self._busy.add(slot.key)
        try:
            for part in list(slices(body[written:])) or [[]]:
                if self._writer.by_key.get(slot.key) is not slot:
                    return
                written += len(part)
                self._writer.set_body(slot, body[:written])
                yield
            self._settle(slot)
        finally:
            self._busy.discard(slot.key)
            self._start()

    def _put(self, slot: Slot, body: list[Block]) -> bool:
        if slot.key not in self._busy and slot.key not in self._due:
            rest = slices(body[self._writer.common(slot, body) :])
            if next(rest, None) is None or next(rest, None) is None:
                changed = self._writer.set_body(slot, body)
                self._settle(slot)
                return changed
        self._due[slot.key] = body
        self._start()
        return True

    def _start(self) -> None:
        if self._due and not self._slices.is_busy:
            self._slices.run(self._due_steps())

    def _due_steps(self) -> Iterator[object]:
        while (key := next((one for one in self._due if one not in self._busy), None)) is not None:
            body, slot = self._due.pop(key), self._writer.by_key.get(key)
            if slot is not None:
                yield from self.steps(slot, body, self._writer.common(slot, body))

    def _settle(self, slot: Slot) -> None:
        if not self._is_growing(slot.key):
            self._writer.settle(slot)

    # -- parsing

    def _parts(self, entry: Entry) -> tuple[Sequence[Block] | None, Sequence[Block] | None, bool]:
        """Return the blocks of the text and of the thoughts, and whether nothing is missing."""
        said, thinking = self._source.words_of(entry)
        text = thoughts = None
        is_whole = True
        if said and not entry.is_deleted:
            text = self._blocks((entry.key, _TEXT), said)
            is_whole = text is not None
        if thinking and entry.key in self._unfolded:
            thoughts = self._blocks((entry.key, _THOUGHTS), thinking)
            is_whole = is_whole and thoughts is not None
        if is_whole:
            self._parsed.pop((entry.key, _TEXT), None)
            self._parsed.pop((entry.key, _THOUGHTS), None)
        return text, thoughts, is_whole

    def _blocks(self, part: Part, text: str) -> Sequence[Block] | None:
        limits = self.limits_of(part[0])
        if self._is_growing(part[0]):
            if part not in self._growing:
                self._growing[part] = StreamParser(limits)
            blocks = self._parser.grow(part, self._growing[part], text)
            return blocks if blocks or not self._parser.is_busy(part) else None
        return self._parsed[part] if part in self._parsed else self._parser.parse(part, text, limits)

    def _composed(
        self, entry: Entry, text: Sequence[Block] | None, thoughts: Sequence[Block] | None
    ) -> list[Block]:
        said, thinking = self._source.words_of(entry)
        if text and has_persona_tag(said):
            text = with_lost_struck(text, self._source.names.personas)
        progress = self._source.progress(entry)
        folded = ""
        if entry.key in self._source.thread.folded and entry.replies:
            folded = branch_words(self._source.thread.below(entry.key), self._source.names)
        return body_of(
            entry,
            text or [],
            thinking=thinking,
            thoughts=thoughts,
            is_thinking=progress is not None and progress.phase == "thinking",
            folded=folded,
            files=file_blocks(self._source.files_of(entry), self.limits_of(entry.key).opened),
        )

    def _take(self, part: Part, blocks: list[Block]) -> None:
        key = part[0]
        if part in self._growing:
            self._grew(key)
            return
        self._parsed[part] = blocks
        entry = self._source.thread.by_key.get(key)
        if any(self._parser.is_busy((key, one)) for one in (_TEXT, _THOUGHTS)):
            return
        if entry is None or key not in self._writer.by_key:
            self._parsed.pop((key, _TEXT), None)
            self._parsed.pop((key, _THOUGHTS), None)
        else:
            self.refresh(entry)
