"""Three columns side by side; where there is no room for all, buttons choose which one is shown."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.grounds import on_surface
from forllm_desktop.ui.widgets.segmented import Segmented

FORM, TEXT, RESULT = "form", "text", "result"
WIDTHS = {FORM: 308, TEXT: 400, RESULT: 264}
"""Width of the outer columns and least one of the middle, in px at 100 %."""


class Columns(QWidget):
    """The form and the result scroll; the middle takes what is left."""

    def __init__(
        self,
        form: QWidget,
        form_foot: QWidget,
        middle: QWidget,
        result: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._shown = FORM
        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addWidget(scrolled(form), 1)
        left.addWidget(form_foot)
        self._middle = middle
        self._right = scrolled(result)
        words = {FORM: "Wishes", TEXT: "Text", RESULT: "Headings"}
        self._three = Segmented("Shown", words)
        self._two = Segmented("Shown at the right", {TEXT: words[TEXT], RESULT: words[RESULT]})
        self._switches = QWidget()
        switches = QHBoxLayout(self._switches)
        switches.setContentsMargins(16, 8, 16, 8)
        switches.addWidget(self._three)
        switches.addStretch()
        switches.addWidget(self._two)
        self._row = QHBoxLayout()
        self._row.setSpacing(0)
        self._borders = (_Border(), _Border())
        for part in (self._left, self._borders[0], self._middle, self._borders[1], self._right):
            self._row.addWidget(part, 1 if part is self._middle else 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._switches)
        layout.addLayout(self._row, 1)
        for switch in (self._three, self._two):
            switch.chosen.connect(self.show_column)
        look().changed.connect(self._fit)
        self._fit()

    def show_column(self, name: str) -> None:
        """Show a column where not all of them have room."""
        self._shown = name
        self._fit()

    def minimumSizeHint(self):
        hint = super().minimumSizeHint()
        hint.setWidth(theme().px(240))
        return hint

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        px, width = theme().px, self.width()
        form, text, result = (px(WIDTHS[name]) for name in (FORM, TEXT, RESULT))
        n_columns = 3 if width >= form + text + result else 2 if width >= form + text else 1
        shows_result = self._shown == RESULT
        self._three.setVisible(n_columns == 1)
        self._two.setVisible(n_columns == 2)
        self._switches.setVisible(n_columns < 3)
        self._three.choose(self._shown)
        self._two.choose(RESULT if shows_result else TEXT)
        shown = {
            self._left: n_columns > 1 or self._shown == FORM,
            self._middle: n_columns == 3 or (not shows_result if n_columns == 2 else self._shown == TEXT),
            self._right: n_columns == 3 or shows_result,
        }
        for part, is_shown in shown.items():
            part.setVisible(is_shown)
        wide = 16_777_215
        self._left.setFixedWidth(form) if n_columns > 1 else _free(self._left, wide)
        self._right.setFixedWidth(result) if n_columns == 3 else _free(self._right, wide)
        self._borders[0].setVisible(n_columns > 1)
        self._borders[1].setVisible(n_columns == 3)


def _free(part: QWidget, most: int) -> None:
    part.setMinimumWidth(0)
    part.setMaximumWidth(most)


def scrolled(inner: QWidget) -> QScrollArea:
    """Return an area in which a widget scrolls from top to bottom where it has no room."""
    made = QScrollArea()
    made.setWidget(inner)
    made.setWidgetResizable(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    on_surface(inner)
    on_surface(made.viewport())
    return made


class _Border(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().colour("line"))
