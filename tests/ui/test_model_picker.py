"""The composer's picker of models never opens empty: it says what it waits for."""

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.model_picker import ModelPicker
from forllm_desktop.ui.theme import Look
from tests.fakes import FakeOllama
from tests.ui.gui_loop import Run, run, until

__all__ = ["run"]


@pytest.fixture
def picker(started_look: Look, workspace: Workspace, qtbot: QtBot) -> ModelPicker:
    made = ModelPicker(workspace.models)
    qtbot.addWidget(made)
    made.show()
    return made


def lines(picker: ModelPicker) -> list[str]:
    return [action.text() for action in picker.findChild(QMenu).actions() if not action.isSeparator()]


def line(picker: ModelPicker, text: str) -> QAction:
    return next(action for action in picker.findChild(QMenu).actions() if text in action.text())


def test_while_a_server_is_asked_the_menu_says_so_and_offers_what_was_chosen(
    picker: ModelPicker, workspace: Workspace, run: Run
) -> None:
    async def story() -> None:
        server = workspace.models.server_at(fake.url, "Ollama")
        chosen = ModelChoice(server.server_id, "gone:1b")
        workspace.models.use(ModelChoice(server.server_id, "qwen3:8b"))
        picker.choose(chosen)
        picker.choose(None)
        picker.click()
        assert lines(picker) == ["qwen3:8b   Ollama   default", "Asking Ollama…", "Servers and models…"]
        assert line(picker, "qwen3:8b").isEnabled()
        assert not line(picker, "Asking").isEnabled()
        await until(lambda: any("llama3.2:latest" in text for text in lines(picker)))
        assert not any("Asking" in text for text in lines(picker))
        line(picker, "llama3.2:latest").trigger()
        assert picker.chosen == ModelChoice(server.server_id, "llama3.2:latest")
        picker.findChild(QMenu).close()

    with FakeOllama() as fake:
        run(story())


def test_a_server_that_does_not_answer_is_named_and_the_settings_are_offered(
    picker: ModelPicker, workspace: Workspace, qtbot: QtBot, run: Run
) -> None:
    async def story() -> None:
        workspace.models.server_at("http://127.0.0.1:9", "workshop-pc")
        picker.click()
        await until(lambda: "workshop-pc did not answer" in lines(picker))
        with qtbot.waitSignal(picker.settings_requested):
            line(picker, "Open settings").trigger()
        picker.findChild(QMenu).close()

    run(story())


def test_without_servers_and_models_the_menu_says_so(picker: ModelPicker, run: Run) -> None:
    async def story() -> None:
        picker.click()
        assert lines(picker)[0] == "No model yet"
        picker.findChild(QMenu).close()

    run(story())
