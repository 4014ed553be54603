"""The worker with the built-in engine: a real model answers, and nothing is left behind."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import Job
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import Workspace, open_workspace
from forllm_desktop.worker.assembly import make_queue_loop
from forllm_desktop.worker.thread import WorkerThread

LOAD = 60_000
"""Milliseconds a load may take on a machine with much else to do."""


@pytest.fixture
def workspace(database_path: Path) -> Iterator[Workspace]:
    opened = open_workspace(database_path.parent)
    opened.settings.change(engine_threads=1)
    yield opened
    opened.close()


@pytest.fixture
def worker(workspace: Workspace, qtbot: QtBot) -> Iterator[WorkerThread]:
    thread = WorkerThread(lambda: make_queue_loop(workspace, save_every=0.05))
    thread.listen_to(workspace.events)
    thread.start()
    yield thread
    assert thread.stop()


def ask(workspace: Workspace, model: Path) -> Job:
    found = workspace.forum.find_subforum("Physics")
    subforum = found[0] if found else workspace.forum.create_subforum("Physics")
    wish = Wish(workspace.models.choose(str(model)))
    return workspace.queue.ask_in_new_topic(subforum.subforum_id, "Sky", "Why is it blue?", wish)[2]


def status(workspace: Workspace, job: Job) -> str:
    return workspace.queue.job(job.request_id).status


def reply_of(workspace: Workspace, job: Job) -> Post:
    reply = workspace.queue.job(job.request_id).reply_post_id
    assert reply is not None
    return workspace.forum.post(reply)


def sockets() -> int:
    """Return how many sockets this process has open; 0 where there is no /proc."""
    found = 0
    for entry in Path("/proc/self/fd").glob("*"):
        try:
            found += os.readlink(entry).startswith("socket:")
        except OSError:
            continue
    return found


def test_real_model_answers_and_the_end_leaves_nothing_open(
    workspace: Workspace, tiny_gguf: Callable[[str], Path], qtbot: QtBot
) -> None:
    before = sockets()
    worker = WorkerThread(lambda: make_queue_loop(workspace))
    worker.listen_to(workspace.events)
    worker.start()
    grown: list[str] = []
    workspace.events.reply_grew.connect(lambda _post, _offset, text: grown.append(text))
    jobs = [ask(workspace, tiny_gguf("chat")) for _ in range(2)]
    qtbot.waitUntil(lambda: status(workspace, jobs[1]) == "complete", timeout=LOAD)
    first = reply_of(workspace, jobs[0])
    assert first.content
    assert first.is_incomplete is False
    assert "".join(grown) == first.content + reply_of(workspace, jobs[1]).content
    stored = workspace.queue.job(jobs[0].request_id)
    assert stored.token_breakdown is not None
    assert stored.token_breakdown["is_exact"] is True
    assert stored.metrics is not None
    assert stored.metrics["prompt_tokens"] == stored.token_breakdown["total"]
    assert worker.stop()
    assert sockets() == before


def test_cancelled_and_stopped_streams_keep_their_text(
    workspace: Workspace, worker: WorkerThread, tiny_gguf: Callable[[str], Path], qtbot: QtBot
) -> None:
    cancelled, stopped = ask(workspace, tiny_gguf("endless")), ask(workspace, tiny_gguf("endless"))

    def writes(job: Job) -> bool:
        progress = workspace.queue.running.get(job.request_id)
        return progress is not None and len(progress.text) > 20

    qtbot.waitUntil(lambda: writes(cancelled), timeout=LOAD)
    workspace.queue.cancel(cancelled.request_id)
    qtbot.waitUntil(lambda: writes(stopped), timeout=LOAD)
    assert status(workspace, cancelled) == "cancelled"
    assert len(reply_of(workspace, cancelled).content) > 20
    assert worker.stop()
    assert status(workspace, stopped) == "pending"
    assert len(reply_of(workspace, stopped).content) > 20


def test_thoughts_of_a_model_stand_apart_from_its_reply(
    workspace: Workspace, worker: WorkerThread, tiny_gguf: Callable[[str], Path], qtbot: QtBot
) -> None:
    job = ask(workspace, tiny_gguf("think"))
    qtbot.waitUntil(lambda: status(workspace, job) == "complete", timeout=LOAD)
    reply = reply_of(workspace, job)
    assert reply.thinking.strip()
    assert reply.content.strip()
    assert "think>" not in reply.thinking + reply.content


def test_file_that_vanished_ends_the_request_in_words(
    workspace: Workspace, worker: WorkerThread, tiny_gguf: Callable[[str], Path], tmp_path: Path, qtbot: QtBot
) -> None:
    model = tmp_path / "gone.gguf"
    model.write_bytes(tiny_gguf("chat").read_bytes())
    wish = Wish(workspace.models.choose(str(model)))
    model.unlink()
    subforum = workspace.forum.create_subforum("Physics")
    job = workspace.queue.ask_in_new_topic(subforum.subforum_id, "Sky", "Why?", wish)[2]
    qtbot.waitUntil(lambda: status(workspace, job) == "error", timeout=LOAD)
    stored = workspace.queue.job(job.request_id)
    assert (stored.error_kind, stored.reply_post_id) == ("not_found", None)
    assert "gone.gguf" in (stored.error_message or "")
