"""The worker's connections."""

import asyncio

from forllm_desktop.llm.backend import Limits
from forllm_desktop.llm.builtin import EngineHost
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.worker.backends import Backends


def test_changed_settings_reach_the_engine_before_its_next_request(database, events):
    settings = SettingsService(database, events)
    models = ModelsService(database, events, settings, KeyStore(), Limits())
    server = models.engine().server_id

    async def configured() -> tuple[int, float]:
        host = EngineHost(Limits())
        backends = Backends(models, settings, Limits(), host)
        await backends.of(server)
        settings.change(engine_threads=3, keep_alive=45)
        await backends.of(server)
        await backends.aclose()
        return host._threads, host._idle_seconds

    assert asyncio.run(configured()) == (3, 45)
