"""Keeps what is being read in its place while the document changes above and below it."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QTextBlock, QTextCursor
from PySide6.QtWidgets import QTextEdit


class Anchor:
    """One block and its distance to the top of the view, kept until the user scrolls.

    A new anchor at every change would add up the rounding of the scroll bar: 20 px after 150 changes.
    """

    def __init__(self, view: QTextEdit) -> None:
        self._view = view
        self._cursor: QTextCursor | None = None
        self._distance = 0.0
        self.is_ours = False
        self._is_cut_short = False
        self._selected: tuple[int, int] | None = None
        self.follows: Callable[[], float | None] = lambda: None
        view.verticalScrollBar().rangeChanged.connect(self._notice_range)
        view.verticalScrollBar().valueChanged.connect(self._notice_scroll)

    def put(self, position: int, distance: float) -> None:
        """Hold the block at a position of the document at a distance in px from the top of the view."""
        self._hold(self._view.document().findBlock(position), distance)
        self.after()

    def forget(self) -> None:
        """Take a new anchor at the next change."""
        self._cursor = None

    def place(self) -> tuple[int, float]:
        """Return the position of the anchor's block and its distance from the top of the view."""
        cursor = self._cursor or self._take()
        return cursor.position(), self._distance

    # -- as the writer's watcher

    def before(self, start: int, end: int) -> None:
        """Take an anchor if there is none; never one whose block is about to be replaced."""
        selection = self._view.textCursor()
        ends = (selection.anchor(), selection.position())
        self._selected = ends if start in ends and max(ends) <= start else None
        cursor = self._cursor or self._take()
        # The block that the change begins in stays; those after it, up to its end, do not.
        block = self._view.document().findBlock(cursor.position())
        if start < block.position() <= end:
            stays = self._view.document().findBlock(start)
            self._hold(stays, self._top(stays) - self._view.verticalScrollBar().value())
        self.is_ours = True

    def after(self) -> None:
        """Scroll so that the anchor is where it was; a selection up to the change does not grow with it."""
        if self._selected is not None:
            selection = self._view.textCursor()
            selection.setPosition(self._selected[0])
            selection.setPosition(self._selected[1], QTextCursor.MoveMode.KeepAnchor)
            self._selected = None
            self._view.setTextCursor(selection)
        self.is_ours = False
        if self._cursor is None:
            return
        # Asking for the block's place makes Qt lay out all above it, so that the bar's range is right too.
        top = self._top(self._view.document().findBlock(self._cursor.position()))
        wanted = self.follows()
        self.scroll(round(top - self._distance) if wanted is None else round(wanted))

    def scroll(self, value: int) -> None:
        """Scroll without giving up the anchor."""
        self.is_ours = True
        self._view.verticalScrollBar().setValue(value)
        self.is_ours = False

    # -- steps

    def _hold(self, block: QTextBlock, distance: float) -> None:
        self._cursor = QTextCursor(block)
        self._cursor.setKeepPositionOnInsert(True)
        self._distance = distance

    def _take(self) -> QTextCursor:
        value = self._view.verticalScrollBar().value()
        layout = self._view.document().documentLayout()
        position = layout.hitTest(QPointF(0, value), Qt.HitTestAccuracy.FuzzyHit)
        block = self._view.document().findBlock(max(position, 0))
        self._hold(block, self._top(block) - value)
        assert self._cursor is not None
        return self._cursor

    def _top(self, block: QTextBlock) -> float:
        return self._view.document().documentLayout().blockBoundingRect(block).top()

    def _notice_range(self, least: int, most: int) -> None:
        # Qt moves the bar itself when the document got too short for it; nobody scrolled then.
        self._is_cut_short = self._view.verticalScrollBar().value() > most

    def _notice_scroll(self) -> None:
        if not self.is_ours and not self._is_cut_short:
            self._cursor = None
        self._is_cut_short = False
