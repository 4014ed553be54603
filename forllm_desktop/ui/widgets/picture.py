"""An icon that stands on its own: nothing happens when it is clicked."""

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from forllm_desktop.ui.icons import paint_icon


class Picture(QWidget):
    """Paints an icon into its square, in the present colours.

    It keeps no pixmap: the fonts of icons are loaded after the first frame, and a label that is given one
    while something is painted asks to be painted again, for ever.
    """

    def __init__(self, icon_name: str, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._colour = colour

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_icon(QPainter(self), self.rect(), self._icon_name, self._colour)
