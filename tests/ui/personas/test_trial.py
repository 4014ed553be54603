"""Try it: one question to the persona as it is typed, answered by a real worker, never posted."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.persona import Persona
from forllm_desktop.llm.backend import BackendError, ErrorKind, Thinking
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.worker.thread import WorkerThread
from tests.fakes import Gate
from tests.scripted_backend import Hang, ScriptedBackend
from tests.ui.personas.conftest import PersonasUser

Start = Callable[[ScriptedBackend], WorkerThread]


@pytest.fixture
def trying(user: PersonasUser, ada: Persona, workspace: Workspace) -> PersonasUser:
    """Return a user with a model, before a persona with an unsaved change and a question."""
    workspace.models.choose("tiny", "http://127.0.0.1:9")
    user.open(ada)
    user.type("Instructions", "You are {{char}}, unsaved.")
    user.type("Question to try", "Why is the sky blue?")
    return user


def state(user: PersonasUser) -> str:
    return user.page._try._state.text()


def answer(user: PersonasUser) -> str:
    shown = user.page._try._answer
    return shown.toPlainText() if shown.isVisible() else ""


def test_the_answer_streams_and_nothing_is_posted(
    trying: PersonasUser, workspace: Workspace, start_worker: Start, qtbot: QtBot
) -> None:
    gate = Gate()
    backend = ScriptedBackend([Thinking("Hm."), "Because ", gate, "of <b>scattering</b>."])
    start_worker(backend)
    trying.press("Ask")
    qtbot.waitUntil(lambda: answer(trying) == "Because ")
    assert "writing" in state(trying)
    gate.open()
    qtbot.waitUntil(lambda: "Answered by tiny" in state(trying))
    assert answer(trying) == "Because of <b>scattering</b>."
    assert backend.requests[0].messages[0]["content"] == "You are Ada, unsaved."
    assert backend.requests[0].messages[-1]["content"].endswith("Why is the sky blue?")
    assert not trying.sees(QPlainTextEdit, "Thoughts")
    trying.press("Thoughts")
    assert trying.find(QPlainTextEdit, "Thoughts").toPlainText() == "Hm."
    assert workspace.search.recent_topics() == ()


def test_stop_keeps_what_is_there(trying: PersonasUser, start_worker: Start, qtbot: QtBot) -> None:
    start_worker(ScriptedBackend(["Half of it", Hang()]))
    trying.press("Ask")
    qtbot.waitUntil(lambda: answer(trying) == "Half of it")
    trying.press("Stop")
    qtbot.waitUntil(lambda: state(trying) == "Stopped.")
    qtbot.waitUntil(lambda: answer(trying) == "Half of it")
    assert trying.can_press("Ask")


def test_an_error_is_said_and_can_be_tried_again(
    trying: PersonasUser, start_worker: Start, qtbot: QtBot
) -> None:
    broken = BackendError(ErrorKind.NOT_FOUND, "There is no model tiny", "Choose another one.")
    start_worker(ScriptedBackend(broken, ["Now."]))
    trying.press("Ask")
    qtbot.waitUntil(lambda: "There is no model tiny. Choose another one." in state(trying))
    trying.press("Try again")
    qtbot.waitUntil(lambda: answer(trying) == "Now.")


def test_a_server_that_is_away_is_said(trying: PersonasUser, start_worker: Start, qtbot: QtBot) -> None:
    away = BackendError(ErrorKind.UNREACHABLE, "Ollama is not running", "Start it.")
    start_worker(ScriptedBackend(away, ["Back."]))
    trying.press("Ask")
    qtbot.waitUntil(lambda: "Waits: Ollama is not running." in state(trying))
    trying.press("Try now")
    qtbot.waitUntil(lambda: answer(trying) == "Back.")


def test_a_paused_queue_is_said_and_can_be_run(
    trying: PersonasUser, workspace: Workspace, start_worker: Start, qtbot: QtBot
) -> None:
    workspace.settings.change(queue_paused=True)
    start_worker(ScriptedBackend(["Answer."]))
    trying.press("Ask")
    assert state(trying) == "Waits: the queue is paused."
    trying.press("Run the queue")
    qtbot.waitUntil(lambda: answer(trying) == "Answer.")


def test_without_a_model_it_leads_to_the_settings(
    user: PersonasUser, ada: Persona, window: MainWindow, qtbot: QtBot
) -> None:
    user.open(ada)
    user.type("Question to try", "Why?")
    user.press("Ask")
    assert state(user) == "Choose a model first."
    with qtbot.waitSignal(user.page.settings_requested):
        user.press("Settings")


def test_the_last_trial_of_each_persona_stays(
    trying: PersonasUser, ada: Persona, workspace: Workspace, start_worker: Start, qtbot: QtBot
) -> None:
    other = workspace.personas.create("Bob", "You are Bob.")
    start_worker(ScriptedBackend(["Because."]))
    trying.press("Ask")
    qtbot.waitUntil(lambda: answer(trying) == "Because.")
    trying.open(other)
    assert (answer(trying), trying.text("Question to try")) == ("", "")
    trying.open(ada)
    assert (answer(trying), trying.text("Question to try")) == ("Because.", "Why is the sky blue?")


def test_broken_instructions_cannot_be_tried(trying: PersonasUser) -> None:
    trying.type("Instructions", "")
    assert not trying.can_press("Ask")
