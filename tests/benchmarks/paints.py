"""Noticing that something has been painted; this file must stay quick to import."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget


class Paints(QObject):
    """Calls `then` once, when a widget has been painted together with all that is in it."""

    def __init__(self, widget: QWidget, then: Callable[[], object]) -> None:
        super().__init__(widget)
        self._then = then
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            # The children come within the same step; after it the picture is whole.
            QTimer.singleShot(0, self, self._then)
        return False
