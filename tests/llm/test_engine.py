"""The engine's own process, seen from outside: real llama.cpp on a tiny random model."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from forllm_desktop.llm.backend import BackendError, ErrorKind, Limits
from forllm_desktop.llm.engine_process import EngineProcess, death, load_failure
from forllm_desktop.paths import own_command
from tests.llm.engines import (
    CHAT,
    SYSTEM,
    USER,
    body,
    client,
    freeze,
    hosting,
    is_gone,
    is_known,
    kernel_view,
    replace_engine,
    run,
    seconds_until_gone,
    until,
)
from tests.tiny_gguf import make_slow_gguf

TinyGguf = Callable[[str], Path]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

PARENT = """
import asyncio, sys
from forllm_desktop.llm.backend import Limits
from forllm_desktop.llm.builtin import EngineHost

async def main():
    host = EngineHost(Limits(), threads=1)
    load = asyncio.ensure_future(host.ensure(sys.argv[1], 65536))
    while not any("loading model" in line for line in host.log_lines):
        await asyncio.sleep(0.005)
    print(host.pid, flush=True)
    endpoint = await load
    print(endpoint.url, endpoint.api_key, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_ready_line_is_all_that_stands_on_standard_output(tiny_gguf: TinyGguf) -> None:
    order = {"model": str(tiny_gguf("chat")), "ctx": 512, "threads": 1, "api_key": "k"}
    with subprocess.Popen(
        [*own_command(), "--engine"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.flush()
        url = json.loads(child.stdout.readline())["url"]
        assert httpx.get(f"{url}/health", trust_env=False).json() == {"status": "ok"}
        rest, log = child.communicate(timeout=5)
    assert rest == b""
    assert b"loading model" in log
    assert child.returncode == 0


@pytest.mark.parametrize("order", [b"", b"{}\n", b"[]\n", b"not json\n", b'{"model": 5, "ctx": "x"}\n'])
def test_order_that_makes_no_sense_ends_the_engine(order: bytes) -> None:
    with subprocess.Popen(
        [*own_command(), "--engine"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(order)
        child.stdin.flush()
        if order:
            assert json.loads(child.stdout.readline()).keys() == {"error"}
        _, log = child.communicate(timeout=5)
    assert b"Traceback" not in log


def test_engine_imports_nothing_heavy() -> None:
    code = (
        "import sys, forllm_desktop.__main__, forllm_desktop.llm.engine\n"
        "print([name for name in ('PySide6', 'sqlalchemy', 'httpx', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@on_linux
def test_only_health_is_open_and_the_key_is_nowhere_to_be_seen(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host:
            endpoint = await host.ensure(str(tiny_gguf("chat")), 512)
            async with httpx.AsyncClient(base_url=endpoint.url, trust_env=False) as stranger:
                assert (await stranger.get("/health")).status_code == 200
                for path in ("/v1/models", "/props", "/slots", "/metrics"):
                    assert (await stranger.get(path)).status_code == 401, path
                assert (await stranger.post(CHAT, json=body())).status_code == 401
            async with client(endpoint) as friend:
                assert (await friend.get("/props")).status_code == 200
            for file in ("cmdline", "environ"):
                assert endpoint.api_key.encode() not in kernel_view(host.pid, file)
            assert endpoint.url.startswith("http://127.0.0.1:")

    run(test())


@pytest.mark.parametrize("variant", ["chat", "think", "utf8"])
def test_reply_is_streamed(tiny_gguf: TinyGguf, variant: str) -> None:
    async def test() -> None:
        thoughts, reply, reasons = "", "", []
        async with hosting() as host, client(await host.ensure(str(tiny_gguf(variant)), 512)) as engine:
            asked = body(stream=True, messages=[SYSTEM, USER], seed=13 if variant == "utf8" else 8)
            async with engine.stream("POST", CHAT, json=asked) as answer:
                async for line in answer.aiter_lines():
                    if not line.startswith("data: {"):
                        continue
                    choice = json.loads(line[6:])["choices"][0]
                    thoughts += choice["delta"].get("reasoning_content") or ""
                    reply += choice["delta"].get("content") or ""
                    reasons.append(choice["finish_reason"])
        assert reasons[-1] == "stop"
        assert len(reply.split()) > 3
        assert "\ufffd" not in reply
        assert bool(thoughts) == (variant == "think")
        assert ("\U0001f600" in reply) == (variant == "utf8")

    run(test())


def test_thinking_can_be_switched_off(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host, client(await host.ensure(str(tiny_gguf("think")), 512)) as engine:
            off = body(chat_template_kwargs={"enable_thinking": False})
            message = (await engine.post(CHAT, json=off)).json()["choices"][0]["message"]
        assert message["content"]
        assert not message.get("reasoning_content")

    run(test())


def test_strict_template_refuses_two_turns_of_one_role(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with (
            hosting() as host,
            client(await host.ensure(str(tiny_gguf("strict_roles")), 512)) as engine,
        ):
            good = await engine.post(CHAT, json=body(messages=[SYSTEM, USER]))
            bad = await engine.post(CHAT, json=body(messages=[USER, USER]))
        assert good.status_code == 200
        assert bad.status_code == 400
        assert "roles must alternate" in bad.json()["error"]["message"]

    run(test())


@pytest.mark.parametrize(("variant", "supports"), [("chat", True), ("no_system", False)])
def test_properties_tell_whether_there_is_a_system_role(
    tiny_gguf: TinyGguf, variant: str, supports: bool
) -> None:
    async def test() -> None:
        async with hosting() as host, client(await host.ensure(str(tiny_gguf(variant)), 512)) as engine:
            caps = (await engine.get("/props")).json()["chat_template_caps"]
        assert caps["supports_system_role"] is supports

    run(test())


def test_endless_model_fills_the_window(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host, client(await host.ensure(str(tiny_gguf("endless")), 512)) as engine:
            answer = (await engine.post(CHAT, json=body(max_tokens=-1))).json()
        assert answer["choices"][0]["finish_reason"] == "length"
        assert answer["usage"]["total_tokens"] == 512

    run(test())


def test_end_of_standard_input_ends_a_busy_engine(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        process = EngineProcess(str(tiny_gguf("endless")), 65_536, threads=1)
        url = await asyncio.wrap_future(process.ready)
        key = {"Authorization": f"Bearer {process.api_key}"}
        async with (
            httpx.AsyncClient(base_url=url, headers=key, trust_env=False) as engine,
            engine.stream("POST", CHAT, json=body(stream=True, max_tokens=-1)) as answer,
        ):
            await anext(answer.aiter_bytes())
            process.leave()
            assert await asyncio.wait_for(asyncio.wrap_future(process.ended), 2) == 0
        process.join()

    run(test())


@on_linux
@pytest.mark.parametrize("moment", ["loading", "idle", "generating"])
def test_killed_parent_takes_the_engine_along(tiny_gguf: TinyGguf, tmp_path: Path, moment: str) -> None:
    path = make_slow_gguf(tmp_path / "slow.gguf") if moment == "loading" else tiny_gguf("endless")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(path)], stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if moment == "loading":
            _kill_and_expect_the_end(parent, pid)
            assert parent.stdout.read() == b"", "it was loaded before the parent was killed"
            path.unlink()
            return
        url, key = parent.stdout.readline().decode().split()
        if moment == "idle":
            _kill_and_expect_the_end(parent, pid)
            return
        with (
            httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as engine,
            engine.stream("POST", CHAT, json=body(stream=True, max_tokens=-1)) as answer,
        ):
            next(answer.iter_bytes())
            _kill_and_expect_the_end(parent, pid)


def _kill_and_expect_the_end(parent: subprocess.Popen[bytes], engine_pid: int) -> None:
    assert not is_gone(engine_pid)
    parent.kill()
    assert seconds_until_gone(engine_pid) < 2


@on_linux
def test_ctrl_c_is_left_to_the_parent(tiny_gguf: TinyGguf) -> None:
    async def test() -> None:
        async with hosting() as host, client(await host.ensure(str(tiny_gguf("chat")), 512)) as engine:
            assert host.pid is not None
            os.kill(host.pid, signal.SIGINT)
            assert (await engine.post(CHAT, json=body())).status_code == 200

    run(test())


def test_missing_library_is_said_in_words(tiny_gguf: TinyGguf, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_engine(monkeypatch, "sys.modules['xllamacpp'] = None\nsys.exit(engine_main())")

    async def test() -> None:
        async with hosting() as host:
            with pytest.raises(BackendError, match="not available on this computer") as failure:
                await host.ensure(str(tiny_gguf("chat")), 512)
        assert failure.value.kind is ErrorKind.LOAD_FAILED

    run(test())


def test_cut_off_file_is_said_to_be_incomplete(tiny_gguf: TinyGguf, tmp_path: Path) -> None:
    (tmp_path / "cut.gguf").write_bytes(tiny_gguf("chat").read_bytes()[:100_000])

    async def test() -> None:
        async with hosting() as host:
            with pytest.raises(BackendError, match=r"cut\.gguf: .*corrupted or incomplete") as failure:
                await host.ensure(str(tmp_path / "cut.gguf"), 512)
            assert failure.value.kind is ErrorKind.LOAD_FAILED
            assert not host.is_running

    run(test())


@on_linux
def test_memory_that_does_not_suffice_is_said(tiny_gguf: TinyGguf, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))"
    replace_engine(monkeypatch, f"{limit}\nsys.exit(engine_main())")

    async def test() -> None:
        async with hosting() as host:
            with pytest.raises(BackendError, match=r"4,194,304 tokens does not fit into memory") as failure:
                await host.ensure(str(tiny_gguf("endless")), 4_194_304)
        assert failure.value.kind is ErrorKind.OUT_OF_MEMORY
        assert "failed to allocate" in failure.value.server_text

    run(test())


def test_log_of_a_talkative_engine_is_kept_short(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = "[print('line', n, 'x' * 9000, file=sys.stderr) for n in range(300)]"
    replace_engine(monkeypatch, f"{talk}\nprint('last', file=sys.stderr)\nsys.exit(3)")
    process = EngineProcess("model.gguf", 512)
    with pytest.raises(BackendError, match="exit code 3"):
        process.ready.result(10)
    assert len(process.log_lines) == 200
    assert process.log_lines[-1] == "last"
    assert max(map(len, process.log_lines)) <= 4096
    process.stop(1)


@on_linux
def test_engine_that_does_not_leave_is_killed(tiny_gguf: TinyGguf) -> None:
    process = EngineProcess(str(tiny_gguf("chat")), 512, threads=1)
    process.ready.result(30)
    freeze(process.pid)
    process.stop(0.2)
    assert process.ended.result(0) == -signal.SIGKILL
    assert not is_known(process.pid)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("engine-")]


@pytest.mark.parametrize(
    ("log", "code", "kind", "words"),
    [
        (
            ["0.01.2 E ggml_aligned_malloc: insufficient memory (attempted 9 MB)"],
            1,
            "out_of_memory",
            "memory",
        ),
        (["terminate called after throwing 'std::bad_alloc'"], -6, "out_of_memory", "memory"),
        (["0.01.2 I srv: a prompt about out of memory"], -11, "load_failed", r"crashed \(signal 11\)"),
        ([], -9, "load_failed", "most often because memory ran out"),
        (["0.1 E llama: error loading model: unknown model architecture: 'new'"], 1, "load_failed", "'new'"),
    ],
)
def test_failed_load_is_explained_by_the_log(log: list[str], code: int, kind: str, words: str) -> None:
    failure = load_failure("/m/tiny.gguf", 512, "", log, code)
    assert failure.kind == kind
    with pytest.raises(BackendError, match=words):
        raise failure


def test_death_at_work_is_explained_by_the_log() -> None:
    broken = death(["0.1 I fine", "0.2 E decode: something failed"], -6)
    assert broken.kind is ErrorKind.STREAM_BROKEN
    assert "crashed (signal 6)" in broken.message
    assert "something failed" in broken.message
    starved = death(["0.2 E ggml_backend: failed to allocate buffer"], -6)
    assert starved.kind is ErrorKind.OUT_OF_MEMORY


def test_load_that_takes_too_long_is_given_up(tiny_gguf: TinyGguf, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_engine(monkeypatch, "sys.stdin.read()")

    async def test() -> None:
        async with hosting(limits=Limits(engine_start=0.3)) as host:
            with pytest.raises(BackendError) as failure:
                await host.ensure(str(tiny_gguf("chat")), 512)
            assert failure.value.kind is ErrorKind.TIMEOUT
            await until(lambda: not host.is_running)

    run(test())
