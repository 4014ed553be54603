"""Check box and radio button, painted in the colours of the theme."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QRadioButton, QSizePolicy, QWidget

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.focus_ring import SPACE, comes_by_keyboard, paint_focus_ring


def paint_check_box(painter: QPainter, box: QRectF, *, is_checked: bool, is_enabled: bool = True) -> None:
    """Paint the square of a check box."""
    _paint_shape(painter, box, 4, is_checked, is_enabled)
    if is_checked:
        paint_icon(painter, box.adjusted(2, 2, -2, -2).toRect(), "ph.check-bold", "on_accent")


def paint_radio(painter: QPainter, box: QRectF, *, is_checked: bool, is_enabled: bool = True) -> None:
    """Paint the circle of a radio button."""
    _paint_shape(painter, box, box.height() / 2, is_checked, is_enabled)
    if is_checked:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("on_accent"))
        dot = box.width() * 0.19
        painter.drawEllipse(box.center(), dot, dot)
        painter.restore()


def _paint_shape(painter: QPainter, box: QRectF, radius: float, is_checked: bool, is_enabled: bool) -> None:
    now = theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if is_checked:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour("accent" if is_enabled else "disabled"))
        painter.drawRoundedRect(box, radius, radius)
    else:
        painter.setPen(QPen(now.colour("control" if is_enabled else "disabled"), 1))
        painter.setBrush(now.colour("surface"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    painter.restore()


class _Painted:
    """What both buttons share: size, place of the shape, and the words beside it."""

    _shows_focus = False

    def size_for(self, button: QAbstractButton) -> QSize:
        now, metrics = theme(), QFontMetrics(theme().font("ui"))
        words = metrics.horizontalAdvance(button.text()) + now.px(8) if button.text() else 0
        return QSize(SPACE * 2 + now.px(16) + words, max(now.px(16) + SPACE * 2, now.row(24)))

    def wrapped_height(self, button: QAbstractButton, width: int) -> int:
        """Return the height when the words are broken into lines that fit."""
        room = QRect(0, 0, max(1, width - self._indent()), 100_000)
        metrics = QFontMetrics(theme().font("ui"))
        words = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, button.text())
        return max(self.size_for(button).height(), words.height() + SPACE)

    def _indent(self) -> int:
        return SPACE + theme().px(16) + theme().px(8)

    def shape_in(self, button: QAbstractButton) -> QRectF:
        side = theme().px(16)
        return QRectF(QRect(QPoint(SPACE, (button.height() - side) // 2), QSize(side, side)))

    def paint_words(self, painter: QPainter, button: QAbstractButton) -> None:
        now = theme()
        painter.setFont(now.font("ui"))
        painter.setPen(now.colour("text" if button.isEnabled() else "disabled"))
        words = button.rect().adjusted(self._indent(), 0, 0, 0)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        painter.drawText(words, flags, button.text())


class CheckBox(QCheckBox, _Painted):
    """A check box with words beside it."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(text)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        policy.setHorizontalPolicy(QSizePolicy.Policy.Preferred)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        return self.size_for(self)

    def minimumSizeHint(self) -> QSize:
        size = self.size_for(self)
        return QSize(min(size.width(), theme().px(160)), size.height())

    def heightForWidth(self, width: int) -> int:
        return self.wrapped_height(self, width)

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, box = QPainter(self), self.shape_in(self)
        paint_check_box(painter, box, is_checked=self.isChecked(), is_enabled=self.isEnabled())
        self.paint_words(painter, self)
        if self.hasFocus() and self._shows_focus:
            paint_focus_ring(painter, box, 4)


class RadioButton(QRadioButton, _Painted):
    """A radio button with words beside it."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        return self.size_for(self)

    def minimumSizeHint(self) -> QSize:
        return self.size_for(self)

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, box = QPainter(self), self.shape_in(self)
        paint_radio(painter, box, is_checked=self.isChecked(), is_enabled=self.isEnabled())
        self.paint_words(painter, self)
        if self.hasFocus() and self._shows_focus:
            paint_focus_ring(painter, box, box.height() / 2)
