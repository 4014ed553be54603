"""The words for servers and model files: what a server is, how it answers, how large a file is."""

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.services.model_sources import Source
from forllm_desktop.ui.words import counted

_KINDS = {
    ServerKind.AUTO: "Found out when it answers",
    ServerKind.OLLAMA: "Ollama",
    ServerKind.LLAMACPP: "llama-server",
    ServerKind.LMSTUDIO: "LM Studio",
    ServerKind.OPENAI: "OpenAI-compatible",
    ServerKind.ENGINE: "Built-in engine",
}


def kind_word(kind: ServerKind | str | None) -> str:
    """Return what a server is."""
    return _KINDS[ServerKind(kind)] if kind else "Unknown"


def state_word(source: Source) -> tuple[str, str]:
    """Return how a server answered, in two or three words, and the token of their colour."""
    word, colour = {
        "ready": ("answers", "ok"),
        "loading": ("is loading", "warn"),
        "auth": ("asks for a key", "warn"),
        "down": ("no answer", "text_3"),
        "wrong_server": ("is something else", "danger"),
    }[source.state.value]
    return word, colour


def test_result(source: Source) -> str:
    """Return what a test of a server showed, in a sentence."""
    if not source.is_ready:
        return source.message or "The server did not answer."
    what = f"{kind_word(source.kind)} {source.version or ''}".strip()
    names = [model.label or model.id for model in source.models]
    models = f"{counted(len(names), 'model')}: {few(names, 4)}" if names else "no model that can chat yet"
    return f"{what} answered in {milliseconds(source.seconds)}. It has {models}."


def few(names: list[str], most: int) -> str:
    """Return the first names of a list and how many more there are: "a, b and 2 more"."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def asking(names: list[str]) -> str:
    """Return that servers are being asked: "Asking Ollama…"."""
    return f"Asking {few(names, 2)}…"


def no_answer(names: list[str]) -> str:
    """Return that no server gave its models: "Ollama did not answer"."""
    return f"{names[0]} did not answer" if len(names) == 1 else "No server answered"


def milliseconds(seconds: float) -> str:
    """Return a short time: "12 ms", "1.4 s"."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def size_text(size: int | None) -> str:
    """Return the size of a file: "4.7 GB", "38 MB"; empty when unknown."""
    if size is None:
        return ""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= limit:
            value = size / limit
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{size} bytes"


def short_address(address: str) -> str:
    """Return an address without its scheme when that is plain HTTP."""
    return address.removeprefix("http://")
