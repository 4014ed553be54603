"""A paced fake llama-server in a process of its own, as a real one is: it shares no lock with the app.

`python -m tests.benchmarks.server SECONDS [TOKENS]` prints its address, then one line of JSON for every
request.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.texts import a_reply
from tests.fakes import SSE, Answer, Exchange, FakeOpenAI, sse_reply

CHAT = "/v1/chat/completions"
PIECES = 25

Call = dict[str, Any]
"""One request: `method`, `path`, `body`, and `at`, the monotonic time in seconds at which it had come."""


class PacedServer(FakeOpenAI):
    """Answers every chat request with these pieces over `seconds`, and prints every request."""

    def __init__(self, seconds: float, pieces: Sequence[str] = (" word",) * PIECES) -> None:
        super().__init__()
        self._frames = sse_reply(*pieces)
        self._pace = seconds / len(self._frames)

    def answer(self, exchange: Exchange) -> Answer:
        call = {"method": exchange.method, "path": exchange.path, "body": exchange.body}
        print(json.dumps(call | {"at": exchange.requested_at}), flush=True)
        if exchange.path == CHAT:
            return Answer(self._frames, content_type=SSE, pace=self._pace)
        return super().answer(exchange)


class ServerProcess:
    """The other side of a running `PacedServer`."""

    def __init__(self, seconds: float, tokens: int = 0) -> None:
        tail = [str(tokens)] if tokens else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(seconds), *tail],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        self.url = self._next_line()

    def next_chat(self) -> Call:
        """Wait for the next chat request and return it."""
        while (call := json.loads(self._next_line()))["path"] != CHAT:
            pass
        return call

    def calls(self, chats: int) -> list[Call]:
        """Return all requests up to the `chats`-th chat request from now on."""
        found: list[Call] = []
        while sum(call["path"] == CHAT for call in found) < chats:
            found.append(json.loads(self._next_line()))
        return found

    def stop(self) -> None:
        with self._process:
            self._process.terminate()

    def _next_line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server has ended"
        return line.decode().strip()


@contextmanager
def paced_server(seconds: float, tokens: int = 0) -> Iterator[ServerProcess]:
    """Run a server whose replies take so many seconds, with Markdown of so many tokens or a few words."""
    process = ServerProcess(seconds, tokens)
    try:
        yield process
    finally:
        process.stop()


if __name__ == "__main__":
    text = [a_reply(int(tokens)) for tokens in sys.argv[2:]]
    with PacedServer(float(sys.argv[1]), *text) as server:
        print(server.url, flush=True)
        while True:
            time.sleep(60)
