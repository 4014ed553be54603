"""Pills and badges, painted for delegates."""

from math import inf

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.words import StateLook


def paint_pill(painter: QPainter, left_middle: QPointF, look: StateLook, *, room: float = inf) -> float:
    """Paint the pill of a request's state, starting at `left_middle`; returns its width in px.

    Where its `room` is too narrow for the word, it is the icon alone.
    """
    now = theme()
    font = QFont(now.font("caption"))
    font.setStrikeOut(look.is_struck)
    metrics = QFontMetrics(font)
    height, side, pad = now.row(20, "caption"), now.px(12), now.px(6)
    width = pad + side + 4 + metrics.horizontalAdvance(look.word) + pad
    has_word = width <= room
    if not has_word:
        width = pad + side + pad
    box = QRectF(left_middle.x(), left_middle.y() - height / 2, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if look.ground is not None:
        painter.setPen(QPen(now.colour("line_strong"), 1) if not look.ground else Qt.PenStyle.NoPen)
        painter.setBrush(now.colour(look.ground) if look.ground else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    top = round(left_middle.y() - side / 2)
    paint_icon(painter, QRect(round(box.left() + pad), top, side, side), look.icon, look.colour)
    if has_word:
        painter.setFont(font)
        painter.setPen(now.colour(look.colour))
        text = box.adjusted(pad + side + 4, 0, 0, 0)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, look.word)
    painter.restore()
    return width


def badge_width(text: str) -> int:
    """Return the width of a badge in px."""
    now = theme()
    return max(_badge_height(), QFontMetrics(now.font("caption")).horizontalAdvance(text) + 10)


def paint_badge(painter: QPainter, right_middle: QPointF, text: str) -> float:
    """Paint a counter on accent ground that ends at `right_middle`; returns its width in px."""
    now = theme()
    width, height = badge_width(text), _badge_height()
    box = QRectF(right_middle.x() - width, right_middle.y() - height / 2, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(now.colour("accent_soft"))
    painter.drawRoundedRect(box, height / 2, height / 2)
    painter.setFont(now.font("caption"))
    painter.setPen(now.colour("accent_text"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
    return width


def _badge_height() -> int:
    return max(16, theme().line_height("caption") + 2)
