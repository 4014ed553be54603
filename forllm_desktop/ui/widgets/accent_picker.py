"""The accents as a row of round swatches of which one is chosen."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.tokens import ACCENTS
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard, paint_focus_ring

SIDE, STEP = 20, 28


class AccentPicker(QWidget):
    """Swatches; arrow keys choose.

    chosen(name)    the user chose another accent
    """

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._names = tuple(ACCENTS)
        self._at = 0
        self._shows_focus = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.choose(self._names[0])
        look().changed.connect(self.updateGeometry)

    def choose(self, accent: str) -> None:
        """Show another accent as chosen, without the signal."""
        self._at = self._names.index(accent)
        self.setAccessibleName(f"{self._name}: {accent}")
        self.setToolTip(accent.capitalize())
        self.update()

    def sizeHint(self) -> QSize:
        now = theme()
        return QSize(now.px(STEP) * len(self._names), now.px(STEP))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pick(int(event.position().x() // theme().px(STEP)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if Qt.Key(event.key()) in step:
            self._pick(self._at + step[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        step, radius = now.px(STEP), now.px(SIDE) / 2
        for place, name in enumerate(self._names):
            middle = QPointF(step * (place + 0.5), self.height() / 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(ACCENTS[name][0]))
            painter.drawEllipse(middle, radius, radius)
            if place == self._at:
                side = now.px(12)
                box = QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side)
                paint_icon(painter, box.toRect(), "ph.check-bold", "on_accent")
                painter.setPen(QPen(now.colour("control"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(middle, radius + 2.5, radius + 2.5)
                if self.hasFocus() and self._shows_focus:
                    ring = QRectF(middle.x() - radius, middle.y() - radius, radius * 2, radius * 2)
                    paint_focus_ring(painter, ring, radius)

    def _pick(self, place: int) -> None:
        place = max(0, min(len(self._names) - 1, place))
        if place != self._at:
            self.choose(self._names[place])
            self.chosen.emit(self._names[place])
