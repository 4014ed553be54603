"""The folders whose files may be tagged, in the settings; and what is skipped in all of them."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePath

from PySide6.QtCore import QMimeData, QTimer, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.files import FileFolder
from forllm_desktop.domain.found_files import FolderStatus, shown_name
from forllm_desktop.events import Events
from forllm_desktop.services.files import FilesService
from forllm_desktop.ui.background import Background
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.folder_row import FolderRow
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.option_controls import mark_line
from forllm_desktop.ui.widgets.wrap_row import WrapRow

GATHER = 150
"""Milliseconds in which several changes become one look at how far the folders are."""
MINUTE = 30_000
"""Milliseconds after which "2 min ago" is said anew while it is seen."""
PATH_WIDTH = 240
"""Least width of the field for a path in px at 100 %."""

_WORDS = "folders files index tags # add a folder path drop choose remove index again watched which files"
_EXPLANATION = (
    "Files of these folders can be tagged in a post with #; tags read nothing outside of them. Drop a folder "
    "here, or type its path."
)


def folder_dialog(parent: QWidget) -> QFileDialog:
    """Return the dialog in which a folder is chosen; opened with `open()`, it answers by a signal."""
    dialog = QFileDialog(parent, "Choose a folder", str(Path.home()))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setAccessibleName("Choose a folder")
    dialog.finished.connect(dialog.deleteLater)
    return dialog


class FoldersSection(QWidget):
    """A row for each folder, and a line to add one. Nothing here waits for a disk.

    said(sentence, undo)    something was done; `undo` is a function without arguments, or None
    failed(error)           something could not be done
    """

    said = Signal(str, object)
    failed = Signal(object)

    def __init__(self, files: FilesService, events: Events, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._files = files
        self._rows: dict[int, FolderRow] = {}
        self._background = Background(self, self.failed.emit)
        self._look = Latest("folders", self)
        self._gather = QTimer(self, singleShot=True, interval=GATHER)
        self._minute = QTimer(self, interval=MINUTE)
        self._path = QLineEdit()
        self._path.setAccessibleName("Path of a folder")
        self._path.setPlaceholderText("Path of a folder")
        self._problem = plain_label("", "small", "danger", wraps=True)
        self._problem.hide()
        self._add = push_button("Add", "", "plus")
        self._choose = push_button("Choose…", "", "folder-simple")
        self._list = RowList()
        self._hint = plain_label(_EXPLANATION, "ui", "text_3", wraps=True)
        line = WrapRow()
        line.add(self._path, PATH_WIDTH)
        line.add(self._add)
        line.add(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(plain_label("Folders", "heading"))
        layout.addWidget(self._hint)
        layout.addSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self._problem)
        layout.addWidget(self._list)
        self.setAcceptDrops(True)
        self.setFocusProxy(self._path)

        self._path.returnPressed.connect(self._add_typed)
        self._path.textEdited.connect(lambda _text: self._say_wrong(""))
        self._add.clicked.connect(self._add_typed)
        self._choose.clicked.connect(self._open_dialog)
        self._look.done.connect(self._show_status)
        self._look.failed.connect(self.failed)
        self._gather.timeout.connect(self._ask)
        self._minute.timeout.connect(self._show_time)
        events.files_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the folders that there are, and soon how far they are indexed."""
        folders = {folder.folder_id: folder for folder in self._files.folders()}
        for gone in [number for number in self._rows if number not in folders]:
            self._list.remove(self._rows.pop(gone))
        for number, folder in folders.items():
            if number in self._rows:
                self._rows[number].show_folder(folder)
            else:
                self._add_row(folder)
        self._list.setVisible(bool(self._rows))
        if self.isVisible():
            self._gather.start()

    def add(self, paths: Sequence[str]) -> None:
        """Add folders, one after the other; what cannot be added is told."""
        self._background.start(self._add_all, paths)

    def filter(self, text: str) -> bool:
        """Say whether a text is about folders or one of these."""
        own = " ".join([_WORDS, *(row.words() for row in self._rows.values())]).casefold()
        return all(word in own for word in text.casefold().split())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self._ask()
            self._minute.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._minute.stop()

    # -- dropping folders

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            self._hint.setText("Drop to index the folder with all that is in it.")
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._hint.setText(_EXPLANATION)

    def dropEvent(self, event: QDropEvent) -> None:
        self._hint.setText(_EXPLANATION)
        if paths := dropped_paths(event.mimeData()):
            self.add(paths)
            event.acceptProposedAction()

    # -- doing

    def _add_row(self, folder: FileFolder) -> None:
        row, number = FolderRow(folder), folder.folder_id
        row.show_status(FolderStatus(number), utc_now())
        row.edited.connect(partial(self._edit, number))
        row.reindex_requested.connect(partial(self._reindex, number))
        row.remove_requested.connect(partial(self._remove, number))
        self._rows[number] = row
        self._list.add(row)

    def _add_typed(self) -> None:
        self.add([typed_path(self._path.text())])

    async def _add_all(self, paths: Sequence[str]) -> None:
        for path in paths:
            try:
                folder = await asyncio.to_thread(self._files.add_folder, path)
            except InvalidInput as error:
                if len(paths) == 1:
                    self._path.setText(self._path.text() or path)
                    self._say_wrong(f"{error.title}. {error.message}")
                else:
                    self.failed.emit(error)
                continue
            if path == typed_path(self._path.text()):
                self._path.clear()
                self._say_wrong("")
            self.said.emit(
                f"{_name(folder)} is indexed now", partial(self._files.remove_folder, folder.folder_id)
            )

    def _edit(self, number: int, changes: dict) -> None:
        row = self._rows[number]
        before = {name: getattr(row.folder, name) for name in changes}
        try:
            after = self._files.edit_folder(number, **changes)
        except InvalidInput as error:
            row.show_error(error)
        except ForllmError as error:
            self.failed.emit(error)
        else:
            row.show_folder(after)
            if any(getattr(after, name) != value for name, value in before.items()):
                way_back = partial(self._files.edit_folder, number, **before)
                self.said.emit(f"Which files of {_name(after)} count was changed", way_back)

    def _reindex(self, number: int) -> None:
        try:
            self._files.reindex(number)
        except ForllmError as error:
            self.failed.emit(error)

    def _remove(self, number: int) -> None:
        try:
            folder = self._files.remove_folder(number)
        except ForllmError as error:
            self.failed.emit(error)
            return
        self._path.setFocus()
        words = f"{_name(folder)} is no longer indexed; nothing on the disk was changed"
        self.said.emit(words, partial(self._files.restore, folder))

    def _open_dialog(self) -> None:
        dialog = folder_dialog(self)
        dialog.fileSelected.connect(lambda path: self.add([path]))
        dialog.open()

    # -- showing

    def _ask(self) -> None:
        self._look.ask(self._files.status)

    def _show_status(self, found: dict[int, FolderStatus]) -> None:
        now = utc_now()
        for number, status in found.items():
            if number in self._rows:
                self._rows[number].show_status(status, now)

    def _show_time(self) -> None:
        now = utc_now()
        for row in self._rows.values():
            row.show_time(now)

    def _say_wrong(self, words: str) -> None:
        self._problem.setText(words)
        self._problem.setVisible(bool(words))
        mark_line(self._path, bool(words))


def dropped_paths(data: QMimeData) -> list[str]:
    """Return the places on this computer that are dragged."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


def typed_path(text: str) -> str:
    """Return the path that is meant: file managers copy addresses, shells quote."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return QUrl(text).toLocalFile() if text.startswith("file://") else text


def _name(folder: FileFolder) -> str:
    return shown_name(PurePath(folder.path).name or folder.path)
