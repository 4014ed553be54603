"""The frame that a post is written in: its text, its files, and at the foot how much room it takes."""

from PySide6.QtCore import QEvent, QMimeData, QObject, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.ui.theme import look, theme


class WritingBox(QWidget):
    """Its border shows whether the field has the keyboard, or files are being dragged over it.

    files_dropped(paths)
    """

    files_dropped = Signal(list)

    def __init__(self, field: QWidget, *below: QWidget) -> None:
        super().__init__()
        self._field = field
        self._is_target = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        for part in (field, *below):
            layout.addWidget(part)
        field.installEventFilter(self)
        self.setAcceptDrops(True)
        look().changed.connect(self.update)

    def show_target(self, is_target: bool) -> None:
        """Show that what is dragged would be attached here."""
        if self._is_target != is_target:
            self._is_target = is_target
            self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if paths_of(event.mimeData()):
            event.acceptProposedAction()
            self.show_target(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.show_target(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.show_target(False)
        event.acceptProposedAction()
        self.files_dropped.emit(paths_of(event.mimeData()))

    def paintEvent(self, event: QPaintEvent) -> None:
        is_strong = self._field.hasFocus() or self._is_target
        width = 2 if is_strong else 1
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("accent_text" if is_strong else "line_strong"), width))
        painter.setBrush(theme().colour("accent_soft" if self._is_target else "surface"))
        inset = width / 2
        painter.drawRoundedRect(self.rect().toRectF().adjusted(inset, inset, -inset, -inset), 8, 8)


def paths_of(data: QMimeData) -> list[str]:
    """Return the files of this computer that are dragged or pasted."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
