"""A worker over a fresh database, with a scripted backend: in its thread, or in a loop of the test's own."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.base import utc_now
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Limits
from forllm_desktop.services.counting import CountingService
from forllm_desktop.services.generation import GenerationService
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.services.templates import TemplateService
from forllm_desktop.services.windows import WindowService
from forllm_desktop.storage.database import Database
from forllm_desktop.worker.loop import QueueLoop
from forllm_desktop.worker.thread import WorkerThread
from tests.scripted_backend import ScriptedBackend, ScriptedBackends

MakeLoop = Callable[..., QueueLoop]
StartWorker = Callable[..., WorkerThread]


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """Return the real clock: a worker waits in real time."""
    return utc_now


@pytest.fixture
def prompts(database: Database) -> PromptService:
    return PromptService(database)


@pytest.fixture
def settings_service(database: Database, events: Events) -> SettingsService:
    return SettingsService(database, events)


@pytest.fixture
def generation(database: Database, events: Events) -> GenerationService:
    return GenerationService(database, events, PersonaService(database, events))


@pytest.fixture
def templates(database: Database, events: Events) -> TemplateService:
    return TemplateService(database, events)


@pytest.fixture
def models(database: Database, events: Events, settings_service: SettingsService) -> ModelsService:
    return ModelsService(database, events, settings_service, KeyStore(), Limits())


@pytest.fixture
def counting(database: Database, models: ModelsService) -> CountingService:
    return CountingService(database, models, Limits())


@pytest.fixture
def windows(database: Database, events: Events, models: ModelsService) -> WindowService:
    return WindowService(database, events, models, Limits())


@pytest.fixture
def make_loop(
    queue: QueueService,
    prompts: PromptService,
    settings_service: SettingsService,
    events: Events,
    generation: GenerationService,
    templates: TemplateService,
    counting: CountingService,
    windows: WindowService,
) -> MakeLoop:
    """Return a function from a scripted backend to a worker's loop."""

    def make(backend: ScriptedBackend, **options: object) -> QueueLoop:
        backends = ScriptedBackends(backend)
        services = (generation, templates, counting, windows)
        parts: Any = (queue, prompts, settings_service, events, backends, *services)
        return QueueLoop(*parts, **options)

    return make


@pytest.fixture
def start_worker(make_loop: MakeLoop, events: Events, qtbot: QtBot) -> Iterator[StartWorker]:
    """Return a function that starts a worker thread; at the end all of them must have stopped."""
    workers: list[WorkerThread] = []

    def start(backend: ScriptedBackend, **options: object) -> WorkerThread:
        worker = WorkerThread(lambda: make_loop(backend, **options))
        worker.listen_to(events)
        workers.append(worker)
        worker.start()
        return worker

    yield start
    assert all(worker.stop() for worker in workers)
