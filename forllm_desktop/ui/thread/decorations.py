"""Paints behind the text all that is not text: rails, avatars, code wells, quote bars, boxes, labels."""

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QTextBlock, QTextDocument

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.thread import actions
from forllm_desktop.ui.thread.actions import Label
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.grounds import Grounds, Scene, fragments, x_of
from forllm_desktop.ui.thread.specs import Kind
from forllm_desktop.ui.thread.style import DEEPEST, Style
from forllm_desktop.ui.thread.typeset import (
    CELL,
    GAP,
    KIND,
    PILLS,
    PLACE,
    QUOTE,
    TASK,
)
from forllm_desktop.ui.thread.writer import Slot, Writer, table_before
from forllm_desktop.ui.widgets.avatar import paint_persona, paint_user


class Decorations:
    """Paints into a document's coordinates. Remembers where labels and wells are, for the mouse."""

    def __init__(self, document: QTextDocument, writer: Writer, scene: Scene) -> None:
        self._document = document
        self._writer = writer
        self.scene = scene
        self.labels: dict[int, list[Label]] = {}
        self.grounds = Grounds(document, writer, scene)

    @property
    def _style(self) -> Style:
        return self._writer.style

    def paint(self, painter: QPainter, clip: QRectF) -> None:
        """Paint what lies inside `clip`, in document coordinates."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        layout = self._document.documentLayout()
        position = layout.hitTest(QPointF(0, clip.top()), Qt.HitTestAccuracy.FuzzyHit)
        self.grounds.wells = [well for well in self.grounds.wells if not well.rect.intersects(clip)]
        self._paint_rails(painter, clip, position)
        self._paint_blocks(painter, clip, self._document.findBlock(max(position, 0)))

    # -- posts

    def _visible(self, clip: QRectF, position: int) -> Iterator[tuple[Slot, float, float]]:
        """Yield the posts inside the clip with their top and bottom."""
        slots = self._writer.slots
        slot = self._writer.slot_at(position)
        index = self._writer.index(slot) if slot is not None else 0
        while index < len(slots):
            head = self._document.findBlock(slots[index].start)
            top = self.box(head).top()
            if top - head.blockFormat().topMargin() > clip.bottom():
                return
            last = self._document.findBlock(self._writer.end(slots[index]))
            yield slots[index], top, self.box(last).bottom()
            index += 1

    def _next_top(self, slot: Slot, bottom: float) -> float:
        """Return where the room of the post after this one begins."""
        index = self._writer.index(slot) + 1
        if index >= len(self._writer.slots):
            return bottom
        head = self._document.findBlock(self._writer.slots[index].start)
        return max(self.box(head).top() - head.blockFormat().topMargin(), bottom)

    def _paint_rails(self, painter: QPainter, clip: QRectF, position: int) -> None:
        style, scene = self._style, self.scene
        hot = scene.entry(scene.rail) if scene.rail is not None else None
        is_below: bool | None = None
        for slot, top, bottom in self._visible(clip, position):
            entry = scene.entry(slot.key)
            if entry is None:
                continue
            gap = self._document.findBlock(slot.start).blockFormat().topMargin()
            end = self._next_top(slot, bottom)
            if hot is not None:
                # Only the first post on screen must be asked, the others follow in reading order.
                is_above = entry.depth <= hot.depth
                is_below = not is_above and (self._is_below(entry, hot) if is_below is None else is_below)
                is_below = is_below or entry.key == hot.key
            for depth in range(min(entry.depth, DEEPEST)):
                is_hot = hot is not None and is_below is True and depth == hot.depth
                self._rail(painter, depth, top - gap, end, is_hot=is_hot)
            if (
                entry.replies
                and entry.depth < DEEPEST
                and slot.key not in scene.folded
                and not style.is_narrow
            ):
                start = self.middle(slot) + style.px(18)
                self._rail(painter, entry.depth, start, end, is_hot=slot.key == scene.rail)
            if slot.key == scene.current:
                x = style.post_left(entry.depth) - style.px(14)
                start = self.middle(slot) - style.px(12)
                token = "accent_text" if scene.has_focus else "control"
                bar = QRectF(round(x), start, style.px(2), max(bottom - start, style.px(24)))
                painter.fillRect(bar, style.colour(token))

    def _is_below(self, entry: Entry, above: Entry) -> bool:
        """Say whether one post answers another, directly or not."""
        one: Entry | None = entry
        while one is not None and one.depth > above.depth:
            one = self.scene.entry(one.parent) if one.parent is not None else None
        return one is above

    def _rail(self, painter: QPainter, depth: int, top: float, bottom: float, *, is_hot: bool) -> None:
        width = max(1.0, round(self._style.scale)) * (2 if is_hot else 1)
        x = round(self._style.rail(depth) - width / 2)
        token = "control" if is_hot else "line"
        painter.fillRect(QRectF(x, top, width, bottom - top), self._style.colour(token))

    # -- blocks

    def _paint_blocks(self, painter: QPainter, clip: QRectF, block: QTextBlock) -> None:
        well_top: float | None = None
        while block.isValid():
            box = self.box(block)
            if box.top() > clip.bottom() + self._style.px(24):
                break
            form = block.blockFormat()
            kind = form.property(KIND)
            if form.property(QUOTE):
                self.grounds.paint_quote(painter, block, box)
            if kind == Kind.HEADER.value:
                self._paint_head(painter, block)
            elif kind == Kind.CODE.value:
                well_top = self.grounds.paint_code(painter, clip, block, box, well_top)
            elif kind == Kind.FILE.value:
                self.grounds.paint_file(painter, block, box)
            elif kind == Kind.RULE.value:
                self.grounds.paint_rule(painter, block, box)
            if form.property(TASK):
                self.grounds.paint_task(painter, block)
            if form.property(PILLS):
                self.grounds.paint_pills(painter, clip, block)
            block = block.next()
        self._paint_carets(painter, clip)

    def _paint_head(self, painter: QPainter, block: QTextBlock) -> None:
        style, scene = self._style, self.scene
        slot = self._writer.slot_at(block.position())
        entry = scene.entry(slot.key) if slot is not None else None
        if slot is None or entry is None:
            return
        middle = self.middle(slot)
        if style.avatar and not entry.is_deleted:
            side = style.avatar
            box = QRectF(round(style.post_left(entry.depth)), round(middle - side / 2), side, side)
            persona_id, name = scene.avatar(entry)
            if persona_id is None:
                paint_user(painter, box, name)
            else:
                paint_persona(painter, box, persona_id, name)
            if slot.key in scene.unread:
                self._paint_dot(painter, QPointF(box.right() - style.px(2), box.top() + style.px(2)))
        self._paint_state(painter, block)
        is_marked = slot.key in (scene.current, scene.hovered)
        acts = actions.labelled(entry, is_marked=is_marked)
        line = block.layout().lineAt(0)
        used = self.box(block).topLeft().x() + line.x() + line.naturalTextWidth()
        right = style.head_right
        labels = actions.lay_out(slot.key, acts, style, middle, right, used)
        self.labels[slot.key] = labels
        actions.paint(painter, labels, style, scene.mouse if slot.key == scene.hovered else None)

    def _paint_dot(self, painter: QPainter, centre: QPointF) -> None:
        painter.setPen(QPen(self._style.colour("surface"), self._style.px(1.5)))
        painter.setBrush(self._style.colour("accent"))
        painter.drawEllipse(centre, self._style.px(4.5), self._style.px(4.5))

    def _paint_state(self, painter: QPainter, block: QTextBlock) -> None:
        for fragment in fragments(block):
            named = fragment.charFormat().property(PLACE)
            if named:
                icon, colour = str(named).split(" ")
                at = fragment.position() - block.position() + 1
                line = block.layout().lineForTextPosition(at)
                side = round(self._style.px(14))
                x = self.box(block).topLeft().x() + x_of(line, at) - self._style.px(4) - side
                y = self.box(block).topLeft().y() + line.y() + line.height() / 2 - side / 2
                paint_icon(painter, QRect(round(x), round(y), side, side), icon, colour)

    def _paint_carets(self, painter: QPainter, clip: QRectF) -> None:
        for key in self.scene.writing:
            slot = self._writer.by_key.get(key)
            if slot is None:
                continue
            caret = self.caret(slot)
            if caret is not None and caret.intersects(clip):
                painter.fillRect(caret, self._style.colour("accent_text"))

    def caret(self, slot: Slot) -> QRectF | None:
        """Return where the end of a growing text is."""
        block = self._document.findBlock(self._writer.end(slot))
        if block.blockFormat().property(KIND) == GAP:
            table = table_before(self._document, block)
            if table is None:
                return None
            block = self._document.findBlock(table.lastPosition())
            while not block.text() and block.previous().blockFormat().property(KIND) == CELL:
                block = block.previous()
        if block.blockFormat().property(KIND) == Kind.HEADER.value:
            return None
        line = block.layout().lineAt(block.layout().lineCount() - 1)
        if not line.isValid():
            return None
        px = self._style.px
        x = self.box(block).topLeft().x() + line.x() + line.naturalTextWidth() + px(2)
        middle = self.box(block).topLeft().y() + line.y() + line.height() / 2
        return QRectF(round(x), round(middle - px(8)), px(8), px(16))

    # -- measures

    def box(self, block: QTextBlock) -> QRectF:
        """Return the rectangle of a block's lines."""
        return self._document.documentLayout().blockBoundingRect(block)

    def middle(self, slot: Slot) -> float:
        """Return the middle of a post's first line."""
        block = self._document.findBlock(slot.start)
        box = self.box(block)
        line = block.layout().lineAt(0)
        return box.top() + (line.height() / 2 if line.isValid() else box.height() / 2)
