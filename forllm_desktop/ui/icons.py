"""Icons of the Phosphor and Codicon sets, drawn in a colour of the theme, loaded after the first frame."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from forllm_desktop.ui.theme import theme

SCALE = 1.14
"""The Phosphor glyphs are smaller than their box; so much larger, a 16 px icon is drawn at 16 px."""

_is_loaded = False


def icon(name: str, colour: str = "text_2") -> QIcon:
    """Return an icon, by default of the Phosphor set: "list", or with a prefix "msc.split-horizontal".

    `colour` is a token of the theme, looked up whenever it is drawn; disabled icons are drawn `disabled`.
    """
    return QIcon(_Engine(name if "." in name else f"ph.{name}", colour))


def paint_icon(painter: QPainter, rect: QRect, name: str, colour: str) -> None:
    """Paint an icon into a square, for delegates."""
    icon(name, colour).paint(painter, rect)


def load_icons() -> None:
    """Load the icon fonts and redraw every window; takes about 0.2 s, so it runs after the first frame."""
    global _is_loaded
    import qtawesome

    qtawesome.icon("ph.list")
    qtawesome.icon("msc.split-horizontal")
    _is_loaded = True
    for widget in QApplication.allWidgets():
        widget.update()


class _Engine(QIconEngine):
    """Draws a glyph, or nothing before the fonts are loaded."""

    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        if not _is_loaded:
            return
        import qtawesome

        token = "disabled" if mode is QIcon.Mode.Disabled else self._colour
        glyph = qtawesome.icon(self._name, color=theme().colour(token), scale_factor=SCALE)
        glyph.paint(painter, rect)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return made

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._colour)
