"""A row of joined buttons of which one is chosen: for two to four short words."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard

RADIUS = 6


class Segmented(QWidget):
    """Words side by side; arrow keys go from one to the next.

    chosen(value)    the user chose another one
    """

    chosen = Signal(str)

    def __init__(self, name: str, choices: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _Segment] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for place, (value, word) in enumerate(choices.items()):
            segment = _Segment(word, is_first=place == 0, is_last=place == len(choices) - 1)
            segment.setAccessibleName(f"{name}: {word}")
            segment.clicked.connect(lambda _checked=False, value=value: self.chosen.emit(value))
            self._group.addButton(segment)
            self._buttons[value] = segment
            layout.addWidget(segment)

    def choose(self, value: str) -> None:
        """Show another choice, without the signal."""
        self._buttons[value].setChecked(True)
        for key, button in self._buttons.items():
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if key == value else Qt.FocusPolicy.ClickFocus)
            if key == value:
                self.setFocusProxy(button)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(
            Qt.Key(event.key()), 0
        )
        values = list(self._buttons)
        now = next((place for place, value in enumerate(values) if self._buttons[value].isChecked()), 0)
        then = max(0, min(len(values) - 1, now + step))
        if then != now:
            self.choose(values[then])
            self._buttons[values[then]].setFocus(Qt.FocusReason.TabFocusReason)
            self.chosen.emit(values[then])


class _Segment(QAbstractButton):
    def __init__(self, word: str, *, is_first: bool, is_last: bool) -> None:
        super().__init__()
        self.setText(word)
        self.setCheckable(True)
        self._is_first, self._is_last = is_first, is_last
        self._shows_focus = False
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        look().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        now = theme()
        words = QFontMetrics(now.font("ui_medium")).horizontalAdvance(self.text())
        return QSize(words + now.px(24), now.row(28))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # The arrows belong to the whole row, so they are left to the parent.
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # The shape reaches past inner ends, so that only the outer corners are round.
        shape = QRectF(self.rect()).adjusted(
            0.5 if self._is_first else -RADIUS, 0.5, -0.5 if self._is_last else RADIUS, -0.5
        )
        path = QPainterPath()
        path.addRoundedRect(shape, RADIUS, RADIUS)
        plain = "raised" if now.is_dark else "surface"
        ground = "accent_soft" if self.isChecked() else "hover" if self.underMouse() else plain
        painter.fillPath(path, now.colour(ground))
        painter.setPen(QPen(now.colour("line_strong"), 1))
        painter.drawPath(path)
        if not self._is_first:
            painter.drawLine(0, 1, 0, self.height() - 2)
        if self.hasFocus() and self._shows_focus:
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 4, 4)
        painter.setFont(now.font("ui_medium"))
        painter.setPen(now.colour("accent_text" if self.isChecked() else "text"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
