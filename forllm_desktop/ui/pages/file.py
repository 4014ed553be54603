"""The page of a file that goes with a post: its text as models read it, and the file to save."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.files import file_name_to_save
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui import file_words
from forllm_desktop.ui.file_text import FileText
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.grounds import on_surface
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.wrap_row import WrapRow


class FilePage(Page):
    """One file of a post, counted from 0.

    failed(error)             what could not be done
    post_requested(post_id)   the post is to be shown
    saved(words)              what was done, for the status line
    """

    failed = Signal(object)
    post_requested = Signal(int)
    saved = Signal(str)

    def __init__(self, post_id: int, place: int, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._attachments = workspace.attachments
        self._shown = self._attachments.shown(post_ids=[post_id])[post_id][place]
        self._post_id = post_id
        self._saving = Latest("save-file", self)
        self._make_widgets(workspace.forum.topic(workspace.forum.post(post_id).topic_id).title)
        self._connect()

    @property
    def is_complete(self) -> bool:
        """Say whether the text is there, as far as it is shown at first."""
        return self._text.is_complete

    def save_as(self, path: str) -> None:
        """Write the file as it was attached."""
        digest = self._shown.file.digest

        def save() -> str:
            content = self._attachments.content(digest)
            try:
                Path(path).write_bytes(content)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise ForllmError("The file could not be saved", f"{path}: {reason}.") from error
            return path

        self._saving.ask(save)

    def copy_text(self) -> None:
        """Put the whole text into the clipboard."""
        if self._text.text is not None:
            QGuiApplication.clipboard().setText(self._text.text)
            self.saved.emit("Text copied")

    # -- how it is made

    def _make_widgets(self, topic: str) -> None:
        file = self._shown.file
        self._name = plain_label(file.name, "heading", wraps=True)
        self._about = plain_label(file_words.in_full(self._shown.facts), "small", "text_2", wraps=True)
        origin = f"Attached to a post in “{topic}”" if not file.path else f"From {file.path}, in “{topic}”"
        self._origin = plain_label(origin, "small", "text_3", wraps=True)
        self._note = plain_label(f"Note: {file.note}", "small", "text_2", wraps=True)
        self._note.setVisible(bool(file.note))
        self._copy = push_button("Copy", icon_name="copy")
        self._save = push_button("Save as…", icon_name="download-simple")
        self._post = push_button("Show the post", "quiet", "arrow-square-out")
        row = WrapRow(line_spacing=8)
        for button in (self._copy, self._save, self._post):
            row.add(button)
        self._text = FileText(file, self._attachments)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 24, 12)
        layout.setSpacing(8)
        for label in (self._name, self._about, self._note, self._origin):
            layout.addWidget(label)
        layout.addLayout(row)
        layout.addWidget(self._text, 1)
        on_surface(self)
        self.setFocusProxy(self._text)
        self.setAccessibleName(f"File {file.name}")
        self._copy.setEnabled(False)

    def _connect(self) -> None:
        self._text.was_read.connect(lambda: self._copy.setEnabled(True))
        self._saving.done.connect(lambda path: self.saved.emit(f"Saved {path}"))
        self._saving.failed.connect(self.failed)
        self._copy.clicked.connect(self.copy_text)
        self._save.clicked.connect(self._ask_where)
        self._post.clicked.connect(lambda: self.post_requested.emit(self._post_id))

    def _ask_where(self) -> None:
        dialog = QFileDialog(
            self, "Save the file", str(Path.home() / file_name_to_save(self._shown.file.name))
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save_as)
        dialog.open()
