"""The one protocol every server is spoken to through; names of the ecosystem, no Qt, no HTTP."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.servers import ServerKind


class ServerState(StrEnum):
    """What a server said when it was asked."""

    READY = "ready"
    LOADING = "loading"
    DOWN = "down"
    AUTH = "auth"
    WRONG_SERVER = "wrong_server"


class ErrorKind(StrEnum):
    """What went wrong, in the terms the queue decides by."""

    UNREACHABLE = "unreachable"
    WRONG_SERVER = "wrong_server"
    AUTH = "auth"
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    CONTEXT_EXCEEDED = "context_exceeded"
    OUT_OF_MEMORY = "out_of_memory"
    LOAD_FAILED = "load_failed"
    BUSY = "busy"
    LOADING = "loading"
    STREAM_BROKEN = "stream_broken"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    EMPTY_REPLY = "empty_reply"
    ONLY_THINKING = "only_thinking"


PARKING_KINDS = frozenset({ErrorKind.UNREACHABLE, ErrorKind.AUTH, ErrorKind.BUSY, ErrorKind.LOADING})
"""Failures that wait for the server instead of ending the request, as long as nothing was streamed."""


class BackendError(ForllmError):
    """A server failed. `status` is its HTTP status, `server_text` its own words (at most 2,000 characters).

    `n_prompt` and `n_ctx` (tokens) are set for CONTEXT_EXCEEDED when known. `phase` ("waiting", "loading"
    or "streaming") says where a TIMEOUT or UNREACHABLE happened.
    """

    def __init__(
        self,
        kind: ErrorKind,
        title: str,
        message: str = "",
        *,
        status: int | None = None,
        server_text: str = "",
        n_prompt: int | None = None,
        n_ctx: int | None = None,
        phase: str = "",
    ) -> None:
        super().__init__(title, message)
        self.kind = kind
        self.status = status
        self.server_text = server_text[:2000]
        self.n_prompt = n_prompt
        self.n_ctx = n_ctx
        self.phase = phase


@dataclass(frozen=True)
class Limits:
    """Every time limit of the network side, in seconds, in one place so that tests can scale the clock.

    `stall` counts only after the first text has come; before it there is no limit, but every
    `health_every` the server is asked whether it lives, and `health_failures` noes in a row end the wait.
    A server that accepts the connection and does not answer is slow, not gone, and counts as neither.
    """

    connect_local: float = 3.0
    connect_remote: float = 10.0
    write: float = 60.0
    read: float = 10.0
    describe: float = 30.0
    stall: float = 120.0
    health_every: float = 5.0
    health_failures: int = 3
    engine_start: float = 1800.0
    engine_stop: float = 1.5


@dataclass(frozen=True)
class ServerProfile:
    """How to reach a server. `api_key` is the key itself, in memory only."""

    server_id: int
    kind: ServerKind
    base_url: str
    name: str = ""
    api_key: str | None = field(default=None, repr=False)
    use_proxy: bool = False
    verify_tls: bool = True


@dataclass(frozen=True)
class Features:
    """What a server can do beyond chatting."""

    pull: bool = False
    delete: bool = False
    load: bool = False
    unload: bool = False
    ctx_per_request: bool = False
    exact_count: bool = False
    prompt_progress: bool = False
    cached_tokens: bool = False
    thinking_switch: bool = False
    slots: bool = False


@dataclass(frozen=True)
class ServerInfo:
    """What `probe` found out. `message` explains a state other than READY to the user."""

    state: ServerState
    kind: ServerKind | None = None
    version: str | None = None
    features: Features = Features()
    message: str = ""


@dataclass(frozen=True)
class ModelInfo:
    """A model as its server describes it. None means unknown, never guessed; `size` is in bytes.

    `ctx_trained`, `ctx_allocated` and `ctx_loaded` are tokens; the last is the window it has in memory where
    a request may have another one, which loads it anew. `supports_system` says whether the chat template has
    a system role; `thinks` whether the model has a thinking switch.
    """

    id: str
    label: str = ""
    size: int | None = None
    family: str | None = None
    quant: str | None = None
    ctx_trained: int | None = None
    ctx_allocated: int | None = None
    ctx_loaded: int | None = None
    capabilities: tuple[str, ...] | None = None
    remote: bool = False
    loaded: bool | None = None
    supports_system: bool | None = None

    @property
    def thinks(self) -> bool | None:
        return None if self.capabilities is None else "thinking" in self.capabilities

    @property
    def can_chat(self) -> bool:
        """Say whether requests may be offered to this model; an absent list is no reason against it."""
        return self.capabilities is None or "completion" in self.capabilities


@dataclass(frozen=True)
class LoadedModel:
    """A model in a server's memory. `ctx_allocated` in tokens, `vram` in bytes."""

    id: str
    ctx_allocated: int | None = None
    vram: int | None = None
    expires_at: str | None = None


@dataclass(frozen=True)
class TokenCount:
    """A number of tokens, counted by the server (`is_exact`) or estimated."""

    value: int
    is_exact: bool


class Think(StrEnum):
    """How much a model shall think; DEFAULT is translated to an explicit value before it is sent."""

    DEFAULT = "default"
    OFF = "off"
    ON = "on"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def think_of(wish: bool | None, *, is_on: bool) -> Think:
    """Return how much a model shall think: as a persona wishes, else as the settings say."""
    if wish is not None:
        return Think.ON if wish else Think.OFF
    return Think.DEFAULT if is_on else Think.OFF


Message = dict[str, str]
"""One turn: `role` (system, user or assistant) and `content`."""


@dataclass(frozen=True)
class ChatRequest:
    """One generation. `ctx` is the window and `max_tokens` the bound of the reply, in tokens.

    `n_prompt_estimate` is our own count and `n_prompt_least` what a server that reads all of the prompt will
    count at least, to notice one that shortened it; `keep_alive` is in seconds; `sampling` holds temperature,
    top_p, top_k, min_p, seed, only where set. `stall` replaces the limit of that name.
    """

    model: str
    messages: Sequence[Message]
    ctx: int
    max_tokens: int
    n_prompt_estimate: int
    n_prompt_least: int | None = None
    is_exact_count: bool = False
    sampling: dict[str, Any] = field(default_factory=dict)
    stop: Sequence[str] = ()
    think: Think = Think.DEFAULT
    keep_alive: int = 600
    stall: float | None = None


@dataclass(frozen=True)
class Waiting:
    """Nothing has been written yet: `phase` is "queued", "loading" or "prompt"; `fraction` is 0 to 1."""

    phase: str
    fraction: float | None = None


@dataclass(frozen=True)
class Thinking:
    """A piece of the model's thoughts."""

    text: str


@dataclass(frozen=True)
class Content:
    """A piece of the reply."""

    text: str


@dataclass(frozen=True)
class ContentWasThinking:
    """All `Content` so far was thinking: move it there and start the reply empty.

    Some chat templates open the `<think>` block themselves, so only `</think>` shows up, after the text in
    front of it has been streamed. Comes at most once, and never after a `Thinking`.
    """


@dataclass(frozen=True)
class Usage:
    """Tokens as the server reported them; None where it did not."""

    prompt: int | None = None
    cached: int | None = None
    output: int | None = None


@dataclass(frozen=True)
class Finished:
    """The end of a generation, exactly once, last. `reason` is "stop", "length" or "unknown".

    Durations are seconds. `prompt_shortened`: the server read far less than was sent. `only_thinking`:
    there are thoughts but no reply. `reloaded`: the model had to be loaded. `is_empty`: no text at all.
    `counted` is our own count of the prompt, and `n_raw` the estimate of it without what was learnt.
    """

    reason: str
    usage: Usage = Usage()
    load_seconds: float | None = None
    prompt_seconds: float | None = None
    output_seconds: float | None = None
    prompt_shortened: bool = False
    only_thinking: bool = False
    reloaded: bool = False
    is_empty: bool = False
    counted: TokenCount | None = None
    n_raw: int | None = None


ChatEvent = Waiting | Thinking | Content | ContentWasThinking | Finished


class Backend(Protocol):
    """One server. Belongs to the event loop it was made in; every failure is a BackendError."""

    profile: ServerProfile

    async def probe(self) -> ServerInfo:
        """Ask whether the server is there and what it is. Never raises for one that is down."""
        ...

    async def list_models(self) -> list[ModelInfo]:
        """List the models the server offers."""
        ...

    async def describe(self, model: str) -> ModelInfo:
        """Fill in what the server knows of one model: windows, capabilities, template."""
        ...

    async def loaded(self) -> list[LoadedModel]:
        """List the models in the server's memory; empty where it does not tell."""
        ...

    async def prepare(self, model: str, ctx: int) -> ModelInfo:
        """Describe a model for a request that wants a window of `ctx` tokens, loading it where that is ours.

        `ctx_allocated` is then the largest window the request can have, None where the request decides.
        """
        ...

    async def count_tokens(
        self, model: str, messages: Sequence[Message], think: Think = Think.DEFAULT
    ) -> TokenCount:
        """Count a prompt as `chat` would send it, template included; an estimate where the server cannot."""
        ...

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream one reply. Closing the generator or cancelling the task closes the socket at once.

        Leave the loop through `contextlib.aclosing`, or an exception in its body keeps the socket open.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
