"""The first step of the welcome: what offers models here, as it is found, and which model answers."""

import time
from contextlib import aclosing
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QMenu, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.servers import ENGINE_URL, ModelChoice, is_private_url
from forllm_desktop.services.model_sources import Source, engine_source, installed_programs
from forllm_desktop.services.models import ModelsService
from forllm_desktop.ui.background import Background
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.pages.settings_models import file_dialog
from forllm_desktop.ui.server_words import few, short_address, size_text, state_word
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.choice_row import ChoiceRow
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.model_picker import ModelPicker
from forllm_desktop.ui.widgets.server_editor import ServerDraft, ServerEditor
from forllm_desktop.ui.widgets.wrap_row import WrapRow
from forllm_desktop.ui.words import counted


class WelcomeModels(QWidget):
    """Finds servers and files and lets one model be chosen; the first one that can answer is preselected.

    changed()               another model is chosen, or none any more
    noted(sentence)         what was found and how long it took
    failed(error)           something could not be done
    """

    changed = Signal()
    noted = Signal(str)
    failed = Signal(object)

    def __init__(self, models: ModelsService, default: ModelChoice | None, parent: QWidget | None = None):
        super().__init__(parent)
        self._models = models
        self._default = default
        self._sources: dict[str, Source] = {}
        self._rows: dict[str, ChoiceRow] = {}
        self._chosen = ""
        self._was_chosen_by_hand = False
        self._is_done = False
        self._found_in = 0.0
        self._background = Background(self, self.failed.emit)
        self._editor: ServerEditor | None = None
        self._group = QButtonGroup(self)
        self._list = RowList(is_framed=True)
        self._advice = plain_label("", "ui", "warn", wraps=True)
        self._choose_file = push_button("Choose a file…", "", "folder-simple", small=True)
        self._picker = ModelPicker("First replies by")
        self._picker_line = QWidget()
        self._note = plain_label("", "small", "text_2", elides=True)

        line = WrapRow(self._picker_line)
        line.add(plain_label("First replies by", "small", "text_3"))
        line.add(self._picker)
        line.add(self._note, 96)
        self._advice_line = QWidget()
        advice = WrapRow(self._advice_line, spacing=12)
        advice.add(self._advice, 240)
        advice.add(self._choose_file)
        self._editor_place = QVBoxLayout()
        self._editor_place.setContentsMargins(0, 8, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._list)
        layout.addLayout(self._editor_place)
        layout.addWidget(self._advice_line)
        layout.addWidget(self._picker_line)
        self._picker_line.hide()
        self._advice_line.hide()

        self._picker.picked.connect(self._pick_model)
        self._choose_file.clicked.connect(self.open_file_dialog)
        self._put(engine_source([], 0))

    def choice(self) -> ModelChoice | None:
        """Return the chosen model, its server stored from now on; None while there is none."""
        source, picked = self._source(), self._picker.currentData()
        if source is None or not isinstance(picked, ModelChoice):
            return None
        if source.is_engine:
            return ModelChoice(self._models.engine().server_id, picked.name)
        if source.server_id:
            return picked
        kind = source.kind
        assert kind is not None, "a source that is ready has been recognised"
        return ModelChoice(self._models.server_at(source.address, source.name, kind).server_id, picked.name)

    @property
    def has_model(self) -> bool:
        """Say whether a model is chosen."""
        return self._source() is not None and isinstance(self._picker.currentData(), ModelChoice)

    def privacy(self) -> str:
        """Say in a sentence where the texts go."""
        source, picked = self._source(), self._picker.currentData()
        if source is None or not isinstance(picked, ModelChoice):
            return ""
        model = next((model for model in source.models if model.id == picked.name), None)
        if model is not None and model.remote:
            return f"{picked.name} runs elsewhere: your texts leave this computer."
        host = short_address(source.address)
        if source.is_engine or host.startswith(("127.0.0.1", "[::1]")):
            return "Nothing leaves this computer."
        where = "in your network" if is_private_url(source.address) else "on the internet"
        return f"Your texts go to {host}, {where}."

    def look_again(self) -> None:
        """Look for servers and files."""
        self._background.cancel()
        self._background.start(self._look)

    def open_menu(self, at: QPoint) -> None:
        """Offer to add a server or a file."""
        menu = QMenu(self)
        menu.addAction(icon("folder-simple"), "Choose a model file…", self.open_file_dialog)
        menu.addAction(icon("hard-drives"), "Add a server", self.open_editor)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def open_file_dialog(self) -> None:
        """Let the user choose a GGUF file."""
        dialog = file_dialog(self)
        dialog.fileSelected.connect(self.pick_file)
        dialog.open()

    def pick_file(self, path: str) -> None:
        """Use a GGUF file of the user's choice."""
        try:
            full = self._models.remember_file(path)
        except ForllmError as error:
            self.failed.emit(error)
            return
        self._background.start(self._use_file, full)

    def open_editor(self) -> None:
        """Open the form for a server below the list."""
        if self._editor is None:
            self._editor = ServerEditor()
            self._editor.saved.connect(self._add_server)
            self._editor.cancelled.connect(self._close_editor)
            self._editor_place.addWidget(self._editor)
            self._editor_place.setContentsMargins(0, 8, 0, 8)
            self._editor.show()
        self._editor.setFocus(Qt.FocusReason.TabFocusReason)

    async def _look(self) -> None:
        began = time.monotonic()
        self._is_done = False
        self._show_note()
        for source in [source for source in self._sources.values() if not source.is_engine]:
            self._take(source.address)
        self._put(engine_source(await self._models.gguf_files(), 0))
        async with aclosing(self._models.look_around()) as sources:
            async for source in sources:
                self._put(source)
                self._found_in = time.monotonic() - began
        self._show_installed()
        self._is_done = True
        self._show_note()
        self._announce(began)

    def _announce(self, began: float) -> None:
        servers = sum(1 for source in self._sources.values() if source.is_there and not source.is_engine)
        files = len(self._sources[ENGINE_URL].models)
        seconds = time.monotonic() - began
        what = f"{counted(servers, 'server')}, {counted(files, 'model file')}"
        self.noted.emit(f"Found in {seconds:.1f} s: {what}")

    def _put(self, source: Source) -> None:
        """Show a source, a new one above the built-in engine, and choose what is best now."""
        row = self._rows.get(source.address)
        if row is None:
            row = ChoiceRow(source.name)
            row.clicked.connect(partial(self._choose_by_hand, source.address))
            self._rows[source.address] = row
            self._group.addButton(row)
            self._list.put_after(row, self._last_server_row())
        self._sources[source.address] = source
        row.setEnabled(source.is_ready and bool(source.models))
        row.say(*_words(source), has_dot=not source.is_engine)
        self._choose_best()

    def _last_server_row(self) -> QWidget | None:
        servers = [self._rows[s.address] for s in self._sources.values() if not s.is_engine]
        shown = [row for row in self._list.rows if row in servers]
        return shown[-1] if shown else None

    def _take(self, address: str) -> None:
        self._sources.pop(address, None)
        row = self._rows.pop(address)
        self._group.removeButton(row)
        self._list.remove(row)

    def _show_installed(self) -> None:
        """Say what to do about programs that are there and whose server is off."""
        known = {source.name for source in self._sources.values()}
        for address in [address for address in self._rows if address.startswith("off:")]:
            self._take(address)
        for name, port in installed_programs().items():
            if name not in known:
                row = ChoiceRow(name)
                row.setEnabled(False)
                row.say(
                    "installed, its server is off. Start it there, then look again.", f"no answer on {port}"
                )
                self._rows[f"off:{name}"] = row
                self._list.add(row)

    def _choose_best(self) -> None:
        """Choose the default's source, else the first server with models, else the engine."""
        usable = [source for source in self._sources.values() if source.is_ready and source.models]
        by_place = sorted(usable, key=lambda source: (source.is_engine, source.address))
        if self._was_chosen_by_hand and any(source.address == self._chosen for source in usable):
            best = self._chosen
        else:
            default = self._default.server_id if self._default else 0
            preferred = [source for source in by_place if default and source.server_id == default]
            best = (preferred or by_place)[0].address if by_place else ""
        self._choose(best)

    def _choose_by_hand(self, address: str) -> None:
        self._was_chosen_by_hand = True
        self._choose(address)

    def _choose(self, address: str) -> None:
        before, self._chosen = self._picker.currentData(), address
        source = self._source()
        if source is None:
            self._picker.show_sources([], None)
        else:
            self._rows[address].setChecked(True)
            wanted = [before, self._default, _first_local(source)]
            offered = {ModelChoice(source.server_id, model.id) for model in source.models}
            self._picker.show_sources([source], next(choice for choice in wanted if choice in offered))
        self._show_note()
        self.changed.emit()

    def _pick_model(self, _choice: ModelChoice) -> None:
        self._was_chosen_by_hand = True
        self._show_note()
        self.changed.emit()

    def _show_note(self) -> None:
        source, picked = self._source(), self._picker.currentData()
        self._picker_line.setVisible(source is not None)
        self._advice_line.setVisible(source is None)
        if source is None:
            self._choose_file.setVisible(self._is_done)
            self._advice.set_colour("warn" if self._is_done else "text_3")
            self._advice.setText(
                "No model was found yet. Start a server and look again, or choose a GGUF file: the built-in "
                "engine runs it without any server. What you typed stays."
                if self._is_done
                else "Looking for servers and model files…"
            )
        elif isinstance(picked, ModelChoice):
            model = next((model for model in source.models if model.id == picked.name), None)
            facts = [size_text(model.size), model.quant or ""] if model else []
            self._note.setText(", ".join(fact for fact in facts if fact))

    def _source(self) -> Source | None:
        return self._sources.get(self._chosen)

    async def _use_file(self, path: str) -> None:
        self._put(engine_source(await self._models.gguf_files(), 0))
        self._choose_by_hand(ENGINE_URL)
        self._picker.choose(ModelChoice(0, path))
        self._pick_model(ModelChoice(0, path))

    def _add_server(self, draft: ServerDraft) -> None:
        try:
            server = self._models.server_at(draft.address, draft.name.strip())
            self._models.edit(server.server_id, use_proxy=draft.use_proxy, verify_tls=draft.verify_tls)
        except InvalidInput as error:
            assert self._editor is not None
            self._editor.show_error(error)
            return
        self._close_editor()
        self._background.start(self._ask_added, server.server_id, draft.key)

    async def _ask_added(self, server_id: int, key: str | None) -> None:
        await self._models.keep_key(server_id, key)
        source = await self._models.test(server_id)
        self._put(source)
        if source.is_ready and source.models:
            self._choose_by_hand(source.address)

    def _close_editor(self) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor_place.setContentsMargins(0, 8, 0, 0)
            self._editor.deleteLater()
            self._editor = None


def _first_local(source: Source) -> ModelChoice:
    """Return a source's first model that runs where the server is."""
    model = next((model for model in source.models if not model.remote), source.models[0])
    return ModelChoice(source.server_id, model.id)


def _words(source: Source) -> tuple[str, str, str]:
    """Return the facts of a row, its state, and the token of the state's colour."""
    if source.is_engine:
        return _engine_words(source)
    if source.is_ready:
        names = few([model.label or model.id for model in source.models], 2)
        port = source.address.rpartition(":")[2]
        is_here = "127.0.0.1" in source.address
        return (
            names or "answers, but has no model yet. Load one there, then look again.",
            f"answers on port {port}" if is_here else f"answers at {short_address(source.address)}",
            "ok",
        )
    return source.message, *state_word(source)


def _engine_words(source: Source) -> tuple[str, str, str]:
    if not source.models:
        return "no model file (GGUF) found on this disk. Choose one.", "needs no server", "text_3"
    first = source.models[0]
    size = size_text(first.size)
    name = f"{first.label or Path(first.id).name}{f', {size}' if size else ''}"
    more = len(source.models) - 1
    facts = f"{name}, and {counted(more, 'more file')}" if more else name
    return facts, "needs no server", "text_3"
