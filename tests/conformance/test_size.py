"""Rows 39 and 40: half characters in a prompt, and answers without measure."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from tests.conformance.harness import LLAMACPP, OLLAMA, Desk, Dialect
from tests.fakes import FakeOllama, FakeOpenAI

Server = FakeOllama | FakeOpenAI
MB = 1024 * 1024
BOTH = pytest.mark.parametrize("dialect", [OLLAMA, LLAMACPP], ids=lambda dialect: dialect.name)


def test_half_a_character_in_a_question_is_sent_as_a_replacement_character(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 39."""
    request = desk.ask(server, dialect.model, "Half a smile: \ud83d, and \udc80?")
    assert desk.completed(request).content == "Hello from the fake."
    asked = server.chats[0].body["messages"][-1]["content"]
    assert asked.endswith("Half a smile: \ufffd, and \ufffd?")
    assert desk.job(request).prompt == server.chats[0].body["messages"]


@BOTH
def test_a_line_of_20_mb_breaks_the_stream_and_fills_no_memory(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 40."""
    start = b'{"message":{"content":"' if dialect is OLLAMA else b'data: {"choices":[{"delta":{"content":"'
    block = b"x" * (MB // 4)
    server.script(dialect.begun("The gate", then=[start, *[block] * 80]))
    with most_memory(70 * MB):
        request = desk.ask(server, dialect.model)
        job = desk.failed(request)
    assert job.error_kind == "stream_broken"
    assert job.error_title == "The server sent something that is no answer"
    assert "longer than 16 MB" in (job.error_message or "")
    reply = desk.reply(request)
    assert reply is not None
    assert (reply.content, reply.is_incomplete) == ("The gate", True)
    assert server.chats[0].closed.wait(5)
    assert desk.answers(server, dialect.model) == "Hello from the fake."


@BOTH
def test_a_hundred_thousand_tiny_frames_arrive_whole_in_bounded_memory_and_few_announcements(
    desk: Desk, dialect: Dialect, server: Server
) -> None:
    """Row 40."""
    n_frames, per_chunk = 100_000, 50
    chunk = b"".join(dialect.delta(letter) for letter in "the gate's"[:10] * (per_chunk // 10))
    server.script(dialect.answer(*[chunk] * (n_frames // per_chunk), *dialect.whole(".")))
    # Tracing makes everything four times as slow, so it is done once.
    with most_memory(60 * MB) if dialect is OLLAMA else nullcontext():
        request = desk.ask(server, dialect.model)
        reply = desk.completed(request)
    assert reply.content == "the gate's" * (n_frames // 10) + "."
    pieces = desk.pieces(reply.post_id)
    assert "".join(text for _, text in pieces) == reply.content
    assert [offset for offset, _ in pieces] == [
        sum(len(text) for _, text in pieces[:number]) for number in range(len(pieces))
    ]
    job = desk.job(request)
    assert job.finished_at is not None
    assert job.started_at is not None
    seconds = (job.finished_at - job.started_at).total_seconds()
    assert len(pieces) <= 20 * seconds + 2
    assert len(desk.announced("job_changed")) <= 20


@contextmanager
def most_memory(limit: int) -> Iterator[None]:
    """Fail when more bytes than `limit` are held at any time, by the app or by the fake."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()
