import asyncio
import socket
import time
from dataclasses import replace

import pytest

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import BackendError, ErrorKind, ServerProfile
from forllm_desktop.llm.ollama import OllamaBackend
from forllm_desktop.llm.openai_compatible import OpenAIBackend
from forllm_desktop.llm.transport import Transport
from tests.fakes import (
    Answer,
    FakeOllama,
    FakeOpenAI,
    FakeTcp,
    Pause,
    Reset,
    json_answer,
    ollama_delta,
    ollama_reply,
)
from tests.llm.support import QUICK, chat_request, collect, events_of, profile, run, texts


@pytest.fixture
def server():
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def ollama():
    with FakeOllama() as fake:
        yield fake


@pytest.fixture
def unused_port():
    """A port that refuses: bound, so that nobody takes it, and not listening."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


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


def ask(url, path="/x", limits=QUICK, **fields):
    async def main():
        transport = Transport(profile(url, ServerKind.OLLAMA, **fields), limits)
        try:
            return await transport.ask("GET", path)
        finally:
            await transport.aclose()

    return run(main())


def ask_error(url, **fields):
    with pytest.raises(BackendError) as caught:
        ask(url, **fields)
    return caught.value


def test_nothing_listening_is_unreachable_at_once(unused_port):
    start = time.monotonic()
    error = ask_error(f"http://127.0.0.1:{unused_port}")
    assert (error.kind, error.phase) == (ErrorKind.UNREACHABLE, "waiting")
    assert time.monotonic() - start < 0.5


def test_another_protocol_and_html_are_a_wrong_server():
    for fake in (FakeTcp.other_protocol(), FakeTcp.html()):
        with fake as server:
            assert ask_error(server.url).kind is ErrorKind.WRONG_SERVER
            client = OpenAIBackend(profile(server.url, ServerKind.OPENAI), QUICK)
            assert failure(client)[1].kind is ErrorKind.WRONG_SERVER


def test_a_server_that_hangs_up_without_a_word_is_unreachable():
    for step in (Reset(), Pause(0)):
        with FakeTcp(Answer(before=[step, Reset()])) as server:
            assert ask_error(server.url).kind is ErrorKind.UNREACHABLE
            error = failure(OpenAIBackend(profile(server.url, ServerKind.OPENAI), QUICK))[1]
            assert (error.kind, error.phase) == (ErrorKind.UNREACHABLE, "waiting")


def test_a_silent_server_times_out_on_control_calls():
    with FakeTcp.silent() as server:
        start = time.monotonic()
        assert ask_error(server.url, limits=replace(QUICK, read=0.1)).kind is ErrorKind.TIMEOUT
        assert time.monotonic() - start < 0.5


def test_an_answer_that_never_ends_times_out_on_control_calls():
    drip = [step for _ in range(200) for step in (b"x", Pause(0.05))]
    with FakeTcp(Answer(drip)) as server:
        limits = replace(QUICK, read=0.2, connect_local=0.2)
        start = time.monotonic()
        assert ask_error(server.url, limits=limits).kind is ErrorKind.TIMEOUT
        assert time.monotonic() - start < 1


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://"])
def test_an_impossible_address_is_an_error_in_words(url):
    assert ask_error(url).title


def test_a_key_that_no_header_can_hold_is_an_error_in_words():
    with FakeTcp(json_answer({"a": 1})) as server:
        assert ask_error(server.url, api_key="two\nlines").kind is ErrorKind.BAD_REQUEST
        assert ask(server.url, api_key="schlüssel") == {"a": 1}


def test_a_dead_proxy_in_the_environment_does_not_matter_on_this_machine(monkeypatch, unused_port):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port}")
    with FakeTcp(json_answer({"a": 1})) as server:
        assert ask(server.url) == {"a": 1}
        assert ask_error(server.url, use_proxy=True).kind is ErrorKind.UNREACHABLE
        assert ask_error("http://models.example.org").kind is ErrorKind.UNREACHABLE


def test_localhost_is_reached_without_delay_when_only_ipv4_listens():
    with FakeTcp(json_answer({"a": 1})) as server:
        start = time.monotonic()
        assert ask(server.url.replace("127.0.0.1", "localhost")) == {"a": 1}
        assert time.monotonic() - start < 1


def test_a_connection_closed_while_idle_is_replaced(ollama):
    async def main():
        client = backend(ollama)
        await client.list_models()
        await asyncio.to_thread(ollama.drop_idle)
        models = await client.list_models()
        await client.aclose()
        return models

    assert run(main())
    assert ollama.connections == 2


def test_a_connection_that_dies_as_the_request_is_sent_is_replaced_once():
    class Moody(FakeTcp):
        def answer(self, exchange):
            is_second = len(self.exchanges) == 2
            return Answer(before=[Reset()]) if is_second else json_answer({"n": len(self.exchanges)})

    async def main(transport):
        answers = [await transport.ask("GET", "/x") for _ in range(3)]
        await transport.aclose()
        return answers

    with Moody(json_answer({})) as server:
        transport = Transport(profile(server.url), QUICK)
        assert run(main(transport)) == [{"n": 1}, {"n": 3}, {"n": 4}]


def test_control_calls_share_a_connection_and_generations_have_their_own(ollama):
    async def main():
        client = backend(ollama)
        for _ in range(3):
            await client.list_models()
        for _ in range(2):
            await collect(client, [])
        await client.aclose()

    run(main())
    control = {exchange.connection for exchange in ollama.requests("/api/tags")}
    generations = {exchange.connection for exchange in ollama.chats}
    assert (len(control), len(generations)) == (1, 2)
    assert not control & generations


def test_the_header_that_makes_a_generation_outlive_its_client_is_never_sent(server):
    run(events_of(backend(server)))
    assert all("x-conversation-id" not in exchange.headers for exchange in server.exchanges)


def test_a_hundred_thousand_small_frames_arrive_complete(ollama):
    ollama.script(Answer([b"".join([ollama_delta("ab")] * 100_000), *ollama_reply()]))
    events = run(events_of(backend(ollama)))
    assert len(texts(events)[1]) == 200_000


def test_a_line_of_20_mb_is_refused_and_the_socket_closed(ollama):
    ollama.script(Answer([b"x" * 1024 * 1024] * 20))
    error = failure(backend(ollama))[1]
    assert error.kind in (ErrorKind.STREAM_BROKEN, ErrorKind.WRONG_SERVER)
    assert ollama.chats[0].closed.wait(1)


def test_a_large_prompt_is_sent_whole(server):
    turns = [{"role": "user", "content": "ü" * 3_000_000}]
    run(events_of(backend(server), chat_request(messages=turns)))
    assert server.chats[0].body["messages"] == turns


def test_the_key_does_not_show_when_a_profile_is_printed():
    assert "s3cret" not in repr(ServerProfile(1, ServerKind.OLLAMA, "http://x", api_key="s3cret"))
