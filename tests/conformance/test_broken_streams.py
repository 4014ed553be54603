"""Rows 17-22: streams that break off, and streams that only look as if."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from forllm_desktop.domain.queue import Job, JobStatus
from tests.conformance.harness import DIALECTS, LLAMACPP, OLLAMA, QUICK, Desk, Dialect
from tests.fakes import (
    SSE,
    Answer,
    Cut,
    FakeOllama,
    FakeOpenAI,
    Reset,
    Silence,
    Step,
    ollama_done,
    ollama_error,
    sse,
    sse_delta,
    sse_end,
)

Server = FakeOllama | FakeOpenAI
OPENAI = [dialect for dialect in DIALECTS if dialect is not OLLAMA]
PARTIAL = "The gate stands"
OPENAI_ONLY = pytest.mark.parametrize("dialect", OPENAI, ids=lambda dialect: dialect.name)
OLLAMA_ONLY = pytest.mark.parametrize("dialect", [OLLAMA], ids=["ollama"])


def broken(desk: Desk, dialect: Dialect, server: Server, kind: str, then: Sequence[Step]) -> Job:
    """Let a reply begin and go on with `then`: an error, the text so far kept, nothing sent again."""
    server.script(dialect.begun("The gate", " stands", then=then))
    request = desk.ask(server, dialect.model)
    job = desk.failed(request)
    assert (job.error_kind, job.attempts, job.wait_reason) == (kind, 1, None)
    reply = desk.reply(request)
    assert reply is not None
    assert (reply.content, reply.is_incomplete) == (PARTIAL, True)
    assert "".join(text for _, text in desk.pieces(reply.post_id)) == PARTIAL
    assert len(server.chats) == 1
    assert desk.answers(server, dialect.model) == "Hello from the fake."
    return job


@OLLAMA_ONLY
@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("an error was encountered while running the model: CUDA error", "The model's process stopped"),
        ("prediction aborted, token repeat limit reached", "The model repeated itself and was stopped"),
        ("something else", "The server reported an error"),
    ],
)
def test_an_error_line_in_mid_stream_ends_the_request_and_keeps_its_text(
    desk: Desk, dialect: Dialect, server: Server, text: str, title: str
) -> None:
    """Row 17."""
    job = broken(desk, dialect, server, "server_error", [ollama_error(text)])
    assert job.error_title == title
    assert "Try again" in (job.error_message or "")


@OPENAI_ONLY
@pytest.mark.parametrize("field", ["data", "error"])
def test_an_error_event_in_mid_stream_ends_the_request_and_keeps_its_text(
    desk: Desk, dialect: Dialect, server: Server, field: str
) -> None:
    """Row 18: the present form, and the bare `error:` line of llama-server before September 2025."""
    body = {"code": 500, "message": "slot unavailable: the tensors melted", "type": "server_error"}
    frame = sse({"error": body} if field == "data" else body, field=field)
    job = broken(desk, dialect, server, "server_error", [frame])
    assert job.error_title == "The server reported an error"
    assert "the tensors melted" in (job.error_message or "")


@pytest.mark.parametrize(
    "error",
    ["CUDA error: out of memory", "the prompt is longer than the context length currently available"],
)
def test_an_error_in_mid_stream_is_still_called_by_its_name(
    desk: Desk, dialect: Dialect, server: Server, error: str
) -> None:
    """Rows 17 and 18."""
    frame = ollama_error(error) if dialect is OLLAMA else sse({"error": {"message": error}})
    kind = "out_of_memory" if "memory" in error else "context_exceeded"
    broken(desk, dialect, server, kind, [frame])


def test_a_stream_that_ends_without_its_end_is_broken(desk: Desk, dialect: Dialect, server: Server) -> None:
    """Row 19."""
    job = broken(desk, dialect, server, "stream_broken", [])
    assert job.error_title == "The reply ended without its end"
    assert "What had come is kept" in (job.error_message or "")


@pytest.mark.parametrize(
    "then",
    [
        [Reset()],
        [Cut()],
        [b'{"message":{"content":"half a fra', Cut()],
        [b'data: {"choices":[{"delta":{"content":"\xf0\x9f', Reset()],
    ],
    ids=["reset", "cut chunk", "cut frame", "cut character"],
)
def test_a_connection_that_breaks_in_mid_stream_keeps_the_text(
    desk: Desk, dialect: Dialect, server: Server, then: list[Step]
) -> None:
    """Row 20."""
    job = broken(desk, dialect, server, "stream_broken", then)
    assert job.error_title == "The connection broke off in the middle of the reply"
    assert "What had come is kept. Try again" in (job.error_message or "")


def test_a_frame_that_is_no_json_ends_the_request_and_keeps_its_text(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 20."""
    line = b"<html>Bad gateway</html>\n"
    broken(desk, dialect, server, "stream_broken", [line if dialect is OLLAMA else b"data: " + line + b"\n"])


def test_silence_in_mid_stream_ends_the_request_after_the_limit_of_the_settings(
    make_desk: Callable[..., Desk], dialect: Dialect, server: Server
) -> None:
    """Rows 19 and 45: the limit is the user's, not the program's."""
    desk = make_desk(limits=replace(QUICK, stall=600.0), stall_limit=1.0)
    job = broken(desk, dialect, server, "timeout", [Silence()])
    assert job.error_title == "The reply stopped in the middle"
    assert "Nothing came for 1 second. The server still answers" in (job.error_message or "")


def test_a_retry_uses_the_same_post_and_replaces_its_text_only_when_new_text_comes(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 19."""
    server.script(dialect.begun("The gate", " stands"), dialect.begun(" \n"), dialect.reply("It is open."))
    request = desk.ask(server, dialect.model)
    desk.failed(request)
    post = desk.reply(request)
    assert post is not None
    for text, status in ((PARTIAL, JobStatus.ERROR), ("It is open.", JobStatus.COMPLETE)):
        desk.queue.retry(request)
        desk.ended(request, status)
        reply = desk.reply(request)
        assert reply is not None
        assert (reply.post_id, reply.content) == (post.post_id, text)
        assert reply.is_incomplete is (status is JobStatus.ERROR)
    assert desk.job(request).attempts == 3


def test_a_reply_that_ends_without_a_reason_and_without_numbers_is_complete(
    desk: Desk, ollama: FakeOllama
) -> None:
    """Row 21."""
    end = ollama_done(None, load=0, prompt=0, output=0)
    assert b"done_reason" not in end
    assert b"duration" not in end
    ollama.script(OLLAMA.begun("Fine."), OLLAMA.begun("Fine.", then=[end]))
    desk.failed(desk.ask(ollama))
    request = desk.ask(ollama)
    assert desk.completed(request).content == "Fine."
    metrics = _metrics(desk, request)
    assert metrics["reason"] == "unknown"
    numbers = ("prompt_tokens", "output_tokens", "load_seconds", "prompt_seconds", "output_seconds")
    assert [metrics[name] for name in numbers] == [None] * 5


@OPENAI_ONLY
def test_a_reply_without_usage_and_timings_is_complete(desk: Desk, dialect: Dialect, server: Server) -> None:
    """Row 21."""
    finish = sse({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    server.script(dialect.begun("Fine.", then=[finish, sse("[DONE]")]))
    request = desk.ask(server, dialect.model)
    assert desk.completed(request).content == "Fine."
    assert _metrics(desk, request)["output_tokens"] is None


@OPENAI_ONLY
@pytest.mark.parametrize("stays_open", [False, True], ids=["closes", "stays open"])
def test_a_finish_reason_is_end_enough_without_the_last_marker(
    make_desk: Callable[..., Desk], dialect: Dialect, server: Server, stays_open: bool
) -> None:
    """Row 22: also where the server then forgets to close."""
    desk = make_desk(limits=replace(QUICK, read=0.5), stall_limit=100.0)
    end: list[Any] = [*sse_end("length", done=False), *([Silence()] if stays_open else [])]
    server.script(dialect.begun("Fine.", then=end))
    request = desk.ask(server, dialect.model)
    assert desk.completed(request).content == "Fine."
    assert _metrics(desk, request)["reason"] == "length"
    assert _metrics(desk, request)["output_tokens"] == 8


def test_a_stream_whose_end_lacks_its_last_newline_is_complete(desk: Desk) -> None:
    """Row 22."""
    for dialect, end in ((OLLAMA, ollama_done().rstrip()), (LLAMACPP, b"data: [DONE]")):
        with dialect.make() as server:
            finish = [] if dialect is OLLAMA else sse_end(done=False)
            server.script(dialect.begun("Fine.", then=[*finish, end]))
            assert desk.completed(desk.ask(server, dialect.model)).content == "Fine."


def test_a_done_marker_without_a_finish_reason_ends_a_reply_that_has_text(desk: Desk) -> None:
    """Row 22."""
    with FakeOpenAI("generic") as server:
        server.script(Answer([sse_delta("Fine."), sse("[DONE]")], content_type=SSE))
        request = desk.ask(server, "qwen/qwen3-8b")
        assert desk.completed(request).content == "Fine."
        assert _metrics(desk, request)["reason"] == "unknown"


def _metrics(desk: Desk, request: int) -> dict[str, Any]:
    return desk.job(request).metrics or {}
