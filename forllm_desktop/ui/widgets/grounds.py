"""What a widget stands on: the white page of the centre."""

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget


def on_surface(widget: QWidget) -> None:
    """Fill a widget with the colour of pages and inputs; it follows the look."""
    widget.setAutoFillBackground(True)
    widget.setBackgroundRole(QPalette.ColorRole.Base)
