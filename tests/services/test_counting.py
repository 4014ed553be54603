"""What is kept of replies to count better, and when a model is asked for an exact count."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forllm_desktop.domain.errors import NotFound
from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.servers import ModelChoice, ServerKind, TokenSample
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Limits
from forllm_desktop.llm.builtin import EngineHost
from forllm_desktop.llm.estimator import Estimator
from forllm_desktop.llm.tokens import TextSize
from forllm_desktop.services import counting as module
from forllm_desktop.services.counting import SAMPLES_KEPT, CountingService
from forllm_desktop.services.engine_board import EngineBoard
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from tests.builders import FixedClock
from tests.conformance.harness import SessionKeys
from tests.fake_server import Answer, Exchange, Pause, json_answer
from tests.fakes import FakeOllama, FakeOpenAI, recorded

QUICK = Limits(connect_local=1.0, connect_remote=1.0, read=2.0, describe=2.0)
HELLO = [{"role": "user", "content": "Hello?"}]
COUNT = "/v1/chat/completions/input_tokens"
LOOKING = {"/v1/models", "/props"}
"""What neither loads nor wakes a model."""


@pytest.fixture
def settings(database: Database, events: Events) -> SettingsService:
    return SettingsService(database, events)


@pytest.fixture
def models(database: Database, events: Events, settings: SettingsService) -> ModelsService:
    return ModelsService(database, events, settings, SessionKeys(), QUICK)


@pytest.fixture
def board() -> EngineBoard:
    return EngineBoard()


@pytest.fixture
def counting(
    database: Database, models: ModelsService, clock: FixedClock, board: EngineBoard
) -> CountingService:
    return CountingService(database, models, QUICK, clock, engine=board)


@pytest.fixture
def choice(models: ModelsService) -> ModelChoice:
    return ModelChoice(models.server_at("127.0.0.1:9", kind=ServerKind.OLLAMA).server_id, "llama3.2")


def samples(database: Database) -> list[TokenSample]:
    with database.read() as session:
        return session.query(TokenSample).order_by(TokenSample.sample_id).all()


# -- learning


def test_replies_teach_the_model_they_came_from_and_no_other(
    counting: CountingService, choice: ModelChoice, database: Database, models: ModelsService
) -> None:
    size = TextSize(words=800, turns=12)
    for _ in range(5):
        counting.note(choice, size, 812, 650)
    learnt = counting.estimator(choice)
    assert learnt.expect(size).value == pytest.approx(650, rel=0.05)
    assert learnt.n_replies == 5
    assert counting.estimator(ModelChoice(choice.server_id, "qwen3:8b")) == Estimator()
    assert counting.estimator(None) == Estimator()
    # What was learnt is there again after a restart.
    assert CountingService(database, models, QUICK).estimator(choice) == learnt


def test_the_numbers_of_a_reply_are_kept_as_they_were(
    counting: CountingService, choice: ModelChoice, database: Database, clock: FixedClock
) -> None:
    counting.note(choice, TextSize(100, 20, 3.5, 6), 125, 140)
    (sample,) = samples(database)
    assert (sample.raw, sample.expected, sample.reported, sample.was_shortened) == (130, 125, 140, False)
    assert sample.kinds == [100, 20, 3.5, 6]
    assert sample.taken_at == clock.now


def test_the_last_replies_of_each_model_are_kept(
    counting: CountingService, choice: ModelChoice, database: Database
) -> None:
    other = ModelChoice(choice.server_id, "qwen3:8b")
    counting.note(other, TextSize(words=10), 10, 10)
    for number in range(SAMPLES_KEPT + 5):
        counting.note(choice, TextSize(words=500), 500, 500 + number)
    kept = [sample.reported for sample in samples(database) if sample.model == choice.name]
    assert kept == list(range(505, 505 + SAMPLES_KEPT))
    assert len(samples(database)) == SAMPLES_KEPT + 1


def test_a_shortened_prompt_is_kept_as_evidence_and_teaches_nothing(
    counting: CountingService, choice: ModelChoice
) -> None:
    size = TextSize(words=3000)
    counting.note(choice, size, 3000, 1920, was_shortened=True)
    assert counting.estimator(choice) == Estimator()
    assert counting.is_stuck(choice, TextSize(words=4000), 1921)
    assert not counting.is_stuck(choice, TextSize(words=3300), 1921)
    assert not counting.is_stuck(choice, TextSize(words=4000), 2900)


def test_the_reply_of_a_server_that_was_removed_meanwhile_is_no_failure(
    counting: CountingService, choice: ModelChoice, models: ModelsService, database: Database
) -> None:
    models.remove(choice.server_id)
    counting.note(choice, TextSize(words=500), 500, 500)
    assert samples(database) == []


def test_what_was_learnt_goes_with_its_server(
    counting: CountingService, choice: ModelChoice, models: ModelsService, database: Database
) -> None:
    counting.note(choice, TextSize(words=500), 500, 500)
    models.remove(choice.server_id)
    assert samples(database) == []


# -- exact counts


class Llama(FakeOpenAI):
    """A llama-server that may sleep, or be a router, and notes what wakes or loads a model."""

    def __init__(self, *, is_sleeping: bool = False, status: str | None = None) -> None:
        super().__init__("llamacpp")
        self.is_sleeping, self.status = is_sleeping, status
        self.pause = 0.0

    def answer(self, exchange: Exchange) -> Answer:
        path, _, _ = exchange.path.partition("?")
        if path == "/props":
            props = json.loads(recorded("props.json"))
            return json_answer(props | {"is_sleeping": self.is_sleeping}, before=[Pause(self.pause)])
        if path == "/v1/models" and self.status is not None:
            return json_answer({"data": [{"id": "tiny.gguf", "status": {"value": self.status}}]})
        return super().answer(Exchange(**{**vars(exchange), "path": path}))

    @property
    def paths(self) -> set[str]:
        return {exchange.path for exchange in self.exchanges}


def exact(counting: CountingService, choice: ModelChoice, **options: Any) -> int | None:
    count = asyncio.run(counting.exact(choice, HELLO, **options))
    assert count is None or count.is_exact
    return count.value if count is not None else None


def on(models: ModelsService, server: FakeOpenAI | FakeOllama, model: str = "tiny.gguf") -> ModelChoice:
    kind = ServerKind.OLLAMA if isinstance(server, FakeOllama) else ServerKind.LLAMACPP
    return ModelChoice(models.server_at(server.url, kind=kind).server_id, model)


def test_a_llama_server_counts_with_the_template_as_it_will_be_filled(
    counting: CountingService, models: ModelsService, settings: SettingsService
) -> None:
    with Llama() as server:
        choice = on(models, server)
        assert exact(counting, choice) == 63
        settings.change(think=False)
        assert exact(counting, choice) == 63
        assert exact(counting, choice, options=PersonaOptions(think=True)) == 63
        switches = [e.body["chat_template_kwargs"]["enable_thinking"] for e in server.requests(COUNT)]
        assert switches == [True, False, True]
        assert server.requests(COUNT)[0].body["messages"] == HELLO


def test_a_sleeping_model_is_not_woken(counting: CountingService, models: ModelsService) -> None:
    with Llama(is_sleeping=True) as server:
        assert exact(counting, on(models, server)) is None
        assert server.paths == LOOKING


@pytest.mark.parametrize("status", ["unloaded", "loading", "sleeping", "downloading"])
def test_a_router_loads_and_wakes_nothing(
    counting: CountingService, models: ModelsService, status: str
) -> None:
    with Llama(status=status) as server:
        assert exact(counting, on(models, server)) is None
        assert server.paths == {"/v1/models"}


def test_a_router_counts_with_a_loaded_model_and_is_told_to_load_none(
    counting: CountingService, models: ModelsService
) -> None:
    with Llama(status="loaded") as server:
        assert exact(counting, on(models, server)) == 63
        assert server.paths == {
            "/v1/models",
            "/props?model=tiny.gguf&autoload=false",
            f"{COUNT}?autoload=false",
        }
        assert exact(counting, on(models, server, "other.gguf")) is None


def test_servers_that_cannot_count_are_not_asked(counting: CountingService, models: ModelsService) -> None:
    with FakeOllama() as ollama, FakeOpenAI("lmstudio") as studio:
        assert exact(counting, on(models, ollama, "llama3.2")) is None
        studio_id = models.server_at(studio.url, kind=ServerKind.LMSTUDIO).server_id
        assert exact(counting, ModelChoice(studio_id, "qwen/qwen3-8b")) is None
        assert (ollama.exchanges, studio.exchanges) == ([], [])


def test_a_server_that_is_away_busy_or_unknown_counts_nothing(
    counting: CountingService, models: ModelsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = models.server_at("127.0.0.1:9", kind=ServerKind.LLAMACPP).server_id
    assert exact(counting, ModelChoice(away, "x")) is None
    assert exact(counting, ModelChoice(99, "x")) is None
    with Llama() as server:
        server.loading = 1
        assert exact(counting, on(models, server)) is None
    monkeypatch.setattr(module, "EXACT_WITHIN", 0.2)
    with Llama() as slow:
        slow.pause = 30.0
        assert exact(counting, on(models, slow)) is None
    with pytest.raises(NotFound):
        models.profile(99)


# -- the built-in engine


@pytest.fixture
def engine(board: EngineBoard) -> Iterator[EngineHost]:
    host = EngineHost(Limits(), threads=1, on_serving=board.post, on_gone=board.clear)
    yield host
    host.stop()


def test_the_engine_counts_while_it_has_the_model_and_is_never_started_for_it(
    counting: CountingService,
    models: ModelsService,
    engine: EngineHost,
    board: EngineBoard,
    tiny_gguf: Callable[[str], Path],
) -> None:
    path = str(tiny_gguf("chat"))
    choice = ModelChoice(models.engine().server_id, path)

    async def play() -> list[bool]:
        found = [await counting.exact(choice, HELLO) is not None]
        assert not engine.is_running
        await engine.ensure(path, 512)
        found.append(await counting.exact(choice, HELLO) is not None)
        found.append(await counting.exact(ModelChoice(choice.server_id, "/other.gguf"), HELLO) is not None)
        await asyncio.to_thread(engine.stop)
        found.append(await counting.exact(choice, HELLO) is not None)
        return found

    assert asyncio.run(play()) == [False, True, False, False]
    assert board.served(path) is None
    assert not engine.is_running


def test_an_engine_that_dies_is_taken_off_the_board(
    engine: EngineHost, board: EngineBoard, tiny_gguf: Callable[[str], Path]
) -> None:
    path = str(tiny_gguf("chat"))

    async def play() -> None:
        await engine.ensure(path, 512)
        assert board.served(path) is not None
        process = engine._process
        assert process is not None
        process.kill()
        await asyncio.wrap_future(process.ended)

    asyncio.run(play())
    assert board.served(path) is None


def test_what_a_new_engine_serves_is_not_taken_off_by_the_end_of_the_old_one(board: EngineBoard) -> None:
    board.post("a.gguf", "http://127.0.0.1:1", "key")
    board.post("b.gguf", "http://127.0.0.1:2", "other")
    board.clear("http://127.0.0.1:1")
    served = board.served("b.gguf")
    assert served is not None
    assert served.url == "http://127.0.0.1:2"
    assert "other" not in repr(served)
