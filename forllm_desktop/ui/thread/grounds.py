"""Paints the grounds and marks of single blocks: code wells, quote bars, task boxes, inline code."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QTextBlock, QTextDocument, QTextFragment, QTextLine

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.style import Style
from forllm_desktop.ui.thread.typeset import (
    FILE_LEFT,
    FILE_PAD,
    IS_CODE,
    IS_TAG,
    LANGUAGE,
    PLACE,
    QUOTE,
    TASK,
    TEXT_LEFT,
)
from forllm_desktop.ui.thread.writer import Writer


@dataclass
class Scene:
    """What the decorations show beside the text. Keys are those of posts."""

    entry: Callable[[int], Entry | None]
    avatar: Callable[[Entry], tuple[int | None, str]]
    tip: Callable[[Entry], str] = lambda entry: ""
    link_tip: Callable[[str], str] = lambda target: ""
    current: int | None = None
    hovered: int | None = None
    mouse: QPointF | None = None
    rail: int | None = None
    has_focus: bool = False
    writing: set[int] = field(default_factory=set)
    unread: set[int] = field(default_factory=set)
    folded: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Well:
    """A code block that is on screen: where it is, and a position inside its text."""

    rect: QRectF
    position: int


class Grounds:
    """Paints behind the text of blocks, in document coordinates."""

    def __init__(self, document: QTextDocument, writer: Writer, scene: Scene) -> None:
        self._document = document
        self._writer = writer
        self.scene = scene
        self.wells: list[Well] = []

    @property
    def style(self) -> Style:
        """The style of what is on the page."""
        return self._writer.style

    def box(self, block: QTextBlock) -> QRectF:
        """Return the rectangle of a block's lines; its corner is what they are placed from."""
        return self._document.documentLayout().blockBoundingRect(block)

    def paint_code(
        self, painter: QPainter, clip: QRectF, block: QTextBlock, box: QRectF, well_top: float | None
    ) -> float | None:
        """Paint the well of code lines when its last one on screen is reached; returns its top until then."""
        style, px = self.style, self.style.px
        form = block.blockFormat()
        place = form.property(PLACE)
        if place in ("first", "only"):
            well_top = box.top() - px(9)
        elif well_top is None:
            well_top = min(box.top(), clip.top()) - px(40)
        following = block.next()
        is_last = place in ("last", "only")
        is_cut = not following.isValid() or self.box(following).top() > clip.bottom() + px(24)
        if not is_last and not is_cut:
            return well_top
        slot = self._writer.slot_at(block.position())
        bottom = box.bottom() + (px(9) if is_last else px(60))
        left = float(form.property(TEXT_LEFT))
        right = style.text_right(slot.depth if slot is not None else 0)
        well = QRectF(left + 0.5, round(well_top) + 0.5, right - left - 1, round(bottom - well_top) - 1)
        painter.setPen(QPen(style.colour("line"), 1))
        painter.setBrush(style.colour("sunken"))
        painter.drawRoundedRect(well, px(6), px(6))
        self.wells.append(Well(well, block.position()))
        self.paint_language(painter, well, str(form.property(LANGUAGE) or ""))
        return None

    def copy_box(self, well: Well) -> QRectF:
        """Return where the copy button of a code block is."""
        side = self.style.px(24)
        return QRectF(
            well.rect.right() - side - self.style.px(4), well.rect.top() + self.style.px(4), side, side
        )

    def paint_language(self, painter: QPainter, well: QRectF, language: str) -> None:
        """Paint a well's language, and the copy button under the mouse."""
        style, px = self.style, self.style.px
        box = self.copy_box(Well(well, 0))
        is_hovered = self.scene.mouse is not None and well.contains(self.scene.mouse)
        if is_hovered:
            is_over = self.scene.mouse is not None and box.contains(self.scene.mouse)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.colour("hover") if is_over else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, px(4), px(4))
            side = px(14)
            icon = QRectF(box.center().x() - side / 2, box.center().y() - side / 2, side, side).toRect()
            paint_icon(painter, icon, "copy", "text_2")
        if not language:
            return
        font = style.font("caption")
        painter.setFont(font)
        painter.setPen(style.colour("text_3"))
        right = box.left() - px(2) if is_hovered else well.right() - px(12)
        width = QFontMetricsF(font).horizontalAdvance(language) + 2
        label = QRectF(right - width, well.top() + px(7), width, px(16))
        painter.fillRect(label.adjusted(-px(6), 1, 0, -1), style.colour("sunken"))
        painter.drawText(label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, language)

    def paint_quote(self, painter: QPainter, block: QTextBlock, box: QRectF) -> None:
        """Paint the bars of a quote, joined to those above."""
        style, px = self.style, self.style.px
        form = block.blockFormat()
        depth = int(form.property(QUOTE))
        before = block.previous()
        shared = min(depth, int(before.blockFormat().property(QUOTE) or 0))
        slot = self._writer.slot_at(block.position())
        left = style.text_left(slot.depth if slot is not None else 0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.colour("line_strong"))
        for level in range(min(depth, 6)):
            top = self.box(before).bottom() - 1 if level < shared else box.top() + px(2)
            bar = QRectF(left + level * px(16), top, px(3), box.bottom() - top)
            painter.drawRect(bar)

    def paint_file(self, painter: QPainter, block: QTextBlock, box: QRectF) -> None:
        """Paint the frame and the icon of a file's row."""
        style, px = self.style, self.style.px
        layout = block.layout()
        wide = max((layout.lineAt(at).naturalTextWidth() for at in range(layout.lineCount())), default=0.0)
        left = float(block.blockFormat().property(TEXT_LEFT))
        right = left + px(FILE_LEFT) + wide + px(FILE_PAD)
        frame = QRectF(left, round(box.top() - px(4)), right - left, round(box.height() + px(8)))
        painter.setPen(QPen(style.colour("line"), 1))
        painter.setBrush(style.colour("sunken"))
        painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), px(6), px(6))
        line = layout.lineAt(0)
        side = px(14)
        middle = box.top() + (line.y() + line.height() / 2 if line.isValid() else box.height() / 2)
        icon = QRectF(left + px(FILE_PAD), middle - side / 2, side, side).toRect()
        paint_icon(painter, icon, str(block.blockFormat().property(PLACE)), "text_2")

    def paint_rule(self, painter: QPainter, block: QTextBlock, box: QRectF) -> None:
        """Paint a horizontal rule."""
        style = self.style
        slot = self._writer.slot_at(block.position())
        depth = slot.depth if slot is not None else 0
        left = float(block.blockFormat().property(TEXT_LEFT))
        painter.fillRect(
            QRectF(left, round(box.center().y()), style.text_right(depth) - left, 1), style.colour("line")
        )

    def paint_task(self, painter: QPainter, block: QTextBlock) -> None:
        """Paint a task's box and tick."""
        style, px = self.style, self.style.px
        line = block.layout().lineAt(0)
        side = px(14)
        left = float(block.blockFormat().property(TEXT_LEFT))
        middle = self.box(block).topLeft().y() + line.y() + line.height() / 2
        box = QRectF(round(left) + 0.5, round(middle - side / 2) + 0.5, side - 1, side - 1)
        is_done = "x" in str(block.blockFormat().property(TASK)).lower()
        painter.setPen(QPen(style.colour("accent" if is_done else "control"), 1))
        painter.setBrush(style.colour("accent") if is_done else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, px(3), px(3))
        if is_done:
            pen = QPen(style.colour("on_accent"), px(1.6))
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            x, y = box.left(), box.top()
            tick = [(3.2, 6.8), (5.6, 9.2), (10, 4.2)]
            painter.drawPolyline([QPointF(x + px(a), y + px(b)) for a, b in tick])

    def paint_pills(self, painter: QPainter, clip: QRectF, block: QTextBlock) -> None:
        """Paint the grounds of inline code and of tags."""
        style, px = self.style, self.style.px
        origin = self.box(block).topLeft()
        layout = block.layout()
        for start, end, is_tag in _pill_spans(block):
            painter.setPen(QPen(style.colour("accent_soft" if is_tag else "line"), 1))
            painter.setBrush(style.colour("accent_soft" if is_tag else "sunken"))
            at = start
            while at < end:
                line = layout.lineForTextPosition(at)
                if not line.isValid():
                    break
                stop = min(end, line.textStart() + line.textLength())
                y = origin.y() + line.y()
                if y > clip.bottom():
                    return
                if y + line.height() >= clip.top():
                    left, right = x_of(line, at), x_of(line, stop)
                    height = min(line.height(), line.ascent() + line.descent()) + px(1)
                    top = y + (line.height() - height) / 2
                    # The last character carries the room of both sides behind it.
                    pill = QRectF(
                        origin.x() + left - px(3.5), round(top) + 0.5, right - left + px(3), round(height) - 1
                    )
                    painter.drawRoundedRect(pill, px(4), px(4))
                at = max(stop, at + 1)


def fragments(block: QTextBlock) -> Iterator[QTextFragment]:
    """Yield the stretches of one format in a block."""
    iterator = block.begin()
    while not iterator.atEnd():
        yield iterator.fragment()
        iterator += 1


def _pill_spans(block: QTextBlock) -> list[tuple[int, int, bool]]:
    """Return where inline code and tags start and end in a block; one span may be several fragments."""
    spans: list[tuple[int, int, bool]] = []
    for fragment in fragments(block):
        form = fragment.charFormat()
        is_tag = bool(form.property(IS_TAG))
        if not is_tag and not form.property(IS_CODE):
            continue
        start = fragment.position() - block.position()
        end = start + fragment.length()
        if spans and spans[-1][1:] == (start, is_tag):
            spans[-1] = (spans[-1][0], end, is_tag)
        else:
            spans.append((start, end, is_tag))
    return spans


def x_of(line: QTextLine, at: int) -> float:
    """Return where a character of a line begins."""
    # PySide returns the x and the position it belongs to; its stub says float.
    found: Any = line.cursorToX(at)
    return found[0] if isinstance(found, tuple) else found
