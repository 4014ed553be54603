"""Ollama through its native API, whose frames and fields are described at docs.ollama.com/api."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from forllm_desktop.domain.servers import ServerKind
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
    Think,
    TokenCount,
    Usage,
    Waiting,
)
from forllm_desktop.llm.discovery import identify_as
from forllm_desktop.llm.errors import classify_error
from forllm_desktop.llm.fields import count_in, object_in, objects_in, seconds_in, size_in, text_in
from forllm_desktop.llm.prompt_size import reply_bound, was_shortened
from forllm_desktop.llm.streams import Ndjson, ThinkSplitter
from forllm_desktop.llm.tokens import estimate_tokens
from forllm_desktop.llm.transport import Generation, Transport

OLLAMA_FEATURES = Features(
    pull=True, delete=True, load=True, unload=True, ctx_per_request=True, thinking_switch=True
)

NANOSECONDS = 1_000_000_000

RELOAD_SECONDS = 1.0
"""A load time above this means that the model was not in memory; a loaded one takes milliseconds."""

CAPABILITIES_SECONDS = 300.0
"""How long it is remembered whether a model thinks; it may be replaced by another of the same name."""

_INTEGERS = frozenset({"seed", "top_k", "num_keep", "repeat_last_n"})
_NUMBERS = frozenset(
    {"temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty", "frequency_penalty"}
)


class OllamaBackend:
    """One Ollama. Keep one model in flight on it: two can block its scheduler for good (ollama #17408)."""

    def __init__(self, profile: ServerProfile, limits: Limits) -> None:
        self.profile = profile
        self._limits = limits
        self._transport = Transport(profile, limits)
        self._thinks: dict[str, tuple[float, bool]] = {}

    async def probe(self) -> ServerInfo:
        """Ask whether Ollama is there. Never raises for one that is down."""
        return await identify_as(self._transport, (ServerKind.OLLAMA,), OLLAMA_FEATURES)

    async def list_models(self) -> list[ModelInfo]:
        """List the models that are installed, and the remote ones, marked as such."""
        answer = await self._transport.ask("GET", "/api/tags")
        return [_listed(entry) for entry in objects_in(answer.get("models")) if _name(entry)]

    async def describe(self, model: str) -> ModelInfo:
        """Return a model's trained window and capabilities, and the window it is loaded with, in tokens."""
        return await self._with_loaded_window(await self._show(model))

    async def loaded(self) -> list[LoadedModel]:
        """List the models in memory, with the window that was really allocated."""
        answer = await self._transport.ask("GET", "/api/ps")
        return [
            LoadedModel(
                _name(entry),
                ctx_allocated=count_in(entry.get("context_length")),
                vram=size_in(entry.get("size_vram")),
                expires_at=text_in(entry.get("expires_at")),
            )
            for entry in objects_in(answer.get("models"))
            if _name(entry)
        ]

    async def prepare(self, model: str, ctx: int) -> ModelInfo:
        """Describe a model; nothing is loaded, because every request carries its own window."""
        info = await self._show(model)
        try:
            return await self._with_loaded_window(info)
        except BackendError:
            # Only what is best sent hangs on it, not whether something can be.
            return info

    async def count_tokens(
        self, model: str, messages: Sequence[Message], think: Think = Think.DEFAULT
    ) -> TokenCount:
        """Estimate: Ollama has no call that counts."""
        return TokenCount(estimate_tokens(messages), is_exact=False)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream one reply. Closing the generator or cancelling the task closes the socket at once."""
        yield Waiting("queued")
        phase = _Phase(self, request.model)
        body = await self._chat_body(request)
        call = self._transport.generation("/api/chat", body, phase.look, stall=request.stall)
        splitter = ThinkSplitter()
        try:
            async with aclosing(_frames(call)) as frames:
                async for frame in frames:
                    if phase.is_news and not call.has_text:
                        yield phase.tell()
                    for event in splitter.feed(*_texts(frame)):
                        call.has_text = True
                        yield event
                    if frame.get("done") is True:
                        break
                else:
                    raise _ended_early(call)
        except BackendError:
            for event in splitter.end():
                yield event
            raise
        for event in splitter.end():
            yield event
        yield _finished(frame, request, splitter)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _chat_body(self, request: ChatRequest) -> dict[str, Any]:
        """Build the body. Without `truncate: false` Ollama cuts a long prompt silently.

        `shift` is left out: it is a load option, and naming it loads the model again.
        """
        options = {"num_ctx": request.ctx, "num_predict": reply_bound(request), **_sampling(request.sampling)}
        if request.stop:
            options["stop"] = list(request.stop)
        return {
            "model": request.model,
            "messages": [{"role": m["role"], "content": m["content"]} for m in request.messages],
            "stream": True,
            "think": await self._think(request),
            "truncate": False,
            "keep_alive": request.keep_alive,
            "options": options,
        }

    async def _think(self, request: ChatRequest) -> bool | str:
        """Choose the value of `think`: absent means true, and true is refused by models that cannot."""
        if request.think is Think.OFF or not await self._can_think(request.model):
            return False
        is_level = request.think in (Think.LOW, Think.MEDIUM, Think.HIGH)
        return request.think.value if is_level else True

    async def _can_think(self, model: str) -> bool:
        now = asyncio.get_running_loop().time()
        known = self._thinks.get(model)
        if known and now - known[0] < CAPABILITIES_SECONDS:
            return known[1]
        try:
            return bool((await self._show(model)).thinks)
        except BackendError as error:
            if error.kind is not ErrorKind.TIMEOUT:
                raise
            # Nothing was sent yet, so a silent server is one to wait for, not a failed request.
            raise BackendError(
                ErrorKind.BUSY, error.title, error.message, server_text=error.server_text, phase="waiting"
            ) from error

    async def _with_loaded_window(self, info: ModelInfo) -> ModelInfo:
        in_memory = next((m for m in await self.loaded() if _same_model(m.id, info.id)), None)
        if in_memory is None:
            return replace(info, loaded=False)
        return replace(info, loaded=True, ctx_loaded=in_memory.ctx_allocated)

    async def _show(self, model: str) -> ModelInfo:
        answer = await self._transport.ask("POST", "/api/show", {"model": model}, read=self._limits.describe)
        info = _described(model, answer)
        self._thinks[model] = (asyncio.get_running_loop().time(), bool(info.thinks))
        return info


class _Phase:
    """What Ollama does while nothing comes: it sends no byte before the first token, so its list is asked."""

    def __init__(self, backend: OllamaBackend, model: str) -> None:
        self._backend = backend
        self._model = model
        self._now = self._told = "queued"

    @property
    def is_news(self) -> bool:
        return self._now != self._told

    async def look(self) -> None:
        is_loaded = any(_same_model(m.id, self._model) for m in await self._backend.loaded())
        self._now = "prompt" if is_loaded else "loading"

    def tell(self) -> Waiting:
        self._told = self._now
        return Waiting(self._now)


async def _frames(call: Generation) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the frames of a stream, and an empty one for a sign of life. Raises BackendError."""
    lines, is_first = Ndjson(), True
    async with aclosing(call.chunks()) as chunks:
        async for chunk in chunks:
            if not chunk:
                yield {}
            try:
                frames = lines.feed(chunk)
            except BackendError as error:
                raise classify_error(200, bytes(call.head), call.headers) if is_first else error from error
            for frame in frames:
                is_first = False
                yield _checked(frame)
    for frame in lines.end():
        yield _checked(frame)


def _checked(frame: dict[str, Any]) -> dict[str, Any]:
    if "error" in frame:
        raise classify_error(200, json.dumps(frame))
    return frame


def _ended_early(call: Generation) -> BackendError:
    if call.head.strip() and not call.has_text:
        error = classify_error(200, bytes(call.head), call.headers)
        if error.kind is ErrorKind.WRONG_SERVER and not call.head.lstrip().startswith(b"{"):
            return error
    return BackendError(
        ErrorKind.STREAM_BROKEN,
        "The reply ended without its end",
        "Ollama closed the stream early, often because the model repeated itself or was unloaded. "
        "What had come is kept.",
        phase="streaming",
    )


def _texts(frame: dict[str, Any]) -> tuple[str, str]:
    message = object_in(frame.get("message"))
    return text_in(message.get("thinking")) or "", text_in(message.get("content")) or ""


def _finished(frame: dict[str, Any], request: ChatRequest, splitter: ThinkSplitter) -> Finished:
    reason = frame.get("done_reason")
    prompt = count_in(frame.get("prompt_eval_count"))
    load = seconds_in(frame.get("load_duration"), NANOSECONDS)
    return Finished(
        reason=reason if reason in ("stop", "length") else "unknown",
        usage=Usage(prompt=prompt, output=count_in(frame.get("eval_count"))),
        load_seconds=load,
        prompt_seconds=seconds_in(frame.get("prompt_eval_duration"), NANOSECONDS),
        output_seconds=seconds_in(frame.get("eval_duration"), NANOSECONDS),
        prompt_shortened=was_shortened(request, prompt),
        only_thinking=splitter.has_thinking and not splitter.has_content,
        reloaded=load is not None and load > RELOAD_SECONDS,
        is_empty=not splitter.has_thinking and not splitter.has_content,
    )


def _sampling(sampling: Mapping[str, Any]) -> dict[str, int | float]:
    """Keep what Ollama knows, in its types: it answers 500 to a number of the wrong kind.

    Load options (num_batch, num_gpu, ...) never pass, or two requests would load the model twice.
    """
    integers = {name: int(value) for name, value in sampling.items() if name in _INTEGERS}
    return integers | {name: float(value) for name, value in sampling.items() if name in _NUMBERS}


def _listed(entry: dict[str, Any]) -> ModelInfo:
    details = object_in(entry.get("details"))
    name = _name(entry)
    return ModelInfo(
        id=name,
        label=name,
        size=size_in(entry.get("size")),
        family=text_in(details.get("family")),
        quant=text_in(details.get("quantization_level")),
        ctx_trained=count_in(details.get("context_length")),
        capabilities=_capabilities(entry),
        remote=_is_remote(name, entry),
    )


def _described(model: str, answer: dict[str, Any]) -> ModelInfo:
    details, info = object_in(answer.get("details")), object_in(answer.get("model_info"))
    return ModelInfo(
        id=model,
        label=model,
        family=text_in(details.get("family")),
        quant=text_in(details.get("quantization_level")),
        ctx_trained=count_in(info.get(f"{info.get('general.architecture')}.context_length")),
        capabilities=_capabilities(answer),
        remote=_is_remote(model, answer),
    )


def _name(entry: dict[str, Any]) -> str:
    return text_in(entry.get("name")) or text_in(entry.get("model")) or ""


def _same_model(one: str, other: str) -> bool:
    """Compare names; one without a tag means `:latest`."""
    return _with_tag(one) == _with_tag(other)


def _with_tag(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _capabilities(entry: dict[str, Any]) -> tuple[str, ...] | None:
    listed = entry.get("capabilities")
    return tuple(c for c in listed if isinstance(c, str)) if isinstance(listed, list) else None


def _is_remote(name: str, entry: dict[str, Any]) -> bool:
    return bool(entry.get("remote_host")) or name.endswith((":cloud", "-cloud"))
