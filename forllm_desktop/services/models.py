"""Servers, their keys and their models: what there is, what is chosen, how to reach it."""

from collections.abc import Sequence
from pathlib import Path

from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.servers import ENGINE_URL, ModelChoice, Server, ServerKind, normal_url
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Limits, ModelInfo, ServerInfo, ServerProfile
from forllm_desktop.llm.connect import connect
from forllm_desktop.llm.discovery import FoundServer, detect, find_servers
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage import settings as rows
from forllm_desktop.storage.database import Database, Session


class ModelsService:
    """Servers are rows; a model is a pair of server and name."""

    def __init__(
        self, database: Database, events: Events, settings: SettingsService, keys: KeyStore, limits: Limits
    ) -> None:
        self._database = database
        self._events = events
        self._settings = settings
        self._keys = keys
        self._limits = limits

    def servers(self) -> Sequence[Server]:
        """List the servers in the order they were added."""
        with self._database.read() as session:
            return rows.servers(session)

    def server(self, server_id: int) -> Server:
        """Return a server. Raises NotFound."""
        with self._database.read() as session:
            return _existing(session, server_id)

    def server_at(self, address: str, name: str = "", kind: ServerKind = ServerKind.AUTO) -> Server:
        """Return the server with this address; it is added if unknown. Raises InvalidInput."""
        url = normal_url(address)
        return self._server_with_url(url, name or url.split("://", 1)[1], kind)

    def engine(self) -> Server:
        """Return the built-in engine's row."""
        return self._server_with_url(ENGINE_URL, "Built-in engine", ServerKind.ENGINE)

    def _server_with_url(self, url: str, name: str, kind: ServerKind) -> Server:
        with self._database.read() as session:
            found = rows.server_at(session, url)
        if found is not None:
            return found
        with self._database.write() as session:
            server = Server(kind=kind.value, name=name, base_url=url)
            session.add(server)
        self._events.servers_changed.emit()
        return server

    def remember_kind(self, server_id: int, kind: ServerKind) -> None:
        """Keep what a server turned out to be, so that it is not asked every time."""
        with self._database.write() as session:
            _existing(session, server_id).kind = kind.value
        self._events.servers_changed.emit()

    def set_key(self, server_id: int, key: str) -> bool:
        """Keep a server's key, or forget it when empty; returns False when only this session keeps it."""
        reference = f"server-{server_id}"
        with self._database.write() as session:
            _existing(session, server_id).api_key_ref = reference if key else None
        if key:
            is_kept = self._keys.save(reference, key)
        else:
            self._keys.forget(reference)
            is_kept = True
        self._events.servers_changed.emit()
        return is_kept

    def remove(self, server_id: int) -> None:
        """Remove a server and its key; requests and posts that name it stay."""
        with self._database.write() as session:
            server = _existing(session, server_id)
            reference = server.api_key_ref
            session.delete(server)
        if reference:
            self._keys.forget(reference)
        self._events.servers_changed.emit()

    def profile(self, server_id: int) -> ServerProfile:
        """Return how to reach a server, with its key. Raises NotFound."""
        server = self.server(server_id)
        return ServerProfile(
            server_id=server.server_id,
            kind=ServerKind(server.kind),
            base_url=server.base_url,
            name=server.name,
            api_key=self._keys.load(server.api_key_ref) if server.api_key_ref else None,
            use_proxy=server.use_proxy,
            verify_tls=server.verify_tls,
        )

    def choose(self, model: str | None = None, server: str | None = None) -> ModelChoice:
        """Return the pair that a request will use; what is not given comes from the settings.

        A model that is the path of a GGUF file means the built-in engine. The first pair ever chosen
        becomes the default. Raises InvalidInput when nothing is left to choose from.
        """
        settings = self._settings.current()
        if model and not server and _is_gguf(model):
            choice = ModelChoice(self.engine().server_id, str(Path(model).expanduser().absolute()))
        else:
            choice = self._choose_on_server(model, server)
        if not settings.default_model:
            self._settings.change(default_server_id=choice.server_id, default_model=choice.name)
        return choice

    def _choose_on_server(self, model: str | None, server: str | None) -> ModelChoice:
        settings = self._settings.current()
        server_id = self.server_at(server).server_id if server else settings.default_server_id
        if not model and server_id == settings.default_server_id:
            model = settings.default_model
        if not model:
            raise InvalidInput(
                "model",
                "No model is chosen",
                "Name one with --model: a model of a server, or the path of a GGUF file.",
            )
        known = {row.server_id for row in self.servers()}
        if server_id not in known:
            if len(known) != 1:
                raise InvalidInput(
                    "server", f"On which server is {model}?", "Name its address with --server."
                )
            server_id = known.pop()
        return ModelChoice(server_id, model)

    async def probe(self, server_id: int) -> ServerInfo:
        """Ask a server whether it is there and what it is."""
        return await detect(self.profile(server_id), self._limits)

    async def models_of(self, server_id: int) -> list[ModelInfo]:
        """List a server's models. Raises BackendError."""
        profile = self.profile(server_id)
        if profile.kind == ServerKind.ENGINE:
            raise NotPossible("The built-in engine has no list", "Its models are GGUF files.")
        backend = await connect(profile, self._limits)
        try:
            return await backend.list_models()
        finally:
            await backend.aclose()


async def found_servers() -> list[FoundServer]:
    """List the servers that answer on this machine's well-known ports."""
    return await find_servers(Limits())


def _existing(session: Session, server_id: int) -> Server:
    server = session.get(Server, server_id)
    if server is None:
        raise NotFound("The server is no longer known", "Choose another one, or add it again.")
    return server


def _is_gguf(model: str) -> bool:
    return model.casefold().endswith(".gguf") or ("/" in model and Path(model).expanduser().is_file())
