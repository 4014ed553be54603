"""Rows 34-36: cancel and quit, at every moment of a request."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.servers import ServerKind
from tests.conformance.harness import ALL_DIALECTS, LLAMACPP, OLLAMA, Desk, Dialect
from tests.fakes import Answer, FakeOllama, FakeOpenAI, Gate, Silence, json_answer, sse

Server = FakeOllama | FakeOpenAI
AT_ONCE = 0.1
"""Seconds from the cancel to the closed socket, as the server sees it."""
PROGRESS = {"total": 65, "cache": 0, "processed": 13, "time_ms": 5}
PHASES = ["asking for the model", "queued", "loading", "reading the prompt", "streaming", "streaming fast"]

FIRST_PATHS = {
    "ollama": "/api/show",
    "llamacpp": "/v1/models",
    "lmstudio": "/api/v1/models",
    "generic": "/v1/models",
}
"""What is asked first about a model."""


@pytest.mark.parametrize("dialect", ALL_DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("phase", PHASES)
def test_cancel_closes_the_socket_at_once_and_the_next_request_starts(
    desk: Desk, dialect: Dialect, server: Server, phase: str
) -> None:
    """Row 34. One of a few tries has to be fast: the machine may be busy, the app must not be slow."""
    took = [1.0]
    for _ in range(5):
        request = begin(desk, dialect, server, phase)
        is_asking = phase == "asking for the model"
        exchange = server.requests(FIRST_PATHS[dialect.name])[-1] if is_asking else server.chats[-1]
        written = desk.queue.running.get(request)
        asked_at = time.monotonic()
        assert desk.queue.cancel(request) == [request]
        following = desk.ask(server, dialect.model)
        assert exchange.closed.wait(10)
        assert exchange.client_closed_at is not None, "the server came to the end of its answer"
        took.append(exchange.client_closed_at - asked_at)
        server.is_frozen = False
        assert desk.completed(following).content == "Hello from the fake."
        job = desk.ended(request, JobStatus.CANCELLED)
        assert (job.error_kind, job.wait_reason) == (None, None)
        assert job.finished_at is not None
        reply = desk.reply(request)
        if phase.startswith("streaming"):
            assert written is not None
            assert reply is not None
            assert reply.is_incomplete
            assert reply.content.startswith(written.text)
            assert reply.content.startswith("The gate")
        else:
            assert reply is None
        if took[-1] < AT_ONCE:
            break
    assert min(took) < AT_ONCE, took


def begin(desk: Desk, dialect: Dialect, server: Server, phase: str) -> int:
    """Ask, and return the request once it is in the phase."""
    kind = ServerKind.OPENAI if dialect.name == "generic" else ServerKind(dialect.name)
    if phase == "asking for the model":
        server.is_frozen = True
        n_before = len(server.requests(FIRST_PATHS[dialect.name]))
        request = desk.ask(server, dialect.model, kind=kind)
        server.wait_for(FIRST_PATHS[dialect.name], n_before + 1, 30)
        return request
    n_chats = len(server.chats)
    server.script(answer_in(dialect, phase))
    request = desk.ask(server, dialect.model, kind=kind)
    server.wait_for(f"/{'api/chat' if dialect is OLLAMA else 'v1/chat/completions'}", n_chats + 1, 30)
    if phase.startswith("streaming"):
        desk.streaming(request, "The gate")
    elif phase == "loading" and dialect is OLLAMA:
        desk.in_phase(request, "loading")
    elif phase == "reading the prompt" and dialect in (OLLAMA, LLAMACPP):
        desk.in_phase(request, "prompt")
    return request


def answer_in(dialect: Dialect, phase: str) -> Answer:
    if phase == "queued":
        return Answer(before=[Silence()])
    if phase == "loading":
        # A status other than 200: the fake then does not list the model as loaded.
        return Answer(before=[Silence()], status=500)
    if phase == "reading the prompt":
        progress = [sse({"choices": [], "prompt_progress": PROGRESS})] if dialect is LLAMACPP else []
        return dialect.answer(*progress, Silence())
    if phase == "streaming":
        return dialect.begun("The gate", then=[Silence()])
    return dialect.answer(*[dialect.delta("The gate ")] * 5000, pace=0.001)


def test_a_parked_request_is_cancelled_without_another_word_to_its_server(
    make_desk: Callable[..., Desk], dialect: Dialect, server: Server
) -> None:
    """Row 34."""
    desk = make_desk(backoff=(0.5,))
    server.script(json_answer({"error": {"message": "Loading model", "type": "unavailable_error"}}, 503))
    request = desk.ask(server, dialect.model)
    desk.parked(request)
    desk.queue.cancel(request)
    job = desk.ended(request, JobStatus.CANCELLED)
    assert (job.wait_reason, job.not_before) == (None, None)
    assert desk.reply(request) is None
    assert desk.answers(server, dialect.model) == "Hello from the fake."
    assert len(server.chats) == 2


def test_a_cancelled_request_can_be_tried_again_and_keeps_its_text_until_new_text_comes(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 34."""
    gate = Gate()
    server.script(dialect.begun("The gate", then=[Silence()]))
    request = desk.ask(server, dialect.model)
    desk.streaming(request, "The gate")
    desk.queue.cancel(request)
    desk.ended(request, JobStatus.CANCELLED)
    server.script(dialect.reply("It is open.", before=[gate]))
    desk.queue.retry(request)
    desk.in_phase(request, "queued", "loading", "prompt")
    reply = desk.reply(request)
    assert reply is not None
    assert reply.content == "The gate"
    gate.open()
    assert desk.completed(request).content == "It is open."


RACES = 30


@pytest.mark.parametrize("dialect", [OLLAMA, LLAMACPP], ids=lambda dialect: dialect.name)
def test_a_cancel_that_races_with_the_last_frame_ends_in_exactly_one_state(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 35: the cancel comes a little earlier or later each time; both ends are seen, and never a third."""
    ends = []
    for pause in _pauses():
        gate = Gate()
        server.script(dialect.answer(dialect.delta("The gate"), gate, *dialect.whole(" is open.")))
        request = desk.ask(server, dialect.model)
        desk.streaming(request, "The gate")
        if pause is not None:
            gate.open()
            time.sleep(pause)
        if pause == ENOUGH:
            desk.ended(request)
        was_cancelled = False
        with suppress(NotPossible):
            was_cancelled = desk.queue.cancel(request) == [request]
        job = desk.ended(request)
        desk.quiet()
        assert desk.job(request).status == job.status == ("cancelled" if was_cancelled else "complete")
        assert (job.error_kind, job.wait_reason, job.attempts) == (None, None, 1)
        reply = desk.reply(request)
        assert reply is not None
        assert reply.is_incomplete is was_cancelled
        assert reply.content in (
            ("The gate", "The gate is open.") if was_cancelled else ("The gate is open.",)
        )
        assert (job.metrics is None) is was_cancelled
        ends.append(job.status)
    assert set(ends) == {"cancelled", "complete"}
    assert desk.answers(server, dialect.model) == "Hello from the fake."


ENOUGH = 0.03
"""Seconds; whoever waits so long waits for the end."""


def _pauses() -> Iterator[float | None]:
    """Yield seconds around the time that the end of a reply takes; None is before it is even sent."""
    yield None
    for number in range(RACES - 2):
        yield number % 13 * 0.0015
    yield ENOUGH


def test_quitting_in_mid_stream_closes_the_socket_and_the_request_runs_at_the_next_start(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 36."""
    server.script(dialect.begun("The gate", then=[Silence()]))
    request, following = desk.ask(server, dialect.model), desk.ask(server, dialect.model)
    desk.streaming(request, "The gate")
    assert desk.stop_worker() < 2.0
    assert server.chats[0].closed.wait(5)
    assert server.chats[0].client_closed_at is not None
    job, reply = desk.job(request), desk.reply(request)
    assert (job.status, job.wait_reason, job.not_before) == ("pending", None, None)
    assert reply is not None
    assert (reply.content, reply.is_incomplete) == ("The gate", True)
    desk.start_worker()
    assert desk.completed(request).content == "Hello from the fake."
    assert desk.completed(following).content == "Hello from the fake."
    assert desk.reply(request).post_id == reply.post_id
    assert desk.job(request).finished_at <= desk.job(following).started_at


@pytest.mark.parametrize("phase", ["asking for the model", "queued", "reading the prompt"])
def test_quitting_before_the_first_word_leaves_the_request_for_the_next_start(
    desk: Desk, dialect: Dialect, server: Server, phase: str
) -> None:
    """Row 36."""
    request = begin(desk, dialect, server, phase)
    assert desk.stop_worker() < 2.0
    assert desk.job(request).status == "pending"
    server.is_frozen = False
    desk.start_worker()
    assert desk.completed(request).content == "Hello from the fake."


def test_quitting_while_everything_is_parked_is_quick(desk: Desk, ollama: FakeOllama) -> None:
    """Row 36."""
    ollama.refuse()
    request = desk.ask(ollama)
    desk.parked(request)
    desk.quiet()
    assert desk.stop_worker() < 2.0
    assert desk.job(request).status == "pending"
    ollama.accept_again()
    desk.start_worker()
    assert desk.completed(request).content == "Hello from the fake."
