"""The context window as a bar of parts, and the legend that names them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard

COLOURS = {
    "persona": "meter_persona",
    "thread": "meter_thread",
    "other": "meter_other",
    "files": "meter_files",
    "post": "meter_post",
}
"""The token of each source's colour."""
ANSWER, FREE = "answer", "free"
WORDS = {"other": "other threads", ANSWER: "room for the answer"}
"""What a source is called where its own name says too little."""
HEIGHT = 12
_STEP = 5
"""Px between the lines of a hatch."""


@dataclass(frozen=True)
class Portion:
    """A part of the prompt: its source and its size in tokens."""

    source: str
    tokens: int


class TokenBar(QWidget):
    """Parts from the left, then the room for the answer (hatched), then what is free.

    What has no room lies beyond a mark at the end of the window. With `set_walkable` the arrow keys go from
    part to part.

    pointed(index)    the pointer or the keyboard is at a part; -1: at none
    """

    pointed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: Sequence[Portion] = ()
        self._answer = self._window = 0
        self._lit = -1
        self._is_exact = self._has_ring = False
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look().changed.connect(self.updateGeometry)

    def set_walkable(self) -> None:
        """Let the keyboard come here."""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_parts(
        self, parts: Sequence[Portion], answer: int, window: int, *, is_exact: bool = False
    ) -> None:
        """Show what fills a window; all in tokens, estimated unless `is_exact`."""
        self._parts, self._answer, self._window = parts, answer, window
        self._is_exact = is_exact
        self.setAccessibleName(self._spoken())
        self.update()

    def light(self, index: int) -> None:
        """Let one part stand out; -1: none."""
        if index != self._lit:
            self._lit = index
            self.update()

    def part_at(self, x: float) -> int:
        """Return the part at a place; -1 when there is none."""
        for index, box in enumerate(self._boxes()):
            if box.left() <= x < box.right() + 1:
                return index
        return -1

    def sizeHint(self) -> QSize:
        return QSize(theme().px(200), theme().px(HEIGHT))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.part_at(event.position().x())
        self.light(index)
        self.setToolTip(self._words(index))
        self.pointed.emit(index)

    def leaveEvent(self, event) -> None:
        self.light(-1)
        self.pointed.emit(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() not in steps or not self._parts:
            super().keyPressEvent(event)
            return
        index = min(max(self._lit + steps[Qt.Key(event.key())], 0), len(self._parts) - 1)
        self.light(index)
        self.setAccessibleDescription(self._words(index))
        self.pointed.emit(index)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._has_ring = comes_by_keyboard(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._has_ring = False
        self.light(-1)
        self.pointed.emit(-1)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._window:
            return
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(self.rect())
        painter.fillRect(whole, now.colour("neutral_soft"))
        boxes = self._boxes()
        for index, box in enumerate(boxes):
            painter.setOpacity(1.0 if self._lit in (-1, index) else 0.35)
            painter.fillRect(box, now.colour(COLOURS.get(self._parts[index].source, "meter_other")))
        painter.setOpacity(1.0)
        scale = self._scale()
        used, limit = self._used() * scale, self._window * scale
        end = min(used + self._answer * scale, limit)
        if end > used + 1:
            answer = QRectF(used + 1, 0, end - used - 1, whole.height())
            painter.fillRect(answer, now.colour("surface"))
            hatch(painter, answer, "line_strong")
        if self._is_over():
            over = QRectF(limit, 0, max(0.0, whole.width() - limit), whole.height())
            painter.fillRect(over, now.colour("surface"))
            hatch(painter, over, "danger")
            painter.fillRect(QRectF(limit - 1, 0, 2, whole.height()), now.colour("text"))
        if self._has_ring:
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(whole.adjusted(1, 1, -1, -1))

    def _used(self) -> int:
        return sum(part.tokens for part in self._parts)

    def _is_over(self) -> bool:
        return self._used() > self._window - self._answer

    def _scale(self) -> float:
        """Return px for each token."""
        return self.width() / max(1, self._window, self._used() + self._answer)

    def _boxes(self) -> list[QRectF]:
        """Return where the parts are, with a gap where the source changes or there is room for one."""
        boxes, left, scale = [], 0.0, self._scale()
        for index, part in enumerate(self._parts):
            width = max(1.0, part.tokens * scale) if part.tokens else 0.0
            following = self._parts[index + 1].source if index + 1 < len(self._parts) else ""
            gap = 1.0 if width > 4 or (following != part.source and width > 2) else 0.0
            boxes.append(QRectF(left, 0, max(0.0, width - gap), self.height()))
            left += width
        return boxes

    def _words(self, index: int) -> str:
        if not 0 <= index < len(self._parts):
            return ""
        part = self._parts[index]
        return f"{WORDS.get(part.source, part.source)}, {self._about()}{part.tokens:,} tokens"

    def _about(self) -> str:
        return "" if self._is_exact else "~"

    def _spoken(self) -> str:
        over = "; this is too much" if self._is_over() else ""
        about = "" if self._is_exact else "About "
        return f"{about}{self._used():,} of {self._window:,} tokens, {self._answer:,} for the answer{over}"


class TokenLegend(QWidget):
    """Names the parts with their colours and sizes, side by side or below each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, 4)
        self._entries: dict[str, _Entry] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_sizes(self, sizes: dict[str, int], answer: int, free: int, *, is_exact: bool = False) -> None:
        """Show the tokens of each source, estimated unless `is_exact`; those without any are left out."""
        for source, tokens in {**sizes, ANSWER: answer, FREE: max(0, free)}.items():
            if source not in self._entries:
                self._entries[source] = _Entry(source)
                self._flow.addWidget(self._entries[source])
            about = "" if source == ANSWER or is_exact else "~"
            self._entries[source].show_words(f"{WORDS.get(source, source)} {about}{tokens:,}")
            self._entries[source].setVisible(tokens > 0)


class _Entry(QWidget):
    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_words(self, words: str) -> None:
        self._words = words
        self.setAccessibleName(words)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        now = theme()
        words = QFontMetrics(now.font("small")).horizontalAdvance(self._words)
        return QSize(now.px(8) + 6 + words + 8, now.line_height("small") + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter, side = theme(), QPainter(self), theme().px(8)
        box = QRectF(0, round((self.height() - side) / 2), side, side)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._source == ANSWER:
            hatch(painter, box, "line_strong")
            painter.setPen(QPen(now.colour("line_strong"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        else:
            token = "neutral_soft" if self._source == FREE else COLOURS.get(self._source, "meter_other")
            painter.fillRect(box, now.colour(token))
        painter.setFont(now.font("small"))
        painter.setPen(now.colour("text_2"))
        words = self.rect().adjusted(side + 6, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, self._words)


def hatch(painter: QPainter, box: QRectF, colour: str) -> None:
    """Draw lines at 45 degrees into a box."""
    painter.save()
    painter.setClipRect(box)
    painter.setPen(QPen(theme().colour(colour), 1.2))
    x = box.left() - box.height()
    while x < box.right():
        painter.drawLine(QLineF(x, box.bottom(), x + box.height(), box.top()))
        x += _STEP
    painter.restore()
