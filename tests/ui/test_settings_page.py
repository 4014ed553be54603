"""The Settings page: servers, keys, models and files, each shown as it comes and undone from the bar."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.services import model_files
from forllm_desktop.services import models as models_module
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.workspace import Workspace, open_workspace
from forllm_desktop.ui.pages.settings import SettingsPage
from tests.fakes import FakeOllama, FakeOpenAI
from tests.ui.gui_loop import Run, run, until

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("started_look", "run")


class FakeKeys(KeyStore):
    """A keyring in memory that notes in which threads it was used."""

    is_there = True

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, str] = {}
        self.threads: set[int] = set()

    @property
    def has_keyring(self) -> bool:
        self.threads.add(threading.get_ident())
        return self.is_there

    def save(self, reference: str, key: str) -> bool:
        self.threads.add(threading.get_ident())
        self.kept[reference] = key
        return self.is_there

    def load(self, reference: str) -> str | None:
        self.threads.add(threading.get_ident())
        return self.kept.get(reference)

    def forget(self, reference: str) -> None:
        self.threads.add(threading.get_ident())
        self.kept.pop(reference, None)


@pytest.fixture
def keys() -> FakeKeys:
    return FakeKeys()


@pytest.fixture
def workspace(
    tmp_path: Path, database_path: Path, keys: FakeKeys, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    monkeypatch.setattr(model_files, "find_gguf_files", list)
    monkeypatch.setattr(models_module, "WELL_KNOWN_PORTS", {})
    opened = open_workspace(tmp_path, keys=keys)
    yield opened
    opened.close()


@pytest.fixture
def page(workspace: Workspace, qtbot: QtBot) -> SettingsPage:
    made = SettingsPage(workspace)
    qtbot.addWidget(made)
    made.resize(1000, 900)
    return made


def button(within: QWidget, name: str) -> QAbstractButton:
    return next(
        b
        for b in within.findChildren(QAbstractButton)
        if name in (b.text(), b.accessibleName()) and b.isVisible()
    )


def click(qtbot: QtBot, within: QWidget, name: str) -> None:
    qtbot.mouseClick(button(within, name), Qt.MouseButton.LeftButton)


def line(within: QWidget, name: str) -> QLineEdit:
    return next(f for f in within.findChildren(QLineEdit) if f.accessibleName() == name and f.isVisible())


def fill(qtbot: QtBot, within: QWidget, name: str, text: str) -> None:
    field = line(within, name)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)


def words(page: QWidget) -> str:
    shown = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    dots = [w.text() for w in page.findChildren(QWidget) if type(w).__name__ == "StateDot" and w.isVisible()]
    return " | ".join(shown + dots)


# -- servers


def test_server_is_added_tested_and_shown(
    page: SettingsPage, workspace: Workspace, qtbot: QtBot, run: Run
) -> None:
    async def story() -> None:
        page.show()
        click(qtbot, page, "Add a server")
        fill(qtbot, page, "Address", fake.url)
        fill(qtbot, page, "Name", "Workshop")
        click(qtbot, page, "Add")
        await until(lambda: "answered in" in words(page))

    with FakeOllama() as fake:
        run(story())
    assert "Ollama 0.33.3 answered in" in words(page)
    assert "3 models: llama3.2:latest" in words(page)
    (server,) = workspace.models.servers()
    assert (server.name, server.kind) == ("Workshop", ServerKind.OLLAMA)


def test_wrong_address_is_explained_and_stays_as_typed(
    page: SettingsPage, workspace: Workspace, qtbot: QtBot, run: Run
) -> None:
    async def story() -> None:
        page.show()
        click(qtbot, page, "Add a server")
        fill(qtbot, page, "Address", "no address")
        qtbot.keyClick(line(page, "Address"), Qt.Key.Key_Return)

    run(story())
    assert "not an address" in words(page)
    assert line(page, "Address").text() == "no address"
    assert workspace.models.servers() == []


def test_escape_closes_the_form(page: SettingsPage, qtbot: QtBot, run: Run) -> None:
    async def story() -> None:
        page.show()
        click(qtbot, page, "Add a server")
        qtbot.keyClick(line(page, "Address"), Qt.Key.Key_Escape)

    run(story())
    assert page.findChildren(QLineEdit, "x") == []
    assert "API key" not in words(page)


@pytest.mark.parametrize("is_there", [True, False])
def test_key_is_kept_off_the_gui_thread_and_shown_to_nobody(
    page: SettingsPage, workspace: Workspace, keys: FakeKeys, qtbot: QtBot, run: Run, is_there: bool
) -> None:
    keys.is_there = is_there
    server = workspace.models.server_at("127.0.0.1:1", "Mine")

    async def story() -> None:
        page.show()
        click(qtbot, page, "Edit Mine")
        await until(lambda: "keyring" in words(page))
        assert ("no keyring" in words(page)) is not is_there
        field = line(page, "API key")
        assert field.echoMode() is QLineEdit.EchoMode.Password
        fill(qtbot, page, "API key", "sk-secret")
        click(qtbot, page, "Save")
        await until(lambda: workspace.models.server(server.server_id).api_key_ref)
        await until(lambda: "with a key" in words(page))
        await until(lambda: ("this session only" in words(page)) is not is_there)
        await until(lambda: "no answer" in words(page))

    run(story())
    assert keys.kept == {f"server-{server.server_id}": "sk-secret"}
    assert threading.main_thread().ident not in keys.threads
    assert "sk-secret" not in words(page)


def test_key_is_forgotten_on_request(
    page: SettingsPage, workspace: Workspace, keys: FakeKeys, qtbot: QtBot, run: Run
) -> None:
    server = workspace.models.server_at("127.0.0.1:1", "Mine")
    workspace.models.set_key(server.server_id, "sk-secret")

    async def story() -> None:
        page.show()
        click(qtbot, page, "Edit Mine")
        click(qtbot, page, "Forget the key")
        assert keys.kept
        click(qtbot, page, "Save")
        await until(lambda: not keys.kept)
        await until(lambda: "with a key" not in words(page))

    run(story())


def test_removed_server_comes_back_by_undo(
    page: SettingsPage, workspace: Workspace, qtbot: QtBot, run: Run
) -> None:
    workspace.models.server_at("127.0.0.1:1", "Mine")

    async def story() -> None:
        page.show()
        click(qtbot, page, "Remove Mine")
        await until(lambda: "removed" in words(page))
        assert workspace.models.servers() == []
        click(qtbot, page, "Undo")
        await until(workspace.models.servers)
        await until(lambda: "127.0.0.1:1" in words(page))

    run(story())
    assert [server.name for server in workspace.models.servers()] == ["Mine"]


def test_servers_that_answer_here_are_offered(
    page: SettingsPage, workspace: Workspace, qtbot: QtBot, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        page.show()
        await until(lambda: "Found on this computer" in words(page))
        click(qtbot, page, f"Add llama-server at {fake.url.removeprefix('http://')}")
        await until(lambda: "answered in" in words(page))

    with FakeOpenAI() as fake:
        monkeypatch.setattr(models_module, "WELL_KNOWN_PORTS", {int(fake.url.rpartition(":")[2]): "x"})
        run(story())
    assert [server.kind for server in workspace.models.servers()] == [ServerKind.LLAMACPP]
    assert "Found on this computer" not in words(page)


# -- models and files


def test_default_model_is_chosen_from_the_groups_and_undone(
    page: SettingsPage, workspace: Workspace, qtbot: QtBot, run: Run, tiny_gguf: Callable[[str], Path]
) -> None:
    workspace.models.remember_file(tiny_gguf("chat"))
    picker = next(b for b in page.findChildren(QComboBox) if b.accessibleName() == "Default model")

    async def story() -> None:
        server = workspace.models.server_at(fake.url, "Ollama")
        workspace.models.use(ModelChoice(server.server_id, "gone:1b"))
        page.show()
        await until(lambda: picker.itemText(0) == "Asking Ollama…")
        assert picker.currentText() == "gone:1b"
        await until(lambda: picker.findText("qwen3:8b") >= 0)
        texts = [picker.itemText(row) for row in range(picker.count())]
        assert texts[0] == "Ollama"
        assert "Built-in engine" in texts
        assert picker.currentText() == "gone:1b", "the chosen one stays, also when no server has it"
        picker.setFocus()
        picker.setCurrentIndex(picker.findText("qwen3:8b"))
        picker.activated.emit(picker.currentIndex())
        assert workspace.settings.current().default_model == "qwen3:8b"
        click(qtbot, page, "Undo")
        assert workspace.settings.current().default_model == "gone:1b"

    with FakeOllama() as fake:
        run(story())


def test_file_is_chosen_in_a_dialog_that_does_not_block(
    page: SettingsPage, workspace: Workspace, qtbot: QtBot, run: Run, tiny_gguf: Callable[[str], Path]
) -> None:
    async def story() -> None:
        page.show()
        click(qtbot, page, "Choose a file…")
        await until(lambda: page.findChildren(QFileDialog))
        (dialog,) = page.findChildren(QFileDialog)
        dialog.selectFile(str(tiny_gguf("chat")))
        dialog.accept()
        await until(lambda: "tiny-chat.gguf" in words(page))

    run(story())
    assert workspace.models.picked_files() == [str(tiny_gguf("chat"))]
    assert workspace.settings.current().default_model == str(tiny_gguf("chat"))
    assert workspace.models.default_choice() is not None


def test_file_that_is_no_model_is_refused_in_the_bar(
    page: SettingsPage, workspace: Workspace, tmp_path: Path, run: Run
) -> None:
    note = tmp_path / "note.gguf"
    note.write_text("no model")

    async def story() -> None:
        page.show()
        page._models.pick_file(str(note))

    run(story())
    assert "GGUF" in words(page)
    assert workspace.models.picked_files() == []


# -- the page


def test_search_finds_options_of_all_sections(page: SettingsPage, qtbot: QtBot, run: Run) -> None:
    async def story() -> None:
        page.show()
        field = line(page, "Search the settings")
        qtbot.keyClicks(field, "text size")
        assert "Text size" in words(page)
        assert "Let models think" not in words(page)
        qtbot.keyClicks(field, " xyzzy")
        assert "No setting found" in words(page)
        qtbot.keyClick(field, Qt.Key.Key_Escape)
        assert field.text() == ""
        assert "Servers and models" in words(page)
        assert "Text size" not in words(page)

    run(story())


def test_sections_are_walked_with_arrow_keys(page: SettingsPage, qtbot: QtBot, run: Run) -> None:
    async def story() -> None:
        page.show()
        sections = page.findChild(QListWidget)
        sections.setFocus()
        qtbot.keyClick(sections, Qt.Key.Key_Down)
        assert "Let models think" in words(page)
        page.show_section("Data")
        assert str(page.window().findChild(QListWidget).currentItem().text()) == "About your data"
        with qtbot.waitSignal(page.open_folder_requested):
            click(qtbot, page, "Open the data folder")

    run(story())


def test_change_is_undone_from_the_bar(
    page: SettingsPage, workspace: Workspace, qtbot: QtBot, run: Run
) -> None:
    async def story() -> None:
        page.show()
        page.show_section("Appearance")
        click(qtbot, page, "Colours: Dark")
        assert workspace.settings.current().color_scheme == "dark"
        click(qtbot, page, "Undo")

    run(story())
    assert workspace.settings.current().color_scheme == "system"


def test_everything_that_takes_focus_has_a_name(
    page: SettingsPage, workspace: Workspace, qtbot: QtBot, run: Run, tiny_gguf: Callable[[str], Path]
) -> None:
    workspace.models.server_at("127.0.0.1:1", "Mine")
    workspace.models.remember_file(tiny_gguf("chat"))

    async def story() -> None:
        page.show()
        click(qtbot, page, "Edit Mine")
        await until(lambda: "tiny-chat.gguf" in words(page))

    run(story())
    nameless = [
        widget
        for kind in (QAbstractButton, QLineEdit, QComboBox, QListWidget, QPushButton)
        for widget in page.findChildren(kind)
        if widget.isVisible() and not widget.accessibleName()
    ]
    assert nameless == []


def test_page_that_goes_while_it_asks_leaves_nothing_behind(
    workspace: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        made = SettingsPage(workspace)
        made.show()
        await until(lambda: made._servers._looking.is_busy)
        made.close()
        made.deleteLater()
        await until(lambda: not made_is_alive(made))

    def made_is_alive(made: SettingsPage) -> bool:
        from shiboken6 import isValid

        return isValid(made)

    with FakeOllama() as fake:
        workspace.models.server_at(fake.url)
        run(story())
