"""Paints the rows of a list of personas: avatar, name and description, at the right what they are."""

from collections.abc import Collection

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.ui.item_models.persona_list import Role
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.avatar import paint_persona

INSET, RADIUS = 8, 6
PAD = 8
"""Free px between the box of a row and what is in it."""
AVATAR = 28
_GAP = 10
_PALE = 0.45
"""How opaque a row is painted while it is dragged away or the persona is switched off."""

Index = QModelIndex | QPersistentModelIndex


class PersonaRowDelegate(QStyledItemDelegate):
    """One row of two lines. `shows_focus` rings the current row; `dragged` are the ids that are under way."""

    shows_focus = False
    dragged: Collection[int] = ()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme().px(160), row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        card: PersonaCard = index.data(Role.CARD)
        now, rect = theme(), option.rect  # type: ignore[attr-defined]
        box = rect.adjusted(INSET, 0, -INSET, 0)
        is_dragged = card.persona_id in self.dragged
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "accent_soft" if is_dragged else _ground(option)
        if ground:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.colour(ground))
            painter.drawRoundedRect(box, RADIUS, RADIUS)
        if self.shows_focus and _has(option, QStyle.StateFlag.State_HasFocus):
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), RADIUS - 1, RADIUS - 1)
        painter.setOpacity(_PALE if is_dragged else 1.0)
        _paint_card(painter, box.adjusted(PAD, 0, -PAD, 0), card, index.data(Role.WORD) or "")
        painter.restore()


def row_height() -> int:
    """Return the height of a row in px."""
    now = theme()
    return max(44, now.line_height("ui_medium") + now.line_height("small") + 8)


def _paint_card(painter: QPainter, box: QRect, card: PersonaCard, word: str) -> None:
    now, side = theme(), theme().px(AVATAR)
    middle = box.top() + box.height() / 2
    opacity = painter.opacity()
    painter.setOpacity(opacity if card.is_active else opacity * _PALE)
    paint_persona(
        painter, QRectF(box.left(), round(middle - side / 2), side, side), card.persona_id, card.name
    )
    painter.setOpacity(opacity)
    left, right = box.left() + side + now.px(_GAP), _paint_right(painter, box, card, word)
    name, line = now.line_height("ui_medium"), now.line_height("small")
    top = round(middle - (name + line) / 2) if card.description else round(middle - name / 2)
    room = max(0, right - left)
    _write(
        painter,
        QRect(left, top, room, name),
        card.name,
        "ui_medium",
        "text" if card.is_active else "text_3",
    )
    if card.description:
        _write(painter, QRect(left, top + name, room, line), card.description, "small", "text_3")


def _paint_right(painter: QPainter, box: QRect, card: PersonaCard, word: str) -> int:
    """Write word and version at the right; returns where they begin."""
    right = box.right() + 1
    colour = {"new": "accent_text", "attention": "warn"}.get(word, "text_2")
    words = [(f"v{card.version}", "small", "text_3"), (word, "small", colour)]
    for text, font, colour in words:
        if text:
            width = QFontMetrics(theme().font(font)).horizontalAdvance(text)
            _write(painter, QRect(right - width, box.top(), width, box.height()), text, font, colour)
            right -= width + theme().px(PAD)
    return right


def _write(painter: QPainter, rect: QRect, text: str, font: str, colour: str) -> None:
    painter.setFont(theme().font(font))
    painter.setPen(theme().colour(colour))
    # A little more room than measured, or what fits exactly would be shortened.
    shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, rect.width() + 1)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
    painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    painter.drawText(rect, align | Qt.TextFlag.TextSingleLine | Qt.TextFlag.TextDontClip, shown)


def _ground(option: QStyleOptionViewItem) -> str:
    if _has(option, QStyle.StateFlag.State_Selected):
        widget = option.widget  # type: ignore[attr-defined]
        return "accent_soft" if widget is not None and widget.hasFocus() else "selected_inactive"
    return "hover" if _has(option, QStyle.StateFlag.State_MouseOver) else ""


def _has(option: QStyleOptionViewItem, flag: QStyle.StateFlag) -> bool:
    return bool(option.state & flag)  # type: ignore[attr-defined]
