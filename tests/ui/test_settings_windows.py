"""The windows of models in the settings: where each comes from, an own number, asking again, undo."""

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.llm.backend import ModelInfo
from forllm_desktop.services import model_files
from forllm_desktop.services import models as models_module
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.pages.settings import SettingsPage
from forllm_desktop.ui.pages.settings_windows import STEP, WindowsSection
from forllm_desktop.ui.window_words import WindowFacts, window_sentence
from tests.builders import NOW
from tests.fakes import FakeOllama
from tests.ui.gui_loop import Run, run, until

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("started_look", "run")


@pytest.fixture(autouse=True)
def _nothing_else_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "find_gguf_files", list)
    monkeypatch.setattr(models_module, "WELL_KNOWN_PORTS", {})


@pytest.fixture
def choice(workspace: Workspace) -> ModelChoice:
    made = workspace.models.choose("qwen3:8b", "http://127.0.0.1:9")
    workspace.windows.note(made, ModelInfo("qwen3:8b", ctx_trained=32768))
    return made


@pytest.fixture
def page(workspace: Workspace, choice: ModelChoice, qtbot: QtBot) -> SettingsPage:
    made = SettingsPage(workspace)
    qtbot.addWidget(made)
    made.resize(1000, 900)
    made.show()
    return made


@pytest.fixture
def section(page: SettingsPage) -> WindowsSection:
    return page._windows


def type_into(qtbot: QtBot, section: WindowsSection, choice: ModelChoice, text: str) -> QLineEdit:
    field = section._rows[choice]._number._line
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    return field


def test_a_model_has_its_own_window_until_it_is_emptied_or_undone(
    page: SettingsPage, section: WindowsSection, workspace: Workspace, choice: ModelChoice, qtbot: QtBot
) -> None:
    row = section._rows[choice]
    assert row._words.text() == "127.0.0.1:9 · 8,192 of 32,768 tokens, from Settings · asked just now"
    type_into(qtbot, section, choice, "16384")
    assert workspace.windows.window(choice) == 16384
    assert "16,384 of 32,768 tokens, set here" in row._words.text()
    assert page._bar.accessibleName() == "qwen3:8b: its window has 16,384 tokens now"
    page._bar._action.click()
    assert workspace.windows.override(choice) is None
    assert row._number._line.text() == ""
    workspace.windows.set_override(choice, 4096)
    assert row._number._line.text() == "4096"
    type_into(qtbot, section, choice, "")
    assert workspace.windows.window(choice) == 8192


@pytest.mark.parametrize(
    ("typed", "words"),
    [("65536", "32,768 are the most"), ("12", "It must be between 512"), ("lots", "Type a number.")],
)
def test_a_window_that_cannot_be_stays_as_typed_with_the_reason(
    section: WindowsSection, workspace: Workspace, choice: ModelChoice, qtbot: QtBot, typed: str, words: str
) -> None:
    field = type_into(qtbot, section, choice, typed)
    assert words in section._rows[choice]._error.text()
    assert section._rows[choice].is_wrong
    workspace.events.models_changed.emit()
    assert field.text() == typed
    assert workspace.windows.override(choice) is None
    type_into(qtbot, section, choice, "1024")
    assert not section._rows[choice].is_wrong
    assert workspace.windows.override(choice) == 1024


def test_the_window_of_the_settings_is_followed(
    section: WindowsSection, workspace: Workspace, choice: ModelChoice
) -> None:
    workspace.settings.change(context_window=4096)
    row = section._rows[choice]
    assert "4,096 of 32,768 tokens, from Settings" in row._words.text()
    assert row._number._line.placeholderText() == "Settings: 4096"


def test_a_server_is_asked_again_and_its_other_models_can_be_picked(
    workspace: Workspace, qtbot: QtBot, run: Run
) -> None:
    async def story() -> None:
        made = workspace.models.choose("qwen3:8b", fake.url)
        page = SettingsPage(workspace)
        qtbot.addWidget(page)
        page.resize(1000, 900)
        page.show()
        section = page._windows
        assert "never asked" in section._rows[made]._words.text()
        qtbot.mouseClick(section._rows[made]._refresh, Qt.MouseButton.LeftButton)
        await until(lambda: "8,192 of 40,960 tokens" in section._rows[made]._words.text())
        await until(section._others.isVisible)
        other = ModelChoice(made.server_id, "llama3.2:latest")
        section._others.picked.emit(other)
        await until(lambda: "8,192 of 131,072 tokens" in section._rows[other]._words.text())
        assert section._others.findData(other) < 0

    with FakeOllama() as fake:
        run(story())
        assert fake.chats == []


def test_a_server_that_is_away_is_told_and_nothing_is_lost(
    page: SettingsPage, section: WindowsSection, choice: ModelChoice, qtbot: QtBot, run: Run
) -> None:
    async def story() -> None:
        qtbot.mouseClick(section._rows[choice]._refresh, Qt.MouseButton.LeftButton)
        await until(page._bar.isVisible)

    run(story())
    assert "8,192 of 32,768 tokens" in section._rows[choice]._words.text()
    assert section._rows[choice]._refresh.isEnabled()


def test_many_models_are_shown_in_steps(
    section: WindowsSection, workspace: Workspace, choice: ModelChoice, qtbot: QtBot
) -> None:
    for number in range(2 * STEP):
        workspace.windows.note(
            ModelChoice(choice.server_id, f"model:{number}"), ModelInfo("x", ctx_trained=4096)
        )
    assert len(section._rows) == STEP
    qtbot.mouseClick(section._more, Qt.MouseButton.LeftButton)
    assert len(section._rows) == 2 * STEP
    assert section._more.text() == "Show 1 more"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (WindowFacts(8192, None, None, None, None),
         "8,192 tokens, from Settings; its own limit is not known · never asked"),
        (WindowFacts(4096, None, 4096, 0.062, NOW - timedelta(hours=2)),
         "4,096 tokens, all that its server allows · estimates off by about 6 % · asked 2 h ago"),
        (WindowFacts(4096, 4096, 4096, None, NOW), "4,096 tokens, set here · asked just now"),
    ],
)  # fmt: skip
def test_the_sentence_says_where_a_window_comes_from(facts: WindowFacts, words: str) -> None:
    assert window_sentence(facts, NOW) == words
