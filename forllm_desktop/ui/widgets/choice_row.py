"""A row of a framed list of which one is chosen: a radio, a name, facts, and a state at the right."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.checks import paint_radio
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard
from forllm_desktop.ui.widgets.tips import plain_tip

NAME_WIDTH = 148


class ChoiceRow(QAbstractButton):
    """Checkable; put rows into one QButtonGroup. A disabled row says why it cannot be chosen."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts, self._state, self._colour = "", "", "text_3"
        self._has_dot = False
        self._shows_focus = False
        self.setText(name)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        look().changed.connect(self.updateGeometry)

    def say(self, facts: str, state: str, colour: str = "text_3", *, has_dot: bool = True) -> None:
        """Show facts in the middle and a state at the right, in the colour of a token."""
        self._facts, self._state, self._colour, self._has_dot = facts, state, colour, has_dot
        self.setToolTip(plain_tip(facts))
        self.setAccessibleName(", ".join(part for part in (self.text(), facts, state) if part))
        self.update()

    def facts(self) -> str:
        """Return the words in the middle."""
        return self._facts

    def sizeHint(self) -> QSize:
        return QSize(theme().px(480), theme().row(44))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(160), theme().row(44))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        side, pad = now.px(16), now.px(16)
        radio = QRectF(pad, (self.height() - side) / 2, side, side)
        paint_radio(painter, radio, is_checked=self.isChecked(), is_enabled=self.isEnabled())
        middle = Qt.AlignmentFlag.AlignVCenter
        right = self._paint_state(painter, self.width() - pad)
        name = QRect(pad + side + now.px(12), 0, now.px(NAME_WIDTH), self.height())
        name.setRight(min(name.right(), right))
        painter.setFont(now.font("ui_medium"))
        painter.setPen(now.colour("text" if self.isEnabled() else "text_2"))
        painter.drawText(name, middle, self._fit(self.text(), name.width(), "ui_medium"))
        facts = QRect(name.left() + now.px(NAME_WIDTH), 0, 0, self.height())
        facts.setRight(right - now.px(16))
        if facts.width() > now.px(40):
            painter.setFont(now.font("ui"))
            painter.setPen(now.colour("text_2" if self.isEnabled() else "text_3"))
            painter.drawText(facts, middle, self._fit(self._facts, facts.width(), "ui"))

    def _paint_ground(self, painter: QPainter) -> None:
        now = theme()
        is_hovered = self.underMouse() and self.isEnabled()
        if self.isChecked() or is_hovered:
            painter.fillPath(self._shape(), now.colour("accent_soft" if self.isChecked() else "hover"))
        if self.hasFocus() and self._shows_focus:
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 6, 6)

    def _shape(self) -> QPainterPath:
        """Return the row, round where it fills a corner of the frame around the list."""
        path = QPainterPath()
        parent = self.parentWidget()
        is_first = self.y() <= 1
        is_last = parent is not None and self.geometry().bottom() >= parent.height() - 2
        rect = QRectF(self.rect()).adjusted(0, 0 if is_first else -8, 0, 0 if is_last else 8)
        radius = 7 if is_first or is_last else 0
        path.addRoundedRect(rect, radius, radius)
        return path

    def _paint_state(self, painter: QPainter, right: int) -> int:
        """Paint the state so that it ends at `right`; returns where it begins."""
        now = theme()
        metrics = QFontMetrics(now.font("small"))
        width = metrics.horizontalAdvance(self._state)
        painter.setFont(now.font("small"))
        painter.setPen(now.colour(self._colour))
        words = QRect(right - width - 2, 0, width + 2, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._state)
        if not self._has_dot or not self._state:
            return words.left()
        dot = now.px(4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour("control" if self._colour == "text_3" else self._colour))
        at = QRectF(words.left() - now.px(14), self.height() / 2 - dot, dot * 2, dot * 2)
        painter.drawEllipse(at)
        return int(at.left())

    def _fit(self, text: str, width: int, font: str) -> str:
        metrics = QFontMetrics(theme().font(font))
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, width))
