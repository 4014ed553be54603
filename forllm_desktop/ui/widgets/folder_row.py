"""One indexed folder in the settings: where it is, how far it is indexed, and which of its files count."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.files import FileFolder
from forllm_desktop.domain.found_files import FolderState, FolderStatus, shown_name
from forllm_desktop.ui.folder_words import filter_words, status_words
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.field import Field
from forllm_desktop.ui.widgets.fold import Fold
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.lines_edit import LinesEdit
from forllm_desktop.ui.widgets.switch import Switch
from forllm_desktop.ui.widgets.wrap_row import WrapRow

WORDS = 180
"""Least width of name and place in px at 100 %."""


class FolderRow(QWidget):
    """A folder. What is changed is announced at once; patterns when their field is left.

    edited(changes)       values for the service's `edit_folder`, by name
    reindex_requested(), remove_requested()    the buttons
    """

    edited = Signal(dict)
    reindex_requested = Signal()
    remove_requested = Signal()

    def __init__(self, folder: FileFolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self._status = FolderStatus(folder.folder_id)
        name = shown_name(PurePath(folder.path).name or folder.path)
        self._words = plain_label("", "small", "text_3", wraps=True)
        self._reindex = push_button("Index again", "", small=True)
        self._reindex.setAccessibleName(f"Index {name} again")
        remove = icon_button(f"Remove {name}", "trash")
        self._switch = Switch(f"Files in the folders of {name} too")
        self._allow = LinesEdit(f"Only these files of {name}", "as for all folders")
        self._block = LinesEdit(f"Never these files of {name}", "none besides those of all folders")
        self._allow_field = Field("Only these files", self._allow)
        self._block_field = Field("Never these files either", self._block)
        self._fold = Fold("Which files", self._make_body())

        beside = QWidget()
        words = QVBoxLayout(beside)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(plain_label(name, "ui_medium", elides=True))
        words.addWidget(plain_label(shown_name(folder.path), "small", "text_3", elides=True))
        head = WrapRow()
        head.add(beside, WORDS)
        head.add(self._reindex)
        head.add(remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self._words)
        layout.addWidget(self._fold)
        self.setFocusProxy(self._reindex)

        self._reindex.clicked.connect(self.reindex_requested)
        remove.clicked.connect(self.remove_requested)
        self._switch.clicked.connect(lambda: self.edited.emit({"is_recursive": self._switch.isChecked()}))
        self._allow.finished.connect(lambda text: self._finish("allow", text))
        self._block.finished.connect(lambda text: self._finish("block", text))
        self.show_folder(folder)

    def show_folder(self, folder: FileFolder) -> None:
        """Show the stored facts; a field that is typed in, or holds something wrong, keeps it."""
        self.folder = folder
        self._switch.setChecked(folder.is_recursive)
        if not (self._allow_field.problem or self._allow.is_touched):
            self._allow.show_text("\n".join(folder.allow))
        if not (self._block_field.problem or self._block.is_touched):
            self._block.show_text("\n".join(folder.block))
        self._fold.summarize(filter_words(folder))

    def show_status(self, status: FolderStatus, now: datetime) -> None:
        """Show how far it is indexed."""
        self._status = status
        words, colour = status_words(status, now)
        self._words.setText(words)
        self._words.set_colour(colour)
        self._reindex.setEnabled(status.state is not FolderState.INDEXING)

    def show_time(self, now: datetime) -> None:
        """Say anew how long ago it was indexed."""
        self.show_status(self._status, now)

    def show_error(self, error: InvalidInput) -> None:
        """Say below a field which of its lines is wrong."""
        self._fold.open()
        field, lines = (
            (self._allow_field, self._allow) if error.field == "allow" else (self._block_field, self._block)
        )
        field.say(f"{error.title}. {error.message}")
        lines.mark_wrong(True)

    def words(self) -> str:
        """Return what a filter looks at."""
        return self.folder.path

    def _finish(self, name: str, text: str) -> None:
        field, lines = (
            (self._allow_field, self._allow) if name == "allow" else (self._block_field, self._block)
        )
        had_problem = bool(field.problem)
        field.say("")
        lines.mark_wrong(False)
        if had_problem or _patterns(text) != list(getattr(self.folder, name)):
            self.edited.emit({name: text.splitlines()})

    def _make_body(self) -> QWidget:
        body = QWidget()
        recursive = WrapRow()
        recursive.add(plain_label("With the files of the folders in it", "small_medium", "text_2"), WORDS)
        recursive.add(self._switch)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(recursive)
        layout.addWidget(self._allow_field)
        layout.addWidget(self._block_field)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        return body


def _patterns(text: str) -> Sequence[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
