"""What is seen under the pointer while a topic or a subforum is dragged."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen, QPixmap

from forllm_desktop.ui.theme import theme


def title_capsule(title: str, ratio: float) -> QPixmap:
    """Return a title on a rounded ground, for a screen with `ratio` device px per px."""
    now = theme()
    metrics = QFontMetrics(now.font("ui_medium"))
    text = metrics.elidedText(title, Qt.TextElideMode.ElideRight, now.px(220))
    width, height = metrics.horizontalAdvance(text) + 24, now.row(28)
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(now.colour("line_strong"), 1))
    painter.setBrush(now.colour("raised"))
    box = QRect(0, 0, width, height)
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), height / 2 - 1, height / 2 - 1)
    painter.setFont(now.font("ui_medium"))
    painter.setPen(now.colour("text"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return picture
