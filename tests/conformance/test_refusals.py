"""Rows 12-16: requests that the server refuses, or answers with nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.harness import GENERIC, LLAMACPP, LMSTUDIO, OLLAMA, Desk, Dialect
from tests.fakes import SSE, Answer, FakeOllama, FakeOpenAI, json_answer, recorded, sse

TOO_LONG = json.loads(recorded("too_long.400.json"))
TOO_LONG_KIND = "context_exceeded"
N_PROMPT, N_CTX = str(TOO_LONG["error"]["n_prompt_tokens"]), str(TOO_LONG["error"]["n_ctx"])
VLLM_TOO_LONG = {
    "object": "error",
    "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens "
    "(4500 in the messages, 500 in the completion). Please reduce the length of the messages or completion.",
    "type": "BadRequestError",
    "code": 400,
}
VLLM_NOT_FOUND = {
    "object": "error",
    "message": "The model `nope` does not exist.",
    "type": "NotFoundError",
    "param": None,
    "code": 404,
}
OUT_OF_MEMORY = [
    "llama-server process has terminated: cudaMalloc failed: out of memory",
    "CUDA error: out of memory",
    "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 9000.00 MiB on device 0: cudaMalloc failed",
    "failed to allocate compute buffers",
    "memory allocation failed while loading the model",
    "not enough memory to load the model",
    "model requires more system memory (12.3 GiB) than is available (7.1 GiB)",
]
Server = FakeOllama | FakeOpenAI


def refused(
    desk: Desk, dialect: Dialect, server: Server, kind: str, *, model: str = "", goes_on: bool = True
) -> Any:
    """Ask and return the request: it ends in such an error, once, without a post, and the next runs."""
    request = desk.ask(server, model or dialect.model)
    job = desk.failed(request)
    assert (job.error_kind, job.attempts, job.wait_reason) == (kind, 1, None)
    assert desk.reply(request) is None
    if goes_on:
        n_chats = len(server.chats)
        assert desk.answers(server, dialect.model) == "Hello from the fake."
        assert len(server.chats) == n_chats + 1, "it was sent again"
    return job


def test_a_model_that_ollama_does_not_have_is_not_asked_for_twice(desk: Desk, ollama: FakeOllama) -> None:
    """Row 12: the words tell how to get it."""
    job = refused(desk, OLLAMA, ollama, "not_found", model="nope:1b")
    assert job.error_title == "The server does not have this model"
    assert "ollama pull nope:1b" in job.error_message
    assert [chat.body["model"] for chat in ollama.chats] == ["llama3.2"]


@pytest.mark.parametrize("dialect", [LLAMACPP, LMSTUDIO, GENERIC], ids=lambda dialect: dialect.name)
def test_a_model_that_a_server_does_not_have_is_not_asked_for_twice(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 12."""
    server.script(json_answer(VLLM_NOT_FOUND, 404))
    job = refused(desk, dialect, server, "not_found", model="nope")
    assert job.error_title == "The server does not have this model"
    assert "nope" in job.error_message
    assert "hoose another model" in job.error_message


@pytest.mark.parametrize("dialect", [LMSTUDIO, GENERIC], ids=lambda dialect: dialect.name)
def test_a_model_that_a_server_serves_without_listing_it_answers(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 12: whether a model is there shows when it is asked."""
    assert "aliased" not in server.models
    assert desk.answers(server, "aliased") == "Hello from the fake."
    assert server.chats[0].body["model"] == "aliased"


def nested(body: Any) -> dict[str, str]:
    return {"error": json.dumps(body)}


@pytest.mark.parametrize(
    ("dialect", "status", "body", "numbers"),
    [
        (LLAMACPP, 400, TOO_LONG, (N_PROMPT, N_CTX)),
        (GENERIC, 400, TOO_LONG, (N_PROMPT, N_CTX)),
        (OLLAMA, 400, nested(TOO_LONG), (N_PROMPT, N_CTX)),
        (OLLAMA, 400, {"error": f"llama-server: {json.dumps(TOO_LONG)}"}, (N_PROMPT, N_CTX)),
        (GENERIC, 400, nested(nested(TOO_LONG)), (N_PROMPT, N_CTX)),
        (GENERIC, 400, VLLM_TOO_LONG, ("4500", "4096")),
        (
            LMSTUDIO,
            400,
            {
                "error": "Trying to keep the first 4200 tokens when context the overflows. However, the "
                "model is loaded with context length of only 2048 tokens, which is not enough."
            },
            ("4200", "2048"),
        ),
    ],
    ids=["plain", "plain, any server", "nested", "nested after words", "nested twice", "vLLM", "LM Studio"],
)
def test_a_prompt_that_the_server_finds_too_long_fails_with_both_numbers(
    desk: Desk, dialect: Dialect, server: Server, status: int, body: Any, numbers: tuple[str, str]
) -> None:
    """Row 13."""
    server.script(json_answer(body, status))
    job = refused(desk, dialect, server, "context_exceeded")
    assert job.error_title == "The conversation is too long for the model"
    assert all(number in job.error_message for number in numbers), job.error_message
    assert "context window" in job.error_message


def test_a_prompt_that_cannot_fit_is_never_sent(
    make_desk: Callable[..., Desk], dialect: Dialect, server: Server
) -> None:
    """Row 13: our own check, which knows both numbers before anything is sent."""
    if dialect is LLAMACPP:
        pytest.skip("the fake counts every prompt as 65 tokens; the real engine has this test")
    desk = make_desk(context_window=512)
    request = desk.ask(server, dialect.model, "garden " * 400)
    job = desk.failed(request)
    assert (job.error_kind, job.attempts) == ("context_exceeded", 1)
    assert str(job.token_breakdown["total"]) in job.error_message.replace(",", "")
    assert "512" in job.error_message
    assert server.chats == []
    assert desk.reply(request) is None
    assert desk.answers(server, dialect.model) == "Hello from the fake."


@pytest.mark.parametrize("dialect", [LMSTUDIO, GENERIC, LLAMACPP], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("field", ["data", "error"])
def test_a_stream_that_holds_an_error_alone_is_never_an_empty_success(
    desk: Desk, dialect: Dialect, server: Server, field: str
) -> None:
    """Row 14: in the present form, and as the bare line of older servers."""
    for words, kind in (
        (
            "The number of tokens to keep from the initial prompt is greater than the context length",
            TOO_LONG_KIND,
        ),
        ("Trying to keep the first 4200 tokens when context the overflows", TOO_LONG_KIND),
        ("The model has crashed without additional information.", "server_error"),
    ):
        body = {"message": words}
        frame = sse(body if field == "error" else {"error": body}, field=field)
        server.script(Answer([b"event: error\n", frame], content_type=SSE))
        job = refused(desk, dialect, server, kind, goes_on=False)
        assert kind == TOO_LONG_KIND or words in job.error_message
    assert desk.answers(server, dialect.model) == "Hello from the fake."


def test_a_stream_without_a_single_byte_is_never_an_empty_success(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 14: LM Studio's other answer to a prompt that is too long."""
    server.script(dialect.answer())
    refused(desk, dialect, server, "stream_broken")


@pytest.mark.parametrize("pieces", [(), ("",), (" ", "\n\n")], ids=["no frame", "empty text", "white space"])
def test_a_reply_without_a_word_is_told_and_leaves_no_post(
    desk: Desk, dialect: Dialect, server: Server, pieces: tuple[str, ...]
) -> None:
    """Row 15."""
    server.script(dialect.reply(*pieces))
    request = desk.ask(server, dialect.model)
    job = desk.failed(request)
    assert (job.error_kind, job.error_title) == ("empty_reply", "The model answered nothing")
    assert "Try again" in (job.error_message or "")
    assert job.attempts == 1
    assert desk.reply(request) is None
    assert desk.answers(server, dialect.model) == "Hello from the fake."


@pytest.mark.parametrize("dialect", [OLLAMA, LLAMACPP], ids=lambda dialect: dialect.name)
def test_memory_that_ran_out_ends_the_request_and_is_called_so(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 16: each phrase, however it is cased."""
    for phrase in (*OUT_OF_MEMORY, *map(str.upper, OUT_OF_MEMORY)):
        error = phrase if dialect is OLLAMA else {"message": phrase, "type": "server_error", "code": 500}
        server.script(json_answer({"error": error}, 500))
        job = refused(desk, dialect, server, "out_of_memory", goes_on=False)
        assert "emory ran out" in job.error_title, phrase
        assert "smaller context window or a smaller model" in job.error_message
    assert desk.answers(server, dialect.model) == "Hello from the fake."
    assert len(server.chats) == 2 * len(OUT_OF_MEMORY) + 1, "one was sent again"
