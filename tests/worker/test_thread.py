"""The worker in its thread: it wakes, streams, cancels and stops, and sleeps when there is nothing to do."""

import asyncio
import itertools
import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import BackendError, ContentWasThinking, ErrorKind, Thinking, Waiting
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database
from forllm_desktop.worker.loop import QueueLoop
from forllm_desktop.worker.thread import WorkerThread
from tests.builders import a_request
from tests.fakes import Gate, Pause
from tests.scripted_backend import Hang, ScriptedBackend

StartWorker = Callable[..., WorkerThread]
AWAY = BackendError(ErrorKind.UNREACHABLE, "Ollama is not running", "Start it.")


@pytest.fixture
def ask(queue: QueueService, forum: ForumService, database: Database) -> Callable[[], Job]:
    return lambda: a_request(queue, forum, database)


@pytest.fixture
def states(events: Events) -> list[str]:
    """Return the list that the worker's states are written to."""
    told: list[str] = []
    events.worker_state_changed.connect(told.append)
    return told


def status(queue: QueueService, job: Job) -> str:
    return queue.job(job.request_id).status


def reply_of(database: Database, queue: QueueService, job: Job) -> Post:
    with database.read() as session:
        return session.get_one(Post, queue.job(job.request_id).reply_post_id)


def test_worker_answers_a_request_that_was_there_before_it(
    queue: QueueService, database: Database, start_worker: StartWorker, ask: Callable[[], Job], qtbot: QtBot
) -> None:
    job = ask()
    start_worker(ScriptedBackend(["Because ", "of ", "scattering."]))
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    reply = reply_of(database, queue, job)
    assert (reply.content, reply.is_incomplete) == ("Because of scattering.", False)


def test_worker_wakes_for_a_new_request(
    queue: QueueService,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    states: list[str],
    qtbot: QtBot,
) -> None:
    start_worker(ScriptedBackend())
    qtbot.waitUntil(lambda: states[-1:] == ["idle"])
    for _ in range(2):
        job = ask()
        qtbot.waitUntil(lambda job=job: status(queue, job) == "complete")
    qtbot.waitUntil(lambda: states[-1] == "idle")
    assert states.count("working") == 2


def test_idle_worker_sets_no_timer(
    start_worker: StartWorker,
    ask: Callable[[], Job],
    queue: QueueService,
    states: list[str],
    qtbot: QtBot,
) -> None:
    waits: list[float | None] = []

    def watch(worker: WorkerThread) -> None:
        loop = worker._runner_loop
        assert loop is not None
        select = loop._selector.select  # type: ignore[attr-defined]

        def noting(timeout: float | None = None) -> object:
            waits.append(timeout)
            return select(timeout)

        loop._selector.select = noting  # type: ignore[attr-defined]

    worker = start_worker(ScriptedBackend())
    qtbot.waitUntil(lambda: states[-1:] == ["idle"])
    watch(worker)
    job = ask()
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    qtbot.waitUntil(lambda: bool(waits) and waits[-1] is None)
    loop = worker._runner_loop
    assert loop is not None
    assert [handle for handle in loop._scheduled if not handle.cancelled()] == []  # type: ignore[attr-defined]
    # Waiting for this test's own quiet moment is the point here: nothing may happen in it.
    n_waits = len(waits)
    with qtbot.waitSignal(worker.finished, timeout=200, raising=False):
        pass
    assert len(waits) == n_waits


def test_worker_tells_its_states(
    queue: QueueService,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    states: list[str],
    qtbot: QtBot,
) -> None:
    job = ask()
    worker = start_worker(ScriptedBackend([AWAY]), backoff=(0.1,))
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    qtbot.waitUntil(lambda: states[-1] == "idle")
    assert worker.stop()
    qtbot.waitUntil(lambda: states[-1] == "stopped")
    without_repeats = [state for state, _ in itertools.groupby(states)]
    assert without_repeats == ["working", "waiting", "working", "idle", "stopped"]


def test_cancel_stops_a_running_stream_within_100_ms(
    queue: QueueService, database: Database, start_worker: StartWorker, ask: Callable[[], Job], qtbot: QtBot
) -> None:
    gate = Gate()
    backend = ScriptedBackend(["Because ", gate, Hang()])
    job, after = ask(), ask()
    gate.open()
    start_worker(backend)
    qtbot.waitUntil(gate.reached.is_set)
    began = time.monotonic()
    queue.cancel(job.request_id)
    qtbot.waitUntil(lambda: len(backend.closed_at) > 0)
    assert backend.closed_at[0] - began < 0.1
    qtbot.waitUntil(lambda: status(queue, after) == "complete")
    assert status(queue, job) == "cancelled"
    reply = reply_of(database, queue, job)
    assert (reply.content, reply.is_incomplete) == ("Because ", True)


def test_cancel_before_the_first_text_leaves_no_reply(
    queue: QueueService,
    forum: ForumService,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    qtbot: QtBot,
) -> None:
    gate = Gate()
    job = ask()
    worker = start_worker(ScriptedBackend([gate, Hang()]))
    qtbot.waitUntil(gate.reached.is_set)
    queue.cancel(job.request_id)
    qtbot.waitUntil(lambda: queue.job(job.request_id).reply_post_id is None)
    assert worker.stop()
    assert job.post_id_to_respond_to is not None
    assert len(forum.thread(forum.post(job.post_id_to_respond_to).topic_id)) == 1


def test_deleting_the_topic_stops_its_stream_and_undo_starts_it_anew(
    queue: QueueService,
    forum: ForumService,
    database: Database,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    qtbot: QtBot,
) -> None:
    gate = Gate()
    backend = ScriptedBackend(["Because ", gate, Hang()])
    gate.open()
    job = ask()
    start_worker(backend)
    qtbot.waitUntil(gate.reached.is_set)
    undo = forum.delete_topic(reply_of(database, queue, job).topic_id)
    qtbot.waitUntil(lambda: len(backend.closed_at) == 1)
    qtbot.waitUntil(lambda: reply_of(database, queue, job).content == "Because ")
    assert status(queue, job) == "cancelled"
    forum.undo(undo)
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    assert reply_of(database, queue, job).content == "Because of scattering."


def test_undo_at_once_starts_the_stopped_request_anew(
    queue: QueueService,
    forum: ForumService,
    database: Database,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    qtbot: QtBot,
) -> None:
    """The worker has not even noticed that it was to stop."""
    gate = Gate()
    gate.open()
    backend = ScriptedBackend(["Because ", gate, Hang()])
    job = ask()
    start_worker(backend)
    qtbot.waitUntil(gate.reached.is_set)
    forum.undo(forum.delete_topic(reply_of(database, queue, job).topic_id))
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    assert len(backend.requests) == 2
    assert reply_of(database, queue, job).content == "Because of scattering."


@pytest.mark.parametrize("text", ["", "Because "])
def test_stop_puts_the_running_request_back_with_its_text(
    queue: QueueService,
    database: Database,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    qtbot: QtBot,
    text: str,
) -> None:
    gate = Gate()
    gate.open()
    job = ask()
    backend = ScriptedBackend([*([text] if text else []), gate, Hang()])
    worker = start_worker(backend)
    qtbot.waitUntil(gate.reached.is_set)
    assert worker.stop()
    assert status(queue, job) == "pending"
    assert reply_of(database, queue, job).content == text
    assert backend.is_closed


def test_stop_during_a_parked_wait_is_immediate(
    start_worker: StartWorker, ask: Callable[[], Job], states: list[str], qtbot: QtBot
) -> None:
    ask()
    worker = start_worker(ScriptedBackend(AWAY), backoff=(3600.0,))
    qtbot.waitUntil(lambda: states[-1:] == ["waiting"])
    began = time.monotonic()
    assert worker.stop()
    assert time.monotonic() - began < 0.5


def test_stop_before_the_thread_got_going_is_obeyed(
    start_worker: StartWorker, ask: Callable[[], Job]
) -> None:
    ask()
    backend = ScriptedBackend([Hang()])
    for _ in range(5):
        assert start_worker(backend).stop()


def test_verbs_after_the_end_do_nothing(start_worker: StartWorker) -> None:
    worker = start_worker(ScriptedBackend())
    assert worker.stop()
    worker.wake()
    worker.cancel(1)
    assert worker.stop()


def test_grown_text_is_announced_about_20_times_a_second_with_its_place(
    queue: QueueService,
    database: Database,
    events: Events,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    qtbot: QtBot,
) -> None:
    pieces = [f"word{n}\u2028 " for n in range(300)]
    script = [step for piece in pieces for step in (piece, Pause(0.001))]
    grown: list[tuple[int, int, str]] = []
    events.reply_grew.connect(lambda *said: grown.append(said))
    job = ask()
    began = time.monotonic()
    start_worker(ScriptedBackend(script))
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    seconds = time.monotonic() - began
    assert 2 <= len(grown) <= seconds * 20 + 2
    reply = reply_of(database, queue, job)
    offset = 0
    for post_id, at, text in grown:
        assert (post_id, at) == (reply.post_id, offset)
        offset += len(text)
    assert "".join(text for _, _, text in grown) == reply.content == "".join(pieces)


def test_text_is_saved_while_it_grows(
    queue: QueueService, database: Database, start_worker: StartWorker, ask: Callable[[], Job], qtbot: QtBot
) -> None:
    gate = Gate()
    job = ask()
    start_worker(ScriptedBackend([Thinking("Hm"), "Because ", gate, "of it."]), save_every=0.02)
    qtbot.waitUntil(gate.reached.is_set)
    qtbot.waitUntil(lambda: reply_of(database, queue, job).content == "Because ")
    assert reply_of(database, queue, job).thinking == "Hm"
    assert status(queue, job) == "processing"
    gate.open()
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    assert reply_of(database, queue, job).content == "Because of it."


def test_view_that_opens_in_the_middle_finds_the_running_text(
    queue: QueueService, start_worker: StartWorker, ask: Callable[[], Job], qtbot: QtBot
) -> None:
    gates = Gate(), Gate(), Gate()
    job = ask()
    start_worker(
        ScriptedBackend([Waiting("prompt", 0.5), gates[0], Thinking("Hm"), gates[1], "So", gates[2]])
    )

    def progress() -> tuple | None:
        found = queue.running.get(job.request_id)
        return found and (found.phase, found.fraction, found.thinking, found.text, found.pieces)

    qtbot.waitUntil(lambda: progress() == ("prompt", 0.5, "", "", 0))
    gates[0].open()
    qtbot.waitUntil(lambda: progress() == ("thinking", None, "Hm", "", 1))
    gates[1].open()
    qtbot.waitUntil(lambda: progress() == ("writing", None, "Hm", "So", 2))
    post_id = queue.job(job.request_id).reply_post_id
    assert post_id is not None
    assert queue.running.of_post(post_id) == queue.running.get(job.request_id)
    gates[2].open()
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    assert queue.running.get(job.request_id) is None


def test_text_that_was_thinking_moves_there_and_the_reply_starts_empty(
    queue: QueueService,
    database: Database,
    events: Events,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    qtbot: QtBot,
) -> None:
    gate = Gate()
    shown: list[tuple] = []
    events.reply_grew.connect(lambda _post, offset, text: shown.append((offset, text)))
    seen_on_change: list[str] = []

    def look(post_id: int) -> None:
        progress = queue.running.of_post(post_id)
        if progress is not None:
            seen_on_change.append(progress.text)

    events.post_changed.connect(look, Qt.ConnectionType.DirectConnection)
    job = ask()
    start_worker(
        ScriptedBackend(["First I think.", gate, ContentWasThinking(), "Then I say."]), save_every=0.02
    )
    qtbot.waitUntil(lambda: shown == [(0, "First I think.")])
    qtbot.waitUntil(lambda: reply_of(database, queue, job).content == "First I think.")
    gate.open()
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    reply = reply_of(database, queue, job)
    assert (reply.content, reply.thinking) == ("Then I say.", "First I think.")
    assert shown[1:] == [(0, "Then I say.")]
    assert seen_on_change[:1] == [""]


@pytest.mark.parametrize(
    ("script", "kind", "thinking"),
    [([], ErrorKind.EMPTY_REPLY, None), ([Thinking("Hm"), Thinking("!")], ErrorKind.ONLY_THINKING, "Hm!")],
)
def test_reply_without_an_answer_is_an_error_in_words(
    queue: QueueService,
    database: Database,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    qtbot: QtBot,
    script: list,
    kind: ErrorKind,
    thinking: str | None,
) -> None:
    job = ask()
    start_worker(ScriptedBackend(script))
    qtbot.waitUntil(lambda: status(queue, job) == "error")
    stored = queue.job(job.request_id)
    assert stored.error_kind == kind
    assert stored.error_title
    assert stored.error_message
    assert (stored.reply_post_id is None) is (thinking is None)
    if thinking:
        assert reply_of(database, queue, job).thinking == thinking


def test_broken_stream_keeps_its_text_and_the_next_request_runs(
    queue: QueueService, database: Database, start_worker: StartWorker, ask: Callable[[], Job], qtbot: QtBot
) -> None:
    broken = BackendError(ErrorKind.STREAM_BROKEN, "The reply broke off", "Try again.")
    jobs = [ask(), ask()]
    start_worker(ScriptedBackend(["Because ", broken]))
    qtbot.waitUntil(lambda: status(queue, jobs[1]) == "complete")
    stored = queue.job(jobs[0].request_id)
    assert (stored.status, stored.error_title) == ("error", "The reply broke off")
    reply = reply_of(database, queue, jobs[0])
    assert (reply.content, reply.is_incomplete) == ("Because ", True)


def test_prompt_that_does_not_fit_fails_with_both_numbers_before_anything_is_sent(
    queue: QueueService,
    start_worker: StartWorker,
    ask: Callable[[], Job],
    qtbot: QtBot,
) -> None:
    job = ask()
    backend = ScriptedBackend(ctx_trained=40)
    start_worker(backend)
    qtbot.waitUntil(lambda: status(queue, job) == "error")
    stored = queue.job(job.request_id)
    assert stored.error_kind == ErrorKind.CONTEXT_EXCEEDED
    assert "20 fit" in (stored.error_message or "")
    assert stored.token_breakdown is not None
    assert f"has about {stored.token_breakdown['total']} tokens" in (stored.error_message or "")
    assert backend.requests == []


def test_prompt_is_stored_as_it_was_sent(
    queue: QueueService, start_worker: StartWorker, ask: Callable[[], Job], qtbot: QtBot
) -> None:
    job = ask()
    backend = ScriptedBackend()
    start_worker(backend)
    qtbot.waitUntil(lambda: status(queue, job) == "complete")
    stored = queue.job(job.request_id)
    assert stored.prompt == backend.requests[0].messages
    assert stored.token_breakdown is not None
    # Room is left for a prompt that has more tokens than were estimated.
    assert 3_000 < stored.token_breakdown["total"] + backend.requests[0].max_tokens <= 4096
    assert stored.metrics is not None
    assert stored.metrics["reason"] == "stop"


def test_request_that_cannot_be_read_ends_in_words(
    queue: QueueService, database: Database, start_worker: StartWorker, ask: Callable[[], Job], qtbot: QtBot
) -> None:
    job, after = ask(), ask()
    with database.write() as session:
        session.get_one(Job, job.request_id).request_type = "generate_persona"
    start_worker(ScriptedBackend())
    qtbot.waitUntil(lambda: status(queue, after) == "complete")
    assert queue.job(job.request_id).status == JobStatus.ERROR
    assert queue.job(job.request_id).error_title == "This request cannot run"


def test_nothing_of_the_loop_is_left_at_its_end(
    start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch, ask: Callable[[], Job], qtbot: QtBot
) -> None:
    left: list[object] = []
    run = QueueLoop.run

    async def watched(loop: QueueLoop) -> None:
        await run(loop)
        this = asyncio.get_running_loop()
        left.extend(asyncio.all_tasks() - {asyncio.current_task()})
        left.extend(handle for handle in this._scheduled if not handle.cancelled())  # type: ignore[attr-defined]

    monkeypatch.setattr(QueueLoop, "run", watched)
    gate = Gate()
    ask()
    worker = start_worker(ScriptedBackend(["Because", gate]))
    qtbot.waitUntil(gate.reached.is_set)
    assert worker.stop()
    assert left == []
