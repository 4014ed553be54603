"""The built-in engine as a backend: started on demand, stopped when idle, spoken to like a llama-server."""

import asyncio
import importlib.metadata
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm import engine
from forllm_desktop.llm.backend import (
    BackendError,
    ChatEvent,
    ChatRequest,
    ErrorKind,
    Features,
    Finished,
    Limits,
    LoadedModel,
    Message,
    ModelInfo,
    ServerInfo,
    ServerProfile,
    ServerState,
    Think,
    TokenCount,
    Waiting,
)
from forllm_desktop.llm.engine_process import EngineProcess, death
from forllm_desktop.llm.gguf_files import FileMark, file_mark
from forllm_desktop.llm.gguf_header import check_is_gguf, read_gguf_header
from forllm_desktop.llm.openai_compatible import OpenAIBackend
from forllm_desktop.llm.tokens import estimate_tokens

DYING_SECONDS = 1.0
"""A broken connection is noticed before the end of the process that broke it."""

ENGINE_FEATURES = Features(
    load=True,
    unload=True,
    ctx_per_request=True,
    exact_count=True,
    prompt_progress=True,
    cached_tokens=True,
    thinking_switch=True,
    slots=True,
)


@dataclass(frozen=True)
class Endpoint:
    """Where a running engine is reached, and with which key."""

    url: str
    api_key: str = field(repr=False)


class EngineHost:
    """Owns the one engine process of the app; belongs to one event loop, `stop` apart.

    `threads` is the number of threads llama.cpp computes with; 0 leaves it to llama.cpp. `idle_seconds`
    after its last use the engine is stopped; below 0 it stays. `on_serving` is told a model's path, where it
    is served and with which key; `on_gone`, from any thread, where it is no longer.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        threads: int = 0,
        idle_seconds: float = 600.0,
        on_serving: Callable[[str, str, str], None] = lambda path, url, key: None,
        on_gone: Callable[[str], None] = lambda url: None,
    ) -> None:
        self._limits = limits
        self._on_serving = on_serving
        self._on_gone = on_gone
        self._threads = threads
        self._idle_seconds = idle_seconds
        self._process: EngineProcess | None = None
        self._mark: FileMark | None = None
        self._lock = asyncio.Lock()
        self._n_users = 0
        self._timer: asyncio.TimerHandle | None = None

    def configure(self, *, threads: int, idle_seconds: float) -> None:
        """Use these from now on; the threads from the next start of the engine on."""
        self._threads, self._idle_seconds = threads, idle_seconds

    @property
    def is_running(self) -> bool:
        """Say whether an engine is there, loading or serving."""
        return self._process is not None and self._process.is_running

    @property
    def pid(self) -> int | None:
        """Return the process id of the running engine."""
        return self._process.pid if self._process and self._process.is_running else None

    @property
    def log_lines(self) -> list[str]:
        """Return the last lines of the engine's log, oldest first."""
        return self._process.log_lines if self._process else []

    def served(self) -> LoadedModel | None:
        """Return the model in memory, ready to answer."""
        process = self._process
        if process is None or process.url is None or not process.is_running:
            return None
        return LoadedModel(process.model_path, process.ctx)

    def is_serving(self, model_path: str, ctx: int = 0) -> bool:
        """Say whether this file, as it is now, is loaded with a window of at least `ctx` tokens."""
        served = self.served()
        if served is None or served.id != model_path or (served.ctx_allocated or 0) < ctx:
            return False
        return file_mark(model_path) == self._mark

    async def ensure(self, model_path: str, ctx: int) -> Endpoint:
        """Load a model with a window of at least `ctx` tokens unless it is, and return where it answers.

        Cancelling kills a loading engine at once. Raises BackendError NOT_FOUND, LOAD_FAILED, OUT_OF_MEMORY,
        TIMEOUT, and BUSY while another model is answering. It stays until `stop` unless `stop_when_idle`
        is called afterwards, as `in_use` does.
        """
        self._cancel_timer()
        async with self._lock:
            if not self.is_serving(model_path, ctx):
                check_is_gguf(model_path)
                if self._n_users:
                    raise BackendError(
                        ErrorKind.BUSY, "The built-in engine is busy", "It answers with one model at a time."
                    )
                await self._put_away()
                await self._start(model_path, ctx)
            process = self._process
            assert process is not None
            assert process.url is not None
            return Endpoint(process.url, process.api_key)

    @asynccontextmanager
    async def in_use(self, model_path: str, ctx: int = 0) -> AsyncIterator[Endpoint]:
        """Hold an engine that serves the model; the time until an idle one stops starts at the end."""
        try:
            endpoint = await self.ensure(model_path, ctx)
            self._n_users += 1
            try:
                yield endpoint
            finally:
                self._n_users -= 1
        finally:
            if not self._n_users:
                self.stop_when_idle(self._idle_seconds)

    def stop_when_idle(self, seconds: float) -> None:
        """Stop the engine unless it is used again within `seconds`; below 0 it stays."""
        self._cancel_timer()
        if self.is_running and seconds >= 0:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._leave)

    async def explain(self, error: BackendError) -> BackendError:
        """Return what stands behind a failure: the end of the engine, if it has ended, else the error."""
        process = self._process
        if process is None or error.kind not in (ErrorKind.UNREACHABLE, ErrorKind.STREAM_BROKEN):
            return error
        if not await _has_ended_within(process, DYING_SECONDS):
            return error
        return death(process.log_lines, process.ended.result())

    def stop(self) -> None:
        """End the engine and wait for it, at most `Limits.engine_stop` and a kill long; any thread."""
        self._cancel_timer()
        process, self._process = self._process, None
        if process is not None:
            self._tell_gone(process)
            process.stop(self._limits.engine_stop)

    async def _start(self, model_path: str, ctx: int) -> None:
        # Taken before the engine reads the file, so that one replaced meanwhile is noticed too.
        self._mark = file_mark(model_path)
        process = self._process = EngineProcess(model_path, ctx, self._threads)
        try:
            url = await asyncio.wait_for(asyncio.wrap_future(process.ready), self._limits.engine_start)
            process.url = url
        except TimeoutError as error:
            limit = f"{self._limits.engine_start:,.0f} seconds"
            raise BackendError(
                ErrorKind.TIMEOUT,
                "Loading the model took too long",
                f"{os.path.basename(model_path)} was not ready after {limit}. "
                "Choose a smaller model, or try again when this computer is less busy.",
                phase="loading",
            ) from error
        finally:
            if process.url is None:
                process.kill()
        self._on_serving(model_path, url, process.api_key)
        process.ended.add_done_callback(lambda _: self._on_gone(url))

    async def _put_away(self) -> None:
        """Wait until the present engine has given its memory back."""
        process = self._process
        if process is None:
            return
        self._tell_gone(process)
        process.leave()
        if not await _has_ended_within(process, self._limits.engine_stop):
            process.kill()
            await _has_ended_within(process, None)
        process.join()
        self._process = None

    def _leave(self) -> None:
        process = self._process
        if process is not None:
            self._tell_gone(process)
            process.leave()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._limits.engine_stop, process.kill)

    def _tell_gone(self, process: EngineProcess) -> None:
        if process.url is not None:
            self._on_gone(process.url)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class EngineBackend:
    """The built-in engine behind the protocol of every server; a model is the path of a GGUF file."""

    def __init__(self, profile: ServerProfile, limits: Limits, host: EngineHost) -> None:
        self.profile = profile
        self._limits = limits
        self._host = host
        self._endpoint: Endpoint | None = None
        self._connected: OpenAIBackend | None = None
        self._load_seconds: float | None = None

    async def probe(self) -> ServerInfo:
        """Say whether the engine can be started here; it is not started for the answer."""
        if not engine.is_available():
            return ServerInfo(ServerState.DOWN, ServerKind.ENGINE, message=engine.MISSING)
        version = importlib.metadata.version("xllamacpp")
        return ServerInfo(ServerState.READY, ServerKind.ENGINE, version, ENGINE_FEATURES)

    async def list_models(self) -> list[ModelInfo]:
        """Return the model in memory; the files on this machine are found by `gguf_files`."""
        return [await self.describe(model.id) for model in await self.loaded()]

    async def describe(self, model: str) -> ModelInfo:
        """Read the file's header, and ask the engine too where it serves the model already.

        `ctx_allocated` stays None: the window is no limit, it is made as large as the request wants it.
        """
        header = await asyncio.to_thread(read_gguf_header, model)
        thinking = ("thinking",) if header.has_thinking_switch else ()
        info = ModelInfo(
            id=model,
            label=header.name or os.path.basename(model),
            size=header.file_size,
            family=header.architecture,
            quant=header.quant,
            ctx_trained=header.ctx_trained,
            capabilities=None if header.chat_template is None else ("completion", *thinking),
            loaded=self._host.is_serving(model),
        )
        if not info.loaded:
            return info
        async with self._host.in_use(model) as endpoint:
            told = await (await self._connect(endpoint)).describe(model)
        return replace(info, supports_system=told.supports_system)

    async def loaded(self) -> list[LoadedModel]:
        served = self._host.served()
        return [] if served is None else [served]

    async def prepare(self, model: str, ctx: int) -> ModelInfo:
        """Load the model with a window of at most `ctx` tokens, so that template and counts are exact.

        Raises BackendError like `chat`.
        """
        header = await asyncio.to_thread(read_gguf_header, model)
        wanted = min(ctx, header.ctx_trained or ctx)
        started = time.monotonic()
        is_load = not self._host.is_serving(model, wanted)
        async with self._host.in_use(model, wanted):
            self._load_seconds = time.monotonic() - started if is_load else None
            return await self.describe(model)

    async def count_tokens(
        self, model: str, messages: Sequence[Message], think: Think = Think.DEFAULT
    ) -> TokenCount:
        """Count exactly where the engine serves the model, else estimate; never starts it."""
        if not self._host.is_serving(model):
            return TokenCount(estimate_tokens(messages), is_exact=False)
        async with self._host.in_use(model) as endpoint:
            return await (await self._connect(endpoint)).count_tokens(model, messages, think)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Load the model if need be and stream one reply; cancelling during the load ends the engine."""
        if not self._host.is_serving(request.model, request.ctx):
            yield Waiting("loading")
            await self.prepare(request.model, request.ctx)
        load_seconds, self._load_seconds = self._load_seconds, None
        async with self._host.in_use(request.model, request.ctx) as endpoint:
            connected = await self._connect(endpoint)
            try:
                async with aclosing(connected.chat(request)) as events:
                    async for event in events:
                        if load_seconds is not None and isinstance(event, Finished):
                            event = replace(event, reloaded=True, load_seconds=load_seconds)
                        yield event
            except BackendError as error:
                raise await self._host.explain(error) from error

    async def aclose(self) -> None:
        """Close the connections; the engine stays with its host."""
        if self._connected is not None:
            await self._connected.aclose()
        self._connected = self._endpoint = None

    async def _connect(self, endpoint: Endpoint) -> OpenAIBackend:
        if self._connected is None or self._endpoint != endpoint:
            await self.aclose()
            profile = replace(self.profile, base_url=endpoint.url, api_key=endpoint.api_key, use_proxy=False)
            self._connected, self._endpoint = OpenAIBackend(profile, self._limits), endpoint
        return self._connected


async def _has_ended_within(process: EngineProcess, seconds: float | None) -> bool:
    ended = asyncio.wrap_future(process.ended)
    try:
        await asyncio.wait([ended], timeout=seconds)
    finally:
        ended.cancel()  # the process may outlive this loop
    return process.ended.done()
