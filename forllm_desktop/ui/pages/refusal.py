"""What the window shows when the data folder cannot be opened: why, and what to do."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label


class RefusalPage(QWidget):
    """Says in words why nothing can be shown.

    close_requested()
    """

    close_requested = Signal()

    def __init__(self, error: ForllmError, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 32, 32, 32)
        layout.setSpacing(12)
        layout.addStretch(1)
        for text, font, colour in ((error.title, "title", "text"), (error.message, "ui", "text_2")):
            label = plain_label(text, font, colour, wraps=True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
        close = push_button("Close", "primary")
        close.clicked.connect(self.close_requested)
        layout.addWidget(close, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        close.setFocus()
