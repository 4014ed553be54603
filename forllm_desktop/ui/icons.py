"""Icons of the Phosphor and Codicon sets, drawn in a colour of the theme, loaded after the first frame.

The fonts are those that qtawesome ships. Its code is not used: importing it takes a third of a second.
"""

import json
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from forllm_desktop.ui.theme import theme

SCALE = 1.14
"""The Phosphor glyphs are smaller than their box; so much larger, a 16 px icon is drawn at 16 px."""

GLYPH = 0.875
"""Size of the font as a share of the icon's box, as qtawesome draws it."""

_FILES = {"ph": "phosphor", "msc": "codicon"}
_fonts: dict[str, tuple[str, dict[str, str]]] = {}
"""By prefix: the family of the font, and its characters by name. Empty until they are loaded."""


def icon(name: str, colour: str = "text_2") -> QIcon:
    """Return an icon, by default of the Phosphor set: "list", or with a prefix "msc.split-horizontal".

    `colour` is a token of the theme, looked up whenever it is drawn; disabled icons are drawn `disabled`.
    """
    return QIcon(_Engine(name if "." in name else f"ph.{name}", colour))


def paint_icon(painter: QPainter, rect: QRect, name: str, colour: str) -> None:
    """Paint an icon into a square, for delegates."""
    icon(name, colour).paint(painter, rect)


def load_icons() -> None:
    """Load the icon fonts and redraw every window."""
    spec = find_spec("qtawesome")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the icon fonts of qtawesome are not installed")
    folder = Path(spec.origin).parent / "fonts"
    for prefix, name in _FILES.items():
        number = QFontDatabase.addApplicationFont(str(next(folder.glob(f"{name}-[0-9]*.ttf"))))
        characters = json.loads(next(folder.glob(f"{name}-charmap-*.json")).read_text(encoding="utf-8"))
        family = QFontDatabase.applicationFontFamilies(number)[0]
        _fonts[prefix] = family, {key: chr(int(code, 16)) for key, code in characters.items()}
    for widget in QApplication.allWidgets():
        widget.update()


class _Engine(QIconEngine):
    """Draws a glyph, or nothing before the fonts are loaded."""

    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        if not _fonts:
            return
        prefix, _, name = self._name.partition(".")
        family, characters = _fonts[prefix]
        font = QFont(family)
        font.setPixelSize(max(1, round(GLYPH * SCALE * rect.height())))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setFont(font)
        painter.setPen(theme().colour("disabled" if mode is QIcon.Mode.Disabled else self._colour))
        # In a box wider than high the rest is the gap to the words at its right.
        box = QRect(rect.topLeft(), QSize(min(rect.width(), rect.height()), rect.height()))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, characters[name])
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return made

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._colour)
