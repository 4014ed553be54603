"""What is seen under the pointer while personas are dragged: their avatars and how many they are."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QDrag, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from forllm_desktop.ui.item_models.persona_list import persona_mime
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.avatar import paint_persona

_HEIGHT, _AVATAR, _STEP, _PAD = 36, 26, 20, 5
_SHOWN = 3
_NAME_ROOM = 200


def drag_personas(source: QWidget, personas: Sequence[tuple[int, str]], *, offers_menu: bool = False) -> None:
    """Drag personas (id, name) away from a widget until they are dropped or the user has enough of it."""
    drag = QDrag(source)
    drag.setMimeData(persona_mime((persona_id for persona_id, _ in personas), offers_menu=offers_menu))
    drag.setPixmap(capsule(personas, source.devicePixelRatioF()))
    # Below the pointer and to its right, so that the name of the target can be read.
    drag.setHotSpot(QPoint(-10, -8))
    drag.exec(Qt.DropAction.CopyAction)


def capsule(personas: Sequence[tuple[int, str]], ratio: float) -> QPixmap:
    """Return the capsule for some personas, for a screen with `ratio` device px per px."""
    now, px = theme(), theme().px
    metrics = QFontMetrics(now.font("ui_medium"))
    words = personas[0][1] if len(personas) == 1 else f"{len(personas)} personas"
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, px(_NAME_ROOM))
    shown = personas[:_SHOWN]
    height = max(px(_HEIGHT), now.line_height("ui_medium") + 8)
    beside = px(_PAD) + px(_AVATAR) + px(_STEP) * (len(shown) - 1) + px(8)
    width = beside + metrics.horizontalAdvance(words) + px(14)
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(now.colour("line_strong"), 1))
    painter.setBrush(now.colour("raised"))
    box = QRectF(0.5, 0.5, width - 1, height - 1)
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    side = px(_AVATAR)
    for at, (persona_id, name) in enumerate(shown):
        circle = QRectF(px(_PAD) + at * px(_STEP), (height - side) / 2, side, side)
        ring = circle.adjusted(-1.5, -1.5, 1.5, 1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour("raised"))
        painter.drawEllipse(ring)
        paint_persona(painter, circle, persona_id, name)
    painter.setFont(now.font("ui_medium"))
    painter.setPen(now.colour("text"))
    base = (height + metrics.ascent() - metrics.descent()) / 2
    painter.drawText(QPointF(beside, base), words)
    painter.end()
    return picture
