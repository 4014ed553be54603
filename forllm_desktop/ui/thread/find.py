"""Find in page: counts all hits, walks from one to the next, highlights those on screen."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QTextEdit, QWidget

from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.thread.view import ThreadView
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.labels import plain_label

_MOST_SHOWN = 200
"""Hits highlighted at once; more than fit on any screen."""


class FindBar(QWidget):
    """A line to type in, the number of hits, and buttons for the next and the previous one.

    Hits are counted in what is shown. Where they end, `unfold(wanted)` may show more that holds some.

    closed()    the bar was closed; the focus belongs to the page again
    """

    closed = Signal()

    def __init__(self, view: ThreadView, unfold: Callable[[str], bool], parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self._unfold = unfold
        self._total = 0
        self._at: QTextCursor | None = None
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find in this topic")
        self._field.setAccessibleName("Find in this topic")
        self._field.setClearButtonEnabled(False)
        self._field.setMinimumWidth(64)
        self._count = plain_label("", "small", "text_3")
        self._previous = icon_button("Previous hit", "caret-up", shortcut="Shift+Return")
        self._next = icon_button("Next hit", "caret-down", shortcut="Return")
        close = icon_button("Close the find bar", "x", shortcut="Esc")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme().px(32), 6, theme().px(16), 6)
        layout.setSpacing(8)
        layout.addWidget(self._field, 1)
        layout.addWidget(self._count)
        layout.addWidget(self._previous)
        layout.addWidget(self._next)
        layout.addWidget(close)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(60)
        self._late.timeout.connect(self._show_hits)
        self._field.textChanged.connect(self._search)
        self._next.clicked.connect(lambda: self.step(1))
        self._previous.clicked.connect(lambda: self.step(-1))
        close.clicked.connect(self.close_bar)
        view.verticalScrollBar().valueChanged.connect(
            lambda: self._late.start() if self.isVisible() else None
        )
        view.document().contentsChanged.connect(lambda: self._late.start() if self.isVisible() else None)
        self.hide()

    @property
    def count(self) -> int:
        """How many hits there are."""
        return self._total

    def open_bar(self) -> None:
        """Show the bar, with what is selected on the page if that is one line."""
        selected = self._view.textCursor().selectedText()
        self.show()
        if selected and "\u2029" not in selected and len(selected) < 100:
            self._field.setText(selected)
        self._field.setFocus()
        self._field.selectAll()
        self._search()

    def close_bar(self) -> None:
        """Hide the bar and its highlights."""
        self.hide()
        self._view.setExtraSelections([])
        self.closed.emit()

    def step(self, direction: int) -> bool:
        """Go to the next (1) or the previous (-1) hit, around the end if need be."""
        wanted = self._field.text()
        if not wanted:
            return False
        document = self._view.document()
        flags = QTextDocument.FindFlag.FindBackward if direction < 0 else QTextDocument.FindFlag(0)
        start = self._at if self._at is not None else self._top_of_view()
        found = document.find(wanted, start, flags)
        if found.isNull() and self._unfold(wanted):
            found = document.find(wanted, start, flags)
        if found.isNull():
            start = QTextCursor(document)
            if direction < 0:
                start.movePosition(QTextCursor.MoveOperation.End)
            found = document.find(wanted, start, flags)
        if found.isNull():
            return False
        self._at = found
        self._reveal(found)
        self._show_hits()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("window"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme().colour("line"))

    def _search(self) -> None:
        self._at = None
        self._recount()
        if self._field.text() and self._total:
            self.step(1)
        else:
            self._show_hits()

    def _recount(self) -> None:
        wanted = self._field.text()
        self._total = self._view.document().toRawText().casefold().count(wanted.casefold()) if wanted else 0

    def _show_hits(self) -> None:
        wanted = self._field.text()
        if not self.isVisible():
            return
        self._recount()
        self._count.setText(
            "" if not wanted else f"{self._total:,} found" if self._total else "Nothing found"
        )
        self._view.setExtraSelections(self._on_screen(wanted) if wanted else [])

    def _on_screen(self, wanted: str) -> list[QTextEdit.ExtraSelection]:
        document, shown = self._view.document(), []
        cursor = self._top_of_view()
        height = self._view.viewport().height()
        layout = document.documentLayout()
        last = layout.hitTest(QPointF(0, self._view.offset + height), Qt.HitTestAccuracy.FuzzyHit)
        end = document.findBlock(max(last, 0))
        limit = end.position() + end.length()
        while len(shown) < _MOST_SHOWN:
            cursor = document.find(wanted, cursor)
            if cursor.isNull() or cursor.selectionStart() > limit:
                break
            shown.append(self._mark(cursor, is_at=self._at is not None and cursor == self._at))
        return shown

    def _mark(self, cursor: QTextCursor, *, is_at: bool) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(cursor)
        form = QTextCharFormat()
        form.setBackground(theme().colour("find"))
        form.setForeground(theme().colour("text"))
        if is_at:
            form.setBackground(theme().colour("accent"))
            form.setForeground(theme().colour("on_accent"))
        mark.format = form
        return mark

    def _top_of_view(self) -> QTextCursor:
        layout = self._view.document().documentLayout()
        position = layout.hitTest(QPointF(0, self._view.offset), Qt.HitTestAccuracy.FuzzyHit)
        cursor = QTextCursor(self._view.document())
        cursor.setPosition(max(position, 0))
        return cursor

    def _reveal(self, found: QTextCursor) -> None:
        block = self._view.document().findBlock(found.selectionStart())
        box = self._view.decorations.box(block)
        height, scroll = self._view.viewport().height(), self._view.offset
        if box.top() < scroll + theme().px(60) or box.bottom() > scroll + height - theme().px(24):
            self._view.verticalScrollBar().setValue(round(box.top() - height / 3))
