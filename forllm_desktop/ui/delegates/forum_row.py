"""Paints the rows of the forum tree, and lets a name be typed inside its row."""

import html
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QHelpEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.forum_tree import AssignedPersona
from forllm_desktop.ui.delegates.name_editor import TEXT_INSET, NameEditor
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.item_models.forum_rows import MARK_LOOKS, SubforumRow, TopicRow, TreeRow
from forllm_desktop.ui.item_models.forum_tree import Role
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.avatar import paint_stack, stack_boxes
from forllm_desktop.ui.widgets.pill import badge_width, paint_badge

Index = QModelIndex | QPersistentModelIndex
NameUse = Callable[[QModelIndex | QPersistentModelIndex, str], None]

INSET, RADIUS = 8, 6
_CARET_LEFT, _CARET, _CARET_GAP = 13, 14, 5
_GAP, _GLYPH, _AVATAR = 8, 14, 16
_SUBFORUM_GAP = 4
"""Free px above a subforum, so that each stands apart from the topics of the one before."""
_BADGE_LIMIT = 999


class ForumRowDelegate(QStyledItemDelegate):
    """Paints one row from its record.

    `use_name` is called with what was typed for a row and raises InvalidInput to refuse it.

    failed(error)    a name could not be given for a reason that typing does not mend
    """

    failed = Signal(object)

    def __init__(self, use_name: NameUse, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._use_name = use_name
        self.shows_focus = False
        self.open_topic = 0
        self.drop_target = QPersistentModelIndex()
        self.coming: tuple[AssignedPersona, ...] = ()
        self.right_inset = INSET
        self._edited = QPersistentModelIndex()

    # -- painting

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        gap = 0 if index.parent().isValid() else theme().px(_SUBFORUM_GAP)
        return QSize(theme().px(120), theme().row(28) + gap)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: TreeRow = index.data(Role.ROW)
        now, box = theme(), self._box(option.rect, index)
        if self._edited.isValid() and self._edited == index:
            return
        is_target = self.drop_target.isValid() and self.drop_target == index
        ground = "accent_soft" if is_target else self._ground(option, row)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if ground != "window":
            _paint_box(painter, box, now.colour(ground))
        right = box.right() + 1 - _GAP
        right = _paint_unread(painter, right, box, row)
        right = _paint_mark(painter, right, box, row, is_open=_has(option, QStyle.StateFlag.State_Open))
        right = _paint_personas(painter, right, box, row, ground, self.coming if is_target else ())
        if isinstance(row, SubforumRow):
            _paint_caret(painter, box, row, is_open=_has(option, QStyle.StateFlag.State_Open))
        # Text may come closer to what follows it than pictures to each other.
        end = right + (_GAP // 2 if right < box.right() + 1 - _GAP else 0)
        title = box.adjusted(text_left() - INSET, 0, end - box.right() - 1, 0)
        _paint_title(painter, title, row, is_dark_text=ground not in ("window", "hover"))
        if is_target or (self.shows_focus and _has(option, QStyle.StateFlag.State_HasFocus)):
            _paint_ring(painter, box)
        painter.restore()

    def _box(self, rect: QRect, index: Index) -> QRect:
        """Return the part of a row that is a box when it is hovered or selected."""
        gap = 0 if index.parent().isValid() else theme().px(_SUBFORUM_GAP)
        return rect.adjusted(INSET, gap, -self.right_inset, 0)

    def persona_at(
        self, rect: QRect, index: Index, point: QPoint, *, is_open: bool
    ) -> AssignedPersona | None:
        """Return whose avatar is painted at a point of the row that fills `rect`."""
        row, box = index.data(Role.ROW), self._box(rect, index)
        if not isinstance(row, SubforumRow):
            return None
        right = box.right() + 1 - _GAP - (badge_width(_unread_text(row)) + _GAP if row.unread else 0)
        right -= theme().px(_GLYPH) + _GAP if row.mark and not is_open else 0
        boxes = stack_boxes(QPointF(right - 2, _middle(box)), theme().px(_AVATAR), _stacked(row.personas))
        # The first lies over the others, each of them over the one before.
        for at in (0, *range(len(boxes) - 1, 0, -1)) if boxes else ():
            if boxes[at].contains(QPointF(point)):
                return row.personas[at]
        return None

    def _ground(self, option: QStyleOptionViewItem, row: TreeRow) -> str:
        is_open = isinstance(row, TopicRow) and row.entry.topic_id == self.open_topic
        if _has(option, QStyle.StateFlag.State_Selected):
            has_focus = option.widget is not None and option.widget.hasFocus()
            return "accent_soft" if has_focus or is_open else "selected_inactive"
        if is_open:
            return "selected_inactive"
        return "hover" if _has(option, QStyle.StateFlag.State_MouseOver) else "window"

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        if event.type() != QEvent.Type.ToolTip or not index.isValid():
            return super().helpEvent(event, view, option, index)
        QToolTip.showText(event.globalPos(), tooltip(index.data(Role.ROW), option.rect.width()), view)
        return True

    # -- typing a name

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = NameEditor(index, parent)
        editor.setAccessibleName("Title of the topic" if index.parent().isValid() else "Name of the subforum")
        self._edited = editor.index
        editor.setPlaceholderText("" if index.parent().isValid() else "Name of the subforum")
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        # Called again whenever the row changes; what has been typed meanwhile must stay.
        if isinstance(editor, NameEditor) and not editor.is_filled:
            editor.is_filled = True
            editor.setText(index.data(Qt.ItemDataRole.EditRole))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Do nothing: a name is given by `use_name`, which can refuse it."""

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        box = self._box(option.rect, index)
        editor.setGeometry(box.adjusted(text_left() - INSET - TEXT_INSET, 0, 0, 0))

    def destroyEditor(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, NameEditor):
            editor.remove_reason()
            self._edited = QPersistentModelIndex()
        super().destroyEditor(editor, index)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if not isinstance(editor, NameEditor):
            return super().eventFilter(editor, event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            return self._keeps_key(event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._take_key(editor, event)
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            self._leave(editor, event)
        return False

    def _keeps_key(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            return True
        return False

    def _take_key(self, editor: NameEditor, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_Escape:
                self.close_editor(editor)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Tab | Qt.Key.Key_Backtab:
                self._give_name(editor)
            case _:
                return False
        return True

    def _leave(self, editor: NameEditor, event: QFocusEvent) -> None:
        """Keep the name when the user clicks elsewhere; a refused one stays open to be mended."""
        reasons = Qt.FocusReason
        if event.reason() in (reasons.PopupFocusReason, reasons.ActiveWindowFocusReason):
            return
        if not editor.text().strip() or not editor.isVisible():
            self.close_editor(editor)
        elif not editor.reason:
            self._give_name(editor)

    def _give_name(self, editor: NameEditor) -> None:
        try:
            self._use_name(editor.index, editor.text())
        except InvalidInput as error:
            editor.refuse(error)
        except ForllmError as error:
            self.failed.emit(error)
            self.close_editor(editor)
        else:
            self.close_editor(editor)

    def close_editor(self, editor: NameEditor) -> None:
        """Close a field without using what was typed in it."""
        # Without a row the view has closed the field itself.
        if editor.index.isValid():
            self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)


def text_left() -> int:
    """Return where the names of subforums and topics start, in px from the left edge of the row."""
    return _CARET_LEFT + theme().px(_CARET) + _CARET_GAP


def is_on_caret(rect: QRect, x: int) -> bool:
    """Say whether a click at `x` in the row of a subforum is on its caret."""
    return x < rect.left() + text_left() - _CARET_GAP


def tooltip(row: TreeRow, width: int) -> str:
    """Return what a row that is `width` px wide says on hover: its whole title when that may be cut."""
    metrics = QFontMetrics(theme().font("ui_strong"))
    room = width - 2 * INSET - text_left() - 3 * theme().px(_GLYPH)
    texts = [row.title] if metrics.horizontalAdvance(row.title) > room else []
    if isinstance(row, SubforumRow):
        texts += [row.entry.description] if row.entry.description else []
    # Tooltips take markup for markup; names are shown as they are.
    return f"<p>{'<br>'.join(html.escape(text) for text in texts)}</p>" if texts else ""


def _has(option: QStyleOptionViewItem, flag: QStyle.StateFlag) -> bool:
    return bool(option.state & flag)


def _paint_box(painter: QPainter, box: QRect, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(box, RADIUS, RADIUS)


def _paint_ring(painter: QPainter, box: QRect) -> None:
    painter.setPen(QPen(theme().colour("accent_text"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), RADIUS - 1, RADIUS - 1)


def _unread_text(row: TreeRow) -> str:
    return str(row.unread) if row.unread <= _BADGE_LIMIT else f"{_BADGE_LIMIT}+"


def _paint_unread(painter: QPainter, right: int, box: QRect, row: TreeRow) -> int:
    if not row.unread:
        return right
    return right - round(paint_badge(painter, QPointF(right, _middle(box)), _unread_text(row))) - _GAP


def _paint_mark(painter: QPainter, right: int, box: QRect, row: TreeRow, *, is_open: bool) -> int:
    # The topics of an open subforum say it themselves.
    if not row.mark or (is_open and isinstance(row, SubforumRow)):
        return right
    side, look = theme().px(_GLYPH), MARK_LOOKS[row.mark]
    square = QRect(right - side, round(_middle(box) - side / 2), side, side)
    paint_icon(painter, square, look.icon, look.colour)
    return right - side - _GAP


def _paint_personas(
    painter: QPainter,
    right: int,
    box: QRect,
    row: TreeRow,
    ground: str,
    coming: tuple[AssignedPersona, ...],
) -> int:
    here = row.personas if isinstance(row, SubforumRow) else ()
    together = _with_coming(here, coming) if coming else here
    if not together:
        return right
    # The ring of the default reaches 2 px beyond its circle.
    middle = QPointF(right - 2, _middle(box))
    faint = {p.persona_id for p in together} - {p.persona_id for p in here}
    width = paint_stack(painter, middle, theme().px(_AVATAR), _stacked(together), ground, faint)
    return right - round(width) - 2 - _GAP


def _with_coming(
    here: tuple[AssignedPersona, ...], coming: tuple[AssignedPersona, ...]
) -> tuple[AssignedPersona, ...]:
    """Return who would be in a row after a drop: the default first, then those who come."""
    has_default = any(one.is_default for one in coming)
    ids = {one.persona_id for one in coming}
    kept = [
        replace(one, is_default=one.is_default and not has_default)
        for one in here
        if one.persona_id not in ids
    ]
    first = [one for one in (*coming, *kept) if one.is_default]
    return tuple(dict.fromkeys((*first, *coming, *kept)))


def _stacked(personas: tuple[AssignedPersona, ...]) -> list[tuple[int, str, bool]]:
    return [(one.persona_id, one.name, one.is_default) for one in personas]


def _paint_caret(painter: QPainter, box: QRect, row: SubforumRow, *, is_open: bool) -> None:
    if row.entry.has_topics:
        side = theme().px(_CARET)
        left = box.left() - INSET + _CARET_LEFT
        square = QRect(left, round(_middle(box) - side / 2), side, side)
        paint_icon(painter, square, "caret-down" if is_open else "caret-right", "text_2")


def _paint_title(painter: QPainter, rect: QRect, row: TreeRow, *, is_dark_text: bool) -> None:
    now = theme()
    is_strong = bool(row.unread) or isinstance(row, SubforumRow)
    font = now.font("ui_strong" if is_strong else "ui")
    painter.setFont(font)
    painter.setPen(now.colour("text" if is_strong or is_dark_text else "text_2"))
    text = QFontMetrics(font).elidedText(row.title, Qt.TextElideMode.ElideRight, rect.width())
    # All titles start at the left, but those written from the right are cut at their own end.
    painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(rect, align | Qt.TextFlag.TextSingleLine, text)


def _middle(box: QRect) -> float:
    return box.top() + box.height() / 2
