"""Rows 8, 13, 19, 20, 23, 24, 27, 34 and 36 against llama.cpp itself, as the built-in engine."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from forllm_desktop.domain.queue import JobStatus
from tests.conformance.harness import QUESTION, QUICK, Desk
from tests.llm.engines import freeze, is_gone, seconds_until_gone
from tests.tiny_gguf import EMOJI, PUNCTUATION, WORDS, make_slow_gguf, make_tiny_gguf

TinyGguf = Callable[[str], Path]
MakeDesk = Callable[..., Desk]
SILENCE = 5.0
AT_ONCE = 0.5
"""Seconds until a cancelled request is stored as such; the engine would need many to read its prompt."""
LONG = "garden " * 10_000
"""A question that takes the engine seconds to read."""


@pytest.fixture(scope="module")
def wide_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that stops by itself and has room for a long prompt."""
    return make_tiny_gguf(tmp_path_factory.mktemp("wide") / "wide.gguf", "chat", ctx=16_384)


@pytest.fixture
def endless(tiny_gguf: TinyGguf) -> Path:
    return tiny_gguf("endless")


def served(desk: Desk, request: int) -> None:
    """Wait for the engine's answer, be it that a random model has nothing to say: dice decide that."""
    job = desk.ended(request)
    assert job.status == JobStatus.COMPLETE or job.error_kind == "empty_reply"


def engine_pids() -> list[int]:
    """Return the engines among the children of this process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and b"--engine" in command and not is_gone(int(entry.name)):
            found.append(int(entry.name))
    return found


def engine_pid() -> int:
    (pid,) = engine_pids()
    return pid


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Stop a process for the time of the block."""
    freeze(pid)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_an_engine_that_stands_still_before_its_first_word_is_waited_for(
    make_desk: MakeDesk, wide_gguf: Path
) -> None:
    """Row 8: five seconds, while the limit for a silence in mid-stream is one."""
    desk = make_desk(context_window=16_384, limits=replace(QUICK, read=0.5))
    request = desk.ask_engine(wide_gguf, LONG)
    desk.in_phase(request, "prompt")
    with frozen(engine_pid()):
        time.sleep(SILENCE)
        assert desk.job(request).status == JobStatus.PROCESSING
    served(desk, request)
    assert desk.job(request).attempts == 1


def test_an_engine_that_stands_still_when_it_is_asked_parks_the_request(
    make_desk: MakeDesk, tiny_gguf: TinyGguf
) -> None:
    """Row 8."""
    desk = make_desk(limits=replace(QUICK, read=0.3, describe=0.3))
    served(desk, desk.ask_engine(tiny_gguf("chat")))
    with frozen(engine_pid()):
        request = desk.ask_engine(tiny_gguf("chat"))
        job = desk.parked(request)
        assert job.wait_reason == "timeout"
        assert "does not answer" in (job.error_title or "")
    served(desk, request)
    assert desk.job(request).attempts == 1


def test_an_engine_that_stands_still_in_mid_stream_ends_the_request_and_serves_the_next(
    make_desk: MakeDesk, endless: Path, tiny_gguf: TinyGguf
) -> None:
    """Row 8, and the limit of one second."""
    desk = make_desk(limits=replace(QUICK, read=0.5), context_window=16_384)
    request = desk.ask_engine(endless)
    desk.writing(request)
    with frozen(engine_pid()):
        job = desk.failed(request)
    assert job.error_kind == "timeout"
    assert job.error_title == "The reply stopped in the middle"
    reply = desk.reply(request)
    assert reply is not None
    assert reply.content.strip()
    assert reply.is_incomplete
    served(desk, desk.ask_engine(tiny_gguf("chat")))


def test_a_prompt_too_long_for_a_small_model_is_counted_and_never_sent(desk: Desk, tmp_path: Path) -> None:
    """Row 13: our own check, with the engine's exact count."""
    small = make_tiny_gguf(tmp_path / "small.gguf", ctx=512)
    request = desk.ask_engine(small, "garden " * 600)
    job = desk.failed(request)
    assert (job.error_kind, job.attempts) == ("context_exceeded", 1)
    assert job.token_breakdown is not None
    assert job.token_breakdown["is_exact"]
    assert f"has {job.token_breakdown['total']:,} tokens, and 256 fit" in (job.error_message or "")
    assert desk.reply(request) is None
    served(desk, desk.ask_engine(small))


def test_a_prompt_that_the_engine_itself_finds_too_long_fails_with_both_numbers(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 13: the server's own 400."""
    small = make_tiny_gguf(tmp_path / "small.gguf", ctx=512)
    with monkeypatch.context() as patch:
        patch.setattr("forllm_desktop.worker.one_call.require_fit", lambda *_, **__: None)
        request = desk.ask_engine(small, "garden " * 600)
        job = desk.failed(request)
    assert (job.error_kind, job.attempts) == ("context_exceeded", 1)
    assert job.error_title == "The conversation is too long for the model"
    assert job.token_breakdown is not None
    assert str(job.token_breakdown["total"]) in (job.error_message or "")
    assert "the window of 512" in (job.error_message or "")
    assert desk.reply(request) is None
    served(desk, desk.ask_engine(small))


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (signal.SIGTERM, "crashed (signal 15)"),
        (signal.SIGKILL, "was ended by the system, most often because memory ran out"),
        (signal.SIGSEGV, "crashed (signal 11)"),
    ],
)
def test_an_engine_that_dies_in_mid_stream_is_told_in_words_and_started_again(
    make_desk: MakeDesk, endless: Path, end: signal.Signals, words: str
) -> None:
    """Rows 19 and 20."""
    desk = make_desk(context_window=16_384)
    request = desk.ask_engine(endless)
    desk.writing(request)
    pid = engine_pid()
    os.kill(pid, end)
    job = desk.failed(request)
    assert (job.error_kind, job.attempts) == ("stream_broken", 1)
    assert job.error_title == "The built-in engine ended in the middle of its work"
    assert words in (job.error_message or "")
    assert "Try again" in (job.error_message or "")
    reply = desk.reply(request)
    assert reply is not None
    assert reply.content.strip()
    assert reply.is_incomplete
    desk.queue.retry(request)
    desk.in_phase(request, "writing")
    assert engine_pid() != pid
    assert desk.job(request).reply_post_id == reply.post_id
    desk.queue.cancel(request)
    desk.ended(request, JobStatus.CANCELLED)


def test_an_engine_that_died_while_it_was_idle_is_started_again(desk: Desk, tiny_gguf: TinyGguf) -> None:
    """Row 20."""
    served(desk, desk.ask_engine(tiny_gguf("chat")))
    os.kill(engine_pid(), signal.SIGKILL)
    served(desk, request := desk.ask_engine(tiny_gguf("chat")))
    assert desk.job(request).attempts == 1


def test_an_engine_that_dies_while_it_reads_the_prompt_leaves_no_post(
    make_desk: MakeDesk, wide_gguf: Path
) -> None:
    """Row 20."""
    desk = make_desk(context_window=16_384)
    request = desk.ask_engine(wide_gguf, LONG)
    desk.in_phase(request, "prompt")
    os.kill(engine_pid(), signal.SIGKILL)
    job = desk.failed(request)
    assert (job.error_kind, job.attempts) == ("stream_broken", 1)
    assert "built-in engine ended" in (job.error_title or "")
    assert desk.reply(request) is None
    served(desk, desk.ask_engine(wide_gguf))


def test_characters_of_four_bytes_arrive_whole(desk: Desk, tiny_gguf: TinyGguf) -> None:
    """Rows 23 and 24: each byte is a token of its own to this model."""
    written = ""
    while EMOJI not in written:
        reply = _first_with_text(desk, tiny_gguf("utf8"))
        assert "\ufffd" not in reply.content
        assert set(reply.content) <= {*EMOJI, *"".join(WORDS), *PUNCTUATION}
        assert "".join(text for _, text in desk.pieces(reply.post_id)) == reply.content
        written += reply.content
        assert len(written) < 10_000


def test_thoughts_and_answer_of_a_model_are_kept_apart(make_desk: MakeDesk, tiny_gguf: TinyGguf) -> None:
    """Row 27: the model uses other words for its thoughts than for its answer."""
    half = len(WORDS) // 2
    desk = make_desk()
    reply = _first_with_text(desk, tiny_gguf("think"))
    assert _words(reply.thinking) <= set(WORDS[:half])
    assert _words(reply.content) <= set(WORDS[half:])
    assert "think>" not in reply.thinking + reply.content
    desk.workspace.settings.change(think=False)
    silent = _first_with_text(desk, tiny_gguf("think"))
    assert silent.thinking == ""
    assert _words(silent.content) <= set(WORDS[half:])


def _first_with_text(desk: Desk, model: Path):
    """Ask until a reply holds text: dice decide what a random model says, and now and then it is nothing."""
    for _ in range(20):
        request = desk.ask_engine(model)
        if desk.ended(request).status == JobStatus.COMPLETE:
            return desk.completed(request)
    raise AssertionError("twenty times nothing")


def _words(text: str) -> set[str]:
    for mark in PUNCTUATION:
        text = text.replace(mark, "")
    return {f" {word}" for word in text.split()}


@pytest.mark.parametrize("phase", ["prompt", "writing"])
def test_cancel_stops_the_engine_at_once_and_it_serves_the_next_request(
    make_desk: MakeDesk, tmp_path: Path, phase: str
) -> None:
    """Row 34: the same process goes on with the next request."""
    model = make_tiny_gguf(tmp_path / "model.gguf", "endless")
    desk = make_desk(context_window=16_384)
    took = [1.0]
    for _ in range(5):
        request = desk.ask_engine(model, LONG if phase == "prompt" else "Go on for ever.")
        desk.writing(request) if phase == "writing" else desk.in_phase(request, phase)
        pid, started = engine_pid(), time.monotonic()
        desk.queue.cancel(request)
        desk.until(lambda: desk.state == "idle")
        took.append(time.monotonic() - started)
        desk.ended(request, JobStatus.CANCELLED)
        assert (desk.reply(request) is None) is (phase == "prompt")
        if took[-1] < AT_ONCE:
            break
    assert min(took) < AT_ONCE, took
    following = desk.ask_engine(model)
    desk.in_phase(following, "writing")
    assert engine_pid() == pid
    desk.queue.cancel(following)
    desk.ended(following, JobStatus.CANCELLED)


def test_cancel_while_the_engine_loads_ends_it_and_the_next_model_is_loaded(
    desk: Desk, tmp_path: Path, tiny_gguf: TinyGguf
) -> None:
    """Row 34."""
    request = desk.ask_engine(make_slow_gguf(tmp_path / "slow.gguf"))
    desk.in_phase(request, "loading")
    desk.until(engine_pids)
    pid = engine_pid()
    following = desk.ask_engine(tiny_gguf("chat"))
    started = time.monotonic()
    desk.queue.cancel(request)
    assert seconds_until_gone(pid) < 5
    served(desk, following)
    assert time.monotonic() - started < 30
    assert desk.ended(request, JobStatus.CANCELLED).error_kind is None
    assert desk.reply(request) is None


@pytest.mark.parametrize("phase", ["loading", "prompt", "writing"])
def test_quitting_leaves_no_engine_and_the_request_runs_at_the_next_start(
    make_desk: MakeDesk, tmp_path: Path, wide_gguf: Path, endless: Path, phase: str
) -> None:
    """Row 36."""
    desk = make_desk(context_window=16_384)
    slow = tmp_path / "slow.gguf"
    model = {"loading": slow, "prompt": wide_gguf, "writing": endless}[phase]
    make_slow_gguf(slow)
    request = desk.ask_engine(model, LONG if phase == "prompt" else QUESTION)
    desk.writing(request) if phase == "writing" else desk.in_phase(request, phase)
    pid = desk.until(engine_pids)[0]
    assert desk.stop_worker() < 3.0
    assert is_gone(pid)
    assert engine_pids() == []
    job, reply = desk.job(request), desk.reply(request)
    assert (job.status, job.wait_reason) == ("pending", None)
    assert reply is not None
    assert bool(reply.content) is (phase == "writing")
    desk.start_worker()
    desk.in_phase(request, phase)
    desk.queue.cancel(request)
    desk.ended(request, JobStatus.CANCELLED)
    served(desk, desk.ask_engine(wide_gguf))


def test_a_model_that_takes_too_long_to_load_ends_its_request_and_holds_up_nobody(
    make_desk: MakeDesk, tmp_path: Path, tiny_gguf: TinyGguf
) -> None:
    """Row 34: trying again would take as long again, so it is not waited for like a server that is away."""
    desk = make_desk(limits=replace(QUICK, engine_start=0.5))
    request = desk.ask_engine(make_slow_gguf(tmp_path / "slow.gguf", layers=200))
    job = desk.failed(request)
    assert (job.error_kind, job.attempts) == ("timeout", 1)
    assert job.error_title == "Loading the model took too long"
    assert "Choose a smaller model" in (job.error_message or "")
    assert desk.reply(request) is None
    desk.until(lambda: engine_pids() == [])
