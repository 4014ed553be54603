"""A backend that plays a script instead of asking a server."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import (
    ChatEvent,
    ChatRequest,
    Content,
    ContentWasThinking,
    Finished,
    Message,
    ModelInfo,
    ServerProfile,
    Think,
    Thinking,
    TokenCount,
)
from forllm_desktop.llm.tokens import estimate_tokens
from tests.fakes import Gate, Pause


@dataclass(frozen=True)
class Hang:
    """Say nothing more, until the request is cancelled."""


Step = str | ChatEvent | Exception | Pause | Gate | Hang
"""A text is a piece of the reply, an exception is raised."""


class ScriptedBackend:
    """Answers each request with the next script, then with a plain reply.

    `requests` holds what was asked; `closed_at` the time (monotonic) at which each stream was left.
    """

    def __init__(self, *scripts: Sequence[Step] | Step, ctx_trained: int | None = 4096) -> None:
        self.profile = ServerProfile(1, ServerKind.OLLAMA, "http://127.0.0.1:11434")
        self.scripts = [[script] if isinstance(script, str | Exception) else script for script in scripts]
        self.requests: list[ChatRequest] = []
        self.closed_at: list[float] = []
        self.ctx_trained = ctx_trained
        self.is_closed = False

    async def prepare(self, model: str, ctx: int) -> ModelInfo:
        return ModelInfo(model, ctx_trained=self.ctx_trained)

    async def count_tokens(
        self, model: str, messages: Sequence[Message], think: Think = Think.DEFAULT
    ) -> TokenCount:
        return TokenCount(estimate_tokens(messages), is_exact=False)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        self.requests.append(request)
        text, thoughts = "", ""
        try:
            for step in self.scripts.pop(0) if self.scripts else ["Because of scattering."]:
                match step:
                    case str():
                        text += step
                        yield Content(step)
                    case Exception():
                        raise step
                    case Pause(seconds):
                        await asyncio.sleep(seconds)
                    case Gate():
                        await step.pass_through()
                    case Hang():
                        await asyncio.Event().wait()
                    case Thinking(piece):
                        thoughts += piece
                        yield step
                    case ContentWasThinking():
                        text, thoughts = "", text
                        yield step
                    case _:
                        yield step
            yield Finished("stop", only_thinking=bool(thoughts and not text), is_empty=not (thoughts or text))
        finally:
            self.closed_at.append(time.monotonic())

    async def aclose(self) -> None:
        self.is_closed = True


class ScriptedBackends:
    """Stands in for the worker's backends: all requests meet one scripted backend, whatever their server."""

    def __init__(self, backend: ScriptedBackend) -> None:
        self.backend = backend

    async def of(self, server_id: int | None) -> Any:
        return self.backend

    async def found_anew(self, server_id: int) -> None:
        return None

    async def aclose(self) -> None:
        await self.backend.aclose()
