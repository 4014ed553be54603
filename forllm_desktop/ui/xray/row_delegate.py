"""Paints a row of a prompt: a dot in its part's colour, its role, who it is from, its first words."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.token_bar import COLOURS
from forllm_desktop.ui.xray.model import ROW, XrayModel
from forllm_desktop.ui.xray.rows import Row, RowKind

Index = QModelIndex | QPersistentModelIndex
NARROW = 300
"""Width in px at 100 % below which a row names no author beside its words."""


def row_height() -> int:
    """Return the height of a closed row in px."""
    return theme().row(28)


class RowDelegate(QStyledItemDelegate):
    """`lit` are the parts that stand out, `heights` what open rows have below them, by row."""

    def __init__(self, parent) -> None:
        super().__init__(parent)
        self.lit: range = range(0)
        self.heights: dict[int, int] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme().px(120), row_height() + self.heights.get(index.row(), 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        now = theme()
        whole: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        box = QRect(whole.left(), whole.top(), whole.width(), row_height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.part >= 0 and row.part in self.lit:
            painter.fillRect(box, now.colour("hover"))
        # A line where a message begins; its further parts are set in.
        inset = 0 if row.begins else now.px(8) + 8
        painter.fillRect(
            QRect(whole.left() + inset, whole.top(), whole.width() - inset, 1), now.colour("line")
        )
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(1, 2, -1, -1), 4, 4)
        if row.kind is RowKind.HEAD:
            self._paint_head(painter, box, row, index)
        else:
            self._paint_row(painter, box, row, str(index.data()))
        painter.restore()

    def _paint_head(self, painter: QPainter, box: QRect, row: Row, index: Index) -> None:
        model, side = index.model(), theme().px(14)
        is_open = isinstance(model, XrayModel) and model.is_open(row.section)
        at = QRect(box.left(), box.center().y() - side // 2 + 1, side, side)
        paint_icon(painter, at, "caret-down" if is_open else "caret-right", "text_2")
        left = box.left() + side + 6
        right = self._paint_size(painter, box, row) if row.tokens else box.right()
        used = _write(
            painter, QRect(left, box.top(), right - left, box.height()), row.role, "ui_medium", "text"
        )
        rest = QRect(left + used + 12, box.top(), max(0, right - left - used - 24), box.height())
        _write(painter, rest, row.text, "small", "text_3")

    def _paint_row(self, painter: QPainter, box: QRect, row: Row, words: str) -> None:
        now = theme()
        side = now.px(8)
        if row.icon:
            side = now.px(14)
            at = QRect(box.left(), box.center().y() - side // 2 + 1, side, side)
            paint_icon(painter, at, row.icon, "text_3")
        elif row.source:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.colour(COLOURS.get(row.source, "meter_other")))
            painter.drawEllipse(QRectF(box.left() + 2, box.center().y() - side / 2 + 1, side, side))
        left = box.left() + side + 8
        right = self._paint_size(painter, box, row) if row.size else box.right()
        if row.is_pinned:
            mark = now.px(12)
            right -= mark + 8
            paint_icon(
                painter, QRect(right, box.center().y() - mark // 2 + 1, mark, mark), "push-pin", "text_2"
            )
        right -= 12
        if row.kind is RowKind.LEFT_OUT:
            # Who it is from has as much room as it needs, up to half.
            room = (right - left) // 2
            used = _write(
                painter, QRect(left, box.top(), room, box.height()), row.role, "small_medium", "text_2"
            )
            rest = QRect(left + used + 12, box.top(), max(0, right - left - used - 12), box.height())
            _write(painter, rest, words, "small", "text_3")
            return
        role = QFontMetrics(now.font("small_medium")).horizontalAdvance("assistant") + now.px(16)
        if row.kind is RowKind.CHANGE and not words:
            role = right - left
        _write(painter, QRect(left, box.top(), role, box.height()), row.role, "small_medium", "text_2")
        left += role
        if row.label and box.width() > now.px(NARROW) and not words.startswith(row.label):
            room = (right - left) // 3
            font = QFontMetrics(now.font("small_medium"))
            used = _write(
                painter, QRect(left, box.top(), room, box.height()), row.label, "small_medium", "text"
            )
            left += used + font.horizontalAdvance("  ")
        _write(painter, QRect(left, box.top(), max(0, right - left), box.height()), words, "small", "text_2")

    def _paint_size(self, painter: QPainter, box: QRect, row: Row) -> int:
        """Write the size at the right end; returns where it begins."""
        right = box.right() - QFontMetrics(theme().font("small")).horizontalAdvance(row.size)
        place = QRect(right, box.top(), box.right() - right, box.height())
        _write(painter, place, row.size, "small", "text_2")
        return right


def _write(painter: QPainter, box: QRect, text: str, font: str, colour: str) -> int:
    """Write one line, shortened to fit; returns its width in px."""
    painter.setFont(theme().font(font))
    painter.setPen(theme().colour(colour))
    metrics = QFontMetrics(painter.font())
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 1)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    # The direction of a name is its own business; where it stands is ours.
    painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    painter.drawText(box, align | Qt.TextFlag.TextDontClip, shown)
    return metrics.horizontalAdvance(shown)
