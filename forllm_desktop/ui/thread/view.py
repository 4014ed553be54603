"""The reading view: one document, painted decorations, selection, links, and the mouse on painted labels."""

from html import escape

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QPoint, QPointF, QRectF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QTextEdit, QToolTip, QWidget

from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.thread.actions import Label, grown
from forllm_desktop.ui.thread.anchor import Anchor
from forllm_desktop.ui.thread.copying import plain_text
from forllm_desktop.ui.thread.decorations import Decorations
from forllm_desktop.ui.thread.grounds import Scene
from forllm_desktop.ui.thread.specs import Kind
from forllm_desktop.ui.thread.style import DEEPEST, Style
from forllm_desktop.ui.thread.typeset import KIND, PLACE
from forllm_desktop.ui.thread.writer import Slot, Writer

NOTHING = QByteArray(b"")
"""What a resource holds. With None instead, the document would look for a file of that name itself."""


class ThreadView(QTextBrowser):
    """Shows the document of one page.

    act_wished(key, act)       a painted label was pressed
    link_wished(key, target)   a link inside a post was followed; the key is 0 outside of posts
    rail_pressed(key)          the rail of a post was pressed
    well_copied(text)          the copy button of a code block was pressed
    menu_wished(key, position) a context menu was asked for, at a global position
    pressed_on(key)            the mouse was pressed on a post
    resized()                  there is another width now
    scrolled_by_user(up)       somebody scrolled, not the page itself
    """

    act_wished = Signal(int, object)
    link_wished = Signal(int, str)
    rail_pressed = Signal(int)
    well_copied = Signal(str)
    menu_wished = Signal(int, QPoint)
    pressed_on = Signal(int)
    resized = Signal()

    def __init__(self, scene: Scene, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene = scene
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setUndoRedoEnabled(False)
        self.setAcceptDrops(False)
        self.document().setDocumentMargin(0)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
            | Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.setCursorWidth(0)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)
        self.viewport().setMouseTracking(True)
        self._pressed: Label | int | str | None = None
        self.anchor = Anchor(self)
        self.writer = Writer(self.document(), Style(theme()), self.anchor)
        self.decorations = Decorations(self.document(), self.writer, scene)
        # The document is wider than any window, but nobody may scroll there.
        self.horizontalScrollBar().rangeChanged.connect(lambda: self.horizontalScrollBar().setRange(0, 0))
        self.anchorClicked.connect(self._follow)
        portraits().changed.connect(self.viewport().update)

    def use(self, style: Style) -> None:
        """Lay out in this style from now on."""
        self.writer.use(style)
        if self.lineWrapColumnOrWidth() != round(style.document_width):
            self.setLineWrapColumnOrWidth(round(style.document_width))

    # -- where things are

    @property
    def offset(self) -> int:
        """How far the page is scrolled, in px."""
        return self.verticalScrollBar().value()

    def top_of(self, slot: Slot) -> float:
        """Return where a post begins, in document coordinates."""
        return self.decorations.middle(slot) - self.writer.style.px(12)

    def bottom_of(self, slot: Slot) -> float:
        """Return where a post ends, in document coordinates."""
        return self.decorations.box(self.document().findBlock(self.writer.end(slot))).bottom()

    def visible(self) -> list[Slot]:
        """List the posts of which something is on screen."""
        layout, height = self.document().documentLayout(), self.viewport().height()
        first = layout.hitTest(QPointF(0, self.offset), Qt.HitTestAccuracy.FuzzyHit)
        last = layout.hitTest(QPointF(0, self.offset + height), Qt.HitTestAccuracy.FuzzyHit)
        slots = self.writer.slots
        start, end = self.writer.slot_at(max(first, 0)), self.writer.slot_at(max(last, 0))
        if end is None:
            return []
        begin = self.writer.index(start) if start is not None else 0
        return slots[begin : self.writer.index(end) + 1]

    def update_head(self, key: int | None) -> None:
        """Paint the head line and the margin of a post anew."""
        slot = self.writer.by_key.get(key) if key is not None else None
        if slot is not None:
            top = round(self.top_of(slot)) - self.offset
            bottom = round(self.bottom_of(slot)) - self.offset
            left = round(self.writer.style.text_left(slot.depth))
            self.viewport().update(0, top - 8, left, bottom - top + 16)
            self.viewport().update(0, top - 8, self.viewport().width(), round(self.writer.style.px(24)) + 16)

    # -- Qt

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        # A post never loads anything: no file, no address.
        return NOTHING

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.translate(0, -self.offset)
        self.decorations.paint(painter, QRectF(event.rect().translated(0, self.offset)))
        painter.end()
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.resized.emit()

    def createMimeDataFromSelection(self) -> QMimeData:
        cursor = self.textCursor()
        data = QMimeData()
        data.setText(plain_text(self.document(), cursor.selectionStart(), cursor.selectionEnd()))
        return data

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            said = self._tip_at(QPointF(event.pos()) + QPointF(0, self.offset))
            # A tip guesses whether it is HTML, and a model may have any name.
            QToolTip.showText(
                event.globalPos(), f"<p style='white-space:pre'>{escape(said)}</p>" if said else ""
            )
            return True
        return super().viewportEvent(event)

    def _tip_at(self, at: QPointF) -> str:
        """Return what an icon does, where a tag leads, or when exactly a post was written."""
        thing = self._thing_at(at)
        if isinstance(thing, Label):
            return f"{thing.act.word} ({thing.act.key})"
        if isinstance(thing, str):
            return "Copy this code"
        if isinstance(thing, int):
            return "Fold these replies (F)"
        if said := self.scene.link_tip(self.anchorAt((at - QPointF(0, self.offset)).toPoint())):
            return said
        slot = self._slot_at(at)
        entry = self.scene.entry(slot.key) if slot is not None else None
        is_head = slot is not None and at.y() < self.top_of(slot) + self.writer.style.px(24)
        return self.scene.tip(entry) if entry is not None and is_head else ""

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_focus(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_focus(False)

    def _show_focus(self, has_focus: bool) -> None:
        self.scene.has_focus = has_focus
        self.update_head(self.scene.current)

    def focusNextPrevChild(self, next: bool) -> bool:
        moved = super().focusNextPrevChild(next)
        if moved and self.hasFocus():
            self.highlighted.emit(QUrl(self.focused_link()))
        return moved

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.SelectAll) or event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
            return
        bar, key = self.verticalScrollBar(), event.key()
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        steps = {Qt.Key.Key_Up: -bar.singleStep(), Qt.Key.Key_Down: bar.singleStep()}
        if plain and key in steps and not self.textCursor().hasSelection():
            bar.setValue(bar.value() + steps[Qt.Key(key)])
        elif plain and key == Qt.Key.Key_Home:
            bar.setValue(0)
        elif plain and key == Qt.Key.Key_End:
            bar.setValue(bar.maximum())
        elif plain and key == Qt.Key.Key_Space:
            bar.setValue(bar.value() + bar.pageStep())
        else:
            super().keyPressEvent(event)

    # -- the mouse

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(event.position() + QPointF(0, self.offset))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position() + QPointF(0, self.offset)
        slot = self._slot_at(at)
        if slot is not None:
            self.pressed_on.emit(slot.key)
        self._pressed = self._thing_at(at) if event.button() == Qt.MouseButton.LeftButton else None
        if self._pressed is None:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            super().mouseReleaseEvent(event)
            return
        if pressed != self._thing_at(event.position() + QPointF(0, self.offset)):
            return
        match pressed:
            case Label(key=key, act=act):
                self.act_wished.emit(key, act)
            case int():
                self.rail_pressed.emit(pressed)
            case str():
                self.well_copied.emit(pressed)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            slot = self.writer.by_key.get(self.scene.current or 0)
            y = round(self.top_of(slot)) - self.offset + 24 if slot is not None else 24
            where = self.viewport().mapToGlobal(QPoint(48, max(y, 0)))
        else:
            slot = self._slot_at(QPointF(event.pos()) + QPointF(0, self.offset))
            where = event.globalPos()
        self.menu_wished.emit(slot.key if slot is not None else 0, where)

    def _hover(self, at: QPointF | None) -> None:
        scene = self.scene
        slot = self._slot_at(at) if at is not None else None
        thing = self._thing_at(at) if at is not None else None
        rail = thing if isinstance(thing, int) else None
        had_well = self._is_in_well(scene.mouse)
        before, scene.mouse = scene.hovered, at
        scene.hovered = slot.key if slot is not None else None
        if rail != scene.rail:
            scene.rail = rail
            self.viewport().update()
        elif had_well or self._is_in_well(at):
            self.viewport().update()
        else:
            for key in {before, scene.hovered} - {None}:
                self.update_head(key)
        if thing is not None:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        elif at is not None and not self.anchorAt((at - QPointF(0, self.offset)).toPoint()):
            self.viewport().setCursor(Qt.CursorShape.IBeamCursor)

    def _is_in_well(self, at: QPointF | None) -> bool:
        return at is not None and any(well.rect.contains(at) for well in self.decorations.grounds.wells)

    def _slot_at(self, at: QPointF) -> Slot | None:
        position = self.document().documentLayout().hitTest(QPointF(0, at.y()), Qt.HitTestAccuracy.FuzzyHit)
        slot = self.writer.slot_at(max(position, 0))
        if slot is None or at.y() > self.bottom_of(slot) + self.writer.style.px(16):
            return None
        return slot

    def _thing_at(self, at: QPointF) -> Label | int | str | None:
        """Return what is pressed at a point: a label, the post of a rail, or the text of a code block."""
        for key in {self.scene.hovered, self.scene.current} | {slot.key for slot in self.visible()}:
            for label in self.decorations.labels.get(key or 0, ()):
                if label.key in self.writer.by_key and grown(label, self.writer.style).contains(at):
                    return label
        for well in self.decorations.grounds.wells:
            if self.decorations.grounds.copy_box(well).contains(at):
                return self._code_at(well.position)
        return self._rail_at(at)

    def _code_at(self, position: int) -> str:
        block = self.document().findBlock(position)
        while block.blockFormat().property(PLACE) not in ("first", "only"):
            block = block.previous()
        lines = []
        while block.isValid() and block.blockFormat().property(KIND) == Kind.CODE.value:
            lines.append(block.text().replace("\u2028", "\n"))
            if block.blockFormat().property(PLACE) in ("last", "only"):
                break
            block = block.next()
        return "\n".join(lines)

    def _rail_at(self, at: QPointF) -> int | None:
        slot, style = self._slot_at(at), self.writer.style
        entry = self.scene.entry(slot.key) if slot is not None else None
        while entry is not None:
            is_own = slot is not None and entry.key == slot.key
            if entry.depth < DEEPEST and abs(at.x() - style.rail(entry.depth)) <= style.px(5):
                below_avatar = slot is None or not is_own or at.y() > self.top_of(slot) + style.px(30)
                return entry.key if entry.replies and below_avatar else None
            entry = self.scene.entry(entry.parent) if entry.parent is not None else None
        return None

    def _follow(self, url: QUrl) -> None:
        target = url.toString() if url.scheme() == "act" else bytes(url.toEncoded().data()).decode()
        slot = self.writer.slot_at(self._link_position())
        self.link_wished.emit(slot.key if slot is not None else 0, target)

    def _link_position(self) -> int:
        cursor = self.textCursor()
        if cursor.hasSelection():
            return cursor.selectionStart()
        if self.scene.mouse is not None:
            found = self.document().documentLayout().hitTest(self.scene.mouse, Qt.HitTestAccuracy.FuzzyHit)
            return max(found, 0)
        return cursor.position()

    def focused_link(self) -> str:
        """Return the target of the link that Tab selected, or ""."""
        cursor = self.textCursor()
        if not cursor.hasSelection():
            return ""
        inside = QTextCursor(self.document())
        inside.setPosition(cursor.selectionStart() + 1)
        return inside.charFormat().anchorHref()
