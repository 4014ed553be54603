"""The models in the settings: the default one, the model files, the built-in engine."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.events import Events
from forllm_desktop.services.model_files import GgufFile
from forllm_desktop.services.model_sources import Source
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui.background import Background
from forllm_desktop.ui.server_words import asking, no_answer
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.file_row import FileRow
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.model_picker import ModelPicker
from forllm_desktop.ui.widgets.wrap_row import WrapRow

GATHER = 150
"""Milliseconds in which several changes of the servers become one look at them."""

_WORDS = "default model picker gguf files choose a file built-in engine llama.cpp"


def file_dialog(parent: QWidget) -> QFileDialog:
    """Return the dialog in which a model file is chosen; opened with `open()`, it answers by a signal."""
    dialog = QFileDialog(parent, "Choose a model file", str(Path.home()))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(["GGUF files (*.gguf *.GGUF)", "All files (*)"])
    dialog.setAccessibleName("Choose a model file")
    dialog.finished.connect(dialog.deleteLater)
    return dialog


class ModelsSection(QWidget):
    """The default model and the files of the built-in engine.

    said(sentence, undo)    something was done; `undo` is a function without arguments, or None
    failed(error)           something could not be done
    looked(sources)         the servers answered, or did not
    """

    said = Signal(str, object)
    failed = Signal(object)
    looked = Signal(list)

    def __init__(
        self, models: ModelsService, settings: SettingsService, events: Events, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._models = models
        self._settings = settings
        self._background = Background(self, self.failed.emit)
        self._sources: list[Source] = []
        self._is_asking = self._was_asked = False
        self._files: list[GgufFile] = []
        self._gather = QTimer(self, singleShot=True, interval=GATHER)
        self._picker = ModelPicker("Default model")
        self._default_note = plain_label("", "small", "text_3", wraps=True)
        self._choose_file = push_button("Choose a file…", "quiet", "folder-simple", small=True)
        self._list = RowList()
        self._no_files = plain_label(
            "No GGUF file was found where LM Studio, Ollama, llama.cpp, Jan and GPT4All keep theirs. "
            "Choose one, and the built-in engine runs it without any server.",
            "ui",
            "text_3",
            wraps=True,
        )
        self._no_files.hide()

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(plain_label("Default model", "heading"))
        layout.addWidget(self._picker)
        layout.addWidget(self._default_note)
        layout.addSpacing(24)
        head = WrapRow()
        head.add(plain_label("Model files for the built-in engine", "heading", wraps=True), 280)
        head.add(self._choose_file)
        layout.addLayout(head)
        layout.addWidget(self._no_files)
        layout.addWidget(self._list)

        self._picker.picked.connect(self._use)
        self._choose_file.clicked.connect(self._open_dialog)
        self._gather.timeout.connect(self.look_again)
        events.servers_changed.connect(self._look_soon)
        events.settings_changed.connect(self._show_all)
        self._show_all()

    def look_again(self) -> None:
        """Ask all servers for their models and look for files on the disk."""
        self._background.cancel()
        self._background.start(self._look)

    def pick_file(self, path: str) -> None:
        """Keep a file in the list; it becomes the default model when there is none yet."""
        try:
            full = self._models.remember_file(path)
            if not self._settings.current().default_model:
                self._models.use(ModelChoice(self._models.engine().server_id, full))
        except ForllmError as error:
            self.failed.emit(error)

    def filter(self, text: str) -> bool:
        """Say whether a text is about this."""
        own = " ".join([_WORDS, *(file.name for file in self._files)]).casefold()
        return all(word in own for word in text.casefold().split())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self.look_again()

    def _look_soon(self) -> None:
        if self.isVisible():
            self._gather.start()

    async def _look(self) -> None:
        self._files = await self._models.gguf_files()
        self._is_asking = True
        self._show_all()
        try:
            self._sources = await self._models.known_models()
        finally:
            self._is_asking = False
        self._was_asked = True
        self._show_all()
        self.looked.emit(self._sources)

    def _show_all(self) -> None:
        now = self._settings.current()
        chosen = ModelChoice(now.default_server_id, now.default_model) if now.default_model else None
        self._picker.show_sources(self._sources, chosen, news=self._news(), is_asking=self._is_asking)
        self._default_note.setText(
            "Answers whenever a request names no other model."
            if chosen
            else "Choose one here, or with the first question you ask."
        )
        self._list.clear()
        for file in self._files:
            self._add_file(file, is_default=bool(chosen) and now.default_model == file.path)
        self._no_files.setVisible(not self._files)
        self._list.setVisible(bool(self._files))

    def _news(self) -> str:
        names = [server.name for server in self._models.servers() if server.kind != ServerKind.ENGINE]
        if self._is_asking and names:
            return asking(names)
        has_answered = any(source.is_ready and not source.is_engine for source in self._sources)
        return no_answer(names) if self._was_asked and names and not has_answered else ""

    def _add_file(self, file: GgufFile, *, is_default: bool) -> None:
        row = FileRow(file, is_default=is_default)
        row.use_requested.connect(partial(self._use, ModelChoice(0, file.path)))
        row.forget_requested.connect(partial(self._forget, file))
        self._list.add(row)

    def _use(self, choice: ModelChoice) -> None:
        before = self._settings.current()
        if not choice.server_id:
            choice = ModelChoice(self._models.engine().server_id, choice.name)
        if (choice.server_id, choice.name) == (before.default_server_id, before.default_model):
            return
        self._models.use(choice)
        name = Path(choice.name).name
        way_back = partial(self._models.use, ModelChoice(before.default_server_id, before.default_model))
        self.said.emit(f"{name} is the default model now", way_back)

    def _forget(self, file: GgufFile) -> None:
        self._models.forget_file(file.path)
        way_back = partial(self._models.remember_file, file.path) if file.size is not None else None
        self.said.emit(f"{file.name} is off the list; the file stays where it is", way_back)

    def _open_dialog(self) -> None:
        dialog = file_dialog(self)
        dialog.fileSelected.connect(self.pick_file)
        dialog.open()
