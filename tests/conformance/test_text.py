"""Rows 23-29: the text of a reply and its thoughts, whichever way the bytes come."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import BackendError, ServerProfile, Think, Waiting
from forllm_desktop.llm.ollama import OllamaBackend
from forllm_desktop.llm.openai_compatible import OpenAIBackend
from forllm_desktop.llm.transport import Transport
from tests.conformance.harness import DIALECTS, LLAMACPP, OLLAMA, QUICK, Desk, Dialect
from tests.fakes import (
    SSE,
    Answer,
    FakeOllama,
    FakeOpenAI,
    Gate,
    Step,
    ollama_delta,
    ollama_done,
    ollama_error,
    recorded,
    sse,
    sse_delta,
    sse_end,
)
from tests.llm.support import chat_request, collect

Server = FakeOllama | FakeOpenAI
OPENAI = [dialect for dialect in DIALECTS if dialect is not OLLAMA]
OPENAI_ONLY = pytest.mark.parametrize("dialect", OPENAI, ids=lambda dialect: dialect.name)
STRANGE = (
    "lines\u2028apart\u2029and\u0085again, \0nothing, \U0001f9d1\u200d\U0001f33e, e\u0301, \u0301alone, "
    "\ufeffmark, \u202eright to left\u202c, \r\n\t tab, \x1b[31m, \U0010ffff"
)
LETTERS = [*"«é\u0085\u2028\U0001f600»"]


def streams() -> dict[str, tuple[Dialect, bytes]]:
    """Return whole answers: made and recorded, good and broken."""
    thoughts = [ollama_delta(thinking="hm é"), ollama_delta("so\U0001f600", "!")]
    answer = [*thoughts, *map(ollama_delta, LETTERS), ollama_done()]
    tags = ["<thi", "nk>a", " b</th", "ink>", "\n\nc <think>", LETTERS[-2]]
    spoken = [sse_delta(reasoning_content="hm é"), *map(sse_delta, LETTERS), *sse_end()]
    strange = [
        b": ping\n\nid: 3\nevent: message\ndata:",
        sse_delta("é").removeprefix(b"data: "),
        b"data:\n\n",
    ]
    return {
        "ollama": (OLLAMA, b"".join(answer)),
        "ollama with CRLF": (OLLAMA, b"".join(answer).replace(b"\n", b"\r\n\r\n")),
        "ollama without end": (OLLAMA, b"".join(answer[:-1])),
        "ollama with error": (OLLAMA, b"".join([*answer[:4], ollama_error("model runner é")])),
        "tags": (LLAMACPP, b"".join(bytes(step) for step in [*map(sse_delta, tags), *sse_end()])),
        "events": (LLAMACPP, b"".join([*spoken, *strange])),
        "events with CRLF": (LLAMACPP, b"".join([*strange, *spoken]).replace(b"\n", b"\r\n")),
        "events with error": (LLAMACPP, b"".join([spoken[1], sse({"message": "é"}, field="error")])),
        "engine, cut off": (LLAMACPP, recorded("length.sse")),
        "engine, emoji": (LLAMACPP, recorded("utf8.sse")[:2500]),
        "engine, thoughts": (LLAMACPP, recorded("think.sse")[-3000:].partition(b"\n\n")[2]),
    }


@pytest.mark.parametrize("name", streams())
def test_a_stream_cut_in_two_at_any_byte_gives_the_same_events(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 23: every position, through the whole backend."""
    dialect, data = streams()[name]
    pieces: list[bytes] = []
    monkeypatch.setattr(Transport, "generation", lambda *_, **__: replayed(pieces))
    profile = ServerProfile(1, ServerKind(dialect.name), "http://127.0.0.1:9")
    backend = (OllamaBackend if dialect is OLLAMA else OpenAIBackend)(profile, QUICK)

    async def told(*cut: bytes) -> Any:
        pieces[:] = cut
        events: list[Any] = []
        try:
            await collect(backend, events, chat_request(think=Think.OFF))
        except BackendError as error:
            events.append((error.kind, error.title, error.message))
        return [event for event in events if not isinstance(event, Waiting)]

    async def main() -> None:
        whole = await told(data)
        assert len(whole) >= 2
        assert await told(*(bytes([byte]) for byte in data)) == whole
        for position in range(1, len(data)):
            assert await told(data[:position], data[position:]) == whole, position
        await backend.aclose()

    asyncio.run(main())


def replayed(pieces: list[bytes]) -> Any:
    """Return what stands in for a call whose answer comes in these pieces."""
    call = SimpleNamespace(has_text=False, stall=1.0, has_answered=True, headers={}, head=bytearray())

    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            call.head += piece
            yield piece

    call.chunks = chunks
    return call


def test_a_reply_is_stored_the_same_however_its_bytes_are_cut(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 23."""
    steps = [dialect.thought("hm\U0001f600"), *dialect.whole(*LETTERS)]
    for cut in (1, 2, 3, 7, 100_000):
        server.script(dialect.answer(*steps, cut=cut))
        reply = desk.completed(desk.ask(server, dialect.model))
        assert (reply.content, reply.thinking) == ("".join(LETTERS), "hm\U0001f600"), cut


@pytest.mark.parametrize("name", ["chat.sse", "utf8.sse", "think.sse", "think_off.sse", "length.sse"])
def test_what_the_real_engine_sent_is_stored_the_same_however_it_is_cut(desk: Desk, name: str) -> None:
    """Row 23: frames of llama.cpp as they were recorded."""
    text = {"reasoning_content": "", "content": ""}
    for line in recorded(name).decode().split("\n"):
        frame = json.loads(line[6:]) if line.startswith("data: {") else {"choices": []}
        for choice in frame["choices"]:
            for field in text:
                text[field] += choice["delta"].get(field) or ""
    with FakeOpenAI("llamacpp") as server:
        for cut in (7, 1024):
            server.script(Answer([recorded(name)], content_type=SSE, cut=cut))
            reply = desk.completed(desk.ask(server, "tiny.gguf"))
            assert (reply.content, reply.thinking) == (text["content"], text["reasoning_content"])
            assert reply.content.strip()


def test_every_character_of_a_reply_is_stored_announced_and_sent_on(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 24: NUL too, which SQLite keeps within a bound text and JSON can send."""
    server.script(dialect.reply(STRANGE[:20], STRANGE[20:]))
    request = desk.ask(server, dialect.model)
    reply = desk.completed(request)
    assert reply.content == STRANGE
    assert "".join(text for _, text in desk.pieces(reply.post_id)) == STRANGE
    topic, choice = desk.workspace.forum.topic(reply.topic_id), desk.job(request)
    server_url = desk.workspace.models.server(choice.server_id or 0).base_url
    wish = desk.wish(server_url, dialect.model)
    _, job = desk.queue.ask(topic.topic_id, "Say that again?", wish, reply.post_id)
    desk.completed(job.request_id)
    assert {"role": "assistant", "content": STRANGE} in server.chats[-1].body["messages"]
    assert desk.job(job.request_id).prompt == server.chats[-1].body["messages"]


def test_half_characters_are_stored_as_replacement_characters(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 24: a lone surrogate in JSON is no character, and no database can hold it."""
    frame = dialect.delta("a?b").replace(b"a?b", rb"a\ud83db")
    server.script(dialect.answer(frame, *dialect.whole(" and on")))
    assert desk.completed(desk.ask(server, dialect.model)).content == "a\ufffdb and on"


@OPENAI_ONLY
def test_loosely_written_events_are_understood(desk: Desk, dialect: Dialect, server: Server) -> None:
    """Row 25."""
    body = sse_delta("One").removeprefix(b"data: ")
    steps = [b": ping\r\n\r\n", b"data:", body, b"data:\n\n", b"data: \n\n", b"id: 4\nretry: 10\n"]
    crlf = b"".join(bytes(step) for step in [sse_delta(" two"), *sse_end()]).replace(b"\n", b"\r\n")
    server.script(dialect.answer(*steps, b"event: message\n", sse_delta(","), b":\n\n", crlf))
    assert desk.completed(desk.ask(server, dialect.model)).content == "One, two"


def test_loosely_written_lines_are_understood(desk: Desk, ollama: FakeOllama) -> None:
    """Row 25."""
    frames = b"\r\n\r\n \n".join(bytes(step).rstrip() for step in OLLAMA.whole("One,", " two"))
    ollama.script(OLLAMA.answer(b"\n\n", frames, b"\r\n"))
    assert desk.completed(desk.ask(ollama)).content == "One, two"


@OPENAI_ONLY
def test_nulls_gaps_and_unknown_things_are_tolerated(desk: Desk, dialect: Dialect, server: Server) -> None:
    """Row 26."""
    frames: list[Any] = [
        {"choices": []},
        {"choices": [{"index": 0, "delta": {}}], "new_field": {"deep": [1]}},
        {"choices": [{"index": 0, "delta": {"content": None, "role": "assistant", "tool_calls": None}}]},
        {"choices": None},
        {"choices": [{"index": 0, "delta": None, "logprobs": {}}]},
        {"choices": [{"delta": {"content": "Still "}}]},
        {"choices": [{"delta": {"content": "here.", "reasoning_content": None}}], "usage": None},
        {"choices": [{"delta": {}, "finish_reason": "eos_found"}]},
        {},
    ]
    server.script(dialect.answer(*map(sse, frames), sse("[DONE]")))
    request = desk.ask(server, dialect.model)
    assert desk.completed(request).content == "Still here."
    assert (desk.job(request).metrics or {})["reason"] == "unknown"


def test_odd_lines_of_ollama_are_tolerated(desk: Desk, ollama: FakeOllama) -> None:
    """Row 26."""
    frames: list[Any] = [
        {"message": None, "done": False},
        {},
        {"message": {"role": "assistant", "content": None, "tool_calls": []}, "done": None, "new": [{}]},
        {"message": {"content": "Still here."}},
        {"message": {}, "done": True, "done_reason": "eos_found", "load_duration": None},
    ]
    ollama.script(OLLAMA.answer(*(json.dumps(frame).encode() + b"\n" for frame in frames)))
    request = desk.ask(ollama)
    assert desk.completed(request).content == "Still here."
    assert (desk.job(request).metrics or {})["reason"] == "unknown"


@OPENAI_ONLY
@pytest.mark.parametrize("field", ["thinking", "reasoning_content", "reasoning"])
def test_thoughts_in_any_field_are_kept_apart_and_in_order(
    desk: Desk, dialect: Dialect, server: Server, field: str
) -> None:
    """Row 27."""
    both = sse_delta(" Yes", **{field: " so"})
    server.script(dialect.answer(sse_delta(**{field: "If"}), both, *dialect.whole(", it is.")))
    reply = desk.completed(desk.ask(server, dialect.model))
    assert (reply.thinking, reply.content) == ("If so", " Yes, it is.")


@pytest.mark.parametrize("model", ["llama3.2", "qwen3:8b"])
def test_thoughts_of_ollama_are_kept_apart_and_in_order(desk: Desk, ollama: FakeOllama, model: str) -> None:
    """Row 27: also from a model that is not said to think."""
    steps = [ollama_delta(thinking="If"), ollama_delta(" Yes", " so"), *OLLAMA.whole(", it is.")]
    ollama.script(OLLAMA.answer(*steps))
    reply = desk.completed(desk.ask(ollama, model))
    assert (reply.thinking, reply.content) == ("If so", " Yes, it is.")


TAGGED = [
    (["<th", "ink>If s", "o</thi", "nk>\n\nYes."], "If so", "Yes."),
    (["If s", "o</thi", "nk>\n\nYes."], "If so", "Yes."),
    (["If so", "</think>", "Yes."], "If so", "Yes."),
    (["</think>\n\nYes."], "", "Yes."),
    (["<think>\n\n</think>\n\nYes."], "", "Yes."),
    (["<think>If so</think>Write `</think>` and <think>."], "If so", "Write `</think>` and <think>."),
    (["Close it with `</think>`", " in the end."], "", "Close it with `</think>` in the end."),
    (["The tag <think> opens", ", </think> closes."], "", "The tag <think> opens, </think> closes."),
    (["2 <t", "h> 1"], "", "2 <th> 1"),
]


def test_tags_of_thoughts_count_once_and_at_the_beginning(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 28."""
    for pieces, thinking, content in TAGGED:
        server.script(dialect.reply(*pieces), dialect.reply("".join(pieces), cut=5))
        for _ in range(2):
            reply = desk.completed(desk.ask(server, dialect.model))
            assert (reply.thinking.strip(), reply.content) == (thinking, content), pieces


def test_text_that_turns_out_to_be_thoughts_is_moved_there_while_it_streams(
    make_desk: Callable[..., Desk], dialect: Dialect, server: Server
) -> None:
    """Row 28: what readers saw and what a crash would have left are corrected too."""
    desk = make_desk(save_every=0.02)
    before, after = Gate(), Gate()
    steps: list[Step] = [dialect.delta("If so"), before, dialect.delta("</think>Yes."), after]
    server.script(dialect.answer(*steps, *dialect.whole(" It is.")))
    request = desk.ask(server, dialect.model)
    desk.streaming(request, "If so")
    desk.until(lambda: (post := desk.reply(request)) and post.content == "If so")
    before.open()
    desk.streaming(request, "Yes.")
    progress = desk.queue.running.get(request)
    assert progress is not None
    assert (progress.thinking, progress.text) == ("If so", "Yes.")
    desk.until(lambda: (post := desk.reply(request)) and post.content == "Yes." and post.thinking == "If so")
    after.open()
    reply = desk.completed(request)
    assert (reply.thinking, reply.content) == ("If so", "Yes. It is.")
    assert desk.pieces(reply.post_id)[0] == (0, "If so")
    assert desk.pieces(reply.post_id)[1] == (0, "Yes.")


@pytest.mark.parametrize("tagged", [False, True], ids=["field", "tags"])
def test_thoughts_without_a_reply_are_an_outcome_of_their_own(
    desk: Desk, dialect: Dialect, server: Server, tagged: bool
) -> None:
    """Row 29: the thoughts stay to be read, and the words say what to change."""
    if tagged:
        thoughts = [dialect.delta("<think>If"), dialect.delta(" so")]
    else:
        thoughts = [dialect.thought("If"), dialect.thought(" so")]
    end = [ollama_done("length")] if dialect is OLLAMA else sse_end("length")
    server.script(dialect.answer(*thoughts, *end))
    request = desk.ask(server, dialect.model)
    job = desk.failed(request)
    assert (job.error_kind, job.error_title) == ("only_thinking", "The model only thought")
    assert "larger context window, or switch thinking off" in (job.error_message or "")
    reply = desk.reply(request)
    assert reply is not None
    assert (reply.thinking, reply.content, reply.is_incomplete) == ("If so", "", True)
    assert desk.answers(server, dialect.model) == "Hello from the fake."


def test_thoughts_alone_of_the_real_engine_are_an_outcome_of_their_own(desk: Desk) -> None:
    """Row 29: frames of llama.cpp as they were recorded."""
    with FakeOpenAI("llamacpp") as server:
        server.script(Answer([recorded("think_only.length.sse")], content_type=SSE))
        request = desk.ask(server, "tiny.gguf")
        assert desk.failed(request).error_kind == "only_thinking"
        reply = desk.reply(request)
        assert reply is not None
        assert reply.thinking == " slowly river lamp letter"
