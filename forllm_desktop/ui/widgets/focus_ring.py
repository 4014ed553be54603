"""The ring around a painted control that has the keyboard's focus."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPen

from forllm_desktop.ui.theme import theme

SPACE = 4
"""Room that a painted control keeps around its shape for the ring, in px."""

_BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


def comes_by_keyboard(event: QFocusEvent) -> bool:
    """Say whether focus was moved by a key; only then it is shown."""
    return event.reason() in _BY_KEYBOARD


def paint_focus_ring(painter: QPainter, shape: QRectF, radius: float) -> None:
    """Paint a 2 px ring around a shape, 1 px away from it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme().colour("accent_text"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(shape.adjusted(-2, -2, 2, 2), radius + 2, radius + 2)
    painter.restore()
