"""A window over the composer with the text of a file that is not posted yet: what a model would read."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from forllm_desktop.domain.files import ShownFile
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.ui import file_words
from forllm_desktop.ui.file_text import FileText
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.labels import plain_label


class FilePeek(QDialog):
    """Goes away for good when it is closed."""

    def __init__(self, shown: ShownFile, attachments: AttachmentService, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(shown.file.name)
        self._text = FileText(shown.file, attachments)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(8)
        layout.addWidget(plain_label(shown.file.name, "heading", wraps=True))
        layout.addWidget(plain_label(file_words.in_full(shown.facts), "small", "text_2", wraps=True))
        layout.addWidget(self._text, 1)
        layout.addWidget(buttons)
        self.resize(theme().px(720), theme().px(560))
        self._text.setFocus()

    @property
    def is_complete(self) -> bool:
        """Say whether the text is there."""
        return self._text.is_complete
