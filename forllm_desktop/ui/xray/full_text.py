"""The full text of a message below its row: plain text, filled in steps, with its hits marked."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QMimeData, QRectF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.xray.long_text import LongText

MARKED = 200
"""Hits around the current one that are marked."""
Span = tuple[int, int]


class FullText(QPlainTextEdit):
    """Read only. A text of a megabyte is put in while the window goes on."""

    def __init__(self, name: str, font: str = "code", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._font_name = font
        self._long = LongText("")
        self._waiting: deque[str] = deque()
        self._length = 0
        self._hits: tuple[Sequence[Span], int] = ((), -1)
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._fill)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAccessibleName(name)
        self._dress()
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("background: transparent;")
        self.viewport().setAutoFillBackground(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        look().changed.connect(self._dress)

    @property
    def is_filled(self) -> bool:
        """Say whether all of the text is there."""
        return not self._waiting

    def show_text(self, text: str) -> None:
        """Show a text from its beginning; the same again changes nothing."""
        long = LongText(text)
        if long.text == self._long.text and (self._length or not long.text):
            return
        self._long = long
        first, *rest = long.chunks()
        self._waiting = deque(rest)
        self.setPlainText(first)
        self._length = _units(first)
        if rest:
            self._timer.start()

    def mark(self, hits: Sequence[Span], current: int) -> None:
        """Mark hits, as places in the text, and go to one of them; -1: none is the current one."""
        self._hits = (hits, current)
        self._show_hits(goes=True)

    def createMimeDataFromSelection(self) -> QMimeData:
        cursor, data = self.textCursor(), QMimeData()
        data.setText(self._long.selected(cursor.selectionStart(), cursor.selectionEnd()))
        return data

    def _dress(self) -> None:
        self.setFont(theme().font(self._font_name))

    def _fill(self) -> None:
        if not self._waiting:
            return
        chunk = self._waiting.popleft()
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(chunk)
        before, self._length = self._length, self._length + _units(chunk)
        hits, current = self._hits
        if 0 <= current < len(hits) and before <= self._long.place(hits[current][1]) <= self._length:
            self._show_hits(goes=True)
        if self._waiting:
            self._timer.start()

    def _show_hits(self, *, goes: bool) -> None:
        hits, current = self._hits
        around = max(current, 0)
        first = max(0, around - MARKED // 2)
        shown, style = [], QTextCharFormat()
        style.setBackground(theme().colour("find"))
        style.setForeground(theme().colour("text"))
        for at, (start, end) in enumerate(hits[first : first + MARKED], first):
            begin, stop = self._long.place(start), self._long.place(end)
            if stop > self._length:
                break
            cursor = QTextCursor(self.document())
            cursor.setPosition(begin)
            cursor.setPosition(stop, QTextCursor.MoveMode.KeepAnchor)
            mark = QTextEdit.ExtraSelection()
            mark.cursor, mark.format = cursor, style  # type: ignore[attr-defined]
            if at == current and goes:
                shown.append(_underlined(cursor))
                here = QTextCursor(self.document())
                here.setPosition(begin)
                self.setTextCursor(here)
                self.centerCursor()
            else:
                shown.append(mark)
        self.setExtraSelections(shown)


class OpenMessage(QWidget):
    """What opens below a row, on sunken ground; Esc or Enter closes it. `inside` is what it holds."""

    def __init__(self, inside: QWidget, row_height: int, close: Callable[[], None]) -> None:
        super().__init__()
        self._close = close
        self._row_height = row_height
        self.inside = inside
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme().px(8) + 16, row_height + 4, 8, 12)
        layout.addWidget(inside)
        self.setFocusProxy(inside)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        has_focus = self.inside.hasFocus()
        painter.setPen(QPen(theme().colour("accent_text" if has_focus else "line"), 1))
        painter.setBrush(theme().colour("sunken"))
        ground = QRectF(self.rect()).adjusted(theme().px(8) + 8.5, self._row_height + 0.5, -0.5, -8.5)
        painter.drawRoundedRect(ground, 8, 8)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._close()


def spans_within(spans: Sequence[tuple[int, int, int]], part: int) -> list[Span]:
    """Return the places of the hits in one part, of hits that are sorted by part."""
    first = bisect_left(spans, (part, -1, -1))
    end = bisect_left(spans, (part + 1, -1, -1))
    return [(start, stop) for _, start, stop in spans[first:end]]


def _underlined(cursor: QTextCursor) -> QTextEdit.ExtraSelection:
    mark, style = QTextEdit.ExtraSelection(), QTextCharFormat()
    style.setBackground(theme().colour("accent"))
    style.setForeground(theme().colour("on_accent"))
    mark.cursor, mark.format = cursor, style  # type: ignore[attr-defined]
    return mark


def _units(text: str) -> int:
    """Return the length of a text as Qt counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
