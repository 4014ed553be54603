"""Paints rows of two lines, and the captions that stand above groups of them."""

from enum import IntEnum

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from forllm_desktop.ui.theme import theme

PAD = 16
Index = QModelIndex | QPersistentModelIndex


class RowRole(IntEnum):
    """`LINE` is the second line; `MARK` a word at the right end; a row with `CAPTION` has only its text."""

    LINE = Qt.ItemDataRole.UserRole + 1
    MARK = Qt.ItemDataRole.UserRole + 2
    CAPTION = Qt.ItemDataRole.UserRole + 3


class TwoLineRowDelegate(QStyledItemDelegate):
    """The view says by `shows_focus` whether the ring is shown."""

    shows_focus = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        now = theme()
        if index.data(RowRole.CAPTION):
            return QSize(now.px(120), now.row(32, "caption"))
        return QSize(now.px(120), max(44, now.line_height("ui") + now.line_height("small") + 8))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        box: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        inner = box.adjusted(PAD, 0, -PAD, 0)
        painter.save()
        if index.data(RowRole.CAPTION):
            _write(painter, inner.adjusted(0, 8, 0, 0), str(index.data()), "caption", "text_3")
        else:
            self._paint_ground(painter, box, state)
            self._paint_words(painter, inner, index)
        painter.restore()

    def _paint_ground(self, painter: QPainter, box: QRect, state: QStyle.StateFlag) -> None:
        ground = ""
        if state & QStyle.StateFlag.State_Selected:
            ground = "accent_soft" if state & QStyle.StateFlag.State_Active else "selected_inactive"
        elif state & QStyle.StateFlag.State_MouseOver:
            ground = "hover"
        if ground:
            painter.fillRect(box, theme().colour(ground))
        if self.shows_focus and state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme().colour("accent_text"), 2))
            painter.drawRect(QRectF(box).adjusted(1, 1, -1, -1))

    def _paint_words(self, painter: QPainter, box: QRect, index: Index) -> None:
        now = theme()
        upper, lower = now.line_height("ui"), now.line_height("small")
        top = box.top() + (box.height() - upper - lower) // 2
        mark = str(index.data(RowRole.MARK) or "")
        width = QFontMetrics(now.font("small")).horizontalAdvance(mark)
        if mark:
            _write(painter, QRect(box.right() - width, top, width + 1, upper), mark, "small", "accent_text")
        title = QRect(box.left(), top, box.width() - (width + 8 if mark else 0), upper)
        _write(painter, title, str(index.data()), "ui_medium", "text")
        line = QRect(box.left(), top + upper, box.width(), lower)
        _write(painter, line, str(index.data(RowRole.LINE) or ""), "small", "text_3")


def _write(painter: QPainter, box: QRect, text: str, font: str, colour: str) -> None:
    painter.setFont(theme().font(font))
    painter.setPen(theme().colour(colour))
    shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 1)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(box, align | Qt.TextFlag.TextDontClip, shown)
