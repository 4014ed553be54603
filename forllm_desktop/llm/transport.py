"""Talks HTTP with one server: short control calls, and watched streaming calls; the only use of httpx."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from forllm_desktop.domain.servers import is_private_url
from forllm_desktop.llm.backend import BackendError, ErrorKind, Limits, ServerProfile
from forllm_desktop.llm.errors import classify_error, unreachable, wrong_server
from forllm_desktop.llm.streams import whole_number, without_surrogates

MAX_BODY = 16 * 1024 * 1024
"""Bytes kept of the answer to a control call; the model list of a large server has about a million."""

MAX_HEAD = 64 * 1024
"""Bytes kept of an error, and of the beginning of a stream to explain one that held nothing."""


@dataclass(frozen=True)
class Reply:
    """The answer to a control call, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the body; an empty one where it is anything else."""
        try:
            value = json.loads(self.body, parse_int=whole_number)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class Transport:
    """The connections to one server. Belongs to the event loop it is first used in."""

    def __init__(self, profile: ServerProfile, limits: Limits) -> None:
        self.profile = profile
        self.limits = limits
        is_private = is_private_url(profile.base_url)
        self._connect = limits.connect_local if is_private else limits.connect_remote
        self._control = self._client(keep_alive=4, trust_env=profile.use_proxy or not is_private)
        self._fresh = self._client(keep_alive=0, trust_env=profile.use_proxy or not is_private)

    async def request(self, method: str, path: str, body: Any = None, *, read: float | None = None) -> Reply:
        """Make a control call, `read` seconds long at most, and return its answer whatever the status.

        A connection that the server closed while it was idle is replaced once. Raises BackendError
        UNREACHABLE, WRONG_SERVER or TIMEOUT.
        """
        seconds = read or self.limits.read
        try:
            async with asyncio.timeout(self._connect + seconds):
                try:
                    return await self._exchange(self._control, method, path, body, seconds)
                except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                    return await self._exchange(self._fresh, method, path, body, seconds)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise await self.translated(error) from error
        except TimeoutError as error:
            raise self._no_answer() from error

    async def ask(
        self, method: str, path: str, body: Any = None, *, read: float | None = None
    ) -> dict[str, Any]:
        """Make a control call and return its JSON object. Raises BackendError for every other answer."""
        reply = await self.request(method, path, body, read=read)
        answer = reply.json()
        if reply.status != 200 or not answer or "error" in answer:
            raise classify_error(reply.status, reply.body, reply.headers, model=_model_in(body))
        return answer

    def generation(
        self, path: str, body: Any, health: Callable[[], Awaitable[object]], *, stall: float | None = None
    ) -> "Generation":
        """Prepare a streaming call; `health` is asked whether the server lives while nothing comes.

        `stall` is the longest silence after the first text, in seconds; None means that of the limits.
        """
        return Generation(self, self._fresh, path, body, health, stall or self.limits.stall)

    def streaming_timeout(self) -> httpx.Timeout:
        """Return the limits of a streaming call: none for reading, that is what the watchdog is for."""
        return httpx.Timeout(connect=self._connect, write=self.limits.write, read=None, pool=None)

    async def translated(self, error: Exception, *, has_answered: bool = False) -> BackendError:
        """Return the BackendError for an error of httpx; `has_answered` when headers had already come."""
        words = str(error)
        if has_answered:
            return BackendError(
                ErrorKind.STREAM_BROKEN,
                "The connection broke off in the middle of the reply",
                "What had come is kept. Try again; the server's log may say more.",
                server_text=words,
                phase="streaming",
            )
        if isinstance(error, httpx.ReadTimeout):
            return self._no_answer()
        if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL | httpx.LocalProtocolError):
            title, advice = "The request cannot be sent", "Check the address and the key."
            return BackendError(ErrorKind.BAD_REQUEST, title, advice, server_text=words)
        if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError) and (
            "disconnected" not in words or await self._speaks_otherwise()
        ):
            return wrong_server(self.profile.base_url, words)
        return unreachable(self.profile, words, phase="waiting")

    async def aclose(self) -> None:
        """Close the idle connections."""
        await self._control.aclose()
        await self._fresh.aclose()

    def _client(self, *, keep_alive: int, trust_env: bool) -> httpx.AsyncClient:
        profile = self.profile
        # Reading the certificates takes tens of milliseconds, so only where a TLS connection may be made.
        needs_tls = trust_env or profile.base_url.startswith("https:")
        headers = {"Accept-Encoding": "identity"}
        return httpx.AsyncClient(
            headers=httpx.Headers([(k.encode(), v.encode()) for k, v in (headers | self._key()).items()]),
            verify=needs_tls and profile.verify_tls,
            trust_env=trust_env,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=keep_alive),
        )

    def _key(self) -> dict[str, str]:
        key = (self.profile.api_key or "").strip()
        return {"Authorization": f"Bearer {key}"} if key else {}

    async def _exchange(
        self, client: httpx.AsyncClient, method: str, path: str, body: Any, seconds: float
    ) -> Reply:
        timeout = httpx.Timeout(connect=self._connect, write=self.limits.write, read=seconds, pool=seconds)
        request = _request(client, method, self.profile.base_url, path, body, timeout)
        response = await client.send(request, stream=True)
        try:
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > MAX_BODY:
                    raise wrong_server(self.profile.base_url, "The answer has no end.")
            return Reply(response.status_code, response.headers, bytes(received))
        finally:
            await response.aclose()

    async def _speaks_otherwise(self) -> bool:
        """Say whether the port greets with something that is not HTTP, as SSH or a mail server does.

        httpx reports such a greeting and a hang-up without a word alike.
        """
        url = httpx.URL(self.profile.base_url)
        if url.scheme != "http":
            return False
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._connect):
                reader, writer = await asyncio.open_connection(url.host, url.port or 80)
                try:
                    writer.write(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % url.netloc)
                    greeting = await reader.read(5)
                finally:
                    writer.close()
                return bool(greeting) and not b"HTTP/".startswith(greeting)
        return False

    def _no_answer(self) -> BackendError:
        return BackendError(
            ErrorKind.TIMEOUT,
            "The server does not answer",
            f"{self.profile.base_url} accepts the connection and stays silent. Restart it if it hangs.",
            phase="waiting",
        )


class Generation:
    """One streaming call on a connection of its own.

    Set `has_text` when the first text has come: from then on `stall` seconds of silence end the call,
    before it silence has no limit as long as the server lives. `head` is the beginning of what came.
    """

    def __init__(
        self,
        transport: Transport,
        client: httpx.AsyncClient,
        path: str,
        body: Any,
        health: Callable[[], Awaitable[object]],
        stall: float,
    ) -> None:
        self.has_text = False
        self.stall = stall
        self.has_answered = False
        self.headers: Mapping[str, str] = {}
        self.head = bytearray()
        self._transport = transport
        self._client = client
        self._path = path
        self._body = body
        self._health = health
        self._failures = 0

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of the answer as they come, and b"" when headers or a sign of life came.

        Closing the generator, or cancelling the task that waits for it, closes the socket at once. Raises
        BackendError: what the server refused with, UNREACHABLE, STREAM_BROKEN or TIMEOUT.
        """
        steps = self._steps()
        step = None
        try:
            while True:
                step = asyncio.create_task(_next(steps))
                while not await self._comes(step):
                    yield b""
                self._failures = 0
                chunk = step.result()
                if chunk is None:
                    return
                self.head += chunk[: MAX_HEAD - len(self.head)]
                yield chunk
        finally:
            await _end(step, steps)

    async def _steps(self) -> AsyncGenerator[bytes, None]:
        transport = self._transport
        try:
            request = _request(
                self._client,
                "POST",
                transport.profile.base_url,
                self._path,
                self._body,
                transport.streaming_timeout(),
            )
            response = await self._client.send(request, stream=True)
            try:
                self.headers = response.headers
                if response.status_code != 200:
                    body = await _short_body(response, transport.limits.read)
                    model = _model_in(self._body)
                    raise classify_error(response.status_code, body, response.headers, model=model)
                self.has_answered = True
                yield b""
                async for chunk in response.aiter_bytes():
                    yield chunk
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise await transport.translated(error, has_answered=self.has_answered) from error

    async def _comes(self, step: asyncio.Task[bytes | None]) -> bool:
        """Wait for a step: True when it is done, False when only a sign of life came."""
        limits = self._transport.limits
        patience = self.stall if self.has_text else limits.health_every
        if (await asyncio.wait({step}, timeout=patience))[0]:
            return True
        health = asyncio.ensure_future(self._ask_health())
        try:
            await asyncio.wait({step, health}, return_when=asyncio.FIRST_COMPLETED)
            if step.done():
                return True
            lives = health.result()
        finally:
            health.cancel()
        if self.has_text:
            raise self._stalled(lives)
        self._failures = self._failures + 1 if lives is False else 0 if lives else self._failures
        if self._failures >= limits.health_failures:
            raise unreachable(
                self._transport.profile, "It went away while it was waited for.", phase="waiting"
            )
        return False

    async def _ask_health(self) -> bool | None:
        """Return True for any answer, False when nobody is there, None when nobody says anything."""
        try:
            await self._health()
        except BackendError as error:
            if error.kind is ErrorKind.TIMEOUT:
                return None
            return error.kind is not ErrorKind.UNREACHABLE
        return True

    def _stalled(self, lives: bool | None) -> BackendError:
        advice = {
            True: "The server still answers, so the model itself is stuck. Try again.",
            False: "The server does not answer any more either. Start it again, then retry.",
            None: "The server accepts connections but answers nothing. Restart it if it hangs, then retry.",
        }[lives]
        limit = f"{self.stall:g} second{'' if self.stall == 1 else 's'}"
        return BackendError(
            ErrorKind.TIMEOUT,
            "The reply stopped in the middle",
            f"Nothing came for {limit}. {advice} What had come is kept.",
            phase="streaming",
        )


def _request(
    client: httpx.AsyncClient, method: str, base_url: str, path: str, body: Any, timeout: httpx.Timeout
) -> httpx.Request:
    content = headers = None
    if body is not None:
        content = without_surrogates(json.dumps(body, ensure_ascii=False)).encode()
        headers = {"Content-Type": "application/json"}
    return client.build_request(
        method, base_url.rstrip("/") + path, content=content, headers=headers, timeout=timeout
    )


def _model_in(body: Any) -> str:
    return str(body.get("model", "")) if isinstance(body, dict) else ""


async def _short_body(response: httpx.Response, seconds: float) -> bytes:
    """Read what explains an error; as much as comes, for `seconds` at most."""
    body = bytearray()
    with contextlib.suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(seconds):
            async for chunk in response.aiter_bytes():
                body += chunk[: MAX_HEAD - len(body)]
                if len(body) >= MAX_HEAD:
                    break
    return bytes(body)


async def _next(steps: AsyncGenerator[bytes, None]) -> bytes | None:
    return await anext(steps, None)


async def _end(step: asyncio.Task[bytes | None] | None, steps: AsyncGenerator[bytes, None]) -> None:
    """Stop a step that is still under way, which closes its socket; nobody asks for its result any more."""
    if step is not None:
        if not step.done():
            step.cancel()
            await asyncio.wait({step})
        if not step.cancelled():
            step.exception()
    await steps.aclose()
