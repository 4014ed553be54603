"""A switch: on or off at once, without words of its own."""

from PySide6.QtCore import QEasingCurve, QPoint, QPointF, QRectF, QSize, Qt, QVariantAnimation
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.focus_ring import SPACE, comes_by_keyboard, paint_focus_ring

SLIDE = 80
"""Milliseconds that the knob takes."""


class Switch(QCheckBox):
    """A check box that looks like a switch; `toggled(bool)` as usual."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._shows_focus = False
        self._at = 0.0
        self._slide = QVariantAnimation(self)
        self._slide.setDuration(SLIDE)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._move_knob)
        self.toggled.connect(self._slide_knob)

    def sizeHint(self) -> QSize:
        now = theme()
        return QSize(now.px(28) + SPACE * 2, now.px(16) + SPACE * 2)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def keyPressEvent(self, event) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height, width = now.px(16), now.px(28)
        track = QRectF(SPACE, (self.height() - height) / 2, width, height)
        token = "disabled" if not self.isEnabled() else "accent" if self.isChecked() else "control"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour(token))
        painter.drawRoundedRect(track, height / 2, height / 2)
        knob = height / 2 - now.px(2)
        painter.setBrush(now.colour("on_accent"))
        left, right = track.left() + height / 2, track.right() - height / 2
        painter.drawEllipse(QPointF(left + (right - left) * self._at, track.center().y()), knob, knob)
        if self.hasFocus() and self._shows_focus:
            paint_focus_ring(painter, track, height / 2)

    def _slide_knob(self, is_on: bool) -> None:
        end = 1.0 if is_on else 0.0
        if look().reduces_motion or not self.isVisible():
            self._slide.stop()
            self._move_knob(end)
            return
        self._slide.setStartValue(self._at)
        self._slide.setEndValue(end)
        self._slide.start()

    def _move_knob(self, at: float) -> None:
        self._at = at
        self.update()
