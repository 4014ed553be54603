"""The worker's loop survives whatever fails, wherever it fails, and loses no text over it."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import BackendError, Content, ErrorKind, ModelInfo
from forllm_desktop.services.counting import CountingService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.generation import GenerationService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.queue import QueueService, Wish
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.services.templates import TemplateService
from forllm_desktop.services.windows import WindowService
from forllm_desktop.storage.database import Database
from forllm_desktop.worker.loop import BACKOFF, QueueLoop
from forllm_desktop.worker.reply_text import ReplyText
from tests.builders import FixedClock, a_request, a_server
from tests.fakes import Pause
from tests.recorder import Recorder
from tests.scripted_backend import Hang, ScriptedBackend, ScriptedBackends

MakeLoop = Callable[..., QueueLoop]
AWAY = BackendError(ErrorKind.UNREACHABLE, "Ollama is not running", "Start it.")
BUSY = BackendError(ErrorKind.BUSY, "Ollama is busy", "It will be tried again.")
BROKEN = BackendError(ErrorKind.STREAM_BROKEN, "The reply broke off", "Try again.")
DISK_FULL = ForllmError("This could not be saved", "database or disk is full")
SOON = (0.01,)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def job(queue: QueueService, forum: ForumService, database: Database) -> Job:
    return a_request(queue, forum, database)


def in_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine as the worker's thread does, with a deadline."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(asyncio.wait_for(work, 10))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the store has no event to wait for
        await asyncio.sleep(0.002)


def drain(make_loop: MakeLoop, backend: ScriptedBackend, **options: Any) -> None:
    async def work() -> None:
        await make_loop(backend, **{"backoff": SOON, **options}).drain()

    in_loop(work())


def raising(
    monkeypatch: pytest.MonkeyPatch, owner: object, verb: str, error: Exception, times: int = 1
) -> list[int]:
    """Let a verb raise for its first calls; returns a list that holds what is left of them."""
    original, left = getattr(owner, verb), [times]

    def replaced(*args: Any, **options: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return original(*args, **options)

    monkeypatch.setattr(owner, verb, replaced)
    return left


def reply_of(database: Database, queue: QueueService, request_id: int) -> Post:
    with database.read() as session:
        return session.get_one(Post, queue.job(request_id).reply_post_id)


# -- waiting for servers


def test_backoff_is_2_5_10_then_30_seconds_and_spends_no_attempt(
    queue: QueueService, make_loop: MakeLoop, clock: FixedClock, job: Job
) -> None:
    assert BACKOFF == (2, 5, 10, 30)

    async def work() -> list[float]:
        loop, waits = make_loop(ScriptedBackend(*[AWAY] * 6)), []
        for _ in range(6):
            await loop.drain()
            due = queue.next_due()
            assert due is not None
            waits.append((due - clock.now).total_seconds())
            clock.now = due
        return waits

    assert in_loop(work()) == [2, 5, 10, 30, 30, 30]
    stored = queue.job(job.request_id)
    assert (stored.attempts, stored.wait_reason) == (0, "unreachable")
    assert stored.is_parked


def test_backoff_starts_anew_once_the_server_has_answered_and_the_others_run_at_once(
    queue: QueueService, forum: ForumService, database: Database, make_loop: MakeLoop, clock: FixedClock
) -> None:
    jobs = [a_request(queue, forum, database) for _ in range(3)]

    async def work() -> None:
        loop = make_loop(ScriptedBackend(AWAY, BUSY, "So.", "So.", AWAY))
        for _ in range(2):
            await loop.drain()
            clock.now = queue.next_due() or clock.now
        # One of them is parked for long, as if it had been the only one that met the failure.
        with database.write() as session:
            session.get_one(Job, jobs[1].request_id).not_before = clock.now + timedelta(hours=1)
        await loop.drain()

    in_loop(work())
    assert [queue.job(job.request_id).status for job in jobs] == ["complete", "complete", "pending"]
    assert queue.next_due() == clock.now + timedelta(seconds=2)


def test_order_is_kept_while_a_server_is_busy(
    queue: QueueService, forum: ForumService, database: Database, make_loop: MakeLoop, clock: FixedClock
) -> None:
    jobs = [a_request(queue, forum, database) for _ in range(3)]
    ran: list[int] = []

    async def work() -> None:
        loop = make_loop(ScriptedBackend(BUSY, BUSY))
        for _ in range(3):
            await loop.drain()
            clock.advance(30)
        ran.extend(sorted(job.request_id for job in queue.jobs() if job.status == "complete"))

    in_loop(work())
    assert ran == [job.request_id for job in jobs]
    replies = [queue.job(job.request_id).reply_post_id for job in jobs]
    assert replies == sorted(replies, key=lambda reply: reply or 0)


def test_parked_server_does_not_hold_up_the_others(
    queue: QueueService, forum: ForumService, database: Database, make_loop: MakeLoop, job: Job
) -> None:
    elsewhere = a_server(database, "http://127.0.0.1:8080")
    other = a_request(queue, forum, database, Wish(ModelChoice(elsewhere.server_id, "tiny")))
    drain(make_loop, ScriptedBackend(AWAY), backoff=BACKOFF)
    assert queue.job(job.request_id).is_parked
    assert queue.job(other.request_id).status == "complete"


@pytest.mark.parametrize(
    "error",
    [
        BackendError(kind, "No", "Not now.")
        for kind in (ErrorKind.UNREACHABLE, ErrorKind.AUTH, ErrorKind.BUSY, ErrorKind.LOADING)
    ]
    + [BackendError(ErrorKind.TIMEOUT, "No", "Not now.", phase="waiting")],
    ids=lambda error: error.kind,
)
def test_failure_of_the_server_parks_before_the_first_text_and_ends_after_it(
    queue: QueueService,
    forum: ForumService,
    database: Database,
    make_loop: MakeLoop,
    clock: FixedClock,
    job: Job,
    error: BackendError,
) -> None:
    drain(make_loop, ScriptedBackend(error), backoff=BACKOFF)
    assert queue.job(job.request_id).is_parked
    clock.advance(2)
    drain(make_loop, ScriptedBackend(["Because ", error]), backoff=BACKOFF)
    stored = queue.job(job.request_id)
    assert (stored.status, stored.error_kind, stored.attempts) == ("error", error.kind, 1)
    assert reply_of(database, queue, job.request_id).content == "Because "


@pytest.mark.parametrize(
    "kind",
    [kind for kind in ErrorKind if kind not in ("unreachable", "auth", "busy", "loading")],
)
def test_failure_of_the_request_ends_it_at_once(
    queue: QueueService, make_loop: MakeLoop, job: Job, kind: ErrorKind
) -> None:
    drain(make_loop, ScriptedBackend(BackendError(kind, "No", "Not so.")))
    stored = queue.job(job.request_id)
    assert (stored.status, stored.error_kind, stored.error_title) == ("error", kind, "No")
    assert stored.reply_post_id is None


def test_worker_tries_a_parked_request_again_by_itself(
    forum: ForumService,
    database: Database,
    events: Events,
    prompts: PromptService,
    settings_service: SettingsService,
    generation: GenerationService,
    templates: TemplateService,
    counting: CountingService,
    windows: WindowService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = QueueService(database, events)
    job = a_request(queue, forum, database)
    backend = ScriptedBackend(AWAY, AWAY)

    async def work() -> None:
        backends: Any = ScriptedBackends(backend)
        services = (generation, templates, counting, windows)
        parts: Any = (queue, prompts, settings_service, events, backends, *services)
        loop = QueueLoop(*parts, backoff=(0.02,))
        task = asyncio.create_task(loop.run())
        await until(lambda: queue.job(job.request_id).status == "complete")
        loop.stop()
        await task

    in_loop(work())
    assert len(backend.requests) == 3


def test_clock_that_was_set_back_makes_no_parked_request_wait_until_it_catches_up(
    queue: QueueService, make_loop: MakeLoop, clock: FixedClock, job: Job
) -> None:
    assert queue.claim() is not None
    queue.park(job.request_id, "busy", ForllmError("Busy"), clock.now + timedelta(seconds=30))
    clock.now -= timedelta(days=300)

    async def work() -> None:
        loop = make_loop(ScriptedBackend("So."))
        task = asyncio.create_task(loop.run())
        await until(lambda: queue.job(job.request_id).status == "complete")
        loop.stop()
        await task

    in_loop(work())


# -- trouble


VERBS = ["recover", "claim", "finish"]


@pytest.mark.parametrize("error", [DISK_FULL, RuntimeError("a bug")], ids=["disk full", "bug"])
@pytest.mark.parametrize("verb", VERBS)
def test_step_that_fails_is_done_again_and_nothing_is_lost(
    queue: QueueService,
    database: Database,
    make_loop: MakeLoop,
    monkeypatch: pytest.MonkeyPatch,
    recorder: Recorder,
    job: Job,
    verb: str,
    error: Exception,
) -> None:
    # More often than the backoff has steps: a disk may be full for hours.
    left = raising(monkeypatch, queue, verb, error, times=6)
    drain(make_loop, ScriptedBackend(["Because ", "of it."]))
    assert left == [0]
    assert queue.job(job.request_id).status == "complete"
    assert reply_of(database, queue, job.request_id).content == "Because of it."
    told = recorder.take(["worker_state_changed", "failed"])
    assert ("worker_state_changed", "troubled") in told
    words = [entry for entry in told if entry[0] == "failed"]
    assert len(words) == 6
    assert all(title for _, title, _ in words)


@pytest.mark.parametrize("verb", ["fail", "park"])
def test_end_of_a_failed_request_is_written_in_spite_of_trouble(
    queue: QueueService,
    make_loop: MakeLoop,
    monkeypatch: pytest.MonkeyPatch,
    job: Job,
    verb: str,
) -> None:
    left = raising(monkeypatch, queue, verb, DISK_FULL, times=2)
    drain(make_loop, ScriptedBackend(BROKEN if verb == "fail" else AWAY), backoff=(0.01, 0.01, 3600))
    assert left == [0]
    stored = queue.job(job.request_id)
    assert stored.status == ("error" if verb == "fail" else "pending")
    assert stored.error_title == (BROKEN if verb == "fail" else AWAY).title


@pytest.mark.parametrize("verb", ["record_prompt", "to_send", "current", "of"])
def test_failure_while_the_request_is_prepared_ends_it_in_words_and_the_next_one_runs(
    queue: QueueService,
    forum: ForumService,
    database: Database,
    make_loop: MakeLoop,
    prompts: PromptService,
    settings_service: SettingsService,
    monkeypatch: pytest.MonkeyPatch,
    job: Job,
    verb: str,
) -> None:
    after = a_request(queue, forum, database)

    async def work() -> None:
        loop = make_loop(ScriptedBackend(), backoff=SOON)
        owners = {"record_prompt": queue, "to_send": prompts, "current": settings_service}
        raising(monkeypatch, owners.get(verb, loop._backends), verb, RuntimeError("a bug"))
        await loop.drain()

    in_loop(work())
    stored = queue.job(job.request_id)
    assert (stored.status, stored.error_kind) == ("error", "internal")
    assert "a bug" in (stored.error_message or "")
    assert queue.job(after.request_id).status == "complete"


@pytest.mark.parametrize("verb", ["save_text", "close", "_announce", "add", "next_due", "release_server"])
def test_other_failures_do_not_end_the_worker(
    queue: QueueService,
    forum: ForumService,
    database: Database,
    make_loop: MakeLoop,
    monkeypatch: pytest.MonkeyPatch,
    job: Job,
    verb: str,
) -> None:
    after = a_request(queue, forum, database)
    owner = queue if hasattr(queue, verb) else ReplyText
    left = raising(monkeypatch, owner, verb, RuntimeError("a bug"))
    backend = ScriptedBackend(["Because ", Pause(0.1), "of it."])

    async def work() -> None:
        loop = make_loop(backend, backoff=SOON, save_every=0.01)
        loop._failures[1] = 1  # so that an answer releases the server
        task = asyncio.create_task(loop.run())
        await until(lambda: queue.job(after.request_id).status == "complete" and left == [0])
        loop.stop()
        await task

    in_loop(work())
    assert queue.job(job.request_id).status == ("error" if verb == "add" else "complete")
    if verb != "add":
        assert reply_of(database, queue, job.request_id).content == "Because of it."


def test_paused_state_that_cannot_be_read_is_asked_for_again(
    queue: QueueService,
    make_loop: MakeLoop,
    settings_service: SettingsService,
    monkeypatch: pytest.MonkeyPatch,
    job: Job,
) -> None:
    raising(monkeypatch, settings_service, "current", DISK_FULL)

    async def work() -> None:
        loop = make_loop(ScriptedBackend(), backoff=SOON)
        task = asyncio.create_task(loop.run())
        await until(lambda: queue.job(job.request_id).status == "complete")
        loop.stop()
        await task

    in_loop(work())


def test_cancellation_that_nobody_asked_for_is_a_failure_and_not_repeated_for_ever(
    queue: QueueService, database: Database, make_loop: MakeLoop, job: Job
) -> None:
    class Odd(ScriptedBackend):
        async def chat(self, request: Any):
            yield Content("Because ")
            raise asyncio.CancelledError

    drain(make_loop, Odd())
    assert queue.job(job.request_id).status == "error"
    assert reply_of(database, queue, job.request_id).content == "Because "


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_stopped_while_the_end_cannot_be_written_tries_once_more(
    queue: QueueService,
    database: Database,
    make_loop: MakeLoop,
    monkeypatch: pytest.MonkeyPatch,
    job: Job,
    is_cancelled: bool,
) -> None:
    left = raising(monkeypatch, queue, "finish", DISK_FULL)

    async def work() -> None:
        loop = make_loop(ScriptedBackend("Because."), backoff=(3600.0,))
        task = asyncio.create_task(loop.run())
        await until(lambda: left == [0])
        if is_cancelled:
            queue.cancel(job.request_id)
            loop.cancel(job.request_id)
            await until(lambda: reply_of(database, queue, job.request_id).content != "")
        loop.stop()
        await task

    in_loop(work())
    assert queue.job(job.request_id).status == ("cancelled" if is_cancelled else "complete")
    assert reply_of(database, queue, job.request_id).content == "Because."


def test_cancelled_text_is_kept_in_spite_of_trouble(
    queue: QueueService, database: Database, make_loop: MakeLoop, monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    left = raising(monkeypatch, queue, "settle_cancelled", DISK_FULL, times=2)

    async def work() -> None:
        loop = make_loop(ScriptedBackend(["Because ", Hang()]), backoff=SOON)
        task = asyncio.create_task(loop.run())
        await until(lambda: bool((found := queue.running.get(job.request_id)) and found.text))
        queue.cancel(job.request_id)
        loop.cancel(job.request_id)
        await until(lambda: left == [0] and queue.running.get(job.request_id) is None)
        await until(lambda: reply_of(database, queue, job.request_id).content == "Because ")
        loop.stop()
        await task

    in_loop(work())


def test_request_is_not_started_once_the_worker_was_told_to_stop(
    queue: QueueService, make_loop: MakeLoop, monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    raising(monkeypatch, queue, "recover", DISK_FULL)

    async def work() -> None:
        loop = make_loop(ScriptedBackend([Hang()]), backoff=(3600.0,))
        task = asyncio.create_task(loop.run())
        await asyncio.sleep(0)
        loop.stop()
        await task

    in_loop(work())
    assert queue.job(job.request_id).status == "pending"


def test_engine_and_connections_that_cannot_be_closed_do_not_hide_the_end(
    make_loop: MakeLoop, recorder: Recorder
) -> None:
    backend = ScriptedBackend()

    async def refuse() -> None:
        raise OSError("no")

    backend.aclose = refuse  # type: ignore[method-assign]
    drain(make_loop, backend)
    assert recorder.take(["worker_state_changed"])[-1] == ("worker_state_changed", "stopped")


def test_drain_runs_what_it_is_told_to_and_no_more(
    queue: QueueService, forum: ForumService, database: Database, make_loop: MakeLoop, job: Job
) -> None:
    other = a_request(queue, forum, database)

    async def work() -> None:
        await make_loop(ScriptedBackend()).drain([other.request_id])

    in_loop(work())
    assert queue.job(other.request_id).status == "complete"
    assert queue.job(job.request_id).status == "pending"


def test_cancelled_from_outside_the_loop_ends_and_puts_the_request_back(
    queue: QueueService, database: Database, make_loop: MakeLoop, job: Job
) -> None:
    async def work() -> None:
        task = asyncio.create_task(make_loop(ScriptedBackend(["Because ", Hang()])).drain())
        await until(lambda: bool((found := queue.running.get(job.request_id)) and found.text))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    in_loop(work())
    assert queue.job(job.request_id).status == "pending"
    assert reply_of(database, queue, job.request_id).content == "Because "


# -- what is sent


def test_what_a_server_says_only_while_a_model_is_loaded_counts_also_when_it_is_not(
    make_loop: MakeLoop,
    queue: QueueService,
    forum: ForumService,
    database: Database,
    prompts: PromptService,
    windows: WindowService,
) -> None:
    job = a_request(queue, forum, database)
    choice = ModelChoice(job.server_id or 0, job.llm_model)
    windows.note(choice, ModelInfo(job.llm_model, ctx_trained=4096, supports_system=False))
    shown = prompts.preview_post(job.post_id_to_respond_to or 0, model=choice)
    backend = ScriptedBackend()
    drain(make_loop, backend)
    assert [message["role"] for message in shown.messages] == ["user"]
    assert backend.requests[0].messages == list(shown.messages)
