"""What the tests of this folder share: requests, profiles, limits on a scaled clock."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import (
    Backend,
    ChatEvent,
    ChatRequest,
    Content,
    ContentWasThinking,
    Limits,
    ServerProfile,
    Thinking,
)

QUICK = Limits(
    connect_local=1.0, connect_remote=1.0, write=2.0, read=1.0, describe=1.0, stall=0.3, health_every=0.05
)
HELLO = [{"role": "user", "content": "Hello?"}]


class Events(list[ChatEvent]):
    """Collected events that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def append(self, event: ChatEvent) -> None:
        super().append(event)
        self._more.set()

    async def until(self, is_it: Callable[[ChatEvent], bool]) -> None:
        while not any(is_it(event) for event in self):
            self._more.clear()
            await self._more.wait()


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(main)


def profile(url: str, kind: ServerKind = ServerKind.AUTO, **fields: Any) -> ServerProfile:
    return ServerProfile(1, kind, url, **fields)


def chat_request(**fields: Any) -> ChatRequest:
    return ChatRequest(
        **{
            "model": "llama3.2",
            "messages": HELLO,
            "ctx": 4096,
            "max_tokens": 1024,
            "n_prompt_estimate": 26,
            **fields,
        }
    )


async def events_of(backend: Backend, request: ChatRequest | None = None) -> list[ChatEvent]:
    """Return all events of a reply, and close the backend."""
    events: list[ChatEvent] = []
    try:
        await collect(backend, events, request)
    finally:
        await backend.aclose()
    return events


async def collect(backend: Backend, events: list[ChatEvent], request: ChatRequest | None = None) -> None:
    async with aclosing(backend.chat(request or chat_request())) as stream:
        async for event in stream:
            events.append(event)


def texts(events: list[Any]) -> tuple[str, str]:
    """Return all thoughts and all content, as a reader would see them at the end."""
    thinking = content = ""
    for event in events:
        if isinstance(event, Thinking):
            thinking += event.text
        elif isinstance(event, Content):
            content += event.text
        elif isinstance(event, ContentWasThinking):
            thinking, content = thinking + content, ""
    return thinking, content
