"""LLM servers as the user knows them, and how an address is read."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import PurePath
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base, utc_now
from forllm_desktop.domain.errors import InvalidInput


class ServerKind(StrEnum):
    """Which protocol a server speaks; `AUTO` is found out by asking it."""

    AUTO = "auto"
    OLLAMA = "ollama"
    LLAMACPP = "llamacpp"
    LMSTUDIO = "lmstudio"
    OPENAI = "openai"
    ENGINE = "engine"


ENGINE_URL = "engine:"
"""The address under which the built-in engine is stored; it has no fixed port."""

WELL_KNOWN_PORTS: dict[int, str] = {
    11434: "Ollama",
    1234: "LM Studio",
    8080: "llama-server",
    9931: "llama-server",
    1337: "Jan",
    5001: "KoboldCpp",
    5000: "text-generation-webui",
    8000: "vLLM",
    4891: "GPT4All",
}


class Server(Base):
    """A server to send requests to. `api_key_ref` names its key in the keyring; the key is never here."""

    __tablename__ = "servers"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(k.value) for k in ServerKind)})", name="kind"),
        # An id is never given out twice: a choice that is remembered must not come to mean another server.
        {"sqlite_autoincrement": True},
    )

    server_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default=ServerKind.AUTO.value)
    name: Mapped[str] = mapped_column(String(200))
    base_url: Mapped[str] = mapped_column(String(2000), unique=True)
    api_key_ref: Mapped[str | None] = mapped_column(String(200))
    use_proxy: Mapped[bool] = mapped_column(Boolean, default=False)
    verify_tls: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class ModelFacts(Base):
    """What a server last said of a model, for previews that must not wake it; None where it said nothing.

    `ctx` is the largest window a request can have there, in tokens. `bucket` is the window that was asked
    for last, so that the next request asks for no other one without need.
    """

    __tablename__ = "model_facts"

    server_id: Mapped[int] = mapped_column(
        ForeignKey("servers.server_id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(Text, primary_key=True)
    ctx: Mapped[int | None]
    supports_system: Mapped[bool | None] = mapped_column(Boolean)
    bucket: Mapped[int | None]
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)


class ModelOptions(Base):
    """What the user sets for one model. `context_window` is in tokens and replaces that of the settings."""

    __tablename__ = "model_options"

    server_id: Mapped[int] = mapped_column(
        ForeignKey("servers.server_id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(Text, primary_key=True)
    context_window: Mapped[int | None]


class TokenSample(Base):
    """One comparison of our estimate of a prompt with what the server counted, both in tokens.

    `raw` is the estimate without, `expected` the one with what was learnt of the model by then; `kinds` is
    `raw` by kind of text. `was_shortened`: the server had read far less than was sent, so nothing is learnt.
    """

    __tablename__ = "token_samples"
    __table_args__ = (Index("ix_token_samples_model", "server_id", "model", "sample_id"),)

    sample_id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.server_id", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(Text)
    raw: Mapped[int]
    expected: Mapped[int]
    reported: Mapped[int]
    kinds: Mapped[list]
    was_shortened: Mapped[bool] = mapped_column(Boolean, default=False)
    taken_at: Mapped[datetime] = mapped_column(default=utc_now)


@dataclass(frozen=True)
class ModelChoice:
    """A model to ask: always a pair of server and name. For the engine the name is a path of a GGUF file."""

    server_id: int
    name: str


def model_word(name: str) -> str:
    """Return a model's name as it is shown: a file's name without its folder and ending."""
    return PurePath(name).stem if name.casefold().endswith(".gguf") else name


def normal_url(typed: str) -> str:
    """Return the base address of a server from what a user types.

    Adds a missing scheme and Ollama's port to a bare host, removes a trailing slash, `/v1` and `/api`,
    maps 0.0.0.0, :: and localhost to 127.0.0.1. Raises InvalidInput.
    """
    text = typed.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _bad_url(typed) from error
    if parts.scheme not in ("http", "https") or not host or " " in text or not text.isprintable():
        raise _bad_url(typed)
    if parts.username or parts.password:
        raise InvalidInput(
            "base_url", "The address holds a password", "Leave it out and enter the key in its own field."
        )
    if host in ("0.0.0.0", "::", "localhost"):
        host = "127.0.0.1"
    if ":" in host:
        host = f"[{host}]"
    if port is None and parts.scheme == "http" and "://" not in typed and "/" not in typed:
        port = 11434
    path = parts.path.rstrip("/")
    while path.endswith(("/v1", "/api")):
        path = path.removesuffix("/v1").removesuffix("/api").rstrip("/")
    return urlunsplit((parts.scheme, f"{host}:{port}" if port else host, path, "", ""))


def is_private_url(url: str) -> bool:
    """Say whether an address lies on this machine or in a private network, so that no proxy is wanted."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".localhost")) or "." not in host
    return address.is_loopback or address.is_private or address.is_link_local


def _bad_url(typed: str) -> InvalidInput:
    return InvalidInput(
        "base_url",
        "This is not an address of a server",
        f"“{typed.strip()[:200]}” was typed; an address looks like http://127.0.0.1:11434.",
    )
