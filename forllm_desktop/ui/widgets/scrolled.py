"""A scroll area around a part of a page: it fills its place, and scrolls where that is too low for it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from forllm_desktop.ui.widgets.grounds import on_surface


def scrolled(inside: QWidget) -> QScrollArea:
    """Return a scroll area that shows a widget on the ground of pages, never sideways."""
    area = QScrollArea()
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    on_surface(inside)
    return area
