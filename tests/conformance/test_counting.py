"""Rows 30 and 32: windows that grow in steps, and prompts that a server cuts, from question to reply."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from forllm_desktop.domain.servers import ModelChoice
from tests.conformance.harness import Desk
from tests.counted_texts import Tokenizer, some_text
from tests.fake_server import Answer, Exchange
from tests.fakes import FakeOllama, ollama_reply

MODEL = "llama3.2"
KINDS = ("english", "german", "code", "chinese", "russian")


class CountingOllama(FakeOllama):
    """Counts prompts with a tokenizer of its own, and keeps of each only a share, as `kept` says."""

    def __init__(self) -> None:
        super().__init__()
        self.tokenizer = Tokenizer(1.1, seed=4)
        self.kept: Callable[[int], int] = lambda counted: counted

    def _chat(self, exchange: Exchange) -> Answer:
        messages = exchange.body["messages"]
        counted = self.tokenizer.count_prompt(messages, ["english"] * len(messages))
        self.script(Answer(ollama_reply("Fine.", prompt=self.kept(counted))))
        return super()._chat(exchange)


@pytest.fixture
def counting() -> Iterator[CountingOllama]:
    with CountingOllama() as server:
        yield server


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk(context_window=65_536)


def a_question(dice: random.Random, shortest: int, longest: int) -> str:
    length = int(shortest * (longest / shortest) ** dice.random())
    return some_text(dice, dice.choice(KINDS), length).strip() or "Why?"


def metrics(desk: Desk, server: FakeOllama, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Ask each text in a topic of its own, and return what was stored of each reply."""
    found = []
    for text in texts:
        request = desk.ask(server, MODEL, text)
        desk.completed(request)
        found.append(desk.job(request).metrics or {})
    return found


def flags(found: list[dict[str, Any]]) -> list[bool]:
    return [entry["prompt_shortened"] for entry in found]


def test_a_calibrated_model_whose_server_drops_a_third_or_more_is_caught_every_time(
    desk: Desk, counting: CountingOllama
) -> None:
    """Row 30: 20 of 20, and no false alarm on 20 whole ones."""
    dice = random.Random(20)
    metrics(desk, counting, [a_question(dice, 300, 8_000) for _ in range(10)])
    whole = metrics(desk, counting, [a_question(dice, 3_000, 60_000) for _ in range(20)])
    assert flags(whole) == [False] * 20
    counting.kept = lambda counted: round(counted * dice.uniform(0.1, 0.7))
    cut = metrics(desk, counting, [a_question(dice, 3_000, 60_000) for _ in range(20)])
    assert flags(cut) == [True] * 20
    assert all(entry["prompt_tokens"] < entry["expected_tokens"] for entry in cut)
    # All of that taught nothing.
    counting.kept = lambda counted: counted
    after = metrics(desk, counting, [a_question(dice, 3_000, 60_000) for _ in range(5)])
    assert flags(after) == [False] * 5


def test_a_model_that_was_never_asked_is_caught_when_it_drops_most_of_a_prompt(
    desk: Desk, counting: CountingOllama
) -> None:
    """Row 30: and it does not learn from what it never read, however often that is."""
    dice = random.Random(5)
    counting.kept = lambda counted: round(counted * dice.uniform(0.1, 0.4))
    assert flags(metrics(desk, counting, [a_question(dice, 6_000, 60_000) for _ in range(8)])) == [True] * 8


def test_a_server_that_keeps_half_of_its_own_window_is_caught_at_once(
    desk: Desk, counting: CountingOllama
) -> None:
    """Row 30: Ollama's way with a window of 4,096 that no request can change."""
    counting.kept = lambda counted: min(counted, 2050)
    dice = random.Random(6)
    texts = [some_text(dice, "english", length) for length in (12_500, 2_000, 14_000, 40_000)]
    assert flags(metrics(desk, counting, texts)) == [True, False, True, True]


def test_after_ten_replies_an_estimate_is_within_a_tenth(desk: Desk, counting: CountingOllama) -> None:
    dice = random.Random(7)
    counting.tokenizer = Tokenizer(1.5, seed=2)
    found = metrics(desk, counting, [a_question(dice, 200, 20_000) for _ in range(20)])
    off = [abs(e["expected_tokens"] - e["prompt_tokens"]) / e["prompt_tokens"] for e in found]
    assert off[0] > 0.2
    assert sorted(off[10:])[5] <= 0.1
    choice = ModelChoice(desk.workspace.models.server_at(counting.url).server_id, MODEL)
    error = desk.workspace.counting.estimator(choice).error
    assert error is not None
    assert error <= 0.1


def test_growing_and_shrinking_requests_load_a_model_only_for_a_larger_window(
    make_desk: Callable[..., Desk], ollama: FakeOllama
) -> None:
    """Rows 31 and 32."""
    desk = make_desk(context_window=65_536, answer_tokens=1024)
    lengths = (300, 20_000, 400, 60_000, 3_000, 20_000, 150_000, 200, 60_000, 150_000)
    dice = random.Random(3)
    metrics(desk, ollama, [some_text(dice, "english", length) for length in lengths])
    windows = [chat.body["options"]["num_ctx"] for chat in ollama.chats]
    assert windows == [4096, 8192, 8192, 32_768, 32_768, 32_768, 65_536, 65_536, 65_536, 65_536]
    assert [load[1] for load in ollama.loads] == [4096, 8192, 32_768, 65_536]


def test_a_window_that_another_program_made_larger_is_used_as_it_is(
    make_desk: Callable[..., Desk], ollama: FakeOllama
) -> None:
    """Row 32."""
    desk = make_desk(context_window=65_536)
    metrics(desk, ollama, ["Why?", some_text(random.Random(1), "english", 60_000)])
    metrics(desk, ollama, ["And now?"])
    ollama.loads.append((f"{MODEL}:latest", 40_000, *[None] * 7))
    metrics(desk, ollama, ["And then?"])
    assert [chat.body["options"]["num_ctx"] for chat in ollama.chats] == [4096, 32_768, 32_768, 40_000]


def test_prompt_and_answer_stay_within_the_window_that_is_asked_for(
    make_desk: Callable[..., Desk], counting: CountingOllama
) -> None:
    """Row 31: also when the prompt has more tokens than were estimated."""
    desk = make_desk(context_window=16_384, answer_tokens=2048)
    counting.tokenizer = Tokenizer(1.2, seed=3)
    dice = random.Random(11)
    found = metrics(desk, counting, [a_question(dice, 300, 25_000) for _ in range(12)])
    for entry, chat in zip(found, counting.chats, strict=True):
        options = chat.body["options"]
        assert entry["prompt_tokens"] + options["num_predict"] <= options["num_ctx"]
        assert options["num_predict"] >= 2048
