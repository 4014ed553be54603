"""The host of the one engine process, and the engine as a backend."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from forllm_desktop.domain.servers import ENGINE_URL, ServerKind
from forllm_desktop.llm import engine
from forllm_desktop.llm.backend import (
    BackendError,
    ChatRequest,
    Content,
    ErrorKind,
    Finished,
    Limits,
    ServerProfile,
    ServerState,
    Think,
    Thinking,
    Waiting,
)
from forllm_desktop.llm.builtin import EngineBackend, EngineHost
from tests.llm.engines import (
    SYSTEM,
    USER,
    freeze,
    hosting,
    is_known,
    replace_engine,
    run,
    seconds_until_gone,
    until,
)
from tests.tiny_gguf import make_slow_gguf

TinyGguf = Callable[[str], Path]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
PROFILE = ServerProfile(1, ServerKind.ENGINE, ENGINE_URL)


def backend(host: EngineHost) -> EngineBackend:
    return EngineBackend(PROFILE, Limits(), host)


def request(model: Path | str, **changes: Any) -> ChatRequest:
    wanted = {
        "messages": [SYSTEM, USER],
        "ctx": 1024,
        "max_tokens": 60,
        "n_prompt_estimate": 80,
        "sampling": {"seed": 8},
    }
    return ChatRequest(model=str(model), **(wanted | changes))


async def events_of(spoken_to: EngineBackend, wanted: ChatRequest) -> list[Any]:
    async with aclosing(spoken_to.chat(wanted)) as events:
        return [event async for event in events]


def test_running_engine_serves_the_next_request(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            first = await host.ensure(str(tiny_gguf("chat")), 1024)
            pid = host.pid
            assert await host.ensure(str(tiny_gguf("chat")), 1024) == first
            assert await host.ensure(str(tiny_gguf("chat")), 512) == first, "a larger window will do"
            assert host.pid == pid

    run(test())


@pytest.mark.parametrize(("variant", "ctx"), [("think", 1024), ("chat", 2048)])
def test_other_model_or_larger_window_starts_anew(tiny_gguf: TinyGguf, variant: str, ctx: int) -> None:
    async def test() -> None:
        async with hosting() as host:
            first = await host.ensure(str(tiny_gguf("chat")), 1024)
            pid = host.pid
            assert pid is not None
            second = await host.ensure(str(tiny_gguf(variant)), ctx)
            assert not is_known(pid), "two models are never in memory together"
            assert second.api_key != first.api_key
            assert host.is_serving(str(tiny_gguf(variant)), ctx)

    run(test())


def test_file_that_was_replaced_is_loaded_anew(tiny_gguf: TinyGguf, tmp_path: Path) -> None:
    async def test() -> None:
        path = Path(shutil.copy2(tiny_gguf("chat"), tmp_path / "model.gguf"))
        async with hosting() as host:
            spoken_to = backend(host)
            before = await events_of(spoken_to, request(path))
            os.replace(shutil.copy2(tiny_gguf("think"), tmp_path / "new.gguf"), path)
            assert not host.is_serving(str(path))
            after = await events_of(spoken_to, request(path))
            assert not any(isinstance(event, Thinking) for event in before)
            assert any(isinstance(event, Thinking) for event in after), "the new file answers"
            pid = host.pid
            await events_of(spoken_to, request(path))
            assert host.pid == pid, "it is loaded once"
            await spoken_to.aclose()

    run(test())


def test_two_wishes_at_once_start_one_engine(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            path = str(tiny_gguf("chat"))
            first, second = await asyncio.gather(host.ensure(path, 512), host.ensure(path, 512))
            assert first == second

    run(test())


def test_other_model_waits_while_one_is_in_use(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host, host.in_use(str(tiny_gguf("chat")), 512):
            with pytest.raises(BackendError) as failure:
                await host.ensure(str(tiny_gguf("think")), 512)
            assert failure.value.kind is ErrorKind.BUSY
            assert host.is_serving(str(tiny_gguf("chat")))

    run(test())


def test_engine_that_died_is_started_again(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            await host.ensure(str(tiny_gguf("chat")), 512)
            pid = host.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not host.is_running)
            assert not is_known(pid), "nobody has to ask for it to be reaped"
            await host.ensure(str(tiny_gguf("chat")), 512)
            assert host.pid not in (None, pid)

    run(test())


def test_idle_engine_leaves_by_itself(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting(idle_seconds=0.1) as host:
            async with host.in_use(str(tiny_gguf("chat")), 512):
                pid = host.pid
                assert pid is not None
                await asyncio.sleep(0.2)
                assert host.is_running, "in use is not idle"
            assert host.is_running
            await until(lambda: not is_known(pid))
            assert not host.is_running
            assert host.pid is None

    run(test())


def test_use_postpones_the_end_of_an_idle_engine(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting(idle_seconds=0.3) as host:
            path = str(tiny_gguf("chat"))
            await host.ensure(path, 512)
            pid = host.pid
            for _ in range(3):
                async with host.in_use(path):
                    await asyncio.sleep(0.1)
                await asyncio.sleep(0.15)
            assert host.pid == pid

    run(test())


def test_engine_stays_where_the_user_wants_it_to(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting(idle_seconds=-1) as host:
            async with host.in_use(str(tiny_gguf("chat")), 512):
                pass
            await asyncio.sleep(0.1)
            assert host.is_running

    run(test())


@on_linux
def test_idle_engine_that_hangs_is_killed(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting(limits=Limits(engine_stop=0.2), idle_seconds=0) as host:
            await host.ensure(str(tiny_gguf("chat")), 512)
            pid = host.pid
            assert pid is not None
            freeze(pid)
            host.stop_when_idle(0)
            await until(lambda: not is_known(pid))

    run(test())


def test_cancel_ends_a_loading_engine_at_once(tmp_path: Path) -> None:
    path = make_slow_gguf(tmp_path / "slow.gguf")

    async def test() -> None:
        async with hosting() as host:
            load = asyncio.ensure_future(host.ensure(str(path), 512))
            await until(lambda: any("loading model" in line for line in host.log_lines))
            pid, started = host.pid, time.monotonic()
            assert pid is not None
            load.cancel()
            with pytest.raises(asyncio.CancelledError):
                await load
            assert time.monotonic() - started < 0.1
            seconds_until_gone(pid)
            assert time.monotonic() - started < 0.1
            await until(lambda: not is_known(pid))

    run(test())
    path.unlink()


def test_engine_starts_again_after_a_cancelled_load(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            load = asyncio.ensure_future(host.ensure(str(tiny_gguf("chat")), 512))
            await asyncio.sleep(0)
            load.cancel()
            await asyncio.wait([load])
            await host.ensure(str(tiny_gguf("chat")), 512)
            assert host.is_serving(str(tiny_gguf("chat")), 512)

    run(test())


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("gone.gguf", ErrorKind.NOT_FOUND, "does not exist"),
        ("text.gguf", ErrorKind.LOAD_FAILED, "not a GGUF file"),
        ("", ErrorKind.LOAD_FAILED, "not a file"),
    ],
)
def test_unusable_file_starts_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: ErrorKind, words: str
) -> None:
    (tmp_path / "text.gguf").write_text("hello")
    monkeypatch.setattr("forllm_desktop.llm.engine_process.own_command", lambda: ["/must/not/run"])

    async def test() -> None:
        async with hosting() as host:
            with pytest.raises(BackendError, match=words) as failure:
                await host.ensure(str(tmp_path / name), 512)
            assert failure.value.kind is kind

    run(test())


def test_command_that_cannot_run_is_a_failed_load(
    tiny_gguf: TinyGguf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forllm_desktop.llm.engine_process.own_command", lambda: ["/is/not/there"])

    async def test() -> None:
        async with hosting() as host:
            with pytest.raises(BackendError, match="could not be started"):
                await host.ensure(str(tiny_gguf("chat")), 512)

    run(test())


def test_first_chat_loads_and_says_so(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            spoken_to = backend(host)
            first = await events_of(spoken_to, request(tiny_gguf("chat")))
            again = await events_of(spoken_to, request(tiny_gguf("chat")))
            await spoken_to.aclose()
        assert first[0] == Waiting("loading")
        assert Waiting("loading") not in again
        text = "".join(event.text for event in first if isinstance(event, Content))
        assert len(text.split()) > 3
        assert text == "".join(event.text for event in again if isinstance(event, Content))
        assert isinstance(first[-1], Finished)
        assert isinstance(again[-1], Finished)
        assert (first[-1].reason, first[-1].reloaded, again[-1].reloaded) == ("stop", True, False)
        assert (first[-1].load_seconds or 0) > 0
        assert (again[-1].usage.cached or 0) > 0

    run(test())


@pytest.mark.parametrize("think", [Think.ON, Think.OFF])
def test_thoughts_come_apart_from_the_reply(tiny_gguf: TinyGguf, think: Think) -> None:
    async def test() -> None:
        async with hosting() as host:
            spoken_to = backend(host)
            events = await events_of(spoken_to, request(tiny_gguf("think"), think=think))
            await spoken_to.aclose()
        assert any(isinstance(event, Content) for event in events)
        assert any(isinstance(event, Thinking) for event in events) == (think is Think.ON)

    run(test())


def test_description_needs_no_engine(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            spoken_to = backend(host)
            info = await spoken_to.describe(str(tiny_gguf("think")))
            assert not host.is_running
        assert (info.label, info.family, info.quant) == ("Tiny think", "llama", "F16")
        assert (info.ctx_trained, info.ctx_allocated, info.supports_system) == (4096, None, None)
        assert info.thinks
        assert info.can_chat
        assert info.loaded is False

    run(test())


@pytest.mark.parametrize(("variant", "supports"), [("chat", True), ("no_system", False)])
def test_running_engine_knows_whether_there_is_a_system_role(
    tiny_gguf: TinyGguf, variant: str, supports: bool
) -> None:
    async def test() -> None:
        async with hosting() as host:
            spoken_to = backend(host)
            await spoken_to.prepare(str(tiny_gguf(variant)), 1024)
            info = await spoken_to.describe(str(tiny_gguf(variant)))
            assert info.supports_system is supports
            assert info.loaded
            assert await spoken_to.list_models() == [info]
            assert [model.ctx_allocated for model in await spoken_to.loaded()] == [1024]
            await spoken_to.aclose()

    run(test())


def test_counting_never_starts_the_engine_but_is_exact_when_it_runs(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            spoken_to, path = backend(host), str(tiny_gguf("chat"))
            estimate = await spoken_to.count_tokens(path, [SYSTEM, USER])
            assert not host.is_running
            await spoken_to.prepare(path, 1024)
            exact = await spoken_to.count_tokens(path, [SYSTEM, USER])
            finished = (await events_of(spoken_to, request(path)))[-1]
            await spoken_to.aclose()
        assert not estimate.is_exact
        assert exact.is_exact
        assert exact.value == finished.usage.prompt

    run(test())


def test_cancelled_reply_stops_at_once_and_leaves_the_engine(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            spoken_to, has_text = backend(host), asyncio.Event()
            endless = request(tiny_gguf("endless"), ctx=65_536, max_tokens=60_000)

            async def read() -> None:
                async with aclosing(spoken_to.chat(endless)) as events:
                    async for event in events:
                        if isinstance(event, Content):
                            has_text.set()

            reading = asyncio.ensure_future(read())
            await has_text.wait()
            started = time.monotonic()
            reading.cancel()
            await asyncio.wait([reading])
            assert time.monotonic() - started < 0.1
            short = request(tiny_gguf("endless"), ctx=65_536, max_tokens=5)
            finished = (await events_of(spoken_to, short))[-1]
            assert finished.reason == "length"
            assert not finished.reloaded
            await spoken_to.aclose()

    run(test())


@pytest.mark.parametrize("is_told", [True, False])
def test_engine_that_dies_in_mid_stream_says_why(
    tiny_gguf: TinyGguf, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    if is_told:
        last_words = "print('0.1 E ggml: failed to allocate buffer', file=sys.stderr)"
        replace_engine(monkeypatch, f"{last_words}\nsys.exit(engine_main())")

    async def read_and_kill(host: EngineHost, spoken_to: EngineBackend) -> None:
        endless = request(tiny_gguf("endless"), ctx=65_536, max_tokens=60_000)
        async with aclosing(spoken_to.chat(endless)) as events:
            async for event in events:
                if isinstance(event, Content) and host.pid is not None:
                    os.kill(host.pid, signal.SIGKILL)

    async def test() -> None:
        async with hosting() as host:
            spoken_to = backend(host)
            with pytest.raises(BackendError) as failure:
                await read_and_kill(host, spoken_to)
            await spoken_to.aclose()
            assert not host.is_running
        if is_told:
            assert failure.value.kind is ErrorKind.OUT_OF_MEMORY
        else:
            assert failure.value.kind is ErrorKind.STREAM_BROKEN
            assert "memory ran out" in failure.value.message

    run(test())


def test_other_failures_of_a_living_engine_are_left_as_they_are(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            spoken_to = backend(host)
            long = [{"role": "user", "content": "the river waits " * 1000}]
            with pytest.raises(BackendError) as too_long:
                await events_of(spoken_to, request(tiny_gguf("chat"), messages=long))
            with pytest.raises(BackendError) as refused:
                await events_of(spoken_to, request(tiny_gguf("strict_roles"), messages=[USER, USER]))
            await spoken_to.aclose()
        assert too_long.value.kind is ErrorKind.CONTEXT_EXCEEDED
        assert too_long.value.n_ctx == 1024
        assert refused.value.kind is ErrorKind.BAD_REQUEST
        assert "roles must alternate" in refused.value.server_text

    run(test())


def test_explaining_without_a_dead_engine_changes_nothing(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        error = BackendError(ErrorKind.STREAM_BROKEN, "The reply broke off")
        async with hosting() as host:
            assert await host.explain(error) is error
            await host.ensure(str(tiny_gguf("chat")), 512)
            assert await host.explain(error) is error

    run(test())


@pytest.mark.parametrize("is_there", [True, False])
def test_probe_tells_whether_the_engine_exists_here(monkeypatch: pytest.MonkeyPatch, is_there: bool) -> None:
    monkeypatch.setattr(engine, "is_available", lambda: is_there)

    async def test() -> None:
        async with hosting() as host:
            info = await backend(host).probe()
            assert not host.is_running
        assert info.state is (ServerState.READY if is_there else ServerState.DOWN)
        assert info.kind is ServerKind.ENGINE
        assert bool(info.message) == (not is_there)

    run(test())
