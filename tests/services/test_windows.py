"""The context window of each model: what is known, for how long, what the user sets, and who is asked."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import BackendError, Limits, ModelInfo
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.services.windows import MISS_FOR, WindowService
from forllm_desktop.storage.database import Database
from tests.builders import FixedClock
from tests.conformance.harness import SessionKeys
from tests.fake_server import Answer, Exchange, json_answer
from tests.fakes import FakeOllama, FakeOpenAI

QUICK = Limits(connect_local=1.0, connect_remote=1.0, read=2.0, describe=2.0)


@pytest.fixture
def settings(database: Database, events: Events) -> SettingsService:
    return SettingsService(database, events)


@pytest.fixture
def models(database: Database, events: Events, settings: SettingsService) -> ModelsService:
    return ModelsService(database, events, settings, SessionKeys(), QUICK)


@pytest.fixture
def windows(database: Database, events: Events, models: ModelsService, clock: FixedClock) -> WindowService:
    return WindowService(database, events, models, QUICK, clock)


@pytest.fixture
def choice(models: ModelsService) -> ModelChoice:
    return ModelChoice(models.server_at("127.0.0.1:9", kind=ServerKind.OLLAMA).server_id, "llama3.2")


def info(ctx: int | None, supports_system: bool | None = None) -> ModelInfo:
    return ModelInfo("llama3.2", ctx_trained=ctx, supports_system=supports_system)


# -- what may be used


def test_a_model_that_was_never_asked_has_the_window_of_the_settings(
    windows: WindowService, settings: SettingsService, choice: ModelChoice
) -> None:
    assert windows.window(choice) == windows.window(None) == 8192
    settings.change(context_window=16_384)
    assert windows.window(choice) == windows.window(None) == 16_384
    assert windows.facts(choice) is None


@pytest.mark.parametrize(
    ("said", "own", "window"),
    [
        (None, None, 8192),
        (4096, None, 4096),
        (131_072, None, 8192),
        (131_072, 32_768, 32_768),
        (4096, 2048, 2048),
    ],
)
def test_the_window_is_the_smaller_of_what_the_server_said_and_what_is_wanted(
    windows: WindowService, choice: ModelChoice, said: int | None, own: int | None, window: int
) -> None:
    windows.note(choice, info(said))
    windows.set_override(choice, own)
    assert windows.window(choice) == window
    assert windows.override(choice) == own


def test_of_two_windows_of_a_server_the_smaller_one_counts(
    windows: WindowService, choice: ModelChoice
) -> None:
    windows.note(choice, ModelInfo("llama3.2", ctx_trained=131_072, ctx_allocated=2048, ctx_loaded=512))
    assert windows.window(choice) == 2048


def test_a_window_larger_than_the_server_allows_is_refused_with_both_numbers(
    windows: WindowService, choice: ModelChoice
) -> None:
    windows.note(choice, info(40_960))
    with pytest.raises(InvalidInput) as refused:
        windows.set_override(choice, 40_961)
    assert refused.value.field == "context_window"
    assert "40,961" in refused.value.message
    assert "40,960" in refused.value.message
    assert windows.override(choice) is None
    windows.set_override(choice, 40_960)
    assert windows.window(choice) == 40_960


@pytest.mark.parametrize("tokens", [0, 511, 4_194_305])
def test_an_absurd_window_is_refused(windows: WindowService, choice: ModelChoice, tokens: int) -> None:
    with pytest.raises(InvalidInput):
        windows.set_override(choice, tokens)


def test_a_window_of_a_server_that_is_gone_is_refused(windows: WindowService) -> None:
    with pytest.raises(NotFound):
        windows.set_override(ModelChoice(99, "x"), 4096)


def test_going_back_to_the_settings_forgets_the_own_window(
    windows: WindowService, choice: ModelChoice
) -> None:
    windows.set_override(choice, 16_384)
    windows.set_override(choice, None)
    assert (windows.override(choice), windows.window(choice)) == (None, 8192)


def test_what_changes_a_window_is_announced(
    windows: WindowService, events: Events, choice: ModelChoice
) -> None:
    told: list[int] = []
    events.models_changed.connect(lambda: told.append(1))
    windows.set_override(choice, 4096)
    windows.note(choice, info(8192))
    windows.note(choice, info(8192))
    assert len(told) == 2


# -- for how long


def test_what_is_known_expires_as_the_settings_say_and_what_is_not_known_soon(
    windows: WindowService, settings: SettingsService, choice: ModelChoice, clock: FixedClock
) -> None:
    settings.change(facts_hours=2)
    assert not windows.is_fresh(choice)
    windows.note(choice, info(4096))
    clock.advance(2 * 3600 - 1)
    assert windows.is_fresh(choice)
    clock.advance(1)
    assert not windows.is_fresh(choice)
    assert windows.window(choice) == 4096  # still the best guess
    windows.note(choice, info(None))
    assert windows.is_fresh(choice)
    clock.advance(MISS_FOR.total_seconds())
    assert not windows.is_fresh(choice)


def test_a_clock_that_was_set_back_keeps_nothing_for_ever(
    windows: WindowService, choice: ModelChoice, clock: FixedClock
) -> None:
    windows.note(choice, info(4096))
    clock.now -= timedelta(days=400)
    assert not windows.is_fresh(choice)


def test_what_a_server_does_not_say_this_time_counts_as_before_until_it_expires(
    windows: WindowService, choice: ModelChoice, clock: FixedClock
) -> None:
    windows.note(choice, info(4096, supports_system=False))
    clock.advance(3600)
    windows.note(choice, info(None))
    facts = windows.facts(choice)
    assert facts is not None
    assert (facts.ctx, facts.supports_system) == (4096, False)
    clock.advance(23 * 3600)
    windows.note(choice, info(None))
    assert windows.window(choice) == 8192


def test_what_a_server_says_again_is_not_written_again(
    windows: WindowService, choice: ModelChoice, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[int] = []
    write = database.write
    monkeypatch.setattr(database, "write", lambda: writes.append(1) or write())
    for ctx in (4096, 4096, 8192):
        windows.note(choice, info(ctx))
    assert len(writes) == 2


def test_the_last_bucket_outlives_what_the_server_says(windows: WindowService, choice: ModelChoice) -> None:
    windows.note(choice, info(131_072))
    assert windows.bucket(choice, 9_000, 65_536, None) == 16_384
    windows.note(choice, info(65_536))
    assert windows.bucket(choice, 100, 65_536, None) == 16_384
    assert windows.bucket(choice, 100, 65_536, 32_768) == 32_768
    assert windows.bucket(choice, 100, 65_536, None) == 32_768


# -- asking


def refreshed(windows: WindowService, choice: ModelChoice, *, always: bool = False) -> int | None:
    facts = asyncio.run(windows.refresh(choice, always=always))
    return facts.ctx if facts is not None else None


def test_ollama_is_asked_for_the_model_and_nothing_is_loaded(
    windows: WindowService, models: ModelsService, clock: FixedClock
) -> None:
    with FakeOllama() as ollama:
        choice = ModelChoice(models.server_at(ollama.url).server_id, "qwen3:8b")
        assert refreshed(windows, choice) == 40_960
        assert refreshed(windows, choice) == 40_960
        assert len(ollama.requests("/api/show")) == 1
        clock.advance(24 * 3600)
        ollama.models["qwen3:8b"]["ctx"] = 32_768
        assert refreshed(windows, choice) == 32_768
        ollama.models["qwen3:8b"]["ctx"] = 16_384
        assert refreshed(windows, choice, always=True) == 16_384
        assert ollama.loads == []
        assert {e.path for e in ollama.exchanges} <= {"/api/version", "/api/show", "/api/ps", "/api/tags"}


def test_a_model_loaded_with_a_small_window_is_not_taken_for_a_small_model(
    windows: WindowService, models: ModelsService
) -> None:
    with FakeOllama() as ollama:
        ollama.loads.append(("qwen3:8b", 2048))
        choice = ModelChoice(models.server_at(ollama.url).server_id, "qwen3:8b")
        assert refreshed(windows, choice) == 40_960


@pytest.mark.parametrize(("shape", "window"), [("llamacpp", 512), ("lmstudio", 8192), ("generic", None)])
def test_other_servers_are_only_asked_what_they_have(
    windows: WindowService, models: ModelsService, shape: str, window: int | None
) -> None:
    with FakeOpenAI(shape) as server:
        choice = ModelChoice(models.server_at(server.url).server_id, server.models[0])
        assert refreshed(windows, choice) == window
        assert {exchange.method for exchange in server.exchanges} == {"GET"}


class Router(FakeOpenAI):
    """A llama-server with several models, which loads one for whoever asks for its properties."""

    def __init__(self) -> None:
        super().__init__("llamacpp")
        self.status = {"tiny.gguf": "loaded", "large.gguf": "unloaded", "dozing.gguf": "sleeping"}
        self.loads: list[str] = []

    def answer(self, exchange: Exchange) -> Answer:
        path, _, query = exchange.path.partition("?")
        if path == "/v1/models":
            listed = [{"id": name, "status": {"value": value}} for name, value in self.status.items()]
            return json_answer({"data": listed})
        if path == "/props" and query and "autoload=false" not in query:
            self.loads.append(query)
        return super().answer(Exchange(**{**vars(exchange), "path": path}))


def test_a_router_is_not_made_to_load_a_model_that_is_only_looked_at(
    windows: WindowService, models: ModelsService
) -> None:
    with Router() as router:
        server_id = models.server_at(router.url, kind=ServerKind.LLAMACPP).server_id
        assert refreshed(windows, ModelChoice(server_id, "tiny.gguf")) == 512
        assert refreshed(windows, ModelChoice(server_id, "large.gguf")) is None
        assert router.loads == []
        assert {exchange.method for exchange in router.exchanges} == {"GET"}


def test_a_model_file_is_read_and_no_engine_started(
    windows: WindowService, models: ModelsService, tiny_gguf: Callable[[str], Path]
) -> None:
    choice = ModelChoice(models.engine().server_id, str(tiny_gguf("chat")))
    assert refreshed(windows, choice) == 4096


def test_a_server_that_is_away_says_so_and_what_was_known_stays(
    windows: WindowService, models: ModelsService, choice: ModelChoice
) -> None:
    windows.note(choice, info(4096))
    with pytest.raises(BackendError):
        refreshed(windows, choice, always=True)
    assert windows.window(choice) == 4096
