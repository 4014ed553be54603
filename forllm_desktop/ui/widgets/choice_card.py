"""A card of which one is chosen: a place with its icon, and who is in it."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.tokens import avatar_colour
from forllm_desktop.ui.widgets.avatar import initials
from forllm_desktop.ui.widgets.checks import paint_radio
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard

PAD = 14


class ChoiceCard(QAbstractButton):
    """Checkable; put cards into one QButtonGroup. `colour` counts the avatar colours."""

    def __init__(
        self, title: str, icon: str, who: str, line: str, colour: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon, self._who, self._line = icon, who, line
        self._colour = avatar_colour(None, colour + 1)
        self._shows_focus = False
        self.setText(title)
        self.setAccessibleName(f"{title}: {who}, {line}")
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        look().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        now = theme()
        height = PAD * 2 + now.line_height("ui_strong") + now.px(16) + self._who_height()
        return QSize(self.minimumSizeHint().width(), max(now.px(104), height))

    def minimumSizeHint(self) -> QSize:
        now = theme()
        line = QFontMetrics(now.font("small")).horizontalAdvance(self._line)
        title = QFontMetrics(now.font("ui_strong")).horizontalAdvance(self.text())
        words = max(now.px(28 + 8) + line, now.px(16 + 8 + 24) + title)
        return QSize(words + PAD * 2, self._who_height() + now.px(60))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_chosen = self.isChecked()
        width = 2 if is_chosen else 1
        inset = width / 2
        painter.setPen(QPen(now.colour("accent_text" if is_chosen else "line_strong"), width))
        ground = "accent_soft" if is_chosen else "hover" if self.underMouse() else "surface"
        painter.setBrush(now.colour(ground))
        shape = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(shape, 8, 8)
        if self.hasFocus() and self._shows_focus:
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(shape.adjusted(4, 4, -4, -4), 5, 5)
        self._paint_title(painter)
        self._paint_who(painter)

    def _paint_title(self, painter: QPainter) -> None:
        now, side = theme(), theme().px(16)
        line = QRect(PAD, PAD, self.width() - PAD * 2, max(now.line_height("ui_strong"), side))
        top = line.center().y() - side // 2 + 1
        paint_icon(
            painter, QRect(PAD, top, side, side), self._icon, "accent_text" if self.isChecked() else "text_2"
        )
        radio = QRectF(line.right() - side + 1, top, side, side)
        paint_radio(painter, radio, is_checked=self.isChecked())
        painter.setFont(now.font("ui_strong"))
        painter.setPen(now.colour("text"))
        words = line.adjusted(side + now.px(8), 0, -side - now.px(8), 0)
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_who(self, painter: QPainter) -> None:
        now, side = theme(), theme().px(28)
        height = self._who_height()
        top = self.height() - PAD - height
        circle = QRectF(PAD, top + (height - side) / 2, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colour))
        painter.drawEllipse(circle)
        letters = QFont(now.font("ui_medium"))
        letters.setPixelSize(round(side * 0.48))
        painter.setFont(letters)
        painter.setPen(now.colour("on_accent"))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, initials(self._who))
        words = QRect(PAD + side + now.px(8), top, 0, height)
        words.setRight(self.width() - PAD)
        upper = QRect(words.left(), top, words.width(), now.line_height("ui"))
        lower = QRect(words.left(), upper.bottom() + 1, words.width(), now.line_height("small"))
        for box, font, colour, text in (
            (upper, "ui", "text", self._who),
            (lower, "small", "text_2", self._line),
        ):
            painter.setFont(now.font(font))
            painter.setPen(now.colour(colour))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)

    def _who_height(self) -> int:
        now = theme()
        return max(now.px(28), now.line_height("ui") + now.line_height("small"))
