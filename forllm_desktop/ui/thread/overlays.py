"""What floats above the page: the title line when the title scrolled away, the chip for new text below."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.labels import plain_label

TITLE_LINE = 44
"""Height of the title line in px at 100 %."""


class TitleLine(QWidget):
    """The title and the number of posts on one line above the page."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = plain_label("", "ui_strong", elides=True)
        self._count = plain_label("", "small", "text_3")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme().px(32), 0, theme().px(32), 0)
        layout.setSpacing(theme().px(12))
        layout.addWidget(self._title, 1)
        layout.addWidget(self._count)
        self._fit()
        look().changed.connect(self._fit)
        self.hide()

    def say(self, title: str, count: str) -> None:
        """Show this title."""
        self._title.setText(title)
        self._count.setText(count)

    def _fit(self) -> None:
        self.setFixedHeight(theme().row(TITLE_LINE))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("surface"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme().colour("line"))


class Chip(QPushButton):
    """Says that something is written below what is on screen; pressing it goes there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setIcon(icon("caret-down", "accent_text"))
        self._dress()
        look().changed.connect(self._dress)
        self.hide()

    def say(self, words: str) -> None:
        """Show these words; empty ones hide the chip."""
        if words != self.text():
            self.setText(words)
            self.setAccessibleName(words)
            self.adjustSize()
        self.setVisible(bool(words))

    def _dress(self) -> None:
        now = theme()
        side = now.px(12)
        self.setIconSize(QSize(side, side))
        height = now.row(28)
        # The style sheet's own rule for buttons is square; a chip is round like the state pill.
        self.setStyleSheet(
            f"QPushButton {{ border-radius: {height // 2}px; min-height: {height - 2}px; padding: 0 12px;"
            f" background: {now.tokens.raised}; border: 1px solid {now.tokens.line_strong};"
            f" color: {now.tokens.accent_text}; }}"
            f"QPushButton:hover {{ background: {now.tokens.hover}; }}"
            f"QPushButton:focus {{ border-color: {now.tokens.accent_text}; }}"
        )
        self.adjustSize()
