"""Three panes side by side; where there is no room the outer ones become drawers over the middle."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.ui.theme import look, theme

LEFT, MIDDLE, RIGHT = (200, 224), (420, 560), (300, 356)
"""Least and usual widths in px at 100 %."""
DRAWER_SHARE = 0.88
"""Most of the width that a drawer takes."""


class FoldingPanes(QWidget):
    """Places its panes by hand: a splitter could not let them lie over each other.

    folded()    a pane became a drawer, or has room again
    """

    folded = Signal()

    def __init__(self, left: QWidget, middle: QWidget, right: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._middle = middle
        self._scrim = _Scrim(self)
        self._left, self._right = _Drawer(left, self), _Drawer(right, self)
        middle.setParent(self)
        self._open: _Drawer | None = None
        self._fits = (True, True)
        self._scrim.pressed.connect(self.close_drawer)
        look().changed.connect(self._arrange)

    @property
    def has_left(self) -> bool:
        """Say whether the left pane has room beside the middle."""
        return self._fits[0]

    @property
    def has_right(self) -> bool:
        """Say whether the right pane has room beside the middle."""
        return self._fits[1]

    @property
    def is_drawer_open(self) -> bool:
        """Say whether a pane lies over the middle."""
        return self._open is not None

    def open_left(self) -> None:
        """Show the left pane, if need be over the middle, and give it the keyboard."""
        self._show(self._left, self.has_left)

    def open_right(self) -> None:
        """Show the right pane, if need be over the middle, and give it the keyboard."""
        self._show(self._right, self.has_right)

    def close_drawer(self) -> None:
        """Put a pane that lies over the middle away."""
        if self._open is not None:
            self._open = None
            self._arrange()
            self._middle.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._open is not None:
            self.close_drawer()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _show(self, pane: "_Drawer", has_room: bool) -> None:
        self._open = None if has_room else pane
        self._arrange()
        pane.pane.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _arrange(self) -> None:
        px, width, height = theme().px, self.width(), self.height()
        fits = (
            width >= px(LEFT[0] + MIDDLE[0]),
            width >= px(LEFT[0] + MIDDLE[0] + RIGHT[0]),
        )
        has_left, has_right = fits
        left = max(px(LEFT[0]), min(px(LEFT[1]), width - px(MIDDLE[0] + RIGHT[0]))) if has_left else 0
        right = max(px(RIGHT[0]), min(px(RIGHT[1]), width - left - px(MIDDLE[1]))) if has_right else 0
        for pane, has_room in ((self._left, has_left), (self._right, has_right)):
            if has_room and self._open is pane:
                self._open = None
            pane.lies_over = not has_room
            pane.setVisible(has_room or self._open is pane)
        self._middle.setGeometry(left, 0, width - left - right, height)
        over = min(px(RIGHT[1]), round(width * DRAWER_SHARE))
        self._left.setGeometry(0, 0, left or over, height)
        self._right.setGeometry(width - (right or over), 0, right or over, height)
        self._scrim.setGeometry(self.rect())
        self._scrim.setVisible(self._open is not None)
        self._scrim.raise_()
        for pane in (self._left, self._right):
            pane.border = "right" if pane is self._left else "left"
            pane.raise_()
        if fits != self._fits:
            self._fits = fits
            self.folded.emit()


class _Drawer(QWidget):
    """Holds an outer pane on its own ground, with a hairline towards the middle."""

    def __init__(self, pane: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.pane = pane
        self.lies_over = False
        self.border = "right"
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(1, 0, 1, 0)
        self._layout.addWidget(pane)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("surface"))
        line = theme().colour("line_strong" if self.lies_over else "line")
        painter.fillRect(self.width() - 1 if self.border == "right" else 0, 0, 1, self.height(), line)


class _Scrim(QWidget):
    """Covers the middle while a drawer is open; a click closes the drawer.

    pressed()
    """

    pressed = Signal()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()
