"""The primary button of a pane with its key beside its words, where there is room for it."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPaintEvent
from PySide6.QtWidgets import QStyle, QStyleOptionButton, QStylePainter, QWidget

from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import PushButton

GAP = 8
"""Between words and key, in px."""


class KeyButton(PushButton):
    """Shows "Post and ask  Ctrl ↵"; the key is left out by `show_key(False)`."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._key = ""
        self._shows_key = True
        self.setProperty("kind", "primary")
        self.setProperty("size", "")
        self.setAccessibleName(text)

    @property
    def key(self) -> str:
        """Return the key that is shown; empty when there is none."""
        return self._key if self._shows_key else ""

    def set_key(self, key: str) -> None:
        """Name the key that does the same."""
        self._key = key
        self.updateGeometry()
        self.update()

    def show_key(self, is_shown: bool) -> None:
        """Leave the key out where there is no room."""
        if is_shown != self._shows_key:
            self._shows_key = is_shown
            self.updateGeometry()
            self.update()

    def key_width(self) -> int:
        """Return how much wider the button is with its key, in px."""
        return QFontMetrics(theme().font("caption")).horizontalAdvance(self._key) + GAP if self._key else 0

    def sizeHint(self) -> QSize:
        return self.plain_size() + QSize(self.key_width() if self._shows_key else 0, 0)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def plain_size(self) -> QSize:
        """Return the size without the key."""
        return super().sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.key:
            super().paintEvent(event)
            return
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""  # pyright: ignore[reportAttributeAccessIssue]
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        words = self.fontMetrics().horizontalAdvance(self.text())
        left = (self.width() - words - self.key_width()) // 2
        colour = QColor(theme().colour("on_accent" if self.isEnabled() else "disabled"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(colour)
        painter.drawText(QRect(QPoint(left, 0), QSize(words + 2, self.height())), middle, self.text())
        painter.setFont(theme().font("caption"))
        at = QRect(left + words + GAP, 0, self.key_width(), self.height())
        painter.drawText(at, middle, self._key)
