"""Fixtures of the stories: an empty data folder on a machine without servers, and its user."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import qasync
from PySide6.QtWidgets import QApplication

from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.ui.theme import ColourScheme, start_look
from tests.fakes import FakeOllama
from tests.qt_loop import end_tasks, run_on
from tests.ui.gui_loop import clear_away
from tests.ui.stories.driver import User


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[asyncio.AbstractEventLoop]:
    quits = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    look, made = start_look(qapp), qasync.QEventLoop(qapp)
    asyncio.set_event_loop(made)
    yield made
    run_on(made, end_tasks())
    clear_away()
    made.close()
    asyncio.set_event_loop(None)
    look.apply(ColourScheme.SYSTEM, "blue", 1.0)
    qapp.setQuitOnLastWindowClosed(quits)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home folder on a machine without servers, model files and keyring."""
    made = tmp_path / "home"
    made.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(made))
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "OLLAMA_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setattr("forllm_desktop.services.models.WELL_KNOWN_PORTS", {})
    return made


@pytest.fixture
def data(home: Path) -> Path:
    """Return a data folder in which only one thread of the engine is asked for: the machine is small."""
    folder = home / "forllm"
    workspace = open_workspace(folder)
    workspace.settings.change(engine_threads=1)
    workspace.close()
    return folder


@pytest.fixture
def empty_forum(data: Path) -> None:
    """Let the user have left the welcome page before."""
    workspace = open_workspace(data)
    workspace.settings.remember("welcome_skipped", True)
    workspace.close()


@pytest.fixture
def ollama(data: Path, empty_forum: None) -> Iterator[FakeOllama]:
    """Return a server that is known, with a default model."""
    with FakeOllama() as server:
        workspace = open_workspace(data)
        known = workspace.models.server_at(server.url, "Ollama", ServerKind.OLLAMA)
        workspace.models.use(ModelChoice(known.server_id, "llama3.2:latest"))
        workspace.close()
        yield server


@pytest.fixture
def user(loop: asyncio.AbstractEventLoop, data: Path) -> Iterator[User]:
    """Return somebody before an app that is not started yet."""
    somebody = User(loop, data)
    yield somebody
    somebody.leave()


@pytest.fixture
def model(home: Path, tiny_gguf: Callable[[str], Path]) -> Path:
    """Return a model file that no search finds: the user has to choose it."""
    target = home / "Downloads" / "tiny.gguf"
    target.parent.mkdir()
    target.write_bytes(tiny_gguf("chat").read_bytes())
    return target
