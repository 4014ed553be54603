"""A text with its changes, as high as it is long, up to a limit."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.diff_view import DiffView

MOST = 420
"""Height in px at 100 % from which on it scrolls."""


class FittedDiff(DiffView):
    """Stands in a column that scrolls as a whole."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(160), self._wanted())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(120), self._wanted())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _wanted(self) -> int:
        least = theme().line_height("ui")
        return min(max(round(self.document().size().height()) + 2, least), theme().px(MOST))

    def _fit(self) -> None:
        wanted = self._wanted()
        if wanted != self.height():
            self.setFixedHeight(wanted)
            self.updateGeometry()
