"""Avatars: a persona is a circle with a picture, or a colour and initials; the user is a rounded square."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.theme import theme

_RING = 2
"""How far the ring of the default reaches beyond its circle, in px."""
_SHOWN = 3
"""Avatars in a stack; the others are counted."""
_FAINT = 0.55
"""How opaque those are that would come."""


def initials(name: str) -> str:
    """Return one or two letters for a name: "Ada" -> "A", "Captain Hale" -> "CH"."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    return words[0][0].upper() if len(words) == 1 else (words[0][0] + words[-1][0]).upper()


def paint_persona(
    painter: QPainter, rect: QRectF, persona_id: int, name: str, *, is_default: bool = False, ground: str = ""
) -> None:
    """Paint a persona's circle; the default gets a ring in accent, `ground` a thin ring in that token."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if is_default or ground:
        ring = theme().colour("accent_text" if is_default else ground)
        painter.setPen(QPen(ring, 1.5))
        painter.setBrush(theme().colour(ground) if ground else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(rect.adjusted(-1.75, -1.75, 1.75, 1.75))
    ratio = painter.device().devicePixelRatio() if painter.device() else 1.0
    picture = portraits().picture(persona_id, round(rect.width() * ratio))
    if picture is not None:
        painter.drawPixmap(rect, picture, QRectF(picture.rect()))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(portraits().colour(persona_id))
        painter.drawEllipse(rect)
        _letters(painter, rect, initials(name), QColor("#FFFFFF"))
    painter.restore()


def paint_user(painter: QPainter, rect: QRectF, name: str) -> None:
    """Paint the user's rounded square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().colour("text_2"))
    painter.drawRoundedRect(rect, rect.width() * 0.2, rect.width() * 0.2)
    _letters(painter, rect, initials(name), theme().colour("surface"))
    painter.restore()


def stack_boxes(
    right_middle: QPointF, side: float, personas: Sequence[tuple[int, str, bool]]
) -> list[QRectF]:
    """Return the squares of the avatars that `paint_stack` paints, the default's first."""
    shown, extra = personas[:_SHOWN], len(personas) > _SHOWN
    # The ring of the default reaches over its neighbour; so much further, their letters stay free.
    ring = _RING if shown and shown[0][2] and len(shown) > 1 else 0
    width = side + (side - 4) * (len(shown) - 1) + ring + (side + 2 if extra else 0)
    left, top = right_middle.x() - width, right_middle.y() - side / 2
    places = [left + at * (side - 4) + (ring if at else 0) for at in range(len(shown))]
    return [QRectF(x, top, side, side) for x in places]


def paint_stack(
    painter: QPainter,
    right_middle: QPointF,
    side: float,
    personas: Sequence[tuple[int, str, bool]],
    ground: str,
    faint: Collection[int] = (),
) -> float:
    """Paint up to three avatars that overlap, ending at `right_middle`; returns the width used in px.

    `personas` are (id, name, is default), the default first; more than three become "+2". Those in `faint`
    are not there yet.
    """
    if not personas:
        return 0.0
    boxes = stack_boxes(right_middle, side, personas)
    extra = len(personas) - len(boxes)
    if extra:
        painter.setFont(theme().font("caption"))
        painter.setPen(theme().colour("text_3"))
        box = QRectF(right_middle.x() - side, right_middle.y() - side / 2, side, side)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"+{extra}")
    # Each over the one before, and the first, which may be the default with its ring, over all.
    opacity = painter.opacity()
    for index in (*range(1, len(boxes)), 0):
        persona_id, name, is_default = personas[index]
        painter.setOpacity(opacity * (_FAINT if persona_id in faint else 1.0))
        under = ground if index == 0 else ""
        paint_persona(painter, boxes[index], persona_id, name, is_default=is_default, ground=under)
    painter.setOpacity(opacity)
    return right_middle.x() - boxes[0].left()


def _letters(painter: QPainter, rect: QRectF, letters: str, colour: QColor) -> None:
    font = QFont(theme().font("ui_medium"))
    font.setPixelSize(max(7, round(rect.height() * (0.48 if len(letters) == 1 else 0.38))))
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, letters)
