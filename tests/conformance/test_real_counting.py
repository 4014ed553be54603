"""Counted tokens against those that llama.cpp itself reports: not one may be missing."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.servers import ENGINE_URL, ModelChoice, ServerKind
from forllm_desktop.llm.backend import ChatRequest, Finished, Limits, Message, ServerProfile, Think
from forllm_desktop.llm.builtin import EngineBackend, EngineHost
from forllm_desktop.services.queue import Wish
from tests.conformance.harness import Desk
from tests.counted_texts import KINDS, some_text
from tests.tiny_gguf import make_tiny_gguf

N_THREADS = 50


@pytest.fixture(scope="module")
def thinker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model whose template writes more when thinking is off."""
    return make_tiny_gguf(tmp_path_factory.mktemp("thinker") / "thinker.gguf", "think", ctx=16_384)


@pytest.fixture
def host() -> Iterator[EngineHost]:
    engine = EngineHost(Limits(), threads=1)
    yield engine
    engine.stop()


def odd_text(dice: random.Random) -> str:
    """Return a text that no tokenizer was made for, now and then."""
    if dice.random() < 0.2:
        return "".join(chr(dice.choice((10, 32, 0x2028, 0x4E2D, 0x1F600, 0x301, 60, 124))) for _ in range(30))
    return some_text(dice, dice.choice(sorted(KINDS)), dice.randrange(3, 600))


def a_thread(dice: random.Random) -> list[Message]:
    messages = [{"role": "system", "content": odd_text(dice)}] if dice.random() < 0.7 else []
    for turn in range(dice.randrange(1, 6) * 2 - 1):
        messages.append({"role": ("user", "assistant")[turn % 2], "content": odd_text(dice)})
    return messages


def test_counts_of_threads_are_those_that_the_engine_reports(host: EngineHost, thinker: Path) -> None:
    dice = random.Random(50)
    model = str(thinker)

    async def difference(backend: EngineBackend, think: Think) -> int:
        messages = a_thread(dice)
        count = await backend.count_tokens(model, messages, think)
        assert count.is_exact
        request = ChatRequest(model, messages, 8192, 1, count.value, is_exact_count=True, think=think)
        async with aclosing(backend.chat(request)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    assert event.usage.prompt is not None
                    assert not event.prompt_shortened
                    return event.usage.prompt - count.value
        raise AssertionError("no end")

    async def play() -> list[int]:
        backend = EngineBackend(ServerProfile(1, ServerKind.ENGINE, ENGINE_URL), Limits(), host)
        await backend.prepare(model, 8192)
        found = [await difference(backend, dice.choice(list(Think))) for _ in range(N_THREADS)]
        await backend.aclose()
        return found

    assert asyncio.run(play()) == [0] * N_THREADS


def test_a_prompt_counts_differently_with_thinking_off(host: EngineHost, thinker: Path) -> None:
    async def play() -> tuple[int, int]:
        backend = EngineBackend(ServerProfile(1, ServerKind.ENGINE, ENGINE_URL), Limits(), host)
        await backend.prepare(str(thinker), 512)
        messages = [{"role": "user", "content": "the night"}]
        counts = [await backend.count_tokens(str(thinker), messages, t) for t in (Think.ON, Think.OFF)]
        await backend.aclose()
        return counts[0].value, counts[1].value

    on, off = asyncio.run(play())
    assert on < off


@pytest.mark.parametrize("think", [True, False])
def test_prompts_of_threads_in_the_forum_have_the_tokens_they_were_stored_with(
    make_desk: Callable[..., Desk], thinker: Path, think: bool
) -> None:
    """Through queue and worker; the window counts the same while the model is loaded."""
    desk = make_desk(context_window=8192, think=think, answer_tokens=256)
    choice = ModelChoice(desk.workspace.models.engine().server_id, str(thinker))
    dice, forum = random.Random(9), desk.workspace.forum
    subforum = forum.create_subforum("Random threads")
    checked = 0
    for number in range(6):
        topic, post = forum.create_topic(subforum.subforum_id, f"Thread {number}", odd_text(dice))
        posts = [post]
        for _ in range(dice.randrange(6)):
            posts.append(forum.add_post(topic.topic_id, odd_text(dice), dice.choice(posts).post_id))
        _, job = desk.queue.ask(
            topic.topic_id, f"And? {odd_text(dice)}", Wish(choice), dice.choice(posts).post_id
        )
        ended = desk.ended(job.request_id)
        if ended.status != JobStatus.COMPLETE:
            # A random model may have nothing to say, or only thoughts; dice decide that.
            assert ended.error_kind in ("empty_reply", "only_thinking")
            continue
        metrics, sizes = ended.metrics or {}, ended.token_breakdown or {}
        assert metrics["is_exact_count"] is True
        assert metrics["prompt_tokens"] == metrics["expected_tokens"] == sizes["total"]
        counted = asyncio.run(desk.workspace.counting.exact(choice, ended.prompt or []))
        assert counted is not None
        assert counted.value == metrics["prompt_tokens"]
        checked += 1
    assert checked
