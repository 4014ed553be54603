"""Paints the rows of the list of versions: number, what changed, by whom and when."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from forllm_desktop.ui.item_models.version_list import Role, VersionRow
from forllm_desktop.ui.theme import theme

PAD = 16
NUMBER = 48
"""Room for "v12" or "Draft", in px at 100 %."""
Index = QModelIndex | QPersistentModelIndex


class VersionRowDelegate(QStyledItemDelegate):
    """`compared` says of the numbers of two selected rows which is "new" and which "old"."""

    compared: dict[int, str] = {}  # noqa: RUF012 (replaced as a whole, never changed)
    shows_focus = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        now = theme()
        return QSize(now.px(160), max(44, now.line_height("ui") + now.line_height("small") + 8))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: VersionRow = index.data(Role.ROW)
        now = theme()
        box: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        ground = ""
        if state & QStyle.StateFlag.State_Selected:
            ground = "accent_soft" if state & QStyle.StateFlag.State_Active else "selected_inactive"
        elif state & QStyle.StateFlag.State_MouseOver:
            ground = "hover"
        if ground:
            painter.fillRect(box, now.colour(ground))
        if self.shows_focus and state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.drawRect(QRectF(box).adjusted(1, 1, -1, -1))
        self._paint_words(painter, box.adjusted(PAD, 0, -PAD, 0), row, index.data(Role.LINE))
        painter.restore()

    def _paint_words(self, painter: QPainter, box: QRect, row: VersionRow, line: str) -> None:
        now = theme()
        upper, lower = now.line_height("ui"), now.line_height("small")
        top = box.top() + (box.height() - upper - lower) // 2
        number = QFontMetrics(now.font("ui_strong")).horizontalAdvance(row.name)
        left = box.left() + max(now.px(NUMBER - 4), number + 8)
        right = box.right()
        word = self.compared.get(row.number, "")
        if word:
            width = QFontMetrics(now.font("small")).horizontalAdvance(word)
            place = QRect(right - width, box.top(), width + 1, box.height())
            _write(painter, place, word, "small", "accent_text")
            right -= width + 8
        _write(painter, QRect(box.left(), box.top(), number + 1, box.height()), row.name, "ui_strong", "text")
        _write(painter, QRect(left, top, right - left, upper), row.title, "ui", "text")
        _write(painter, QRect(left, top + upper, right - left, lower), line, "small", "text_3")


def _write(painter: QPainter, box: QRect, text: str, font: str, colour: str) -> None:
    painter.setFont(theme().font(font))
    painter.setPen(theme().colour(colour))
    shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 1)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(box, align | Qt.TextFlag.TextDontClip, shown)
