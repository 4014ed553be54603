"""The app from its first frame to its last commit, with the real worker thread and the real engine."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from forllm_desktop import app as module
from forllm_desktop.app import Desktop, Interrupts
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.logs import log_file
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.pages.refusal import RefusalPage
from forllm_desktop.ui.tabs import CentreTabs
from forllm_desktop.ui.theme import ColourScheme, start_look, theme
from tests.fakes import Answer, FakeOllama, Gate, ollama_delta, ollama_done

ROOT = Path(__file__).parent.parent
Start = Callable[..., Desktop]


@pytest.fixture
def start(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Start]:
    """Return a function that opens the window over a folder and waits until it can be used."""
    look = start_look(qapp)
    desktops: list[Desktop] = []

    def start_desktop(folder: Path = tmp_path) -> Desktop:
        desktop = Desktop(folder)
        desktops.append(desktop)
        desktop.start()
        qtbot.waitUntil(lambda: desktop.desk is not None or desktop.exit_code != 0, timeout=20_000)
        if desktop.desk is not None:
            qtbot.waitUntil(lambda: desktop.worker is not None, timeout=10_000)
        return desktop

    yield start_desktop
    for desktop in desktops:
        end(desktop, qtbot)
        desktop.window.deleteLater()
    look.apply(ColourScheme.SYSTEM, "blue", 1.0)


def end(desktop: Desktop, qtbot: QtBot) -> None:
    """Quit and wait until everything is closed."""
    if not desktop.has_ended:
        with qtbot.waitSignal(desktop.ended, timeout=10_000):
            desktop.quit()


def ask(desktop: Desktop, model: str, server: str | None = None) -> int:
    workspace = desktop.workspace
    assert workspace is not None
    found = workspace.forum.find_subforum("Physics")
    subforum = found[0] if found else workspace.forum.create_subforum("Physics")
    choice = workspace.models.choose(model, server)
    asked = workspace.queue.ask_in_new_topic(subforum.subforum_id, "Why?", "Why is it so?", Wish(choice))
    return asked[2].request_id


def status(desktop: Desktop, request: int) -> str:
    assert desktop.workspace is not None
    return desktop.workspace.queue.job(request).status


def test_a_question_is_answered_by_the_built_in_engine(
    start: Start, qtbot: QtBot, tiny_gguf: Callable[[str], Path]
) -> None:
    desktop = start()
    request = ask(desktop, str(tiny_gguf("chat")))
    assert desktop.desk is not None
    assert desktop.workspace is not None
    qtbot.waitUntil(lambda: status(desktop, request) == JobStatus.COMPLETE, timeout=60_000)
    job = desktop.workspace.queue.job(request)
    assert job.reply_post_id is not None
    assert desktop.workspace.forum.post(job.reply_post_id).content
    desktop.desk.show_post(job.reply_post_id)
    qtbot.waitUntil(lambda: desktop.window.toolbar.pill.state.word == "Nothing queued", timeout=5_000)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_files_are_indexed_as_long_as_the_window_is_open(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "plan.md").write_text("A plan", encoding="utf-8")
    desktop = start(tmp_path / "data")
    assert desktop.workspace is not None
    files = desktop.workspace.files
    files.add_folder(str(notes))
    qtbot.waitUntil(lambda: len(files.complete("plan")) == 1, timeout=30_000)
    assert files._process is not None
    process = Path(f"/proc/{files._process.pid}")
    assert process.exists()
    end(desktop, qtbot)
    assert not process.exists()
    again = start(tmp_path / "data")
    assert again.workspace is not None
    assert [found.name for found in again.workspace.files.complete("plan")] == ["plan.md"]


def test_the_pill_says_which_model_works_and_pauses_it(start: Start, qtbot: QtBot) -> None:
    gate = Gate()
    with FakeOllama() as server:
        server.script(Answer([ollama_delta("Because"), gate, ollama_done()]))
        desktop = start()
        request = ask(desktop, "llama3.2", server.url)
        pill = desktop.window.toolbar.pill
        qtbot.waitUntil(gate.reached.is_set, timeout=10_000)
        qtbot.waitUntil(lambda: pill.state.word == "Working", timeout=5_000)
        assert "llama3.2" in pill.state.details
        pill.pause_requested.emit(True)
        assert pill.state.word == "Pausing"
        gate.open()
        qtbot.waitUntil(lambda: pill.state.word == "Paused", timeout=5_000)
        assert status(desktop, request) == JobStatus.COMPLETE
        pill.pause_requested.emit(False)
        qtbot.waitUntil(lambda: pill.state.word == "Nothing queued", timeout=5_000)
        end(desktop, qtbot)


def test_a_server_that_is_away_is_said_and_can_be_tried_again(start: Start, qtbot: QtBot) -> None:
    with FakeOllama() as server:
        server.refuse()
        desktop = start()
        request = ask(desktop, "llama3.2", server.url)
        pill = desktop.window.toolbar.pill
        qtbot.waitUntil(lambda: pill.state.word == "Server away", timeout=15_000)
        assert pill.state.details == ("1 wait",)
        server.accept_again()
        pill.retry_requested.emit()
        qtbot.waitUntil(lambda: status(desktop, request) == JobStatus.COMPLETE, timeout=15_000)
        end(desktop, qtbot)


def test_what_a_topic_needs_is_loaded_before_one_is_opened(start: Start, qtbot: QtBot, monkeypatch) -> None:
    laid_out: list[bool] = []
    monkeypatch.setattr(
        "forllm_desktop.ui.thread.warming.warm_up",
        lambda: laid_out.append(threading.current_thread() is threading.main_thread()),
    )
    start()
    qtbot.waitUntil(lambda: laid_out == [True])


def test_quitting_in_mid_stream_keeps_text_and_request(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    gate = Gate()
    with FakeOllama() as server:
        server.script(Answer([ollama_delta("Because of the "), gate, ollama_done()]))
        desktop = start()
        request = ask(desktop, "llama3.2", server.url)
        qtbot.waitUntil(gate.reached.is_set, timeout=10_000)
        running = desktop.workspace.queue.running if desktop.workspace else None
        assert running is not None
        qtbot.waitUntil(lambda: bool((p := running.get(request)) and p.text), timeout=5_000)
        began = time.monotonic()
        end(desktop, qtbot)
        assert time.monotonic() - began < 3
        gate.open()
    again = open_workspace(tmp_path)
    job = again.queue.job(request)
    assert job.status == JobStatus.PENDING
    assert job.reply_post_id is not None
    assert again.forum.post(job.reply_post_id).content == "Because of the "
    again.close()


def test_drafts_and_tabs_survive_a_restart(start: Start, qtbot: QtBot) -> None:
    desktop = start()
    assert desktop.workspace is not None
    assert desktop.desk is not None
    subforum = desktop.workspace.forum.create_subforum("Physics")
    topic, _ = desktop.workspace.forum.create_topic(subforum.subforum_id, "Why?", "Why is it so?")
    desktop.desk.show_topic(topic.topic_id)
    desktop.window.findChild(Composer)._text.setPlainText("not sent yet")
    desktop.window.close()
    qtbot.waitUntil(lambda: desktop.has_ended, timeout=10_000)
    again = start()
    tabs = again.window.findChild(CentreTabs)
    assert tabs.current_key() == f"topic:{topic.topic_id}"
    assert again.window.findChild(Composer)._text.toPlainText() == "not sent yet"


def test_another_program_that_locks_the_database_costs_neither_time_nor_text(
    start: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    desktop = start()
    assert desktop.workspace is not None
    assert desktop.desk is not None
    forum = desktop.workspace.forum
    topic, _ = forum.create_topic(forum.create_subforum("Physics").subforum_id, "Why?", "Why is it so?")
    desktop.desk.show_topic(topic.topic_id)
    desktop.desk.flush()
    composer = desktop.window.findChild(Composer)
    composer._text.setPlainText("not sent yet")
    with closing(sqlite3.connect(tmp_path / "forllm.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for step in (composer.post, desktop.desk._keep, lambda: composer._unsent.timer.timeout.emit()):
            began = time.monotonic()
            step()
            assert time.monotonic() - began < 1
        qtbot.waitUntil(composer._error.isVisible)
        assert composer._text.toPlainText() == "not sent yet"
        assert "locked by another program" in composer._error.text()
        assert "locked by another program" in desktop.window.bar.accessibleName()
        other.execute("ROLLBACK")
    with qtbot.waitSignal(composer.posted):
        composer.post()
    assert composer._text.toPlainText() == ""
    assert forum.thread(topic.topic_id)[-1].post.content == "not sent yet"


def test_an_error_that_no_slot_has_caught_is_said_in_words(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop = start()
    unforeseen = []
    monkeypatch.setattr(module, "report_unforeseen", lambda *error: unforeseen.append(error[1]))
    desktop.report(ForllmError, ForllmError("It is locked", "Try again."), None)
    assert "It is locked" in desktop.window.bar.accessibleName()
    assert unforeseen == []
    defect = ValueError("a defect")
    desktop.report(ValueError, defect, None)
    assert unforeseen == [defect]


def test_a_database_that_fails_is_said_once_and_nothing_typed_is_lost(
    start: Start,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    desktop = start()
    workspace, desk, bar = desktop.workspace, desktop.desk, desktop.window.bar
    assert workspace is not None
    assert desk is not None
    monkeypatch.setattr(sys, "excepthook", desktop.report)
    topic, first = workspace.forum.create_topic(
        workspace.forum.create_subforum("Physics").subforum_id, "Why?", "Why is it so?"
    )
    reply = workspace.forum.add_post(topic.topic_id, "Because.", first.post_id)
    desk.show_topic(topic.topic_id)
    desk.flush()
    composer = desktop.window.findChild(Composer)
    composer._text.setPlainText("not sent yet")
    with closing(sqlite3.connect(tmp_path / "forllm.db", isolation_level=None)) as other:
        # Real trouble of the file, for every step that reads or writes these.
        for table in ("llm_requests", "drafts"):
            other.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
        for step in (
            lambda: workspace.events.settings_changed.emit(),  # the state pill reads the queue
            lambda: desktop.window.actions_by_id["open_queue"].trigger(),
            lambda: QTimer.singleShot(0, lambda: composer.write_in(topic.topic_id, reply.post_id)),
        ):
            bar.hide()
            step()
            qtbot.waitUntil(bar.isVisible)
            assert "llm_requests" in bar.accessibleName() or "drafts" in bar.accessibleName()
        caplog.clear()
        for _ in range(20):
            workspace.events.settings_changed.emit()
        assert len([line for line in caplog.records if "llm_requests" in line.getMessage()]) <= 1
        assert composer._text.toPlainText() == "not sent yet"
        for table in ("llm_requests", "drafts"):
            other.execute(f"ALTER TABLE {table}_gone RENAME TO {table}")
    composer.flush()
    assert workspace.drafts.draft(f"topic:{topic.topic_id}").content == "not sent yet"
    desktop.window.actions_by_id["open_queue"].trigger()
    assert desk._tabs.current_key() == "page:queue"


def test_the_first_frame_already_wears_the_chosen_look(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    desktop = start()
    assert desktop.workspace is not None
    desktop.workspace.settings.change(color_scheme="dark", text_size=150)
    end(desktop, qtbot)
    again = Desktop(tmp_path)
    assert theme().is_dark
    assert theme().scale == 1.5
    assert again.workspace is None
    again.window.deleteLater()


def test_a_second_window_says_that_the_first_one_runs(
    start: Start, qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start()
    second = start(tmp_path)
    page = second.window.findChild(RefusalPage)
    assert page.isVisible()
    assert second.exit_code == 1
    assert "FORLLM is already running" in capsys.readouterr().err
    with qtbot.waitSignal(second.ended):
        page.close_requested.emit()


def test_a_folder_that_cannot_be_used_is_said(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "forllm.db").write_bytes(b"something else" * 100)
    desktop = start(folder)
    assert desktop.window.findChild(RefusalPage).isVisible()
    assert (folder / "forllm.db").read_bytes().startswith(b"something else")


@pytest.mark.parametrize("trouble", ["logs", "revision"])
def test_trouble_nobody_foresaw_is_said_too_and_the_window_can_be_closed(
    start: Start, qtbot: QtBot, tmp_path: Path, database_path: Path, trouble: str
) -> None:
    if trouble == "logs":
        (tmp_path / "logs").write_text("in the way")
    else:
        with closing(sqlite3.connect(database_path)) as file:
            file.execute("DROP TABLE settings")
            file.commit()
    desktop = start()
    assert desktop.window.findChild(RefusalPage).isVisible()
    end(desktop, qtbot)
    open_workspace(tmp_path).close()


def test_nothing_that_goes_wrong_while_saving_keeps_the_window_from_closing(
    start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop = start()
    assert desktop.desk is not None

    def fail() -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(desktop.desk, "flush", fail)
    end(desktop, qtbot)


def test_quitting_twice_ends_once(start: Start, qtbot: QtBot) -> None:
    desktop = start()
    ends: list[None] = []
    desktop.ended.connect(lambda: ends.append(None))
    desktop.quit()
    desktop.window.close()
    qtbot.waitUntil(lambda: desktop.has_ended, timeout=10_000)
    qtbot.wait(50)
    assert len(ends) == 1


def test_neither_texts_nor_prompts_are_logged(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    with FakeOllama() as server:
        desktop = start()
        request = ask(desktop, "llama3.2", server.url)
        qtbot.waitUntil(lambda: status(desktop, request) == JobStatus.COMPLETE, timeout=15_000)
        end(desktop, qtbot)
    written = log_file(tmp_path).read_text(encoding="utf-8")
    assert "opened" in written
    assert "Why is it so?" not in written
    assert "Hello from the fake" not in written


def test_a_worker_that_does_not_stop_does_not_keep_the_app(
    start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr("forllm_desktop.app.os._exit", left.append)
    desktop = start()
    worker = desktop.worker
    assert worker is not None
    monkeypatch.setattr(worker, "ask_to_stop", lambda: None)
    desktop._patience.setInterval(50)
    desktop.quit()
    qtbot.waitUntil(lambda: left == [0])
    monkeypatch.undo()
    worker.ask_to_stop()
    qtbot.waitUntil(lambda: desktop.has_ended, timeout=10_000)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_gui_thread(qapp: QApplication, qtbot: QtBot, number: signal.Signals) -> None:
    asked: list[None] = []
    interrupts = Interrupts(lambda: asked.append(None))
    try:
        os.kill(os.getpid(), number)
        qtbot.waitUntil(lambda: len(asked) == 1)
    finally:
        interrupts.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_whole_app_ends_cleanly_on_a_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "forllm_desktop", "--data-dir", str(tmp_path)]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    app = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 30
        while not log_file(tmp_path).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        app.send_signal(signal.SIGTERM)
        errors = app.communicate(timeout=20)[1]
    finally:
        app.kill()
        app.wait()
    assert app.returncode == 0
    assert [line for line in errors.splitlines() if "This plugin does not support" not in line] == []
    assert log_file(tmp_path).read_text().rstrip().endswith("closed")
    again = open_workspace(tmp_path)
    again.close()


def test_the_folders_of_files_are_indexed_while_the_window_is_open(
    start: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "gyroscope.md").write_text("It turns.")
    desktop = start(tmp_path / "data")
    assert desktop.workspace is not None
    files = desktop.workspace.files
    files.add_folder(str(notes))
    qtbot.waitUntil(
        lambda: [found.name for found in files.complete("gyro")] == ["gyroscope.md"], timeout=20_000
    )
    (notes / "gyration.md").write_text("New.")
    qtbot.waitUntil(lambda: len(files.complete("gyr")) == 2, timeout=20_000)
