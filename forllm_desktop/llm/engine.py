"""The child process of the built-in engine: llama.cpp serving one GGUF file on a free loopback port.

`forllm --engine` reads one line of JSON from standard input and answers with one line of JSON on standard
output. Standard input is the life-line afterwards: when it ends, so does this process. Nothing else of the
app is imported here, so that it starts in a tenth of a second.
"""

import importlib.util
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

PROMPT_CACHE_MIB = 1024
"""Room for displaced prompts; llama.cpp's own default of 8 GiB would fill a small machine overnight."""

MISSING = (
    "The built-in engine (the package xllamacpp) is not available on this computer. "
    "Use Ollama, LM Studio or llama-server instead."
)

_STDIN, _STDOUT, _STDERR = 0, 1, 2


def is_available() -> bool:
    """Say whether llama.cpp is installed here; it is not loaded for the answer."""
    return importlib.util.find_spec("xllamacpp") is not None


def main() -> int:
    """Serve the model that standard input names until standard input ends; 1 when it cannot be loaded.

    The line read is {"model": path, "ctx": tokens, "threads": number or 0, "api_key": text, "alias": text};
    the last two may be missing. The line written is {"url": address} once requests are answered, or
    {"error": text}. After the first of these the process never returns from here.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the parent to answer
    answers = _keep_stdout_clean()
    life_line = open(_STDIN, "rb", buffering=0, closefd=False)  # noqa: SIM115 - held until the end
    order = _read_line(life_line)
    if not order:
        return 1
    watch = threading.Thread(target=_exit_at_end_of, args=(life_line,), name="life-line", daemon=True)
    watch.start()
    try:
        with _leaving_in_mid_load():
            server = _load(json.loads(order))
    except ImportError as error:
        return _fail(answers, f"{MISSING} ({error})")
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        return _fail(answers, str(error) or type(error).__name__)
    _answer(answers, {"url": server.listening_address})
    os.close(answers)
    watch.join()
    return 0


def _keep_stdout_clean() -> int:
    """Send whatever native code prints to standard error and return a descriptor of the real output."""
    answers = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    return answers


def _read_line(stream: BinaryIO) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = stream.read(1)
        if not byte:
            return b""
        line += byte
    return bytes(line)


def _exit_at_end_of(stream: BinaryIO) -> None:
    """Leave at once, without the interpreter's shutdown: llama.cpp crashes there while it is busy."""
    while stream.read(4096):
        pass
    os._exit(0)


@contextmanager
def _leaving_in_mid_load() -> Iterator[None]:
    """Let the system end this process when standard input ends.

    A load takes minutes and xllamacpp holds the interpreter's lock all the while, so no thread of ours can
    notice. Linux alone; elsewhere an engine whose parent was killed leaves once the load is done.
    """
    if sys.platform != "linux":
        yield
        return
    import fcntl
    import select

    flags = fcntl.fcntl(_STDIN, fcntl.F_GETFL)
    fcntl.fcntl(_STDIN, fcntl.F_SETOWN, os.getpid())
    # A pipe with O_ASYNC sends SIGIO when its other end closes, and SIGIO ends a process that has no handler.
    fcntl.fcntl(_STDIN, fcntl.F_SETFL, flags | os.O_ASYNC)
    if select.select([_STDIN], [], [], 0)[0]:
        os._exit(0)  # it closed before; nothing else is ever sent
    try:
        yield
    finally:
        fcntl.fcntl(_STDIN, fcntl.F_SETFL, flags)


def _load(order: Mapping[str, Any]) -> Any:
    """Return the running server; blocks until the model is loaded. Raises RuntimeError or ImportError."""
    import xllamacpp

    llama: Any = xllamacpp  # native code without type stubs
    params = llama.CommonParams()
    params.model.path = order["model"]
    params.model_alias = {order["alias"]} if order.get("alias") else set()
    params.n_ctx = int(order["ctx"])
    params.n_parallel = 1
    params.cache_ram_mib = PROMPT_CACHE_MIB
    if order["threads"]:
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(order["threads"])
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["api_key"]] if order.get("api_key") else []
    params.ui = False
    return llama.Server(params)


def _fail(answers: int, text: str) -> int:
    _answer(answers, {"error": text})
    return 1


def _answer(answers: int, content: Mapping[str, str]) -> None:
    os.write(answers, json.dumps(content).encode() + b"\n")
