"""Pause and Run: what a paused queue does and does not do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.queue import Job, JobStatus, WorkerState
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import Workspace, open_workspace
from forllm_desktop.worker.assembly import make_queue_loop
from forllm_desktop.worker.thread import WorkerThread
from tests.fakes import Answer, FakeOllama, Gate, ollama_delta, ollama_done


@pytest.fixture
def server() -> Iterator[FakeOllama]:
    with FakeOllama() as fake:
        yield fake


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = open_workspace(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def start(workspace: Workspace, qtbot: QtBot) -> Iterator[Callable[[], WorkerThread]]:
    workers: list[WorkerThread] = []

    def start_worker() -> WorkerThread:
        worker = WorkerThread(lambda: make_queue_loop(workspace))
        worker.listen_to(workspace.events)
        workers.append(worker)
        worker.start()
        return worker

    yield start_worker
    assert all(worker.stop() for worker in workers)


def ask(workspace: Workspace, server: FakeOllama, title: str = "Why?") -> Job:
    found = workspace.forum.find_subforum("Physics")
    subforum = found[0] if found else workspace.forum.create_subforum("Physics")
    choice = workspace.models.choose("llama3.2", server.url)
    return workspace.queue.ask_in_new_topic(subforum.subforum_id, title, "Why?", Wish(choice))[2]


def status(workspace: Workspace, job: Job) -> str:
    return workspace.queue.job(job.request_id).status


def states(workspace: Workspace) -> list[str]:
    told: list[str] = []
    workspace.events.worker_state_changed.connect(told.append)
    return told


def test_a_paused_queue_starts_nothing(
    workspace: Workspace, server: FakeOllama, start: Callable[[], WorkerThread], qtbot: QtBot
) -> None:
    workspace.settings.change(queue_paused=True)
    job = ask(workspace, server)
    with qtbot.waitSignal(workspace.events.worker_state_changed) as told:
        start()
    assert told.args == [WorkerState.PAUSED]
    assert status(workspace, job) == JobStatus.PENDING
    assert server.chats == []


def test_a_question_asked_while_paused_waits_too(
    workspace: Workspace, server: FakeOllama, start: Callable[[], WorkerThread], qtbot: QtBot
) -> None:
    workspace.settings.change(queue_paused=True)
    told = states(workspace)
    start()
    qtbot.waitUntil(lambda: told == ["paused"])
    job = ask(workspace, server)
    qtbot.waitUntil(lambda: len(told) > 1)
    assert set(told) == {"paused"}
    assert status(workspace, job) == JobStatus.PENDING


def test_run_wakes_the_queue(
    workspace: Workspace, server: FakeOllama, start: Callable[[], WorkerThread], qtbot: QtBot
) -> None:
    workspace.settings.change(queue_paused=True)
    job = ask(workspace, server)
    told = states(workspace)
    start()
    qtbot.waitUntil(lambda: told == ["paused"])
    workspace.settings.change(queue_paused=False)
    qtbot.waitUntil(lambda: status(workspace, job) == JobStatus.COMPLETE)


def test_a_running_request_is_finished_and_the_next_one_is_not_started(
    workspace: Workspace, server: FakeOllama, start: Callable[[], WorkerThread], qtbot: QtBot
) -> None:
    gate = Gate()
    server.script(Answer([ollama_delta("Because"), gate, ollama_delta(" of it."), ollama_done()]))
    running, waiting = ask(workspace, server), ask(workspace, server, "And why not?")
    told = states(workspace)
    start()
    qtbot.waitUntil(gate.reached.is_set)
    workspace.settings.change(queue_paused=True)
    gate.open()
    qtbot.waitUntil(lambda: told[-1] == WorkerState.PAUSED)
    assert status(workspace, running) == JobStatus.COMPLETE
    assert status(workspace, waiting) == JobStatus.PENDING


def test_a_paused_queue_stays_paused_after_a_restart(tmp_path: Path) -> None:
    for is_paused in (True, False):
        first = open_workspace(tmp_path)
        first.settings.change(queue_paused=is_paused)
        first.close()
        again = open_workspace(tmp_path)
        assert again.settings.current().queue_paused is is_paused
        again.close()
