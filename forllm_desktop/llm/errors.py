"""Turns what a server answered, or that it did not, into one BackendError a user can act on."""

from collections.abc import Mapping
from dataclasses import dataclass

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import BackendError, ErrorKind, ServerProfile
from forllm_desktop.llm.error_bodies import Said, read_error, window_numbers

PROGRAM_TO_START: dict[ServerKind, str] = {
    ServerKind.AUTO: "Start Ollama, LM Studio or llama-server",
    ServerKind.OLLAMA: "Start the Ollama app or run “ollama serve”",
    ServerKind.LMSTUDIO: "Open LM Studio and start its server (Developer, Start server)",
    ServerKind.LLAMACPP: "Start “llama-server”",
    ServerKind.OPENAI: "Start the program that serves the model",
    ServerKind.ENGINE: "The built-in engine is started again with the next request",
}


def classify_error(
    status: int, body: bytes | str, headers: Mapping[str, str] | None = None, *, model: str = ""
) -> BackendError:
    """Say what a server meant by an answer that is no reply, or by an error inside a stream (status 200).

    Knows the shapes of Ollama, llama-server, LM Studio, vLLM and FastAPI: an object or a string under
    `error`, JSON nested in a string, plain text, HTML, nothing at all. `model` is what was asked for.
    """
    said = read_error(body)
    status = said.code if status < 400 <= said.code else status
    html = said.is_html or "text/html" in (headers or {}).get("content-type", "")
    rule = next(rule for rule in _RULES if rule.fits(status, said, html))
    n_prompt, n_ctx = window_numbers(said) if rule.kind is ErrorKind.CONTEXT_EXCEEDED else (None, None)
    message = rule.advice.format(
        model=model or said.model or "NAME",
        n_prompt=n_prompt if n_prompt is not None else "more",
        n_ctx=f"the window of {n_ctx}" if n_ctx is not None else "the model's window",
        status=status,
    )
    if rule.quotes and said.text and not html:
        message = f"{message} The server said: “{said.text[:500]}”".strip()
    return BackendError(
        rule.kind, rule.title, message, status=status, server_text=said.text, n_prompt=n_prompt, n_ctx=n_ctx
    )


def unreachable(profile: ServerProfile, reason: str = "", *, phase: str = "") -> BackendError:
    """Say that nobody answers at the server's address, and which program to start."""
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return BackendError(
            ErrorKind.UNREACHABLE,
            "The server's certificate is not trusted",
            f"Add it to the system's certificates or switch the check off for {profile.base_url}.",
            server_text=reason,
            phase=phase,
        )
    return BackendError(
        ErrorKind.UNREACHABLE,
        "The server cannot be reached",
        f"Nothing answers at {profile.base_url}. {PROGRAM_TO_START[profile.kind]}; "
        "waiting requests go on by themselves.",
        server_text=reason,
        phase=phase,
    )


def wrong_server(base_url: str, server_text: str = "") -> BackendError:
    """Say that whatever listens at an address does not speak a protocol we know."""
    return BackendError(
        ErrorKind.WRONG_SERVER,
        "This is not a server for language models",
        f"Another program answers at {base_url}. Check the address and the port.",
        server_text=server_text,
    )


@dataclass(frozen=True)
class _Rule:
    """Fits when every condition that is given does; `phrases` are looked for without regard to case."""

    kind: ErrorKind
    title: str
    advice: str = ""
    phrases: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    html: bool | None = None
    empty: bool | None = None
    is_error: bool | None = None
    quotes: bool = False

    def fits(self, status: int, said: Said, html: bool) -> bool:
        text = said.text.lower()
        return (
            (not self.statuses or status in self.statuses)
            and (not self.types or said.type in self.types)
            and (not self.phrases or any(phrase in text for phrase in self.phrases))
            and self.html in (None, html)
            and self.empty in (None, said.is_blank)
            and self.is_error in (None, said.is_error)
        )


_TOO_LONG = "The conversation is too long for the model"
_TOO_LONG_ADVICE = (
    "It needs {n_prompt} tokens and does not fit into {n_ctx}. "
    "Choose a larger context window, or answer a post higher up."
)
_NO_MEMORY = "GPU memory ran out"
_NO_MEMORY_ADVICE = "Choose a smaller context window or a smaller model, or close other programs."
_NOT_LOADED = "The model could not be loaded"
_NOT_THERE = "The server does not have this model"
_NO_API = "This is not a server for language models"
_NO_API_ADVICE = (
    "Another program answers at this address. Check the address, the port and the kind of server."
)
_GATEWAYS = (502, 504)
_REDIRECTS = (300, 301, 302, 303, 307, 308)

_RULES = (
    _Rule(
        ErrorKind.CONTEXT_EXCEEDED,
        _TOO_LONG,
        _TOO_LONG_ADVICE,
        types=("exceed_context_size_error",),
    ),
    _Rule(
        ErrorKind.CONTEXT_EXCEEDED,
        _TOO_LONG,
        _TOO_LONG_ADVICE,
        phrases=(
            "exceed_context_size",
            "longer than the context length",
            "exceeds the available context size",
            "exceeds the context",
            "exceeds maximum context",
            "maximum context length",
            "maximum model length",
            "trying to keep the first",
            "context length of only",
            "greater than the context length",
            "context window exceeded",
            "context overflow",
            "context the overflows",
        ),
    ),
    _Rule(
        ErrorKind.OUT_OF_MEMORY,
        "Memory ran out",
        "The model needs more memory than this computer has free. " + _NO_MEMORY_ADVICE,
        phrases=("requires more system memory", "not enough memory", "insufficient memory"),
    ),
    _Rule(
        ErrorKind.OUT_OF_MEMORY,
        _NO_MEMORY,
        _NO_MEMORY_ADVICE,
        phrases=(
            "out of memory",
            "outofmemory",
            "out of device memory",
            "outofdevicememory",
            "failed to allocate",
            "allocation failed",
            "cudamalloc failed",
        ),
    ),
    _Rule(
        ErrorKind.LOAD_FAILED,
        _NOT_LOADED,
        "Update Ollama, or choose another model.",
        phrases=("may be incompatible with your version of ollama",),
        quotes=True,
    ),
    _Rule(
        ErrorKind.LOAD_FAILED,
        _NOT_LOADED,
        "Try a smaller context window or another model; the server's log may say more.",
        phrases=(
            "llama-server process has terminated",
            "llama runner process has terminated",
            "timed out waiting for llama",
            "failed to load model",
            "error loading model",
            "unable to load model",
        ),
        quotes=True,
    ),
    _Rule(ErrorKind.WRONG_SERVER, _NO_API, _NO_API_ADVICE, phrases=("unexpected endpoint",)),
    _Rule(
        ErrorKind.WRONG_SERVER,
        "The server wants https",
        "Change the address so that it begins with https://.",
        phrases=("http request to an https server", "http request was sent to https port"),
    ),
    _Rule(
        ErrorKind.AUTH,
        "The server wants a key",
        "Enter its API key in the settings of this server. For a cloud model of Ollama run “ollama signin”.",
        statuses=(401,),
    ),
    _Rule(
        ErrorKind.AUTH,
        "The server refuses this host name",
        "It answers only to names it knows. Use its IP address (127.0.0.1 on this computer) instead of a "
        "name, or let the server listen on all addresses (for Ollama: OLLAMA_HOST=0.0.0.0).",
        statuses=(403,),
        empty=True,
    ),
    _Rule(
        ErrorKind.AUTH,
        "The server refuses access",
        "Check the API key and what it is allowed to do.",
        statuses=(403, 407),
        quotes=True,
    ),
    _Rule(
        ErrorKind.UNREACHABLE,
        "A proxy answers instead of the server",
        "It could not reach the server (status {status}). Start the server, or switch the proxy off for it.",
        statuses=_GATEWAYS,
    ),
    _Rule(
        ErrorKind.BUSY,
        "The server is busy",
        "The request waits and is sent again by itself.",
        phrases=("server busy", "no slot available", "too many requests", "maximum pending requests"),
    ),
    _Rule(
        ErrorKind.LOADING,
        "The server is still loading the model",
        "The request waits and is sent again by itself.",
        phrases=("loading model", "model is loading", "proxy error: could not establish connection"),
    ),
    _Rule(
        ErrorKind.LOADING,
        "The server is not ready yet",
        "The request waits and is sent again by itself.",
        statuses=(503,),
        types=("unavailable_error",),
    ),
    _Rule(
        ErrorKind.BUSY,
        "The server is busy",
        "The request waits and is sent again by itself.",
        statuses=(429, 503),
    ),
    _Rule(ErrorKind.WRONG_SERVER, _NO_API, _NO_API_ADVICE, html=True),
    _Rule(
        ErrorKind.WRONG_SERVER,
        "The address leads somewhere else",
        "The server redirects to another place (status {status}). Enter that address instead.",
        statuses=_REDIRECTS,
    ),
    _Rule(
        ErrorKind.NOT_FOUND,
        "No model is loaded",
        "Load one in the program that serves it, or allow it to load models when they are asked for.",
        phrases=("no models loaded", "no model loaded"),
    ),
    _Rule(
        ErrorKind.NOT_FOUND,
        _NOT_THERE,
        "Get it with “ollama pull {model}”, or choose another model.",
        phrases=("try pulling it first", "pull model manifest", "model '"),
        statuses=(200, 404),
    ),
    _Rule(
        ErrorKind.WRONG_SERVER,
        "The server does not know this request",
        "The address is right, but not for this kind of server. Let the kind be found out again.",
        phrases=("file not found", "page not found", "no route", "cannot post", "cannot get"),
        statuses=(404, 405),
    ),
    _Rule(
        ErrorKind.WRONG_SERVER,
        "The server does not know this request",
        "The address is right, but not for this kind of server. Let the kind be found out again.",
        statuses=(405,),
    ),
    _Rule(
        ErrorKind.NOT_FOUND,
        _NOT_THERE,
        "“{model}” is not there. Choose another model, or add it to the server.",
        statuses=(404,),
        quotes=True,
    ),
    _Rule(
        ErrorKind.BAD_REQUEST,
        "The model's template refuses this conversation",
        "It does not accept this order of roles.",
        phrases=(
            "roles must alternate",
            "system message must be at the beginning",
            "system role not supported",
        ),
        quotes=True,
    ),
    _Rule(
        ErrorKind.BAD_REQUEST,
        "The model cannot do what was asked",
        "",
        phrases=("does not support", "must be of type"),
        quotes=True,
    ),
    _Rule(
        ErrorKind.BAD_REQUEST,
        "The server refuses the request",
        "",
        statuses=(400, 406, 409, 411, 413, 415, 422),
        quotes=True,
    ),
    _Rule(
        ErrorKind.SERVER_ERROR,
        "The model repeated itself and was stopped",
        "Try again, with another temperature or another model.",
        phrases=("token repeat limit",),
    ),
    _Rule(
        ErrorKind.SERVER_ERROR,
        "The model's process stopped",
        "Try again; if it happens again, choose a smaller context window or a smaller model.",
        phrases=("model runner has unexpectedly stopped", "error was encountered while running the model"),
        quotes=True,
    ),
    _Rule(
        ErrorKind.STREAM_BROKEN,
        "The server ended without an answer",
        "Try again; the server's log may say more.",
        statuses=(200,),
        empty=True,
        is_error=False,
    ),
    _Rule(ErrorKind.WRONG_SERVER, _NO_API, _NO_API_ADVICE, statuses=(200,), is_error=False),
    _Rule(
        ErrorKind.SERVER_ERROR,
        "The server reported an error",
        "Try again; the server's log may say more.",
        quotes=True,
    ),
)
