"""Where the reader is: the current post, walking, following a growing reply, the title line and the chip."""

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from forllm_desktop.ui.thread.bidi import isolated
from forllm_desktop.ui.thread.content import spoken
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.keeper import Keeper
from forllm_desktop.ui.thread.ordering import Ordering
from forllm_desktop.ui.thread.overlays import Chip, TitleLine
from forllm_desktop.ui.thread.writer import Slot

_ROOM = 12
"""Px at 100 % between the top of the page and the post that was walked to."""


class Walking(QObject):
    """Moves the reader, and never moves by itself what is read.

    announced(words)    a screen reader was told so
    """

    announced = Signal(str)

    def __init__(self, keeper: Keeper, title: TitleLine, chip: Chip, order: Ordering, page: QWidget) -> None:
        super().__init__(page)
        self._keeper, self._view, self._page = keeper, keeper.view, page
        self._title, self._chip, self._order = title, chip, order
        self._follows: int | None = None
        self._below: tuple[int, str] | None = None
        self._value = 0
        self._view.anchor.follows = self._wanted
        self._view.verticalScrollBar().valueChanged.connect(self._scrolled)
        chip.clicked.connect(self.go_below)

    # -- walking

    @property
    def current(self) -> int | None:
        """Key of the current post."""
        return self._view.scene.current

    def make_current(self, key: int | None) -> None:
        """Mark a post as the current one."""
        scene = self._view.scene
        if key == scene.current:
            return
        before, scene.current = scene.current, key
        for one in (before, key):
            self._view.update_head(one)

    def go_to(self, key: int, *, in_context: bool = False) -> None:
        """Bring a post to the top, or below the end of what stands before it; make it current and say so."""
        self._follows = None
        slot = self._view.writer.by_key.get(key)
        if slot is None:
            self._keeper.open(key)
        else:
            room = self._keeper.room_above() if in_context else self.head_room()
            self._view.anchor.put(slot.start, room)
        self.make_current(key)
        self._tell(key)

    def head_room(self) -> float:
        """Return how far from the top of the view a post is put, in px."""
        return self._title.height() + self._view.writer.style.px(_ROOM)

    def step(self, direction: int) -> None:
        """Go to the next (1) or the previous (-1) post, onto the next page if need be."""
        keys = [entry.key for entry in self._keeper.shown]
        place = keys.index(self.current) + direction if self.current in keys else 0
        if 0 <= place < len(keys):
            self.go_to(keys[place])
        else:
            self.turn(direction)

    def turn(self, direction: int) -> None:
        """Turn to the page of later (1) or earlier (-1) posts."""
        turned = self._keeper.turn(direction)
        if turned is not None:
            self.make_current(turned)
            self._tell(turned)

    def next_unread(self) -> int | None:
        """Return the next unread reply after the current post, or the first one."""
        entries = self._keeper.source.thread.entries
        keys = [entry.key for entry in entries]
        at = keys.index(self.current) if self.current in keys else -1
        unread = [place for place, entry in enumerate(entries) if entry.is_unread]
        place = next((place for place in unread if place > at), unread[0] if unread else None)
        return keys[place] if place is not None else None

    def _tell(self, key: int) -> None:
        entry = self._keeper.source.thread.by_key.get(key)
        keys = [one.key for one in self._keeper.shown]
        if entry is not None and key in keys:
            head = self._keeper.head(entry)
            source = self._keeper.source
            files = len(source.files_of(entry))
            self.say(spoken(entry, source.names, keys.index(key) + 1, len(keys), head, files))

    def say(self, words: str) -> None:
        """Let a screen reader say something, politely."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._view, words))
        self.announced.emit(words)

    # -- growing replies

    def tell_stream(self, key: int, what: str) -> None:
        """Say once that a reply begins or ends; while it is read there is nothing in between."""
        entry = self._keeper.source.thread.by_key.get(key)
        if entry is not None:
            self.say(f"{self._keeper.source.names.author(entry)} {what}")
        self.note_growth(key, "is writing below" if what == "is writing" else "")

    def note_growth(self, key: int, what: str = "is writing below") -> None:
        """Show the chip while a reply grows below the screen."""
        slot = self._view.writer.by_key.get(key)
        entry = self._keeper.source.thread.by_key.get(key)
        if slot is None or entry is None:
            return
        if not self._is_below(slot):
            if self._below is not None and self._below[0] == key:
                self._show_below(None)
        elif what:
            author = isolated(self._keeper.source.names.author(entry))
            self._show_below((key, f"{author} {what}"))
        elif self._below is not None and self._below[0] == key:
            self._show_below((key, "New text below"))

    def note_new(self, key: int) -> None:
        """Show the chip when a new post stands below the screen."""
        slot = self._view.writer.by_key.get(key)
        if slot is not None and self._is_below(slot) and key not in self._keeper.streams.growing:
            self._show_below((key, "New text below"))

    def go_below(self) -> None:
        """Go to what the chip tells of; a reply that still grows is followed."""
        below = self._below
        self._show_below(None)
        if below is None:
            return
        if below[0] in self._keeper.streams.growing:
            self.follow(below[0])
        else:
            self.go_to(below[0])

    def follow(self, key: int | None = None) -> None:
        """Keep the end of a growing reply on screen until somebody scrolls up; by default the last one."""
        growing = [one.key for one in self._keeper.shown if one.key in self._keeper.streams.growing]
        self._follows = key if key is not None else growing[-1] if growing else None
        if self._follows is None:
            self._view.verticalScrollBar().setValue(self._view.verticalScrollBar().maximum())
            return
        self.make_current(self._follows)
        self._view.anchor.after()
        wanted = self._wanted()
        if wanted is not None:
            self._view.anchor.scroll(round(wanted))
        self._view.anchor.forget()

    def _wanted(self) -> float | None:
        slot = self._view.writer.by_key.get(self._follows) if self._follows is not None else None
        if slot is None or slot.key not in self._keeper.streams.growing:
            return None
        room = self._view.viewport().height() - self._view.writer.style.px(32)
        return max(self._view.bottom_of(slot) - room, 0)

    def _is_below(self, slot: Slot) -> bool:
        return self._view.bottom_of(slot) > self._view.offset + self._view.viewport().height()

    def _show_below(self, below: tuple[int, str] | None) -> None:
        self._below = below
        self._chip.say(below[1] if below is not None else "")
        self.place()

    # -- what floats above the page

    def place(self) -> None:
        """Put the title line and the chip where they belong, and show them if they are needed."""
        view = self._view
        corner = view.mapTo(self._page, QPoint(0, 0))
        width = view.viewport().width()
        self._title.setGeometry(corner.x(), corner.y(), width, self._title.height())
        first = view.document().firstBlock()
        is_away = view.offset > view.decorations.box(first).bottom() and bool(view.writer.slots)
        if is_away == self._title.isHidden():
            self._title.setVisible(is_away)
            self._title.raise_()
        self._order.place(corner)
        margin = round(view.writer.style.px(16))
        self._chip.move(
            corner.x() + width - self._chip.width() - margin,
            corner.y() + view.viewport().height() - self._chip.height() - margin,
        )
        self._chip.raise_()

    def _scrolled(self, value: int) -> None:
        went_up, self._value = value < self._value, value
        if went_up and not self._view.anchor.is_ours:
            self._follows = None
        if self._below is not None:
            slot = self._view.writer.by_key.get(self._below[0])
            if slot is None or not self._is_below(slot):
                self._show_below(None)
        self._keeper.streams.hurry()
        self.place()


def first_unread(entries: list[Entry]) -> int | None:
    """Return the first unread reply."""
    return next((entry.key for entry in entries if entry.is_unread), None)
