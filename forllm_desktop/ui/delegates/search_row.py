"""Paints the rows of the search panel: icon, text with its hits marked, and where it is."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.item_models.search_results import ENTRY, Entry, EntryKind
from forllm_desktop.ui.theme import theme

MOST_NOTE = 0.4
"""Share of a row that the note at its right end may take."""


class SearchRowDelegate(QStyledItemDelegate):
    """Heads are small, results 32 px high."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, row_height(index.data(ENTRY)))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        entry: Entry = index.data(ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry.kind is EntryKind.HEAD:
            _paint_head(painter, row, entry.text)
        else:
            _paint_result(painter, row, entry, is_selected=bool(state & QStyle.StateFlag.State_Selected))
        painter.restore()


def row_height(entry: Entry) -> int:
    """Return the height of a row in px."""
    return theme().row(24, "caption") if entry.kind is EntryKind.HEAD else theme().row(32)


def _paint_head(painter: QPainter, row: QRect, text: str) -> None:
    painter.setFont(theme().font("caption"))
    painter.setPen(theme().colour("text_3"))
    words = row.adjusted(16, 0, -16, 0)
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def _paint_result(painter: QPainter, row: QRect, entry: Entry, *, is_selected: bool) -> None:
    now = theme()
    if is_selected:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour("accent_soft"))
        painter.drawRoundedRect(row.adjusted(8, 0, -8, 0), 6, 6)
    side = now.px(14)
    box = QRect(row.left() + 16, row.center().y() - side // 2, side, side)
    paint_icon(painter, box, entry.icon, "text_2")
    words = row.adjusted(16 + side + now.px(10), 0, -16, 0)
    words.setRight(words.right() - _paint_note(painter, words, entry.note))
    _paint_text(painter, words, entry)


def _paint_note(painter: QPainter, words: QRect, note: str) -> int:
    """Paint the note at the right end; returns the room it takes."""
    if not note:
        return 0
    metrics = QFontMetrics(theme().font("small"))
    most = round(words.width() * MOST_NOTE)
    text = metrics.elidedText(note, Qt.TextElideMode.ElideRight, most)
    painter.setFont(theme().font("small"))
    painter.setPen(theme().colour("text_3"))
    painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
    return metrics.horizontalAdvance(text) + theme().px(16)


def _paint_text(painter: QPainter, words: QRect, entry: Entry) -> None:
    """Paint the text with a ground behind its hits, cut at the right."""
    now = theme()
    font = now.font("ui")
    text = QFontMetrics(font).elidedText(entry.text, Qt.TextElideMode.ElideRight, words.width())
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    layout.setTextOption(option)
    layout.setFormats([_marked(text, start, end) for start, end in entry.marks if start < len(text)])
    layout.beginLayout()
    line = layout.createLine()
    if line.isValid():
        line.setLineWidth(words.width())
    layout.endLayout()
    painter.setPen(now.colour("text"))
    layout.draw(painter, QPointF(words.left(), words.center().y() - line.height() / 2 + 1))


def _marked(text: str, start: int, end: int) -> QTextLayout.FormatRange:
    """Return the format of a hit; Qt counts in UTF-16."""
    made = QTextLayout.FormatRange()
    made.start = _units(text[:start])  # pyright: ignore[reportAttributeAccessIssue]
    made.length = _units(text[start:end])  # pyright: ignore[reportAttributeAccessIssue]
    look = QTextCharFormat()
    look.setBackground(theme().colour("find"))
    look.setForeground(theme().colour("text"))
    made.format = look  # pyright: ignore[reportAttributeAccessIssue]
    return made


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
