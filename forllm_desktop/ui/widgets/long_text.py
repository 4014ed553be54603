"""A text of any length to read: written in small steps, the rest when it is asked for."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.thread.filler import Slices

FIRST = (2_000, 100_000)
"""Lines and characters that are shown at first."""
MOST = (40_000, 4_000_000)
"""Lines and characters that are shown at all: each line costs a microsecond at every change of the width."""
_STEP = (300, 8_000)
"""Lines and characters of one step; 8,000 Chinese characters take 10 ms."""
_LINE = 1_000
"""Longest line, in characters; Qt lays a line out as a whole."""


def lines_of(text: str) -> list[str]:
    """Return the lines that show a text, too long ones broken. May be called from any thread."""
    shown = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    result: list[str] = []
    for line in shown.replace("\u2028", "\n").replace("\u2029", "\n").split("\n"):
        if len(line) <= _LINE:
            result.append(line)
        else:
            result += (line[at : at + _LINE] for at in range(0, len(line), _LINE))
    return result


class LongText(QPlainTextEdit):
    """Read-only; its text can be selected by mouse and keyboard.

    filled()    as much as is wanted is written
    """

    filled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: Sequence[str] = ()
        self._shown = 0
        self._slices = Slices(self)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setStyleSheet("QPlainTextEdit { background: transparent; }")
        self.viewport().setAutoFillBackground(False)
        look().changed.connect(self._dress)
        self._dress()

    @property
    def is_busy(self) -> bool:
        """Say whether something is still to be written."""
        return self._slices.is_busy

    @property
    def left(self) -> int:
        """How many lines are not shown."""
        return len(self._lines) - self._shown

    @property
    def can_show_more(self) -> bool:
        """Say whether `show_rest` would show more."""
        return self._shown < self._end(*MOST)

    def show_lines(self, lines: Sequence[str]) -> None:
        """Show the beginning of these lines, see `lines_of`."""
        self._slices.stop()
        self._lines, self._shown = lines, 0
        self.clear()
        self._write(self._end(*FIRST))

    def show_rest(self) -> None:
        """Show all lines, or as many as can be shown."""
        self._write(self._end(*MOST))

    def _write(self, end: int) -> None:
        self._slices.run(self._steps(end), self.filled.emit)

    def _steps(self, end: int) -> Iterator[object]:
        while self._shown < end:
            stop = min(end, self._stop(self._shown, *_STEP))
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            text = "\n".join(self._lines[self._shown : stop])
            cursor.insertText(f"\n{text}" if self._shown else text)
            self._shown = stop
            yield

    def _end(self, lines: int, characters: int) -> int:
        return self._stop(0, lines, characters)

    def _stop(self, start: int, lines: int, characters: int) -> int:
        """Return the line before which a portion ends that begins at `start`; it has one line at least."""
        end, size = start, 0
        while end < len(self._lines) and end - start < lines:
            size += len(self._lines[end])
            if end > start and size > characters:
                break
            end += 1
        return end

    def _dress(self) -> None:
        self.setFont(theme().font("code"))
