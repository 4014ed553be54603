"""What tests of the built-in engine share: real processes, watched from outside."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from forllm_desktop.llm.backend import Limits
from forllm_desktop.llm.builtin import Endpoint, EngineHost

CHAT = "/v1/chat/completions"
USER = {"role": "user", "content": "What waits in the garden?"}
SYSTEM = {"role": "system", "content": "You are a quiet librarian."}


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine to its end, for a minute at most."""
    asyncio.run(asyncio.wait_for(test, 60))


@asynccontextmanager
async def hosting(**options: Any) -> AsyncIterator[EngineHost]:
    """Make a host of one thread, and stop it at the end."""
    host = EngineHost(options.pop("limits", Limits()), threads=1, **options)
    try:
        yield host
    finally:
        host.stop()


def client(endpoint: Endpoint) -> httpx.AsyncClient:
    key = {"Authorization": f"Bearer {endpoint.api_key}"}
    return httpx.AsyncClient(base_url=endpoint.url, headers=key, trust_env=False, timeout=30)


def body(**changes: Any) -> dict[str, Any]:
    return {"messages": [USER], "max_tokens": 40, "seed": 8} | changes


def is_gone(pid: int) -> bool:
    """Say whether a process has ended; a zombie that waits for its parent has."""
    return _states(pid) <= set("ZX")


def freeze(pid: int | None) -> None:
    """Stop a process as if it hung, and return when all its threads stand still."""
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    while _states(pid) != {"T"}:
        time.sleep(0.005)


def _states(pid: int) -> set[str]:
    """Return the states of a process's threads, a letter each; none when it is gone."""
    states = set()
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(OSError):
            states.add(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0])
    return states


def seconds_until_gone(pid: int, limit: float = 10.0) -> float:
    """Wait for a process to end and return how long it took; kill it after `limit`."""
    started = time.monotonic()
    while not is_gone(pid):
        if time.monotonic() - started > limit:
            os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.005)
    return time.monotonic() - started


def kernel_view(pid: int | None, file: str) -> bytes:
    """Return what the system shows of a process to everybody on this computer."""
    return Path(f"/proc/{pid}/{file}").read_bytes()


def is_known(pid: int) -> bool:
    """Say whether the system still lists a process, as it does with a zombie."""
    return Path(f"/proc/{pid}").exists()


def replace_engine(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Run Python code as the engine; it may set the scene and then call `engine_main()`."""
    script = f"import sys\nfrom forllm_desktop.llm.engine import main as engine_main\n{code}\n"
    monkeypatch.setattr(
        "forllm_desktop.llm.engine_process.own_command", lambda: [sys.executable, "-c", script]
    )


async def until(claim: Any) -> None:
    """Wait until `claim()` is true, ten seconds at most."""
    async with asyncio.timeout(10):
        while not claim():  # noqa: ASYNC110 - another process does not set events
            await asyncio.sleep(0.005)
