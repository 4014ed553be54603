"""Finds out what a server is, and which servers answer on this machine."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace

from forllm_desktop.domain.servers import WELL_KNOWN_PORTS, ServerKind
from forllm_desktop.llm.backend import (
    BackendError,
    ErrorKind,
    Features,
    Limits,
    ServerInfo,
    ServerProfile,
    ServerState,
)
from forllm_desktop.llm.errors import classify_error, wrong_server
from forllm_desktop.llm.fields import objects_in, text_in
from forllm_desktop.llm.transport import Reply, Transport

KIND_NAMES: dict[ServerKind, str] = {
    ServerKind.OLLAMA: "Ollama",
    ServerKind.LLAMACPP: "llama-server",
    ServerKind.LMSTUDIO: "LM Studio",
}

_STATES = {
    ErrorKind.UNREACHABLE: ServerState.DOWN,
    ErrorKind.TIMEOUT: ServerState.DOWN,
    ErrorKind.AUTH: ServerState.AUTH,
    ErrorKind.LOADING: ServerState.LOADING,
    ErrorKind.BUSY: ServerState.LOADING,
}


@dataclass(frozen=True)
class FoundServer:
    """A server that answered: READY, LOADING or asking for a key (AUTH)."""

    base_url: str
    name: str
    info: ServerInfo


async def detect(profile: ServerProfile, limits: Limits) -> ServerInfo:
    """Find out what answers at an address, by the shape of its bodies. Never raises for what it finds."""
    transport = Transport(profile, limits)
    try:
        return await identify(transport)
    finally:
        await transport.aclose()


async def identify(transport: Transport) -> ServerInfo:
    """Do what `detect` does over connections that are there already."""
    try:
        return await _identify(transport)
    except BackendError as error:
        state = _STATES.get(error.kind, ServerState.WRONG_SERVER)
        return ServerInfo(state, message=f"{error.title}. {error.message}")


async def identify_as(transport: Transport, kinds: Collection[ServerKind], features: Features) -> ServerInfo:
    """Probe a server that should be of one of `kinds`; another one there by now is a WRONG_SERVER."""
    info = await identify(transport)
    if info.state is not ServerState.READY:
        return info
    if info.kind in kinds:
        return replace(info, features=features)
    found = KIND_NAMES.get(info.kind, "another kind of server") if info.kind else "another program"
    message = f"At {transport.profile.base_url} there is {found} now. Let the kind be found out again."
    return replace(info, state=ServerState.WRONG_SERVER, message=message)


async def find_servers(limits: Limits) -> list[FoundServer]:
    """Ask all well-known ports of this machine at once and return the servers that answered."""
    urls = [f"http://127.0.0.1:{port}" for port in WELL_KNOWN_PORTS]
    profiles = [ServerProfile(0, ServerKind.AUTO, url) for url in urls]
    infos = await asyncio.gather(*(detect(profile, limits) for profile in profiles))
    found = zip(urls, WELL_KNOWN_PORTS.values(), infos, strict=True)
    return [
        FoundServer(url, KIND_NAMES.get(info.kind, usual) if info.kind else usual, info)
        for url, usual, info in found
        if info.state in (ServerState.READY, ServerState.LOADING, ServerState.AUTH)
    ]


async def _identify(transport: Transport) -> ServerInfo:
    """Ask in this order: every server answers unknown paths in its own way, some with status 200."""
    version = await _answer(transport, "/api/version")
    if isinstance(version.json().get("version"), str):
        return ServerInfo(ServerState.READY, ServerKind.OLLAMA, version.json()["version"])
    props = await _answer(transport, "/props")
    if "default_generation_settings" in props.json() or _is_llamacpp(props):
        return ServerInfo(ServerState.READY, ServerKind.LLAMACPP, text_in(props.json().get("build_info")))
    lmstudio = (await _answer(transport, "/api/v1/models")).json()
    if any("key" in entry for entry in objects_in(lmstudio.get("models"))):
        return ServerInfo(ServerState.READY, ServerKind.LMSTUDIO)
    lmstudio_03 = (await _answer(transport, "/api/v0/models")).json()
    if any("state" in entry for entry in objects_in(lmstudio_03.get("data"))):
        return ServerInfo(ServerState.READY, ServerKind.LMSTUDIO)
    models = await _answer(transport, "/v1/models")
    if isinstance(models.json().get("data"), list):
        return ServerInfo(ServerState.READY, ServerKind.OPENAI)
    raise wrong_server(transport.profile.base_url, models.body[:200].decode("utf-8", "replace"))


async def _answer(transport: Transport, path: str) -> Reply:
    """Ask one path. Raises what makes asking further paths useless: a key is wanted, or a model loads."""
    reply = await transport.request("GET", path)
    if reply.status >= 400:
        error = classify_error(reply.status, reply.body, reply.headers)
        if error.kind in (ErrorKind.AUTH, ErrorKind.LOADING, ErrorKind.UNREACHABLE):
            raise error
    return reply


def _is_llamacpp(reply: Reply) -> bool:
    return reply.headers.get("server", "").lower().startswith("llama.cpp")
