"""What offers models just now: a server that was asked, or the built-in engine with its files."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forllm_desktop.domain.servers import ENGINE_URL, ServerKind
from forllm_desktop.llm.backend import BackendError, Limits, ModelInfo, ServerProfile, ServerState
from forllm_desktop.services.model_files import GgufFile


@dataclass(frozen=True)
class Source:
    """A server or the engine, as it answered. `server_id` is 0 for one that is not known yet.

    `message` says what is wrong when it is not ready; `seconds` is how long all answers took together;
    `models` are those that can chat, for the engine its files with their paths as ids.
    """

    server_id: int
    name: str
    address: str
    kind: ServerKind | None
    state: ServerState
    version: str | None = None
    message: str = ""
    models: tuple[ModelInfo, ...] = ()
    seconds: float = 0.0

    @property
    def is_ready(self) -> bool:
        """Say whether requests can be sent there now."""
        return self.state is ServerState.READY

    @property
    def is_there(self) -> bool:
        """Say whether a server of models answered, ready or not."""
        return self.state in (ServerState.READY, ServerState.LOADING, ServerState.AUTH)

    @property
    def is_engine(self) -> bool:
        return self.kind is ServerKind.ENGINE


async def ask_source(profile: ServerProfile, limits: Limits) -> Source:
    """Ask a server what it is and which models it has. Never raises for what it finds."""
    began = time.monotonic()
    from forllm_desktop.llm.discovery import KIND_NAMES, detect

    info = await detect(profile, limits)
    models: tuple[ModelInfo, ...] = ()
    state, message = info.state, info.message
    if state is ServerState.READY and info.kind is not None:
        try:
            models = await _models(profile, info.kind, limits)
        except BackendError as error:
            state, message = ServerState.LOADING, f"{error.title}. {error.message}"
    usual = KIND_NAMES.get(info.kind, profile.name) if info.kind else profile.name
    return Source(
        server_id=profile.server_id,
        name=profile.name if profile.server_id else usual,
        address=profile.base_url,
        kind=info.kind,
        state=state,
        version=info.version,
        message=message,
        models=models,
        seconds=time.monotonic() - began,
    )


def engine_source(files: Sequence[GgufFile], server_id: int) -> Source:
    """Return the built-in engine with the files that are there."""
    models = tuple(
        ModelInfo(id=file.path, label=file.name, size=file.size) for file in files if file.size is not None
    )
    return Source(
        server_id, "Built-in engine", ENGINE_URL, ServerKind.ENGINE, ServerState.READY, models=models
    )


def installed_programs() -> dict[str, int]:
    """Return the programs on this machine that serve models when they are started, with their ports."""
    home = Path.home()
    found = {}
    if shutil.which("ollama") or (home / ".ollama").is_dir():
        found["Ollama"] = 11434
    if shutil.which("lms") or (home / ".lmstudio").is_dir():
        found["LM Studio"] = 1234
    return found


async def _models(profile: ServerProfile, kind: ServerKind, limits: Limits) -> tuple[ModelInfo, ...]:
    known = ServerProfile(**{**vars(profile), "kind": kind})
    from forllm_desktop.llm.connect import connect

    backend = await connect(known, limits)
    try:
        return tuple(model for model in await backend.list_models() if model.can_chat)
    finally:
        await backend.aclose()
