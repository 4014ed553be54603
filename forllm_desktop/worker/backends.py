"""The worker's connections: one backend per server, and the built-in engine's process."""

from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import Backend, Limits, ServerProfile, ServerState
from forllm_desktop.llm.builtin import EngineHost
from forllm_desktop.llm.connect import connect
from forllm_desktop.llm.discovery import detect
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.settings import SettingsService


class Backends:
    """Backends by server. Belongs to the worker's event loop."""

    def __init__(
        self, models: ModelsService, settings: SettingsService, limits: Limits, engine: EngineHost
    ) -> None:
        self._models = models
        self._settings = settings
        self._limits = limits
        self.engine = engine
        self._open: dict[int, tuple[ServerProfile, Backend]] = {}

    async def of(self, server_id: int | None) -> Backend:
        """Return the backend of a server as it is known now. Raises NotFound and BackendError."""
        if server_id is None:
            raise NotPossible("The request's server was removed", "Ask again with another model.")
        profile = self._models.profile(server_id)
        if profile.kind is ServerKind.ENGINE:
            settings = self._settings.current()
            self.engine.configure(threads=settings.engine_threads, idle_seconds=settings.keep_alive)
        known = self._open.get(server_id)
        if known is not None and known[0] == profile:
            return known[1]
        await self._close(server_id)
        backend = await connect(profile, self._limits, self.engine)
        self._open[server_id] = (profile, backend)
        if profile.kind == ServerKind.AUTO and backend.profile.kind != ServerKind.AUTO:
            self._models.remember_kind(server_id, backend.profile.kind)
            self._open[server_id] = (self._models.profile(server_id), backend)
        return backend

    async def found_anew(self, server_id: int) -> Backend | None:
        """Return another backend for a server that turns out to be of another kind by now, else None."""
        profile = self._models.profile(server_id)
        if profile.kind is ServerKind.ENGINE:
            return None
        info = await detect(profile, self._limits)
        if info.state is not ServerState.READY or info.kind is None or info.kind is profile.kind:
            return None
        self._models.remember_kind(server_id, info.kind)
        return await self.of(server_id)

    async def aclose(self) -> None:
        """Close all connections and stop the engine."""
        try:
            for server_id in list(self._open):
                await self._close(server_id)
        finally:
            self.engine.stop()

    async def _close(self, server_id: int) -> None:
        known = self._open.pop(server_id, None)
        if known is not None:
            await known[1].aclose()
