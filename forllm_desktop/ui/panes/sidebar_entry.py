"""A line of the sidebar that opens a page: icon, word, and a number at the right."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from forllm_desktop.ui.delegates.forum_row import INSET, RADIUS
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard


class SidebarEntry(QAbstractButton):
    """Looks like a row of the tree. Checked while its page is the one shown."""

    def __init__(self, word: str, icon_name: str, counted: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._counted = counted
        self._count = 0
        self._shows_focus = False
        self.setText(word)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_count(0)
        look().changed.connect(self.updateGeometry)

    @property
    def count(self) -> int:
        return self._count

    def set_count(self, count: int) -> None:
        """Show a number, or none for 0."""
        self._count = count
        self.setAccessibleName(f"{self.text()}, {count:,} {self._counted}" if count else self.text())
        self.update()

    def nextCheckState(self) -> None:
        """Leave it as it is: only the page that is shown decides."""

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme().font("ui"))
        return QSize(theme().px(88) + metrics.horizontalAdvance(self.text()), theme().row(28))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(96), theme().row(28))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._shows_focus = True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, box = theme(), self.rect().adjusted(INSET, 0, -INSET, 0)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._ground():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.colour(self._ground()))
            painter.drawRoundedRect(box, RADIUS, RADIUS)
        side, left, right = now.px(16), 16, self.width() - 16
        middle = QRect(left, (self.height() - side) // 2, side, side)
        paint_icon(painter, middle, self._icon_name, "text_2")
        align = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.setFont(now.font("ui"))
        painter.setPen(now.colour("text"))
        text = QRect(left + side + 8, 0, right - left - side - 8, self.height())
        painter.drawText(text, align | Qt.AlignmentFlag.AlignLeft, self.text())
        if self._count:
            painter.setPen(now.colour("text_3"))
            painter.drawText(text, align | Qt.AlignmentFlag.AlignRight, f"{self._count:,}")
        if self.hasFocus() and self._shows_focus:
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), RADIUS - 1, RADIUS - 1)

    def _ground(self) -> str:
        if self.isDown():
            return "pressed"
        if self.isChecked():
            return "accent_soft"
        return "hover" if self.underMouse() else ""
