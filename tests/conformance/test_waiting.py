"""Rows 8-11: servers that are slow, away in the middle of a wait, loading or busy."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest

from forllm_desktop.domain.servers import ServerKind
from tests.conformance.harness import ALL_DIALECTS, QUICK, Desk, Dialect
from tests.fakes import Answer, FakeOllama, FakeOpenAI, Gate, Silence, json_answer

SILENCE = 5.0
"""Seconds; five times the limit for a silence in the middle of a reply."""
LOADING = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
BUSY = {"error": "server busy, please try again.  maximum pending requests exceeded"}


def test_a_server_may_be_silent_before_its_first_word_for_as_long_as_it_lives(
    make_desk: Callable[..., Desk],
) -> None:
    """Row 8: silence before the headers, and after them, from every kind of server at once."""
    with ExitStack() as stack:
        waiting, gates = [], []
        for dialect in ALL_DIALECTS:
            for has_headers in (False, True):
                server = stack.enter_context(dialect.make())
                gates.append(gate := Gate())
                answer = dialect.reply("At", " last.")
                steps = [gate, *answer.steps] if has_headers else answer.steps
                server.script(replace(answer, steps=steps, before=[] if has_headers else [gate]))
                desk = make_desk()
                waiting.append((desk, server, desk.ask(server, dialect.model)))
        for desk, _, request in waiting:
            assert desk.in_phase(request, "queued", "loading", "prompt")
        assert all(gate.reached.wait(30) for gate in gates)
        time.sleep(SILENCE)
        for gate in gates:
            gate.open()
        for desk, server, request in waiting:
            assert desk.completed(request).content == "At last."
            assert len(server.chats) == 1
            assert server.chats[0].client_closed_at is None
            assert desk.job(request).attempts == 1


def test_a_server_that_goes_away_while_it_is_waited_for_is_noticed_and_waited_out(
    desk: Desk, dialect: Dialect, server: FakeOllama | FakeOpenAI
) -> None:
    """Row 9."""
    server.script(Answer(before=[Silence()]))
    request = desk.ask(server, dialect.model)
    chat = desk.until(lambda: server.chats)[0]
    server.refuse()
    job = desk.parked(request)
    assert job.wait_reason == "unreachable"
    assert "Nothing answers" in (job.error_message or "")
    assert chat.closed.wait(5)
    server.accept_again()
    assert desk.completed(request).content == "Hello from the fake."
    assert desk.job(request).attempts == 1


def test_one_failed_sign_of_life_is_no_reason_to_give_up(
    make_desk: Callable[..., Desk], dialect: Dialect, server: FakeOllama | FakeOpenAI
) -> None:
    """Row 9: only the third in a row is."""
    desk = make_desk(limits=replace(QUICK, health_every=0.3))
    gate = Gate()
    server.script(dialect.reply("Still here.", before=[gate]))
    request = desk.ask(server, dialect.model)
    desk.until(lambda: server.chats)
    server.refuse()
    gate.reached.wait(5)
    server.accept_again()
    gate.open()
    assert desk.completed(request).content == "Still here."
    assert len(server.chats) == 1


@pytest.mark.parametrize("is_known", [False, True], ids=["found out", "known"])
def test_a_frozen_server_is_waited_for_and_costs_no_attempt(
    make_desk: Callable[..., Desk], dialect: Dialect, server: FakeOllama | FakeOpenAI, is_known: bool
) -> None:
    """Row 8: it accepts connections and says nothing even to short questions."""
    desk = make_desk(limits=replace(QUICK, read=0.3, describe=0.3))
    kind = ServerKind.OPENAI if dialect.name == "generic" else ServerKind(dialect.name)
    server.is_frozen = True
    request = desk.ask(server, dialect.model, kind=kind if is_known else ServerKind.AUTO)
    job = desk.parked(request)
    assert job.wait_reason in ("timeout", "busy", "unreachable")
    server.is_frozen = False
    assert desk.completed(request).content == "Hello from the fake."
    assert desk.job(request).attempts == 1


@pytest.mark.parametrize("stage", ["every path", "chat alone"])
def test_a_server_that_loads_its_model_is_asked_again_until_it_is_ready(
    make_desk: Callable[..., Desk], dialect: Dialect, server: FakeOllama | FakeOpenAI, stage: str
) -> None:
    """Row 10: five times "Loading model", then the reply; that is one attempt."""
    desk = make_desk(backoff=(0.02, 0.05, 0.1, 0.1))
    if stage == "chat alone":
        server.script(*(json_answer(LOADING, 503) for _ in range(5)))
    elif isinstance(server, FakeOpenAI):
        server.loading = 5
    else:
        pytest.skip("Ollama answers its other paths while it loads")
    request = desk.ask(server, dialect.model)
    seen = desk.parked(request)
    assert seen.wait_reason == "loading"
    assert "by itself" in (seen.error_message or "")
    assert desk.completed(request).content == "Hello from the fake."
    job = desk.job(request)
    assert (job.attempts, job.error_kind, job.wait_reason) == (1, None, None)
    if stage == "chat alone":
        assert len(server.chats) == 6


def test_requests_keep_their_order_while_a_server_is_busy(
    make_desk: Callable[..., Desk], dialect: Dialect, server: FakeOllama | FakeOpenAI
) -> None:
    """Row 11."""
    desk = make_desk(backoff=(0.05, 0.1))
    server.script(*(json_answer(BUSY, 503) for _ in range(3)))
    requests = [desk.ask(server, dialect.model, f"Question {number}?") for number in range(4)]
    assert desk.parked(requests[0]).wait_reason == "busy"
    for request in requests:
        assert desk.completed(request).content == "Hello from the fake."
        assert desk.job(request).attempts == 1
    asked = [chat.body["messages"][-1]["content"] for chat in server.chats]
    assert [text.rpartition("Question ")[2] for text in asked] == ["0?", "0?", "0?", "0?", "1?", "2?", "3?"]


def test_a_busy_server_does_not_hold_up_the_requests_of_another(
    make_desk: Callable[..., Desk], dialect: Dialect, server: FakeOllama | FakeOpenAI, ollama: FakeOllama
) -> None:
    """Row 11."""
    desk = make_desk(backoff=(600.0,))
    server.script(json_answer(BUSY, 503))
    first = desk.ask(server, dialect.model)
    desk.parked(first)
    assert desk.answers(ollama) == "Hello from the fake."
    assert desk.job(first).is_parked
