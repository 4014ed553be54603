"""Draining a queue whose replies the server paces, against a bare httpx loop with the same requests."""

import asyncio
import time
from collections.abc import Coroutine, Sequence

import httpx

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.worker.assembly import make_queue_loop
from tests.benchmarks.server import Call, paced_server
from tests.benchmarks.setting import Stage, a_stage
from tests.benchmarks.table import Count, Measure, Result


def measure(requests: int = 50, seconds: float = 0.5) -> Result:
    """Drain `requests` whose replies take `seconds` each; the goal allows 5 % for everything we add."""
    with paced_server(seconds) as server, a_stage(server.url) as stage:
        for number in range(requests):
            stage.workspace.queue.ask(stage.topic.topic_id, f"Question {number}?", stage.wish)
        ours = _timed(_drain(stage))
        calls = server.calls(requests)
        bare = _timed(_call_again(server.url, calls))
        complete = stage.workspace.queue.jobs([JobStatus.COMPLETE])
    return Result(
        [
            Count("drain: requests completed", len(complete), requests),
            Count("drain: HTTP calls per request", len(calls) / requests),
        ],
        [Measure(f"drain {requests} replies of {seconds:g} s", ours, 1.05, "s", bare)],
    )


async def _drain(stage: Stage) -> None:
    await make_queue_loop(stage.workspace).drain()


async def _call_again(url: str, calls: Sequence[Call]) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=None) as client:
        for call in calls:
            async with client.stream(call["method"], call["path"], json=call["body"]) as response:
                async for _ in response.aiter_bytes():
                    pass


def _timed(work: Coroutine[None, None, None]) -> float:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        started = time.perf_counter()
        runner.run(work)
        return time.perf_counter() - started
