"""Rows 30 and 31: what Ollama is told, and what its numbers give away."""

from collections.abc import Callable
from typing import Any

import pytest

from forllm_desktop.llm.tokens import estimate_text, estimate_tokens
from tests.conformance.harness import GENERIC, LMSTUDIO, OLLAMA, QUESTION, Desk, Dialect
from tests.fakes import FakeOllama, FakeOpenAI, ollama_reply, sse_reply

LONG = "What waits in the garden tonight? " * 60
N_ESTIMATED = estimate_text(LONG)


@pytest.mark.parametrize("dialect", [OLLAMA, LMSTUDIO, GENERIC], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    ("text", "n_read", "is_shortened"),
    [(LONG, N_ESTIMATED // 5, True), (LONG, int(N_ESTIMATED * 0.85), False), (QUESTION, 12, False)],
    ids=["far below the estimate", "plain English", "too short to tell"],
)
def test_a_prompt_that_the_server_shortened_is_noted_with_the_reply(
    desk: Desk, dialect: Dialect, server: FakeOllama | FakeOpenAI, text: str, n_read: int, is_shortened: bool
) -> None:
    """Row 30."""
    make = ollama_reply if dialect is OLLAMA else sse_reply
    server.script(dialect.answer(*make("Nothing.", prompt=n_read)))
    request = desk.ask(server, dialect.model, text)
    assert desk.completed(request).content == "Nothing."
    job = desk.job(request)
    metrics = job.metrics or {}
    assert metrics["prompt_tokens"] == n_read
    assert metrics["prompt_shortened"] is is_shortened
    assert metrics["expected_tokens"] == (job.token_breakdown or {})["total"]
    assert metrics["is_exact_count"] is False


def test_the_numbers_of_a_reply_are_stored_in_tokens_and_seconds(desk: Desk, ollama: FakeOllama) -> None:
    """Row 30."""
    ollama.script(OLLAMA.answer(*ollama_reply("Fine.", load=1_500_000_000, prompt=26, output=8)))
    request = desk.ask(ollama)
    desk.completed(request)
    expected = estimate_tokens(desk.job(request).prompt or [])
    metrics = desk.job(request).metrics or {}
    assert metrics.pop("raw_tokens") == pytest.approx(expected, abs=1)
    assert metrics.pop("expected_tokens") == pytest.approx(expected, abs=6)
    assert metrics == {
        "reason": "stop",
        "prompt_tokens": 26,
        "cached_tokens": None,
        "output_tokens": 8,
        "load_seconds": 1.5,
        "prompt_seconds": 0.3,
        "output_seconds": 1.5,
        "prompt_shortened": False,
        "is_exact_count": False,
        "reloaded": True,
    }


@pytest.mark.parametrize(("think", "window"), [(True, 512), (False, 8192), (True, 1_000_000)])
def test_no_chat_body_leaves_anything_to_ollama(
    make_desk: Callable[..., Desk], ollama: FakeOllama, think: bool, window: int
) -> None:
    """Row 31: short and long questions, two models, a follow-up and a retry."""
    desk = make_desk(think=think, context_window=window, keep_alive=300)
    requests = [desk.ask(ollama, model) for model in ("llama3.2", "qwen3:8b", "llama3.2:latest")]
    replies = [desk.completed(request) for request in requests]
    wish = desk.wish(ollama.url, "qwen3:8b")
    _, follow_up = desk.queue.ask(replies[1].topic_id, "And then?", wish, replies[1].post_id)
    desk.completed(follow_up.request_id)
    ollama.script(OLLAMA.begun("Half"))
    desk.failed(failed := desk.ask(ollama, text=LONG[:900]))
    desk.queue.retry(failed)
    desk.completed(failed)
    assert len(ollama.chats) == 6
    for chat in ollama.chats:
        check_chat_body(chat.body, think=think and chat.body["model"] == "qwen3:8b", most=window)
        assert chat.body["keep_alive"] == 300
    assert (
        len({chat.body["options"]["num_ctx"] for chat in ollama.chats if "llama" in chat.body["model"]}) == 1
    )


def check_chat_body(body: dict[str, Any], *, think: bool, most: int) -> None:
    assert set(body) == {"model", "messages", "stream", "think", "truncate", "keep_alive", "options"}
    assert (body["stream"], body["truncate"]) == (True, False)
    assert body["think"] is think
    options = body["options"]
    assert set(options) == {"num_ctx", "num_predict"}
    assert options["num_ctx"] == min(most, 4096)
    assert 0 < options["num_predict"] < options["num_ctx"] - estimate_tokens(body["messages"])
    roles = [turn["role"] for turn in body["messages"]]
    assert roles[0] == "system"
    assert all(set(turn) == {"role", "content"} for turn in body["messages"])
    assert roles[1:] == ["user", "assistant"] * (len(roles) // 2 - 1) + ["user"]
