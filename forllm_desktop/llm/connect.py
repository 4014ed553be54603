"""Chooses the backend that speaks to a server."""

from dataclasses import replace
from typing import Any

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import (
    Backend,
    BackendError,
    ErrorKind,
    Limits,
    ServerProfile,
    ServerState,
)
from forllm_desktop.llm.discovery import detect
from forllm_desktop.llm.errors import unreachable
from forllm_desktop.llm.ollama import OllamaBackend
from forllm_desktop.llm.openai_compatible import OpenAIBackend


async def connect(profile: ServerProfile, limits: Limits, engine_host: Any = None) -> Backend:
    """Return a backend for the running event loop; a server of kind AUTO is asked what it is first.

    `engine_host` keeps the built-in engine's process, for profiles of kind ENGINE. Raises BackendError
    UNREACHABLE, LOADING, AUTH or WRONG_SERVER when the kind cannot be found out now.
    """
    if profile.kind is ServerKind.ENGINE:
        # The engine's process control is not needed by those who only talk to other servers.
        from forllm_desktop.llm.builtin import EngineBackend

        return EngineBackend(profile, limits, engine_host)
    if profile.kind is ServerKind.AUTO:
        profile = await _detected(profile, limits)
    if profile.kind is ServerKind.OLLAMA:
        return OllamaBackend(profile, limits)
    return OpenAIBackend(profile, limits)


async def _detected(profile: ServerProfile, limits: Limits) -> ServerProfile:
    info = await detect(profile, limits)
    if info.state is ServerState.READY and info.kind is not None:
        return replace(profile, kind=info.kind)
    if info.state is ServerState.DOWN:
        raise unreachable(profile, info.message, phase="waiting")
    kind, title = {
        ServerState.AUTH: (ErrorKind.AUTH, "The server refuses access"),
        ServerState.LOADING: (ErrorKind.LOADING, "The server is not ready yet"),
    }.get(info.state, (ErrorKind.WRONG_SERVER, "This is not a server for language models"))
    raise BackendError(kind, title, info.message, phase="waiting")
