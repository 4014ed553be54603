"""One model file in the settings."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.services.model_files import GgufFile
from forllm_desktop.ui.server_words import size_text
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.wrap_row import WrapRow

WORDS = 180
"""Least width of name and folder in px at 100 %."""


class FileRow(QWidget):
    """Name, folder and size of a file.

    use_requested()       make it the default model
    forget_requested()    take it off the list
    """

    use_requested = Signal()
    forget_requested = Signal()

    def __init__(self, file: GgufFile, *, is_default: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.file = file
        is_gone = file.size is None
        beside = QWidget()
        words = QVBoxLayout(beside)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(plain_label(file.name, "ui_medium", "text_3" if is_gone else "text", elides=True))
        where = "The file is gone" if is_gone else str(Path(file.path).parent)
        words.addWidget(plain_label(where, "small", "danger" if is_gone else "text_3", elides=True))
        row = WrapRow(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.add(beside, WORDS)
        row.add(plain_label(size_text(file.size), "small", "text_3"))
        if is_default:
            row.add(plain_label("default", "small", "ok"))
        elif not is_gone:
            use = push_button("Use", "", small=True)
            use.setAccessibleName(f"Use {file.name} as the default model")
            use.clicked.connect(self.use_requested)
            row.add(use)
        if file.is_picked:
            forget = icon_button(f"Take {file.name} off the list", "x")
            forget.clicked.connect(self.forget_requested)
            row.add(forget)
