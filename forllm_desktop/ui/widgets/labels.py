"""Labels that show text as plain text, in a font and colour of the theme."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontMetrics, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.tips import plain_tip


def plain_label(
    text: str = "",
    font: str = "ui",
    colour: str = "text",
    *,
    wraps: bool = False,
    elides: bool = False,
    parent: QWidget | None = None,
) -> "PlainLabel":
    """Return a label; one that `elides` shortens its text to its width and shows all of it on hover."""
    return PlainLabel(text, font, colour, wraps=wraps, elides=elides, parent=parent)


def hairline() -> QFrame:
    """Return a line of one px between two parts of a page."""
    line = QFrame()
    line.setFixedHeight(1)
    line.setFrameShape(QFrame.Shape.NoFrame)
    line.setAutoFillBackground(True)
    line.setBackgroundRole(QPalette.ColorRole.Mid)
    return line


class PlainLabel(QLabel):
    """A label whose text is never taken for markup: names and model texts are shown as they are."""

    def __init__(
        self, text: str, font: str, colour: str, *, wraps: bool, elides: bool, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self._font_name = font
        self._colour = colour
        self._elides = elides
        self._full = text
        self.setTextFormat(Qt.TextFormat.PlainText)
        # On the ground of a page Qt would take another colour of the palette than the one set below.
        self.setForegroundRole(QPalette.ColorRole.WindowText)
        self.setWordWrap(wraps)
        if elides:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._dress()
        self.setText(text)
        look().changed.connect(self._dress)

    def setText(self, text: str) -> None:
        self._full = text
        self.setAccessibleName(text)
        self._show_text()

    def text(self) -> str:
        return self._full

    def set_colour(self, colour: str) -> None:
        """Use another token for the text."""
        self._colour = colour
        self._dress()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._elides:
            self._show_text()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self._elides:
            self._show_text()

    def set_elides(self, elides: bool) -> None:
        """Shorten the text to one line of its width from now on, or break it into lines."""
        if elides != self._elides:
            self._elides = elides
            self.setWordWrap(not elides)
            way = QSizePolicy.Policy.Ignored if elides else QSizePolicy.Policy.Preferred
            self.setSizePolicy(way, QSizePolicy.Policy.Preferred)
            self.setToolTip("")
            self._show_text()

    def _show_text(self) -> None:
        shown = self._full
        if self._elides and self.width() > 0:
            shown = QFontMetrics(self.font()).elidedText(shown, Qt.TextElideMode.ElideRight, self.width())
            self.setToolTip(plain_tip(self._full) if shown != self._full else "")
        super().setText(shown)

    def _dress(self) -> None:
        self.setFont(theme().font(self._font_name))
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.WindowText, theme().colour(self._colour))
        self.setPalette(colours)
