"""Every server with an OpenAI-like `/v1`: llama-server and our engine, LM Studio, and any other."""

import json
import re
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
from forllm_desktop.llm.llama_counting import (
    COUNT_PATH,
    count_body,
    props_path,
    status_of,
    template_options,
    turns,
)
from forllm_desktop.llm.lmstudio import lmstudio_models
from forllm_desktop.llm.prompt_size import reply_bound, was_shortened
from forllm_desktop.llm.streams import SseEvent, SseEvents, ThinkSplitter, json_object
from forllm_desktop.llm.tokens import estimate_tokens
from forllm_desktop.llm.transport import Generation, Transport

LLAMACPP_FEATURES = Features(
    exact_count=True, prompt_progress=True, cached_tokens=True, thinking_switch=True, slots=True
)
LMSTUDIO_FEATURES = Features(load=True, unload=True)

MILLISECONDS = 1_000

_LLAMACPP_KINDS = (ServerKind.LLAMACPP, ServerKind.ENGINE)
_DROPPABLE = (
    "stream_options", "seed", "top_k", "min_p", "top_p", "temperature", "repeat_penalty", "stop", "ttl",
    "presence_penalty", "frequency_penalty", "cache_prompt", "return_progress", "chat_template_kwargs",
    "reasoning_effort",
)  # fmt: skip
_SAMPLING = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "seed",
        "repeat_penalty",
        "presence_penalty",
        "frequency_penalty",
    }
)
_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")


class OpenAIBackend:
    """One server with `/v1`. What goes beyond `/v1/models` and chat depends on the kind of the profile."""

    def __init__(self, profile: ServerProfile, limits: Limits) -> None:
        self.profile = profile
        self._transport = Transport(profile, limits)
        self._limits = limits
        self._is_llamacpp = profile.kind in _LLAMACPP_KINDS
        self._refused: set[str] = set()
        self._counts = self._is_llamacpp

    async def probe(self) -> ServerInfo:
        """Ask whether the server is there and still of its kind. Never raises for one that is down."""
        if self._is_llamacpp:
            return await identify_as(self._transport, (ServerKind.LLAMACPP,), LLAMACPP_FEATURES)
        if self.profile.kind is ServerKind.LMSTUDIO:
            return await identify_as(self._transport, (ServerKind.LMSTUDIO,), LMSTUDIO_FEATURES)
        return await identify_as(self._transport, tuple(ServerKind), Features())

    async def list_models(self) -> list[ModelInfo]:
        """List the models the server offers; LM Studio's own list knows more than `/v1/models`."""
        if self.profile.kind is ServerKind.LMSTUDIO:
            listed = await lmstudio_models(self._transport)
            if listed:
                return listed
        answer = await self._transport.ask("GET", "/v1/models")
        return [_listed(entry) for entry in objects_in(answer.get("data")) if text_in(entry.get("id"))]

    async def describe(self, model: str) -> ModelInfo:
        """Return a model's windows in tokens, and what its template can, as far as the server tells."""
        listed = await self.list_models()
        info = next((m for m in listed if m.id == model), None)
        if info is None and self._is_llamacpp and len(listed) == 1:
            # A llama-server with one model takes any name for it.
            info = replace(listed[0], id=model)
        # Not every server lists all it serves; whether the model is there shows when it is asked.
        info = info or ModelInfo(id=model, label=model)
        return await self._with_properties(info) if self._is_llamacpp else info

    async def loaded(self) -> list[LoadedModel]:
        """List the models in memory; empty where the server does not tell."""
        if self.profile.kind is ServerKind.LMSTUDIO:
            models = await self.list_models()
            return [LoadedModel(m.id, ctx_allocated=m.ctx_allocated) for m in models if m.loaded]
        if not self._is_llamacpp:
            return []
        props = await self._transport.ask("GET", "/props")
        name = text_in(props.get("model_alias")) or text_in(props.get("model_path")) or ""
        return [] if props.get("is_sleeping") else [LoadedModel(name, ctx_allocated=_slot_window(props))]

    async def prepare(self, model: str, ctx: int) -> ModelInfo:
        """Describe a model; its window was fixed when the server was started."""
        return await self.describe(model)

    async def count_tokens(
        self, model: str, messages: Sequence[Message], think: Think = Think.DEFAULT
    ) -> TokenCount:
        """Count a prompt, exactly on llama-server; an estimate elsewhere and where it has no such call."""
        if self._counts:
            body = self._accepted(count_body(model, messages, think))
            try:
                answer = await self._transport.ask("POST", COUNT_PATH, body)
            except BackendError as error:
                if error.kind in (
                    ErrorKind.UNREACHABLE, ErrorKind.AUTH, ErrorKind.LOADING, ErrorKind.BUSY,
                ):  # fmt: skip
                    raise
                self._counts = error.status not in (404, 405, 501)
            else:
                counted = count_in(answer.get("input_tokens"))
                if counted is not None:
                    return TokenCount(counted, is_exact=True)
        return TokenCount(estimate_tokens(messages), is_exact=False)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream one reply. Closing the generator or cancelling the task closes the socket at once.

        A field that the server refuses by name is left out from then on, and the request sent once more.
        """
        yield Waiting("queued")
        while True:
            body = self._chat_body(request)
            call = self._transport.generation("/v1/chat/completions", body, self._health, stall=request.stall)
            try:
                async with aclosing(self._reply(call, request)) as events:
                    async for event in events:
                        yield event
                return
            except BackendError as error:
                refused = set() if call.has_answered else _refused_fields(error, body)
                if not refused:
                    raise
                self._refused |= refused

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    def _chat_body(self, request: ChatRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": request.model,
            "messages": turns(request.messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": reply_bound(request),
            **{name: value for name, value in request.sampling.items() if name in _SAMPLING},
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if self._is_llamacpp:
            # Without return_progress a closed connection goes unnoticed for a second while a prompt is read.
            body |= {"cache_prompt": True, "return_progress": True}
            body |= template_options(request.think)
        elif self.profile.kind is ServerKind.LMSTUDIO:
            body["ttl"] = request.keep_alive
        return self._accepted(body)

    def _accepted(self, body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name not in self._refused}

    async def _reply(self, call: Generation, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        end, splitter = _End(), ThinkSplitter()
        try:
            async with aclosing(_frames(call)) as frames:
                async for frame in frames:
                    end.note(frame)
                    if not call.has_text:
                        for waiting in self._phases(call, frame):
                            yield waiting
                    for event in splitter.feed(*_texts(frame)):
                        call.has_text = True
                        yield event
                    if end.reason is not None:
                        # Only the numbers are missing now; they are not worth a long wait.
                        call.has_text, call.stall = True, min(call.stall, self._limits.read)
                    if end.is_done:
                        break
            if end.reason is None and not (end.is_done and call.has_text):
                raise _ended_early(call, has_frames=end.has_frames)
        except BackendError:
            if end.reason is None:
                for event in splitter.end():
                    yield event
                raise
        for event in splitter.end():
            yield event
        yield end.finished(request, splitter)

    def _phases(self, call: Generation, frame: dict[str, Any]) -> list[Waiting]:
        """Say what a llama-server does: headers come once a slot has the request, then its progress."""
        progress = object_in(frame.get("prompt_progress"))
        if progress:
            total, processed = count_in(progress.get("total")), count_in(progress.get("processed"))
            return [Waiting("prompt", min(1.0, (processed or 0) / total) if total else None)]
        return [Waiting("prompt")] if self._is_llamacpp and call.has_answered and not frame else []

    async def _health(self) -> None:
        """Ask for a sign of life; `/health` needs no key and does not wake a sleeping model."""
        await self._transport.request("GET", "/health" if self._is_llamacpp else "/v1/models")

    async def _with_properties(self, info: ModelInfo) -> ModelInfo:
        if info.loaded is False:
            return info  # a router would load it for the answer
        props = await self._transport.ask("GET", props_path(None if info.loaded is None else info.id))
        has_system = object_in(props.get("chat_template_caps")).get("supports_system_role")
        return replace(
            info,
            ctx_allocated=_slot_window(props) or info.ctx_allocated,
            supports_system=has_system if isinstance(has_system, bool) else None,
        )


class _End:
    """How a stream ended, and the numbers it told on the way."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.is_done = False
        self.has_frames = False
        self._usage: Mapping[str, Any] = {}
        self._timings: Mapping[str, Any] = {}

    def note(self, frame: dict[str, Any]) -> None:
        if frame is _DONE:
            self.is_done = True
            return
        self.has_frames = self.has_frames or bool(frame)
        self.reason = text_in(_choice(frame).get("finish_reason")) or self.reason
        self._usage = object_in(frame.get("usage")) or self._usage
        self._timings = object_in(frame.get("timings")) or self._timings

    def finished(self, request: ChatRequest, splitter: ThinkSplitter) -> Finished:
        usage = self._counted()
        return Finished(
            reason=self.reason if self.reason in ("stop", "length") else "unknown",
            usage=usage,
            prompt_seconds=seconds_in(self._timings.get("prompt_ms"), MILLISECONDS),
            output_seconds=seconds_in(self._timings.get("predicted_ms"), MILLISECONDS),
            prompt_shortened=was_shortened(request, usage.prompt),
            only_thinking=splitter.has_thinking and not splitter.has_content,
            is_empty=not splitter.has_thinking and not splitter.has_content,
        )

    def _counted(self) -> Usage:
        """Prefer `usage`, which counts cached tokens as prompt; `timings` counts them beside it."""
        cached = count_in(object_in(self._usage.get("prompt_tokens_details")).get("cached_tokens"))
        cached = count_in(self._timings.get("cache_n")) if cached is None else cached
        prompt = count_in(self._usage.get("prompt_tokens"))
        if prompt is None and (evaluated := count_in(self._timings.get("prompt_n"))) is not None:
            prompt = evaluated + (cached or 0)
        output = count_in(self._usage.get("completion_tokens"))
        return Usage(prompt, cached, count_in(self._timings.get("predicted_n")) if output is None else output)


_DONE: dict[str, Any] = {"[DONE]": True}


async def _frames(call: Generation) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the frames of a stream, an empty one for a sign of life, and `_DONE`. Raises BackendError."""
    events = SseEvents()
    async with aclosing(call.chunks()) as chunks:
        async for chunk in chunks:
            if not chunk:
                yield {}
            for event in events.feed(chunk):
                yield _frame(event)
    for event in events.end():
        try:
            frame = _frame(event)
        except BackendError as error:
            if error.kind is ErrorKind.STREAM_BROKEN:
                return
            raise
        yield frame


def _frame(event: SseEvent) -> dict[str, Any]:
    if event.data == "[DONE]":
        return _DONE
    if event.is_error:
        raise classify_error(200, event.data if event.data.startswith('{"error"') else _as_error(event.data))
    frame = json_object(event.data)
    if frame.get("error"):
        raise classify_error(200, event.data)
    return frame


def _as_error(text: str) -> str:
    try:
        return json.dumps({"error": json_object(text)})
    except BackendError:
        return json.dumps({"error": text})


def _ended_early(call: Generation, *, has_frames: bool) -> BackendError:
    head = bytes(call.head)
    if not has_frames and head.strip() and not head.lstrip().startswith((b"data:", b":", b"event:", b"id:")):
        return classify_error(200, head, call.headers)
    return BackendError(
        ErrorKind.STREAM_BROKEN,
        "The reply ended without its end",
        "The server closed the stream early. What had come is kept; its log may say more.",
        phase="streaming",
    )


def _refused_fields(error: BackendError, body: dict[str, Any]) -> set[str]:
    """Return the fields of a body that a 400 names and that can be left out."""
    if error.status not in (400, 422) or error.kind is not ErrorKind.BAD_REQUEST:
        return set()
    named = re.findall(r"\w+", error.server_text)
    return {name for name in _DROPPABLE if name in body and name in named}


def _choice(frame: dict[str, Any]) -> dict[str, Any]:
    choices = objects_in(frame.get("choices"))
    return choices[0] if choices else {}


def _texts(frame: dict[str, Any]) -> tuple[str, str]:
    """Return thought and content of a frame; of several thought fields one, they repeat each other."""
    delta = object_in(_choice(frame).get("delta"))
    thoughts = (text_in(delta.get(name)) for name in _THOUGHT_FIELDS)
    return next((text for text in thoughts if text), ""), text_in(delta.get("content")) or ""


def _listed(entry: dict[str, Any]) -> ModelInfo:
    meta = object_in(entry.get("meta"))
    windows = (entry.get("max_model_len"), entry.get("context_length"), meta.get("n_ctx"))
    return ModelInfo(
        id=entry["id"],
        label=entry["id"],
        size=size_in(meta.get("size")),
        quant=text_in(meta.get("ftype")),
        ctx_trained=count_in(meta.get("n_ctx_train")),
        ctx_allocated=next((n for window in windows if (n := count_in(window))), None),
        loaded=None if status_of(entry) is None else status_of(entry) in ("loaded", "sleeping"),
    )


def _slot_window(props: dict[str, Any]) -> int | None:
    return count_in(object_in(props.get("default_generation_settings")).get("n_ctx"))
