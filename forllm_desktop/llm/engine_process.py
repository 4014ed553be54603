"""One running engine process: how it is started, listened to, stopped, and what its failures mean."""

import contextlib
import json
import os
import re
import secrets
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

from forllm_desktop.llm.backend import BackendError, ErrorKind
from forllm_desktop.paths import own_command

KEPT_LINES = 200
MAX_LINE = 4096
"""Bytes of a line of the engine's log that are kept together."""

OUT_OF_MEMORY_PHRASES = (
    "out of memory",
    "failed to allocate",
    "allocation failed",
    "cudamalloc failed",
    "not enough memory",
    "insufficient memory",
    "requires more system memory",
    "bad_alloc",
)

_NO_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)
_ERROR_LINE = re.compile(r"^[\d.]+ E (?P<text>.+)$")
_REASON = re.compile(r"error loading model: (?P<reason>.+)")


class EngineProcess:
    """A child process serving `model_path` with a window of `ctx` tokens.

    `ready` becomes the address once it answers, or a BackendError when the load failed; `ended` becomes the
    exit code. Both are set from the threads that read the process's output, which end with it, so that it
    is never left as a zombie. Raises BackendError LOAD_FAILED when nothing can be started at all.
    """

    def __init__(self, model_path: str, ctx: int, threads: int = 0) -> None:
        self.model_path = model_path
        self.ctx = ctx
        self.api_key = secrets.token_urlsafe(32)
        self.url: str | None = None
        self.ready: Future[str] = _unstoppable_future()
        self.ended: Future[int] = _unstoppable_future()
        self._log: deque[str] = deque(maxlen=KEPT_LINES)
        self._is_leaving = False
        self._process = _spawn()
        self._send_order(threads)
        self._log_reader = threading.Thread(target=self._read_log, name="engine-log", daemon=True)
        self._answer_reader = threading.Thread(target=self._read_answer, name="engine-answer", daemon=True)
        self._log_reader.start()
        self._answer_reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Say whether it lives and was not asked to leave."""
        return not self._is_leaving and not self.ended.done()

    @property
    def log_lines(self) -> list[str]:
        """Return the last lines of its log, oldest first."""
        return list(self._log)

    def leave(self) -> None:
        """Ask it to exit, which it does at once; returns without waiting."""
        self._is_leaving = True
        with contextlib.suppress(OSError):
            self._pipe("stdin").close()

    def kill(self) -> None:
        """End it the hard way; returns without waiting."""
        self._is_leaving = True
        self._process.kill()

    def stop(self, seconds: float) -> None:
        """Ask it to exit, kill it after `seconds`, and return when nothing of it is left."""
        self.leave()
        try:
            self.ended.result(seconds)
        except TimeoutError:
            self.kill()
        self.join()

    def join(self) -> None:
        """Wait for the process and for the threads that read its output."""
        self._log_reader.join()
        self._answer_reader.join()

    def _send_order(self, threads: int) -> None:
        order = {
            "model": os.path.abspath(self.model_path),
            "alias": os.path.basename(self.model_path),
            "ctx": self.ctx,
            "threads": threads,
            "api_key": self.api_key,
        }
        stdin = self._pipe("stdin")
        with contextlib.suppress(OSError):  # it died at once; `ready` will tell why
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()

    def _read_log(self) -> None:
        """Runs in a thread of its own until the process is gone, and reaps it."""
        with self._pipe("stderr") as log:
            while line := log.readline(MAX_LINE):
                self._log.append(line.decode("utf-8", "replace").rstrip())
        code = self._process.wait()
        with contextlib.suppress(OSError):
            self._pipe("stdin").close()
        self.ended.set_result(code)

    def _read_answer(self) -> None:
        """Runs in a thread of its own until the process has said whether the model is loaded."""
        with self._pipe("stdout") as answers:
            answer = _parsed(answers.readline())
        if url := answer.get("url"):
            self.ready.set_result(url)
            return
        self._log_reader.join()  # its last words explain the failure
        self.ready.set_exception(
            load_failure(
                self.model_path, self.ctx, answer.get("error", ""), self.log_lines, self.ended.result()
            )
        )

    def _pipe(self, name: str):
        pipe = getattr(self._process, name)
        assert pipe is not None
        return pipe


def load_failure(model_path: str, ctx: int, said: str, log: Sequence[str], exit_code: int) -> BackendError:
    """Put a failed load into words; `said` is the engine's own error line, empty when it just ended."""
    model = os.path.basename(model_path)
    if is_out_of_memory(log):
        return BackendError(
            ErrorKind.OUT_OF_MEMORY,
            "Not enough memory for this model",
            f"{model} with a window of {ctx:,} tokens does not fit into memory. "
            "Choose a smaller window or a smaller model, or close other programs.",
            server_text=_errors_in(log),
        )
    reason = _reason_in(log) or said or f"the engine {_end_in_words(exit_code)}"
    return BackendError(
        ErrorKind.LOAD_FAILED,
        "The model could not be loaded",
        f"{model}: {reason.rstrip('.')}.",
        server_text=_errors_in(log),
    )


def death(log: Sequence[str], exit_code: int) -> BackendError:
    """Put into words that the engine ended while it was at work."""
    if is_out_of_memory(log):
        return BackendError(
            ErrorKind.OUT_OF_MEMORY,
            "The built-in engine ran out of memory",
            "Choose a smaller window or a smaller model, or close other programs, and try again.",
            server_text=_errors_in(log),
        )
    reason = _errors_in(log[-3:])
    return BackendError(
        ErrorKind.STREAM_BROKEN,
        "The built-in engine ended in the middle of its work",
        f"It {_end_in_words(exit_code)}.{f' Its last words: {reason}' if reason else ''} Try again.",
        server_text=_errors_in(log),
    )


def is_out_of_memory(log: Sequence[str]) -> bool:
    """Say whether the engine's log tells of memory that was not there."""
    text = "\n".join(line for line in log if _ERROR_LINE.match(line) or " I " not in line).casefold()
    return any(phrase in text for phrase in OUT_OF_MEMORY_PHRASES)


def _spawn() -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            [*own_command(), "--engine"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=_NO_CONSOLE,
        )
    except OSError as error:
        raise BackendError(
            ErrorKind.LOAD_FAILED, "The built-in engine could not be started", f"{error.strerror}."
        ) from error


def _unstoppable_future() -> Future:
    """Return a future that waiters cannot cancel; it belongs to the thread that will set it."""
    future: Future = Future()
    future.set_running_or_notify_cancel()
    return future


def _parsed(line: bytes) -> dict[str, str]:
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _reason_in(log: Sequence[str]) -> str:
    """Return llama.cpp's most telling error, or nothing."""
    for line in log:
        if found := _REASON.search(line):
            return found["reason"]
    return _errors_in(log[-5:])


def _errors_in(log: Sequence[str]) -> str:
    """Return the error lines without their time stamps, each once."""
    found = (_ERROR_LINE.match(line) for line in log)
    return "; ".join(dict.fromkeys(match["text"] for match in found if match))


def _end_in_words(exit_code: int) -> str:
    if exit_code == -9:
        return "was ended by the system, most often because memory ran out"
    if exit_code < 0:
        return f"crashed (signal {-exit_code})"
    return f"ended by itself (exit code {exit_code})"
