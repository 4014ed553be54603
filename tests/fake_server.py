"""A server on a loopback socket, scripted byte by byte, in a thread with an event loop of its own.

Use it as a context manager. A chat request takes the next `Answer` that was scripted, else a plain reply.
Every request is recorded as an `Exchange`, with the time at which the client closed its socket.
"""

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

NDJSON, SSE, JSON, HTML, PLAIN = (
    "application/x-ndjson",
    "text/event-stream",
    "application/json; charset=utf-8",
    "text/html; charset=utf-8",
    "text/plain; charset=utf-8",
)


@dataclass(frozen=True)
class Pause:
    """Send nothing for a while."""

    seconds: float


class Gate:
    """Send nothing until the test opens it; `reached` is set when the server has come to it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    async def pass_through(self) -> None:
        self.reached.set()
        while not self._opened.is_set():  # noqa: ASYNC110 (opened from another thread)
            await asyncio.sleep(0.002)


@dataclass(frozen=True)
class Silence:
    """Send nothing more, until the client closes."""


@dataclass(frozen=True)
class Reset:
    """Reset the connection (RST)."""


@dataclass(frozen=True)
class Cut:
    """Close the connection in the middle of an HTTP chunk."""


Step = bytes | Pause | Gate | Silence | Reset | Cut


@dataclass
class Answer:
    """What to send: `before` is played ahead of the headers, `steps` are the body.

    `cut` sends the bytes again in pieces of that size, each as its own HTTP chunk; `pace` is the pause after
    each piece in seconds. `keeps_alive` answers with a length and leaves the connection open.
    """

    steps: Iterable[Step] = ()
    status: int = 200
    content_type: str = NDJSON
    headers: dict[str, str] = field(default_factory=dict)
    before: Iterable[Step] = ()
    cut: int | None = None
    pace: float = 0.0
    keeps_alive: bool = False

    def pieces(self) -> list[Step]:
        """Return the steps, re-cut."""
        if self.cut is None:
            return list(self.steps)
        pieces: list[Step] = []
        text = b""
        for step in [*self.steps, Pause(0)]:
            if isinstance(step, bytes):
                text += step
                continue
            pieces += [text[i : i + self.cut] for i in range(0, len(text), self.cut)]
            pieces.append(step)
            text = b""
        return pieces


def json_answer(body: Any, status: int = 200, **fields: Any) -> Answer:
    """Return an answer with one JSON document on a connection that stays open."""
    return Answer([json.dumps(body).encode()], status, JSON, keeps_alive=True, **fields)


@dataclass
class Exchange:
    """One request; `raw` are the bytes of its body. Times are `time.monotonic()`.

    `closed` is set once the client closed or all is sent.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    connection: int
    opened_at: float
    requested_at: float
    raw: bytes = b""
    client_closed_at: float | None = None
    ended_at: float | None = None
    closed: threading.Event = field(default_factory=threading.Event)


class FakeServer:
    """Listens on a free port of 127.0.0.1. Subclasses say what each request is answered with."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.is_frozen = False
        self.connections = 0
        self.port = 0
        self._script: list[Answer] = []
        self._changed = threading.Condition()
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__)
        self._listener: asyncio.Server | None = None
        self._idle: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def script(self, *answers: Answer) -> None:
        """Append what the next chat requests are answered with."""
        self._script += answers

    def requests(self, path: str) -> list[Exchange]:
        """Return the requests to a path so far."""
        with self._changed:
            return [exchange for exchange in self.exchanges if exchange.path == path]

    def wait_for(self, path: str, count: int = 1, timeout: float = 5.0) -> Exchange:
        """Wait for the `count`-th request to a path, from another thread than the client's loop."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests(path)) >= count, timeout), path
            return self.requests(path)[count - 1]

    async def requested(self, path: str, count: int = 1) -> Exchange:
        """Wait for the `count`-th request to a path, from within the client's loop."""
        return await asyncio.to_thread(self.wait_for, path, count)

    def refuse(self) -> None:
        """Stop listening and drop idle connections; requests under way go on."""
        self._call(self._stop_listening())

    def accept_again(self) -> None:
        """Listen on the same port again."""
        self._call(self._listen())

    def drop_idle(self) -> None:
        """Close the connections on which nothing is under way, as servers do after a few seconds."""
        self._call(self._drop_idle())

    def answer(self, exchange: Exchange) -> Answer:
        """Choose the answer to a request."""
        raise NotImplementedError

    def finished(self, exchange: Exchange) -> None:
        """Called when a request ended, one way or the other."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._shut_down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_forever()

    def _call(self, step: Any) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(timeout=10)

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1", self.port, backlog=100)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._listener:
            self._listener.close()
            self._listener = None
        await self._drop_idle()

    async def _drop_idle(self) -> None:
        for writer in list(self._idle):
            writer.close()

    async def _shut_down(self) -> None:
        await self._stop_listening()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer, self.connections, time.monotonic())
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, opened_at: float
    ) -> None:
        keeps_alive = True
        while keeps_alive:
            self._idle.add(writer)
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            finally:
                self._idle.discard(writer)
            method, path, _ = head[0].split(" ", 2)
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
            raw = await reader.readexactly(int(headers.get("content-length", 0)))
            body = json.loads(raw) if raw else None
            exchange = Exchange(method, path, headers, body, number, opened_at, time.monotonic(), raw)
            answer = self._note(exchange)
            try:
                await self._answer(answer, exchange, reader, writer)
            finally:
                exchange.ended_at = time.monotonic()
                exchange.closed.set()
                self.finished(exchange)
            keeps_alive = answer.keeps_alive

    def _note(self, exchange: Exchange) -> Answer:
        with self._changed:
            self.exchanges.append(exchange)
            self._changed.notify_all()
        if self.is_frozen:
            return Answer(before=[Silence()])
        return self.answer(exchange)

    async def _answer(
        self, answer: Answer, exchange: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Play an answer, and stop at once when the client closes. One that keeps alive is not watched."""
        if answer.keeps_alive and not answer.before:
            await self._play(answer, writer)
            return
        play = asyncio.ensure_future(self._play(answer, writer))
        gone = asyncio.ensure_future(_client_closes(reader))
        try:
            await asyncio.wait({play, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not play.done():
                exchange.client_closed_at = time.monotonic()
                raise _HangUp
            error = play.exception()
            if isinstance(error, ConnectionError) and not isinstance(error, _HangUp):
                exchange.client_closed_at = time.monotonic()
            play.result()
        finally:
            play.cancel()
            gone.cancel()
            await asyncio.gather(play, gone, return_exceptions=True)

    async def _play(self, answer: Answer, writer: asyncio.StreamWriter) -> None:
        for step in answer.before:
            await _perform(step, writer)
        steps = answer.pieces()
        body = b"".join(step for step in steps if isinstance(step, bytes))
        framing = f"Content-Length: {len(body)}" if answer.keeps_alive else "Transfer-Encoding: chunked"
        extra = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        keep = "" if answer.keeps_alive else "Connection: close\r\n"
        head = (
            f"HTTP/1.1 {answer.status} Fake\r\nContent-Type: {answer.content_type}\r\n{extra}{keep}{framing}"
        )
        writer.write(head.encode("latin-1") + b"\r\n\r\n")
        if answer.keeps_alive:
            writer.write(body)
        else:
            for step in steps:
                await _perform(step, writer, is_body=True)
                if answer.pace and isinstance(step, bytes):
                    await asyncio.sleep(answer.pace)
            writer.write(b"0\r\n\r\n")
        await writer.drain()


class _HangUp(ConnectionError):
    """The connection is to end here."""


async def _perform(step: Step, writer: asyncio.StreamWriter, *, is_body: bool = False) -> None:
    if isinstance(step, bytes):
        if step:
            writer.write(b"%x\r\n%b\r\n" % (len(step), step) if is_body else step)
            await writer.drain()
    elif isinstance(step, Pause):
        await asyncio.sleep(step.seconds)
    elif isinstance(step, Gate):
        await step.pass_through()
    elif isinstance(step, Silence):
        await asyncio.Event().wait()
    elif isinstance(step, Reset):
        await _flushed(writer)
        linger = struct.pack("hh" if hasattr(socket, "SO_EXCLUSIVEADDRUSE") else "ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        raise _HangUp
    elif isinstance(step, Cut):
        writer.write(b"ff\r\nhalf a chu" if is_body else b"")
        await _flushed(writer)
        raise _HangUp


async def _flushed(writer: asyncio.StreamWriter) -> None:
    """Give the client the time to read what was sent: a reset throws away what lies in its buffer."""
    await writer.drain()
    await asyncio.sleep(0.05)


async def _client_closes(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        while await reader.read(1024):
            pass
