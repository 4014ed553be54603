import json

import pytest

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import (
    BackendError,
    Content,
    ContentWasThinking,
    ErrorKind,
    Finished,
    ServerState,
    Think,
    Thinking,
    Usage,
    Waiting,
)
from forllm_desktop.llm.openai_compatible import OpenAIBackend
from tests.fakes import (
    SSE,
    Answer,
    Cut,
    FakeOllama,
    FakeOpenAI,
    Reset,
    Silence,
    json_answer,
    recorded,
    sse,
    sse_delta,
    sse_end,
    sse_reply,
)
from tests.llm.support import HELLO, QUICK, chat_request, collect, events_of, profile, run, texts

KINDS = {
    "llamacpp": ServerKind.LLAMACPP,
    "lmstudio": ServerKind.LMSTUDIO,
    "lmstudio03": ServerKind.LMSTUDIO,
    "generic": ServerKind.OPENAI,
}
TRICKY = "a\u2028b\u2029c\u0085d\x00e 😀 e\u0301 <&>"


@pytest.fixture
def llamacpp():
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def generic():
    with FakeOpenAI("generic") as server:
        yield server


def backend(server, kind=None):
    return OpenAIBackend(profile(server.url, kind or KINDS[server.shape]), QUICK)


def reply(server, request=None, kind=None):
    return run(events_of(backend(server, kind), request))


def stream(*steps, **fields):
    return Answer(list(steps), content_type=SSE, **fields)


def failure(server, request=None):
    """Return what was streamed and the error that ended it."""

    async def main():
        events, client = [], backend(server)
        try:
            with pytest.raises(BackendError) as caught:
                await collect(client, events, request)
        finally:
            await client.aclose()
        return events, caught.value

    return run(main())


async def ask(server, what, kind=None):
    client = backend(server, kind)
    try:
        return await what(client)
    finally:
        await client.aclose()


def test_what_the_real_engine_streamed_is_understood(llamacpp):
    llamacpp.script(stream(recorded("chat.sse")))
    events = reply(llamacpp)
    assert events[0] == Waiting("queued")
    assert Waiting("prompt", 1.0) in events
    assert texts(events)[1].startswith(" no\n no")
    assert events[-1].usage == Usage(prompt=63, cached=0, output=34)
    assert events[-1].prompt_seconds == pytest.approx(0.005136)
    assert events[-1].output_seconds == pytest.approx(0.01401)


@pytest.mark.parametrize("name", ["chat.sse", "think.sse", "utf8.sse", "think_only.length.sse", "length.sse"])
def test_a_recorded_stream_cut_at_any_size_gives_the_same_events(llamacpp, name):
    sizes = [None, 1, 97, 5000]
    data = recorded(name)
    llamacpp.script(*(stream(data, cut=size) for size in sizes))

    async def main():
        client = backend(llamacpp)
        runs = []
        for _ in sizes:
            runs.append([])
            await collect(client, runs[-1])
        await client.aclose()
        return runs

    runs = run(main())
    assert isinstance(runs[0][-1], Finished)
    assert all(events == runs[0] for events in runs)


def test_recorded_thoughts_are_thoughts_and_alone_are_flagged(llamacpp):
    llamacpp.script(stream(recorded("think.sse")), stream(recorded("think_only.length.sse")))
    thinking, content = texts(reply(llamacpp))
    assert thinking
    assert content
    end = reply(llamacpp)[-1]
    assert (end.reason, end.only_thinking) == ("length", True)


def test_llama_server_gets_its_extras_and_the_thinking_switch_explicitly(llamacpp):
    for think in (Think.DEFAULT, Think.OFF, Think.HIGH):
        reply(llamacpp, chat_request(think=think, sampling={"top_k": 40, "num_gpu": 1}, stop=("#",)))
    first, off, high = (exchange.body for exchange in llamacpp.chats)
    assert first["return_progress"] is True
    assert first["cache_prompt"] is True
    assert first["stream_options"] == {"include_usage": True}
    assert (first["max_tokens"], first["top_k"], first["stop"]) == (1024, 40, ["#"])
    assert first["chat_template_kwargs"] == {"enable_thinking": True}
    assert off["chat_template_kwargs"] == {"enable_thinking": False}
    assert high["reasoning_effort"] == "high"
    assert "num_gpu" not in first
    assert "x-conversation-id" not in llamacpp.chats[0].headers
    assert not llamacpp.requests("/slots")


def test_the_engine_is_spoken_to_like_llama_server(llamacpp):
    reply(llamacpp, kind=ServerKind.ENGINE)
    assert llamacpp.chats[0].body["return_progress"] is True


def test_others_get_no_extras(generic):
    reply(generic)
    assert set(generic.chats[0].body) == {"model", "messages", "stream", "stream_options", "max_tokens"}
    with FakeOpenAI("lmstudio") as lmstudio:
        reply(lmstudio)
        assert lmstudio.chats[0].body["ttl"] == 600


def test_the_reply_is_bounded_by_what_the_prompt_leaves(generic):
    reply(generic, chat_request(ctx=1000, n_prompt_estimate=900, max_tokens=500))
    assert generic.chats[0].body["max_tokens"] == 100


@pytest.mark.parametrize("field", ["seed", "top_k", "stream_options"])
def test_a_refused_field_is_left_out_from_then_on(generic, field):
    generic.refused_fields = [field]

    async def main():
        client, events = backend(generic), []
        request = chat_request(sampling={"seed": 1, "top_k": 40})
        await collect(client, events, request)
        await collect(client, [], request)
        await client.aclose()
        return events

    assert texts(run(main()))[1] == "Hello from the fake."
    assert [field in exchange.body for exchange in generic.chats] == [True, False, False]


def test_a_refusal_that_names_no_field_of_ours_is_not_repeated(generic):
    generic.script(json_answer({"error": {"message": "unknown field: logprobs"}}, 400))
    assert failure(generic)[1].kind is ErrorKind.BAD_REQUEST
    assert len(generic.chats) == 1


def test_a_field_refused_again_after_it_was_left_out_ends_the_request(generic):
    refusal = json_answer({"error": {"message": "seed is not supported"}}, 400)
    generic.script(refusal, refusal, refusal)
    assert failure(generic, chat_request(sampling={"seed": 1}))[1].kind is ErrorKind.BAD_REQUEST
    assert len(generic.chats) == 2


def test_pings_crlf_missing_spaces_nulls_and_unknown_things_are_tolerated(generic):
    body = (
        b": ping\r\n\r\n"
        b"event: x\r\n"
        b'data:{"choices":[{"delta":{"role":"assistant","content":null},"finish_reason":null}]}\r\n\r\n'
        b"data:\r\n\r\n"
        b'data: {"choices":[]}\r\n\r\n'
        b'data: {"choices":[{"delta":{}}],"new":{"a":[1]}}\r\n\r\n'
        b'data: {"choices":[{}]}\r\n\r\n'
        b'data: {"choices":[null],"error":null}\r\n\r\n'
        b'data: {"choices":null,"usage":null,"timings":7}\r\n\r\n'
        b'data: {"choices":[{"delta":{"content":"Hi","tool_calls":null}}]}\r\n\r\n'
        b'data: {"choices":[{"delta":{},"finish_reason":"eos_token"}]}\r\n\r\n'
        b"data:[DONE]\r\n\r\n"
    )
    generic.script(stream(body))
    assert reply(generic)[1:] == [Content("Hi"), Finished(reason="unknown")]


def test_the_exact_text_arrives(generic):
    generic.script(stream(*sse_reply("😀", TRICKY, "e\u0301"), cut=1))
    assert texts(reply(generic)) == ("", f"😀{TRICKY}e\u0301")


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
def test_thoughts_come_in_any_of_three_fields(generic, name):
    both = sse_delta("Yes", **{name: "."})
    generic.script(stream(sse_delta(**{name: "Hm"}), both, *sse_end()))
    assert reply(generic)[1:4] == [Thinking("Hm"), Thinking("."), Content("Yes")]


def test_the_same_thought_in_two_fields_counts_once(generic):
    generic.script(stream(sse_delta(reasoning="Hm", reasoning_content="Hm"), *sse_end()))
    assert texts(reply(generic)) == ("Hm", "")


def test_thoughts_in_tags_are_told_apart_also_when_the_template_opened_them(generic):
    generic.script(
        stream(*sse_reply("\n<th", "ink>", "Hm", "</", "think>\n", "\nYes, `</think>`.")),
        stream(*sse_reply("Hm", "</thi", "nk>\n\nYes")),
    )
    assert texts(reply(generic)) == ("Hm", "Yes, `</think>`.")
    events = reply(generic)
    assert ContentWasThinking() in events
    assert texts(events) == ("Hm", "Yes")


def test_no_text_at_all_is_flagged_as_empty(generic):
    generic.script(stream(*sse_end("stop")))
    end = reply(generic)[-1]
    assert (end.reason, end.is_empty) == ("stop", True)


def test_a_finish_reason_without_done_is_a_success(generic):
    generic.script(stream(sse_delta("Hi"), *sse_end("length", done=False)))
    end = reply(generic)[-1]
    assert (end.reason, end.usage.output) == ("length", 8)


def test_done_without_a_finish_reason_counts_only_with_text(generic):
    generic.script(stream(sse_delta("Hi"), *sse_end(None)), stream(*sse_end(None)))
    assert reply(generic)[-1].reason == "unknown"
    assert failure(generic)[1].kind is ErrorKind.STREAM_BROKEN


@pytest.mark.parametrize(
    "ending", [[], [Reset()], [Cut()], [b'data: {"choices":[{"delta'], [b"data: {garb\n\n"]]
)
def test_an_end_without_any_marker_is_a_broken_stream(generic, ending):
    generic.script(stream(sse_delta("Half a"), *ending))
    events, error = failure(generic)
    assert texts(events) == ("", "Half a")
    assert error.kind is ErrorKind.STREAM_BROKEN


@pytest.mark.parametrize("ending", [Reset(), Cut(), Silence()])
def test_what_goes_wrong_after_the_finish_reason_does_not_matter(generic, ending):
    finish = sse({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    generic.script(stream(sse_delta("All."), finish, ending))
    events = reply(generic)
    assert texts(events) == ("", "All.")
    assert events[-1].reason == "stop"


@pytest.mark.parametrize(
    "error",
    [
        sse({"error": {"message": "boom", "code": 500}}),
        sse({"error": "boom"}),
        sse({"code": 500, "message": "boom"}, field="error"),
        sse("boom", field="error"),
        b'event: error\ndata: {"error":{"message":"boom"}}\n\n',
    ],
)
def test_an_error_inside_the_stream_ends_the_reply_and_keeps_the_text(generic, error):
    generic.script(stream(sse_delta("Half a"), error, *sse_end()))
    events, caught = failure(generic)
    assert texts(events) == ("", "Half a")
    assert caught.kind is ErrorKind.SERVER_ERROR
    assert "boom" in caught.server_text


def test_an_overflow_told_inside_the_stream_is_no_empty_success(generic):
    words = (
        "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with "
    )
    words += "context length of only 4096 tokens"
    generic.script(stream(sse({"error": {"message": words}})), stream())
    error = failure(generic)[1]
    assert (error.kind, error.n_prompt, error.n_ctx) == (ErrorKind.CONTEXT_EXCEEDED, 5000, 4096)
    assert failure(generic)[1].kind is ErrorKind.STREAM_BROKEN


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer([recorded("too_long.400.json")], 400), ErrorKind.CONTEXT_EXCEEDED),
        (Answer([recorded("strict_roles.400.json")], 400), ErrorKind.BAD_REQUEST),
        (json_answer({"error": "Unexpected endpoint or method. (POST /)"}), ErrorKind.WRONG_SERVER),
        (Answer([b"<!doctype html><html>"], content_type="text/html"), ErrorKind.WRONG_SERVER),
        (json_answer({"error": {"message": "The model `x` does not exist."}}, 404), ErrorKind.NOT_FOUND),
    ],
)
def test_a_refusal_has_its_kind(generic, answer, kind):
    generic.script(answer)
    assert failure(generic)[1].kind is kind


def test_a_server_that_loads_is_told_as_such_until_it_answers(llamacpp):
    llamacpp.loading = 2
    assert failure(llamacpp)[1].kind is ErrorKind.LOADING
    assert run(ask(llamacpp, lambda b: b.probe())).state is ServerState.LOADING
    assert texts(reply(llamacpp))[1] == "Hello from the fake."


def test_the_key_is_sent_and_a_missing_one_asked_for():
    with FakeOpenAI(needs_key="s3cret") as server:
        assert failure(server)[1].kind is ErrorKind.AUTH
        assert run(ask(server, lambda b: b.probe())).state is ServerState.AUTH
        with_key = OpenAIBackend(profile(server.url, ServerKind.LLAMACPP, api_key=" s3cret\n"), QUICK)
        assert texts(run(events_of(with_key)))[1] == "Hello from the fake."


def test_llama_server_counts_exactly_and_others_are_estimated(llamacpp, generic):
    counted = run(ask(llamacpp, lambda b: b.count_tokens("tiny.gguf", HELLO)))
    assert (counted.value, counted.is_exact) == (63, True)
    assert llamacpp.requests("/v1/chat/completions/input_tokens")[0].body["messages"] == HELLO
    assert not run(ask(generic, lambda b: b.count_tokens("x", HELLO))).is_exact


def test_a_llama_server_without_the_counting_call_is_asked_once(generic):
    async def main(client):
        return [(await client.count_tokens("x", HELLO)).is_exact for _ in range(2)]

    assert run(ask(generic, main, ServerKind.LLAMACPP)) == [False, False]
    assert len(generic.requests("/v1/chat/completions/input_tokens")) == 1


def test_a_model_is_described_from_list_and_properties(llamacpp):
    info = run(ask(llamacpp, lambda b: b.describe("any-name-will-do")))
    assert (info.id, info.ctx_trained, info.ctx_allocated) == ("any-name-will-do", 4096, 512)
    assert info.supports_system is True
    (loaded,) = run(ask(llamacpp, lambda b: b.loaded()))
    assert loaded.ctx_allocated == 512


@pytest.mark.parametrize(
    ("shape", "window", "loaded"), [("lmstudio", 8192, True), ("lmstudio03", None, False)]
)
def test_lm_studio_tells_windows_in_its_own_list(shape, window, loaded):
    with FakeOpenAI(shape) as server:
        info = run(ask(server, lambda b: b.describe("qwen/qwen3-8b")))
        assert (info.ctx_trained, info.ctx_allocated, info.loaded) == (40960, window, loaded)
        assert len(run(ask(server, lambda b: b.loaded()))) == loaded


def test_context_hints_of_other_servers_are_read_and_what_is_missing_is_unknown():
    class Hints(FakeOpenAI):
        def answer(self, exchange):
            entries = [{"id": "a", "max_model_len": 4096}, {"id": "b", "meta": None}, {"object": "no id"}]
            return json_answer({"data": entries})

    with Hints("generic") as server:
        a, b = run(ask(server, lambda b: b.list_models()))
        unlisted = run(ask(server, lambda b: b.describe("c")))
    assert (a.ctx_allocated, b.ctx_allocated) == (4096, None)
    assert (unlisted.id, unlisted.ctx_allocated, unlisted.can_chat) == ("c", None, True)


@pytest.mark.parametrize(
    ("shape", "version"), [("llamacpp", "b0-unknown"), ("lmstudio", None), ("generic", None)]
)
def test_the_probe_finds_the_server_it_expects(shape, version):
    with FakeOpenAI(shape) as server:
        info = run(ask(server, lambda b: b.probe()))
        assert (info.state, info.version) == (ServerState.READY, version)
        assert info.features.exact_count is (shape == "llamacpp")


def test_another_kind_on_the_same_port_is_noticed():
    with FakeOllama() as ollama:
        info = run(ask(ollama, lambda b: b.probe(), ServerKind.LLAMACPP))
    assert (info.state, info.kind) == (ServerState.WRONG_SERVER, ServerKind.OLLAMA)
    assert "Ollama" in info.message


def test_a_short_count_is_flagged(generic):
    generic.script(stream(*sse_reply("ok", prompt=500)))
    assert reply(generic, chat_request(n_prompt_estimate=1000, is_exact_count=True))[-1].prompt_shortened


def test_numbers_come_from_timings_where_there_is_no_usage(llamacpp):
    frame = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    frame["timings"] = {"cache_n": 10, "prompt_n": 5, "predicted_n": 3, "prompt_ms": 20, "predicted_ms": 40.0}
    llamacpp.script(stream(sse_delta("x"), sse(json.dumps(frame)), sse("[DONE]")))
    end = reply(llamacpp)[-1]
    assert end.usage == Usage(prompt=15, cached=10, output=3)
    assert (end.prompt_seconds, end.output_seconds) == (0.02, 0.04)
