"""What the pickers of the composer look like."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import ByKeyboard
from forllm_desktop.ui.widgets.tips import plain_tip


class Picker(ByKeyboard, QPushButton):
    """A quiet button with a picture, a word and a caret; pressing it opens a menu."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._word = ""
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setProperty("kind", "quiet")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._open)

    def set_word(self, word: str) -> None:
        """Show what is picked."""
        self._word = word
        self.setAccessibleName(f"{self._name}: {word}")
        self.setToolTip(plain_tip(f"{self._name}: {word}"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        words = min(QFontMetrics(theme().font("ui_medium")).horizontalAdvance(self._word), theme().px(160))
        return QSize(words + theme().px(20 + 12) + 28, theme().row(28))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(64), theme().row(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        now, painter = theme(), QPainter(self)
        side, middle = now.px(16), self.height() // 2
        self._paint_picture(painter, QRect(8, middle - side // 2, side, side))
        caret = now.px(12)
        paint_icon(
            painter,
            QRect(self.width() - 6 - caret, middle - caret // 2, caret, caret),
            "caret-down",
            "text_2",
        )
        left, right = 8 + side + 6, self.width() - 6 - caret - 4
        painter.setFont(now.font("ui_medium"))
        painter.setPen(now.colour("text" if self.isEnabled() else "disabled"))
        metrics = QFontMetrics(painter.font())
        word = metrics.elidedText(self._word, Qt.TextElideMode.ElideMiddle, right - left)
        painter.drawText(QRect(left, 0, right - left, self.height()), Qt.AlignmentFlag.AlignVCenter, word)

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        raise TypeError("a picker paints its own picture")

    def _fill(self) -> None:
        raise TypeError("a picker fills its own menu")

    def _open(self) -> None:
        self._fill()
        self._menu.popup(self._place())

    def _place(self) -> QPoint:
        """Return where the menu goes: above the button."""
        return self.mapToGlobal(self.rect().topLeft()) - QPoint(0, self._menu.sizeHint().height() + 4)
