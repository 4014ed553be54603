import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

import pytest

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import BackendError, Content, ErrorKind, Finished, Waiting
from forllm_desktop.llm.ollama import OllamaBackend
from forllm_desktop.llm.openai_compatible import OpenAIBackend
from tests.fakes import (
    SSE,
    Answer,
    FakeOllama,
    FakeOpenAI,
    Gate,
    Pause,
    Silence,
    ollama_delta,
    sse,
    sse_delta,
    sse_end,
)
from tests.llm.support import QUICK, Events, chat_request, collect, events_of, profile, run, texts


@pytest.fixture
def server():
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def ollama():
    with FakeOllama() as fake:
        yield fake


def backend(server, **limits):
    limits = replace(QUICK, **limits)
    if isinstance(server, FakeOllama):
        return OllamaBackend(profile(server.url, ServerKind.OLLAMA), limits)
    return OpenAIBackend(profile(server.url, ServerKind.LLAMACPP), limits)


def failure(client):
    async def main():
        events = []
        try:
            with pytest.raises(BackendError) as caught:
                await collect(client, events)
        finally:
            await client.aclose()
        return events, caught.value

    return run(main())


def test_silence_before_the_first_text_has_no_limit_while_the_server_lives(server):
    gate = Gate()
    server.script(Answer([sse_delta("Hi"), *sse_end()], content_type=SSE, before=[gate]))

    async def main():
        events, client = [], backend(server, health_every=0.01, stall=0.02)
        task = asyncio.create_task(collect(client, events))
        await server.requested("/health", 20)
        assert not task.done()
        gate.open()
        await task
        await client.aclose()
        return events

    events = run(main())
    assert events[0] == Waiting("queued")
    assert texts(events) == ("", "Hi")


def test_a_server_that_goes_away_while_it_is_waited_for_is_unreachable_after_three_failures(server):
    server.script(Answer(before=[Silence()]))

    async def main():
        client = backend(server, health_every=0.05)
        task = asyncio.create_task(collect(client, []))
        chat = await server.requested("/v1/chat/completions")
        await server.requested("/health", 2)
        await asyncio.to_thread(server.refuse)
        gone = time.monotonic()
        with pytest.raises(BackendError) as caught:
            await task
        took = time.monotonic() - gone
        await asyncio.to_thread(chat.closed.wait, 1)
        await client.aclose()
        return caught.value, took, chat

    error, took, chat = run(main())
    assert (error.kind, error.phase) == (ErrorKind.UNREACHABLE, "waiting")
    assert 0.1 <= took < 1
    assert chat.client_closed_at is not None


def test_a_server_that_comes_back_in_time_is_waited_for_further(server):
    gate = Gate()
    server.script(Answer([sse_delta("Hi"), *sse_end()], content_type=SSE, before=[gate]))

    async def main():
        events, client = [], backend(server, health_every=0.1, health_failures=3)
        task = asyncio.create_task(collect(client, events))
        await server.requested("/health")
        for _ in range(2):
            await asyncio.to_thread(server.refuse)
            await asyncio.sleep(0.15)
            await asyncio.to_thread(server.accept_again)
            await server.requested("/health", len(server.requests("/health")) + 1)
        gate.open()
        await task
        await client.aclose()
        return events

    assert texts(run(main())) == ("", "Hi")


def test_a_frozen_server_is_slow_and_not_gone(server):
    gate = Gate()
    server.script(Answer([sse_delta("Hi"), *sse_end()], content_type=SSE, before=[gate]))

    async def main():
        events, client = [], backend(server, health_every=0.01, read=0.03)
        task = asyncio.create_task(collect(client, events))
        await server.requested("/v1/chat/completions")
        server.is_frozen = True
        await server.requested("/health", 8)
        gate.open()
        await task
        await client.aclose()
        return events

    assert texts(run(main())) == ("", "Hi")


def test_a_slow_health_call_does_not_hold_the_text_back(server):
    gate = Gate()
    server.script(Answer([sse_delta("Hi"), *sse_end()], content_type=SSE, before=[gate]))

    async def main():
        client = backend(server, health_every=0.01, read=30.0)
        task = asyncio.create_task(collect(client, []))
        await server.requested("/v1/chat/completions")
        server.is_frozen = True
        await server.requested("/health", 1)
        gate.open()
        await asyncio.wait_for(task, 2)
        await client.aclose()

    run(main())


def test_silence_after_the_first_text_ends_the_reply_and_says_whether_the_server_lives(server):
    stuck = Answer([sse_delta("Half a"), Silence()], content_type=SSE)
    server.script(stuck, stuck, stuck)
    start = time.monotonic()
    events, lively = failure(backend(server, stall=0.1))
    assert time.monotonic() - start < 1
    assert texts(events) == ("", "Half a")
    assert (lively.kind, lively.phase) == (ErrorKind.TIMEOUT, "streaming")

    server.is_frozen = False
    with_frozen_health = failure_while(server, lambda: setattr(server, "is_frozen", True), read=0.05)
    server.is_frozen = False
    with_refused_health = failure_while(server, server.refuse)
    messages = {error.message for error in (lively, with_frozen_health, with_refused_health)}
    assert len(messages) == 3
    assert with_refused_health.kind is with_frozen_health.kind is ErrorKind.TIMEOUT


def failure_while(server, change, **limits):
    """Change the server once the first text has come, and return the error that follows."""

    async def main():
        client = backend(server, stall=0.1, **limits)
        events = Events()
        task = asyncio.create_task(collect(client, events))
        await events.until(is_content)
        await asyncio.to_thread(change)
        with pytest.raises(BackendError) as caught:
            await task
        await client.aclose()
        return caught.value

    return run(main())


def test_pings_keep_a_reply_alive(server):
    pings = [step for _ in range(8) for step in (Pause(0.05), b": ping\n\n")]
    server.script(Answer([sse_delta("Hi"), *pings, *sse_end()], content_type=SSE))
    assert texts(run(events_of(backend(server, stall=0.2)))) == ("", "Hi")


def test_progress_of_the_prompt_does_not_start_the_stall_limit(server):
    progress = sse(
        {"choices": [], "prompt_progress": {"total": 10, "cache": 0, "processed": 5, "time_ms": 1}}
    )
    steps = [progress, Pause(0.2), sse_delta("Hi"), *sse_end()]
    server.script(Answer(steps, content_type=SSE))
    events = run(events_of(backend(server, stall=0.05)))
    assert Waiting("prompt", 0.5) in events
    assert isinstance(events[-1], Finished)


async def cancelled_after(client, server, path, reached):
    """Cancel a reply when `reached` returns; return how long the server took to notice."""
    events = Events()
    task = asyncio.create_task(collect(client, events))
    chat = await server.requested(path)
    await reached(events)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stopped = time.monotonic()
    assert await asyncio.to_thread(chat.closed.wait, 1)
    await client.aclose()
    assert stopped - start < 0.1
    return chat.client_closed_at - start


def is_content(event):
    return isinstance(event, Content)


async def at_once(events):
    pass


async def first_text(events):
    await events.until(is_content)


async def first_progress(events):
    await events.until(lambda event: event == Waiting("prompt"))


SILENT_PHASES = {
    "waiting for headers": (Answer(before=[Silence()]), at_once),
    "after the headers": (Answer([Silence()], content_type=SSE), first_progress),
    "streaming": (Answer([sse_delta("Hi"), Silence()], content_type=SSE), first_text),
    "streaming fast": (Answer([sse_delta("x")] * 100_000, content_type=SSE), first_text),
}


@pytest.mark.parametrize("phase", SILENT_PHASES)
def test_cancelling_closes_the_socket_within_100_ms(server, phase):
    answer, reached = SILENT_PHASES[phase]
    server.script(answer)
    assert run(cancelled_after(backend(server), server, "/v1/chat/completions", reached)) < 0.1


def test_cancelling_an_ollama_load_closes_the_socket_within_100_ms(ollama):
    ollama.script(Answer(before=[Silence()]))
    assert run(cancelled_after(backend(ollama), ollama, "/api/chat", at_once)) < 0.1


def test_cancelling_while_the_watchdog_asks_for_a_sign_of_life_closes_the_socket(server):
    server.script(Answer(before=[Silence()]))

    async def asked(events):
        server.is_frozen = True
        await server.requested("/health")

    client = backend(server, health_every=0.01)
    assert run(cancelled_after(client, server, "/v1/chat/completions", asked)) < 0.1


def test_closing_the_generator_in_the_middle_closes_the_socket(ollama):
    ollama.script(Answer([ollama_delta("Hi"), Silence()]))

    async def main():
        client = backend(ollama)
        async with aclosing(client.chat(chat_request())) as events:
            async for event in events:
                if isinstance(event, Content):
                    break
        start = time.monotonic()
        closed = await asyncio.to_thread(ollama.chats[0].closed.wait, 1)
        await client.aclose()
        return closed, ollama.chats[0].client_closed_at - start

    closed, took = run(main())
    assert closed
    assert took < 0.1


def test_a_generator_closed_before_it_began_sends_nothing(ollama):
    async def main():
        client = backend(ollama)
        async with aclosing(client.chat(chat_request())) as events:
            assert await anext(events) == Waiting("queued")
        await client.aclose()

    run(main())
    assert not ollama.exchanges


def test_the_next_generation_works_after_a_cancelled_one(server):
    server.script(Answer(before=[Silence()]))

    async def main():
        client, events = backend(server), []
        task = asyncio.create_task(collect(client, []))
        await server.requested("/v1/chat/completions")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await collect(client, events)
        await client.aclose()
        return events

    assert texts(run(main()))[1] == "Hello from the fake."
