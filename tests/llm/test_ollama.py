import asyncio
import json

import pytest

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import (
    BackendError,
    Content,
    ErrorKind,
    Finished,
    ServerState,
    Think,
    Thinking,
    Usage,
    Waiting,
)
from forllm_desktop.llm.ollama import OllamaBackend
from tests.fakes import (
    Answer,
    Cut,
    FakeOllama,
    Gate,
    Reset,
    json_answer,
    ollama_delta,
    ollama_done,
    ollama_error,
    ollama_reply,
)
from tests.llm.support import QUICK, Events, chat_request, collect, events_of, profile, run, texts

TRICKY = "a\u2028b\u2029c\u0085d\x00e 😀 e\u0301 <&>"


@pytest.fixture
def ollama():
    with FakeOllama() as server:
        yield server


def backend(server):
    return OllamaBackend(profile(server.url, ServerKind.OLLAMA), QUICK)


def reply(server, request=None):
    return run(events_of(backend(server), request))


def failure(server, request=None):
    """Return what was streamed and the error that ended it."""

    async def main():
        events, ollama = [], backend(server)
        try:
            with pytest.raises(BackendError) as caught:
                await collect(ollama, events, request)
        finally:
            await ollama.aclose()
        return events, caught.value

    return run(main())


def test_a_reply_is_waited_for_then_streamed_then_finished(ollama):
    ollama.script(Answer(ollama_reply("Hel", "lo.", load=3_000_000, prompt=26, output=2)))
    assert reply(ollama) == [
        Waiting("queued"),
        Content("Hel"),
        Content("lo."),
        Finished(
            reason="stop",
            usage=Usage(prompt=26, output=2),
            load_seconds=0.003,
            prompt_seconds=0.3,
            output_seconds=1.5,
        ),
    ]


@pytest.mark.parametrize("think", list(Think))
@pytest.mark.parametrize("model", ["llama3.2", "qwen3:8b"])
def test_every_body_has_what_keeps_ollama_from_guessing(ollama, think, model):
    reply(ollama, chat_request(model=model, think=think, ctx=2048, max_tokens=9999, n_prompt_estimate=48))
    body = ollama.chats[0].body
    assert body["truncate"] is False
    assert body["stream"] is True
    assert body["options"]["num_ctx"] == 2048
    assert body["options"]["num_predict"] == 2000
    assert body["keep_alive"] == 600
    assert "shift" not in json.dumps(body)
    if model == "llama3.2" or think is Think.OFF:
        assert body["think"] is False
    elif think in (Think.DEFAULT, Think.ON):
        assert body["think"] is True
    else:
        assert body["think"] == think.value


def test_sampling_is_sent_in_the_types_ollama_wants_and_load_options_never(ollama):
    sampling = {"temperature": 1, "top_k": 40.0, "seed": 7.0, "num_gpu": 1}
    reply(ollama, chat_request(sampling=sampling, stop=("###",)))
    options = ollama.chats[0].body["options"]
    assert options == {
        "num_ctx": 4096,
        "num_predict": 1024,
        "top_k": 40,
        "seed": 7,
        "temperature": 1.0,
        "stop": ["###"],
    }
    assert isinstance(options["seed"], int)


def test_two_requests_with_the_same_window_load_the_model_once(ollama):
    async def main():
        client, first, second = backend(ollama), [], []
        await collect(client, first)
        await collect(client, second, chat_request(max_tokens=5, think=Think.OFF))
        await client.aclose()
        return first[-1], second[-1]

    first, second = run(main())
    assert len(ollama.loads) == 1
    assert (first.reloaded, second.reloaded) == (True, False)


def test_the_models_capabilities_are_asked_for_once(ollama):
    async def main():
        client = backend(ollama)
        for _ in range(3):
            await collect(client, [], chat_request(model="qwen3:8b"))
        await client.aclose()

    run(main())
    assert len(ollama.requests("/api/show")) == 1


def test_thoughts_of_the_thinking_field_come_before_the_reply(ollama):
    frames = [
        ollama_delta(thinking="Hm"),
        ollama_delta("Yes", thinking="."),
        ollama_delta("!"),
        ollama_done(),
    ]
    ollama.script(Answer(frames))
    events = reply(ollama, chat_request(model="qwen3:8b"))
    assert events[1:5] == [Thinking("Hm"), Thinking("."), Content("Yes"), Content("!")]


def test_thoughts_alone_are_flagged(ollama):
    ollama.script(Answer([ollama_delta(thinking="Hm"), ollama_done("length")]))
    end = reply(ollama)[-1]
    assert (end.reason, end.only_thinking, end.is_empty) == ("length", True, False)


def test_a_reply_without_text_is_flagged_as_empty(ollama):
    ollama.script(Answer([ollama_done()]))
    end = reply(ollama)[-1]
    assert (end.reason, end.only_thinking, end.is_empty) == ("stop", False, True)


def test_a_terminal_frame_may_carry_text_and_lack_reason_and_numbers(ollama):
    frame = b'{"model":"x","message":{"role":"assistant","content":"Bye"},"done":true}\n'
    ollama.script(Answer([frame]))
    assert reply(ollama)[1:] == [Content("Bye"), Finished(reason="unknown")]


def test_unknown_reasons_fields_and_odd_values_are_tolerated(ollama):
    frames = [
        b'{"message":{"content":null,"tool_calls":[]},"done":false,"new":1}\n\n',
        b'{"message":null}\n{"done":false}\n',
        b'{"message":{"content":"x"}}\n',
        b'{"done":true,"done_reason":"unload","load_duration":"soon","prompt_eval_count":null}\n',
    ]
    ollama.script(Answer(frames))
    assert reply(ollama)[1:] == [Content("x"), Finished(reason="unknown")]


def test_a_stream_cut_at_every_size_gives_the_same_events(ollama):
    frames = ollama_reply("<thi", "nk>Hm</th", "ink>", TRICKY, "Ende äöü")
    sizes = [None, 1, 2, 3, 5, 7, 64, 1000]
    ollama.script(*(Answer(frames, cut=size) for size in sizes))

    async def main():
        client = backend(ollama)
        runs = []
        for _ in sizes:
            runs.append([])
            await collect(client, runs[-1])
        await client.aclose()
        return runs

    runs = run(main())
    assert all(events == runs[0] for events in runs)
    assert texts(runs[0]) == ("Hm", f"{TRICKY}Ende äöü")


def test_an_error_line_ends_the_reply_and_the_text_before_it_has_come(ollama):
    ollama.script(Answer([ollama_delta("Half a"), ollama_error("model runner has unexpectedly stopped")]))
    events, error = failure(ollama)
    assert texts(events) == ("", "Half a")
    assert error.kind is ErrorKind.SERVER_ERROR


def test_a_held_back_piece_is_not_lost_when_the_stream_fails(ollama):
    ollama.script(Answer([ollama_delta("1 <"), ollama_error("boom")]))
    assert texts(failure(ollama)[0]) == ("", "1 <")


@pytest.mark.parametrize("ending", [[], [Reset()], [Cut()], [b'{"message":{"content":"lost'], [b"garbage\n"]])
def test_an_end_without_the_terminal_frame_is_a_broken_stream(ollama, ending):
    ollama.script(Answer([ollama_delta("Half a"), *ending]))
    events, error = failure(ollama)
    assert texts(events) == ("", "Half a")
    assert error.kind is ErrorKind.STREAM_BROKEN


def test_an_empty_stream_is_broken_and_no_empty_reply(ollama):
    ollama.script(Answer([]))
    assert failure(ollama)[1].kind is ErrorKind.STREAM_BROKEN


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (json_answer({"error": "server busy, please try again."}, 503), ErrorKind.BUSY),
        (json_answer({"error": "cudaMalloc failed"}, 500), ErrorKind.OUT_OF_MEMORY),
        (Answer([b"<html>"], content_type="text/html"), ErrorKind.WRONG_SERVER),
        (Answer([b"<html>\n<body>\n"], content_type="text/html"), ErrorKind.WRONG_SERVER),
        (json_answer({"error": "Unexpected endpoint or method."}), ErrorKind.WRONG_SERVER),
    ],
)
def test_a_refusal_has_its_kind(ollama, answer, kind):
    ollama.script(answer)
    events, error = failure(ollama)
    assert events == [Waiting("queued")]
    assert error.kind is kind


@pytest.mark.parametrize("think", [Think.OFF, Think.DEFAULT])
def test_an_unknown_model_is_not_found_and_says_how_to_get_it(ollama, think):
    error = failure(ollama, chat_request(model="nope:1b", think=think))[1]
    assert error.kind is ErrorKind.NOT_FOUND
    assert "ollama pull nope:1b" in error.message


def test_a_prompt_read_far_too_short_is_flagged(ollama):
    ollama.script(Answer(ollama_reply("ok", prompt=2050)), Answer(ollama_reply("ok", prompt=2050)))
    assert reply(ollama, chat_request(n_prompt_estimate=8000, ctx=16384))[-1].prompt_shortened
    assert not reply(ollama, chat_request(n_prompt_estimate=2200))[-1].prompt_shortened


def test_while_nothing_comes_the_phase_is_told_from_the_list_of_loaded_models(ollama):
    gate = Gate()
    ollama.script(Answer(ollama_reply("ok"), status=200, before=[gate]))

    async def main():
        events, client = Events(), backend(ollama)
        task = asyncio.create_task(collect(client, events))
        await ollama.requested("/api/chat")
        ollama.loads.clear()
        await events.until(lambda event: event == Waiting("loading"))
        ollama.loads.append(("llama3.2:latest", 4096))
        await events.until(lambda event: event == Waiting("prompt"))
        gate.open()
        await task
        await client.aclose()
        return events

    events = run(main())
    assert events[:3] == [Waiting("queued"), Waiting("loading"), Waiting("prompt")]
    assert texts(events) == ("", "ok")


def test_a_server_too_busy_to_describe_a_model_is_waited_for(ollama):
    ollama.is_frozen = True
    assert failure(ollama)[1].kind is ErrorKind.BUSY


def test_lone_surrogates_in_the_prompt_are_sent_replaced(ollama):
    turns = [{"role": "user", "content": "a\ud800b 😀"}]
    reply(ollama, chat_request(messages=turns))
    assert ollama.chats[0].body["messages"] == [{"role": "user", "content": "a\ufffdb 😀"}]


def test_models_are_listed_as_they_are_described_and_remote_ones_marked(ollama):
    models = {m.id: m for m in run(ask(ollama, lambda b: b.list_models()))}
    assert models["llama3.2:latest"].quant == "Q4_K_M"
    assert models["qwen3:8b"].thinks
    assert not models["nomic-embed-text:latest"].can_chat
    assert [name for name, model in models.items() if model.remote] == ["gpt-oss:120b-cloud"]


async def ask(server, what):
    client = backend(server)
    try:
        return await what(client)
    finally:
        await client.aclose()


def test_a_model_is_described_with_its_trained_and_its_loaded_window(ollama):
    before = run(ask(ollama, lambda b: b.describe("llama3.2")))
    reply(ollama)
    after = run(ask(ollama, lambda b: b.describe("llama3.2")))
    assert (before.ctx_trained, before.ctx_loaded, before.loaded) == (131072, None, False)
    assert (after.ctx_trained, after.ctx_loaded, after.loaded) == (131072, 4096, True)
    assert after.ctx_allocated is None  # a request may have any other


def test_missing_fields_are_unknown_and_never_guessed(ollama):
    class Old(FakeOllama):
        def answer(self, exchange):
            if exchange.path in ("/api/show", "/api/tags"):
                return json_answer({"models": [{"name": "x"}, {"no": "name"}, 7], "model_info": None})
            return super().answer(exchange)

    with Old() as old:
        (listed,) = run(ask(old, lambda b: b.list_models()))
        described = run(ask(old, lambda b: b.describe("x")))
    assert (listed.size, listed.capabilities, listed.ctx_trained) == (None, None, None)
    assert (described.ctx_trained, described.thinks, described.can_chat) == (None, None, True)


def test_tokens_are_estimated(ollama):
    count = run(
        ask(ollama, lambda b: b.count_tokens("x", [{"role": "user", "content": "The tide comes in. " * 100}]))
    )
    assert 450 < count.value < 650
    assert not count.is_exact


def test_the_probe_tells_version_state_and_what_can_be_done(ollama):
    info = run(ask(ollama, lambda b: b.probe()))
    assert (info.state, info.kind, info.version) == (ServerState.READY, ServerKind.OLLAMA, "0.33.3")
    assert info.features.ctx_per_request
    ollama.refuse()
    assert run(ask(ollama, lambda b: b.probe())).state is ServerState.DOWN
