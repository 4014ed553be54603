"""Servers, their keys and their models: what there is, what is chosen, how to reach it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.servers import (
    ENGINE_URL,
    WELL_KNOWN_PORTS,
    ModelChoice,
    Server,
    ServerKind,
    normal_url,
)
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Limits, ModelInfo, ServerInfo, ServerProfile
from forllm_desktop.services import model_files
from forllm_desktop.services.job_steps import release_server
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.model_files import GgufFile
from forllm_desktop.services.model_sources import Source, ask_source, engine_source
from forllm_desktop.services.news import change
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage import queue as queue_rows
from forllm_desktop.storage import settings as rows
from forllm_desktop.storage.database import Database, IntegrityError, Session

# What talks with servers is imported when it is first needed: the window must not wait for its HTTP client.
if TYPE_CHECKING:
    from forllm_desktop.llm.discovery import FoundServer

NAME_LIMIT = 200


@dataclass(frozen=True)
class RemovedServer:
    """A server that was removed, with all that bringing it back takes; the key is in memory only."""

    server: Server
    posts: tuple[int, ...]
    requests: tuple[int, ...]
    key: str | None = field(default=None, repr=False)


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
        return self._server_with_url(url, _checked_name(name) if name else url.split("://", 1)[1], kind)

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

    def edit(
        self,
        server_id: int,
        *,
        name: str | None = None,
        address: str | None = None,
        use_proxy: bool | None = None,
        verify_tls: bool | None = None,
    ) -> Server:
        """Change a server and try at once what waits for it; at a new address its kind is found out again.

        Raises InvalidInput and NotFound.
        """
        url = normal_url(address) if address is not None else None
        try:
            with change(self._database, self._events) as (session, news):
                server = _existing(session, server_id)
                before = _way_to(server)
                if name is not None:
                    server.name = _checked_name(name)
                if url is not None and url != server.base_url:
                    server.base_url, server.kind = url, ServerKind.AUTO.value
                if use_proxy is not None:
                    server.use_proxy = use_proxy
                if verify_tls is not None:
                    server.verify_tls = verify_tls
                if _way_to(server) != before:
                    release_server(session, news, server_id)
        except IntegrityError as error:
            raise InvalidInput(
                "base_url", "Another server has this address", "Change that one instead."
            ) from error
        self._events.servers_changed.emit()
        return server

    def set_key(self, server_id: int, key: str) -> bool:
        """Keep a server's key, or forget it when empty; what waits for the server is tried at once.

        Returns False when only this session keeps it. May block on the keyring, so call it in a thread.
        """
        reference = f"server-{server_id}"
        with self._database.write() as session:
            _existing(session, server_id).api_key_ref = reference if key else None
        if key:
            is_kept = self._keys.save(reference, key)
        else:
            self._keys.forget(reference)
            is_kept = True
        with change(self._database, self._events) as (session, news):
            release_server(session, news, server_id)
        self._events.servers_changed.emit()
        return is_kept

    async def keep_key(self, server_id: int, key: str | None) -> bool:
        """Do what `set_key` does without blocking the loop; None leaves the key as it is."""
        return key is None or await asyncio.to_thread(self.set_key, server_id, key)

    def keeps_keys(self) -> bool:
        """Say whether keys outlive this session. May block on the keyring."""
        return self._keys.has_keyring

    def remove(self, server_id: int) -> RemovedServer:
        """Remove a server and its key; requests and posts that name it stay. May block on the keyring."""
        reference = self.server(server_id).api_key_ref
        key = self._keys.load(reference) if reference else None
        with self._database.write() as session:
            server = _existing(session, server_id)
            posts, requests = rows.users_of_server(session, server_id)
            session.delete(server)
        if reference:
            self._keys.forget(reference)
        self._events.servers_changed.emit()
        return RemovedServer(server, posts, requests, key)

    def restore(self, removed: RemovedServer) -> Server:
        """Bring a removed server back as it was. Raises InvalidInput when its address was added again."""
        old = removed.server
        values = {column: getattr(old, column) for column in Server.__table__.columns.keys()}  # noqa: SIM118
        try:
            with self._database.write() as session:
                server = Server(**values)
                session.add(server)
                session.flush()
                rows.name_server_again(session, server.server_id, removed.posts, removed.requests)
        except IntegrityError as error:
            raise InvalidInput("base_url", "Another server has this address by now") from error
        if removed.key and old.api_key_ref:
            self._keys.save(old.api_key_ref, removed.key)
        self._events.servers_changed.emit()
        return server

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

    def choose(
        self, model: str | None = None, server: str | None = None, *, becomes_default: bool = True
    ) -> ModelChoice:
        """Return the pair that a request will use; what is not given comes from the settings.

        A model that is the path of a GGUF file means the built-in engine. The first pair ever chosen
        becomes the default, unless it is only a persona's. Raises InvalidInput, with nothing stored, when
        nothing is left to choose from.
        """
        if model is not None and not model.strip():
            raise InvalidInput("model", "The model has no name", "Leave it out to use the default model.")
        if model and not server and _is_gguf(model):
            path = model_files.checked_path(model)
            choice = ModelChoice(self.engine().server_id, path)
        elif server:
            choice = self._choose_on(normal_url(server), model)
        else:
            choice = self._choose_without_server(model)
        if becomes_default and not self._settings.current().default_model:
            self.use(choice)
        return choice

    def _choose_on(self, url: str, model: str | None) -> ModelChoice:
        default = self.default_choice()
        if not model:
            if default is None or self.server(default.server_id).base_url != url:
                raise _no_model()
            return default
        return ModelChoice(self.server_at(url).server_id, model)

    def _choose_without_server(self, model: str | None) -> ModelChoice:
        default = self.default_choice()
        if not model:
            if default is None:
                raise _no_model()
            return default
        known = [row.server_id for row in self.servers() if row.kind != ServerKind.ENGINE]
        if default is not None and default.server_id in known:
            return ModelChoice(default.server_id, model)
        if len(known) != 1:
            raise InvalidInput("server", f"On which server is {model}?", "Name its address with --server.")
        return ModelChoice(known[0], model)

    def use(self, choice: ModelChoice) -> None:
        """Make a pair the default."""
        self._settings.change(default_server_id=choice.server_id, default_model=choice.name)

    def default_choice(self) -> ModelChoice | None:
        """Return the default model; None when none is chosen or its server is gone."""
        settings = self._settings.current()
        is_known = any(row.server_id == settings.default_server_id for row in self.servers())
        if not settings.default_model or not is_known:
            return None
        return ModelChoice(settings.default_server_id, settings.default_model)

    def known_choices(self) -> list[tuple[ModelChoice, str]]:
        """List models with their server's name, without asking any server: default, files, last used."""
        servers = {row.server_id: row for row in self.servers()}
        engine = next((row.server_id for row in servers.values() if row.kind == ServerKind.ENGINE), None)
        default = self.default_choice()
        with self._database.read() as session:
            used = [ModelChoice(*pair) for pair in queue_rows.models_used(session)]
        files = [ModelChoice(engine, path) for path in self.picked_files()] if engine else []
        ordered: dict[ModelChoice, None] = dict.fromkeys([*([default] if default else []), *files, *used])
        return [(choice, servers[choice.server_id].name) for choice in ordered if choice.server_id in servers]

    async def probe(self, server_id: int) -> ServerInfo:
        """Ask a server whether it is there and what it is."""
        from forllm_desktop.llm.discovery import detect

        return await detect(await self._profile(server_id), self._limits)

    async def models_of(self, server_id: int) -> list[ModelInfo]:
        """List a server's models. Raises BackendError."""
        profile = await self._profile(server_id)
        if profile.kind == ServerKind.ENGINE:
            raise NotPossible("The built-in engine has no list", "Its models are GGUF files.")
        from forllm_desktop.llm.connect import connect

        backend = await connect(profile, self._limits)
        try:
            return await backend.list_models()
        finally:
            await backend.aclose()

    async def test(self, server_id: int) -> Source:
        """Ask a server what it is and which models it has; its kind is kept. Never raises for one away."""
        profile = await self._profile(server_id)
        source = await ask_source(profile, self._limits)
        if source.kind is not None and source.kind is not profile.kind:
            self.remember_kind(server_id, source.kind)
        return source

    async def known_models(self) -> list[Source]:
        """Ask all known servers at once for their models; the built-in engine with its files comes last."""
        profiles = await self._server_profiles()
        sources = await asyncio.gather(*(ask_source(profile, self._limits) for profile in profiles))
        return [*sources, engine_source(await self.gguf_files(), self._engine_id())]

    async def look_around(self) -> AsyncGenerator[Source, None]:
        """Yield what offers models as soon as it has answered: known servers, and others on this machine.

        Known servers that do not answer are told too, others are not.
        """
        profiles = await self._server_profiles()
        taken = {profile.base_url for profile in profiles}
        for port, name in WELL_KNOWN_PORTS.items():
            url = f"http://127.0.0.1:{port}"
            if url not in taken:
                profiles.append(ServerProfile(0, ServerKind.AUTO, url, name))
        asked = [asyncio.ensure_future(ask_source(profile, self._limits)) for profile in profiles]
        try:
            for answer in asyncio.as_completed(asked):
                source = await answer
                if source.is_there or source.server_id:
                    yield source
        finally:
            for task in asked:
                task.cancel()

    async def gguf_files(self) -> list[GgufFile]:
        """List the model files the user picked and those found on this machine."""
        return await asyncio.to_thread(model_files.files, self.picked_files())

    def picked_files(self) -> list[str]:
        """List the paths of the model files the user picked, also those that are gone by now."""
        with self._database.read() as session:
            return model_files.picked(session)

    def remember_file(self, path: str | Path) -> str:
        """Keep a model file in the list; returns its full path. Raises InvalidInput when it is no GGUF."""
        full = model_files.checked_path(path)
        with self._database.write() as session:
            model_files.pick(session, full)
        self._events.servers_changed.emit()
        return full

    def forget_file(self, path: str) -> None:
        """Take a picked file off the list; the file itself stays."""
        with self._database.write() as session:
            model_files.drop(session, path)
        self._events.servers_changed.emit()

    def _engine_id(self) -> int:
        """Return the engine's id, 0 while it has no row, so that looking changes nothing."""
        with self._database.read() as session:
            row = rows.server_at(session, ENGINE_URL)
        return row.server_id if row else 0

    async def _server_profiles(self) -> list[ServerProfile]:
        """Return the profiles of all servers but the engine; one that is removed meanwhile is left out."""
        profiles = []
        for server in self.servers():
            if server.kind != ServerKind.ENGINE:
                with suppress(NotFound):
                    profiles.append(await self._profile(server.server_id))
        return profiles

    async def _profile(self, server_id: int) -> ServerProfile:
        """Return a profile without blocking the loop on the keyring."""
        return await asyncio.to_thread(self.profile, server_id)


async def found_servers() -> "list[FoundServer]":
    """List the servers that answer on this machine's well-known ports."""
    from forllm_desktop.llm.discovery import find_servers

    return await find_servers(Limits())


def _checked_name(typed: str) -> str:
    name = " ".join(typed.split())
    if not name:
        raise InvalidInput("name", "The server has no name", "Type how you call it.")
    if len(name) > NAME_LIMIT:
        raise InvalidInput("name", "The name is too long", f"It has at most {NAME_LIMIT} characters.")
    return name


def _way_to(server: Server) -> tuple[str, bool, bool]:
    return server.base_url, server.use_proxy, server.verify_tls


def _no_model() -> InvalidInput:
    return InvalidInput(
        "model",
        "No model is chosen",
        "Name one with --model: a model of a server, or the path of a GGUF file.",
    )


def _existing(session: Session, server_id: int) -> Server:
    server = session.get(Server, server_id)
    if server is None:
        raise NotFound("The server is no longer known", "Choose another one, or add it again.")
    return server


def _is_gguf(model: str) -> bool:
    return model.casefold().endswith(".gguf") or ("/" in model and Path(model).expanduser().is_file())
