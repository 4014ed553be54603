"""Draining a queue whose replies the server paces, against a bare httpx loop with the same requests."""

import asyncio
import time

import httpx

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.worker.assembly import make_queue_loop
from tests.benchmarks.setting import Stage, a_stage
from tests.benchmarks.table import Count, Measure, Result
from tests.fakes import SSE, Answer, Exchange, FakeOpenAI, sse_reply

PIECES = 25


def measure(requests: int = 50, seconds: float = 0.5) -> Result:
    """Drain `requests` whose replies take `seconds` each; the goal allows 5 % for everything we add."""
    frames = sse_reply(*[" word"] * PIECES)
    answers = [Answer(frames, content_type=SSE, pace=seconds / len(frames)) for _ in range(requests)]
    with FakeOpenAI() as server, a_stage(server.url) as stage:
        for number in range(requests):
            stage.workspace.queue.ask(stage.topic.topic_id, f"Question {number}?", stage.wish)
        server.script(*answers)
        ours = _timed(_drain(stage))
        asked = list(server.exchanges)
        server.script(*answers)
        bare = _timed(_ask_again(server.url, asked))
        complete = stage.workspace.queue.jobs([JobStatus.COMPLETE])
        return Result(
            [
                Count("drain: requests completed", len(complete), requests),
                Count("drain: HTTP calls per request", len(asked) / requests),
                Count("drain: the same calls made bare", len(server.exchanges) - len(asked), len(asked)),
            ],
            [Measure(f"drain {requests} replies of {seconds:g} s", ours, 1.05, "s", bare)],
        )


async def _drain(stage: Stage) -> None:
    await make_queue_loop(stage.workspace).drain()


async def _ask_again(url: str, exchanges: list[Exchange]) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=None) as client:
        for exchange in exchanges:
            async with client.stream(exchange.method, exchange.path, json=exchange.body) as response:
                async for _ in response.aiter_bytes():
                    pass


def _timed(work) -> float:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        started = time.perf_counter()
        runner.run(work)
        return time.perf_counter() - started
