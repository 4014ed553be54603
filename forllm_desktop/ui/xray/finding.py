"""Search within a prompt: counts the hits of all messages, steps from one to the next."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.search_field import SearchField
from forllm_desktop.ui.xray.long_text import one_character_ends

AFTER = 120
"""Milliseconds without a key before it is searched."""
MOST_HITS = 5_000
"""Hits that are counted; more are "5,000+"."""
Hit = tuple[int, int, int]
"""The part that a hit is in, and where it begins and ends in its text."""


@dataclass(frozen=True)
class Found:
    """What was found of `wanted`, by parts."""

    wanted: str
    hits: list[Hit]


def find_hits(texts: Sequence[str], wanted: str) -> list[Hit]:
    """Return where a text occurs, without regard to case, up to `MOST_HITS`. Meant for a thread."""
    pattern, hits = re.compile(re.escape(wanted), re.IGNORECASE), []
    for part, text in enumerate(texts):
        for match in pattern.finditer(one_character_ends(text)):
            hits.append((part, match.start(), match.end()))
            if len(hits) >= MOST_HITS:
                return hits
    return hits


class FindRow(QWidget):
    """A line to type in, the number of hits, and buttons for the next and the previous one.

    stepped(hit)    a hit is to be shown; its place in `hits`
    searched()      `hits` are others now
    closed()        the row was put away
    """

    stepped = Signal(int)
    searched = Signal()
    closed = Signal()

    def __init__(
        self, texts: Callable[[], Sequence[str]], *, stays: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._texts = texts
        self._stays = stays
        self.hits: list[Hit] = []
        self.current = -1
        self._field = SearchField("Find in the prompt")
        self._count = plain_label("", "small", "text_3")
        self._previous = icon_button("Previous hit", "caret-up", shortcut="Shift+Return")
        self._next = icon_button("Next hit", "caret-down", shortcut="Return")
        self._close = icon_button("Close the search", "x", shortcut="Esc")
        self._worker = Latest("search in a prompt", self)
        self._timer = QTimer(self, singleShot=True, interval=AFTER)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._field, 1)
        layout.addWidget(self._count)
        for button in (self._previous, self._next, self._close):
            layout.addWidget(button)
        self._field.setMinimumWidth(64)
        self._field.textChanged.connect(lambda _text: self._timer.start())
        self._timer.timeout.connect(self.search)
        self._worker.done.connect(self._take)
        self._next.clicked.connect(lambda: self.step(1))
        self._previous.clicked.connect(lambda: self.step(-1))
        self._close.clicked.connect(self.close_row)
        if stays:
            self._close.hide()
        else:
            self.hide()
        self._say()

    @property
    def is_busy(self) -> bool:
        """Say whether it is still searched."""
        return self._timer.isActive() or self._worker.is_busy

    @property
    def wanted(self) -> str:
        """What is searched for."""
        return self._field.text()

    def open_row(self) -> None:
        """Show the row and let the user type."""
        self.show()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def close_row(self) -> None:
        """Forget what was searched for, and put the row away unless it stays."""
        self._field.clear()
        self.setVisible(self._stays)
        self.closed.emit()

    def search(self) -> None:
        """Search for what is typed, in what is shown now."""
        self._timer.stop()
        wanted, texts = self.wanted, list(self._texts())
        if not wanted:
            self._take(Found("", []))
            return
        self._worker.ask(lambda: Found(wanted, find_hits(texts, wanted)))

    def step(self, by: int) -> None:
        """Go to the next (1) or the previous (-1) hit, around the end if need be."""
        if self._timer.isActive():
            self.search()
        if not self.hits:
            return
        beginning = -1 if by > 0 else 0
        self.current = ((self.current if self.current >= 0 else beginning) + by) % len(self.hits)
        self._say()
        self.stepped.emit(self.current)

    def stop(self) -> None:
        """End what runs."""
        self._timer.stop()
        self._worker.stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif event.key() == Qt.Key.Key_Escape and not self._stays:
            self.close_row()
        else:
            super().keyPressEvent(event)

    def _take(self, found: object) -> None:
        assert isinstance(found, Found)
        if found.wanted != self.wanted:
            return
        kept = self.hits[self.current] if 0 <= self.current < len(self.hits) else None
        self.hits = found.hits
        self.current = self.hits.index(kept) if kept in self.hits else -1
        self._say()
        self.searched.emit()

    def _say(self) -> None:
        many = f"{len(self.hits):,}{'+' if len(self.hits) >= MOST_HITS else ''}"
        at = f"{self.current + 1:,} of {many}" if self.current >= 0 else many
        self._count.setText(("no hits" if not self.hits else at) if self.wanted else "")
        for button in (self._previous, self._next):
            button.setEnabled(bool(self.hits))
