"""Takes requests from the queue and runs them, one after the other; the only broad catch."""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.generation import GenerationResult
from forllm_desktop.domain.queue import JobKind, WorkerState
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import PARKING_KINDS, Backend, BackendError, ErrorKind
from forllm_desktop.services.counting import CountingService
from forllm_desktop.services.generation import GenerationService
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.services.templates import TemplateService
from forllm_desktop.services.windows import WindowService
from forllm_desktop.worker.answer_post import answer_post
from forllm_desktop.worker.backends import Backends
from forllm_desktop.worker.one_call import prepare
from forllm_desktop.worker.reply_text import SAVE_EVERY, ReplyText
from forllm_desktop.worker.write_persona import write_persona

BACKOFF = (2.0, 5.0, 10.0, 30.0)
"""Seconds to wait for a server that is away, by the number of failures in a row; the last one repeats."""

NOT_UNDERSTOOD = frozenset({ErrorKind.WRONG_SERVER, ErrorKind.NOT_FOUND})
"""What a server of one kind says to the requests of another."""

log = logging.getLogger(__name__)

T = TypeVar("T")


class QueueLoop:
    """Runs the queue in one event loop. It sleeps until woken or until the next parked request is due.

    `wake`, `cancel` and `stop` are called in the loop's own thread.
    """

    def __init__(
        self,
        queue: QueueService,
        prompts: PromptService,
        settings: SettingsService,
        events: Events,
        backends: Backends,
        generation: GenerationService,
        templates: TemplateService,
        counting: CountingService,
        windows: WindowService,
        *,
        backoff: tuple[float, ...] = BACKOFF,
        save_every: float = SAVE_EVERY,
    ) -> None:
        self._queue = queue
        self._prompts = prompts
        self._settings = settings
        self._events = events
        self._backends = backends
        self._generation = generation
        self._templates = templates
        self._counting = counting
        self._windows = windows
        self._backoff = backoff
        self._save_every = save_every
        self._failures: dict[int | None, int] = {}
        self._woken = asyncio.Event()
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None
        self._running_id: int | None = None

    async def run(self) -> None:
        """Work until `stop`, then put the running request back into the queue and close everything.

        While the user has paused the queue no request is started; one that runs is finished.
        """
        try:
            await self._until_done(self._queue.recover)
            while not self._is_stopping:
                self._woken.clear()
                if await self._until_done(self._is_paused):
                    self._say(WorkerState.PAUSED)
                    await self._wait(None)
                elif not await self._run_next(None):
                    await self._sleep()
        finally:
            await self._close()

    async def drain(self, only: Collection[int] | None = None) -> None:
        """Work until nothing (out of `only` if given) can run now, then close everything.

        Whoever calls this wants it now, so a paused queue does not hold it up.
        """
        try:
            await self._until_done(self._queue.recover)
            await self._until_done(self._release_after_set_back_clock)
            while not self._is_stopping and await self._run_next(only):
                pass
        finally:
            await self._close()

    def wake(self) -> None:
        """Look at the queue again."""
        self._woken.set()

    def cancel(self, request_id: int) -> None:
        """Stop the stream of a request that was cancelled in the store."""
        if self._running_id == request_id and self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        """End as soon as possible; the running request goes back into the queue with its text."""
        self._is_stopping = True
        self._woken.set()
        if self._task is not None:
            self._task.cancel()

    async def _run_next(self, only: Collection[int] | None) -> bool:
        """Run the next request; False when there is none that can run now."""
        if self._is_stopping:
            return False
        self._woken.clear()
        claim = await self._until_done(lambda: self._queue.claim(only))
        if claim is None:
            return False
        self._say(WorkerState.WORKING)
        self._running_id = claim.job.request_id
        self._task = asyncio.create_task(self._perform(claim))
        try:
            await self._task
        except asyncio.CancelledError:
            # Cancelling one request does not end the worker; cancelling the worker itself does.
            if _is_cancelled():
                raise
        finally:
            self._task = self._running_id = None
        return True

    async def _perform(self, claim: Claim) -> None:
        """Run one request and write its end, whatever happens."""
        request_id = claim.job.request_id
        reply = ReplyText(
            request_id,
            claim.reply.post_id if claim.reply is not None else 0,
            self._queue,
            self._events,
            save_every=self._save_every,
        )
        stopped: asyncio.CancelledError | None = None
        try:
            end = await self._run(claim, reply)
        except asyncio.CancelledError as error:
            if not _is_cancelled():
                end = partial(self._end_failed, claim, reply, RuntimeError("stopped by nobody"))
            else:
                # What to do was decided in the store: a cancelled row keeps its text, any other runs again.
                stopped, end = error, partial(self._interrupt, request_id, reply)
        except Exception as error:  # noqa: BLE001
            end = partial(self._end_failed, claim, reply, error)
        self._attempt(reply.close)
        try:
            await self._until_done(end)
        except asyncio.CancelledError:
            # The store is in trouble, and whoever stops this does not wait for it to end.
            self._attempt(end)
            raise
        if stopped is not None:
            raise stopped

    async def _run(self, claim: Claim, reply: ReplyText) -> Callable[[], None]:
        """Run a request; a server that does not know what is asked may be one of another kind by now."""
        server_id = claim.job.server_id
        try:
            return await self._run_on(await self._backends.of(server_id), claim, reply)
        except BackendError as error:
            if server_id is None or not reply.is_empty or error.kind not in NOT_UNDERSTOOD:
                raise
            backend = await self._backends.found_anew(server_id)
            if backend is None:
                raise
        return await self._run_on(backend, claim, reply)

    async def _run_on(self, backend: Backend, claim: Claim, reply: ReplyText) -> Callable[[], None]:
        """Run a request by its kind; returns the step that ends it well."""
        settings = self._settings.current()
        caller = await prepare(
            claim.job, backend, settings, self._queue, self._counting, self._windows, reply
        )
        if claim.job.request_type == JobKind.GENERATE_PERSONA:
            result, metrics = await write_persona(
                claim, caller, reply, self._generation, self._templates, settings
            )
            return partial(self._keep_persona, claim, reply, result, metrics)
        metrics = await answer_post(claim, caller, reply, self._prompts)
        return partial(self._finish, claim, reply, metrics)

    def _keep_persona(
        self, claim: Claim, reply: ReplyText, result: GenerationResult, metrics: dict[str, Any]
    ) -> None:
        request_id = claim.job.request_id
        if not self._generation.finish(request_id, result, metrics):
            self._queue.settle_cancelled(request_id, reply.text, reply.thinking)
        self._server_answered(claim.job.server_id)

    def _interrupt(self, request_id: int, reply: ReplyText) -> None:
        if not self._queue.interrupt(request_id, reply.text, reply.thinking):
            self._queue.settle_cancelled(request_id, reply.text, reply.thinking)

    def _finish(self, claim: Claim, reply: ReplyText, metrics: dict[str, Any]) -> None:
        request_id = claim.job.request_id
        if not self._queue.finish(request_id, reply.text, reply.thinking, metrics):
            self._queue.settle_cancelled(request_id, reply.text, reply.thinking)
        self._server_answered(claim.job.server_id)

    def _end_failed(self, claim: Claim, reply: ReplyText, error: Exception) -> None:
        """Park the request if its server may come back, else end it with words a user can read."""
        request_id, server_id = claim.job.request_id, claim.job.server_id
        if isinstance(error, BackendError) and _may_pass(error) and reply.is_empty:
            failures = self._failures.get(server_id, 0) + 1
            until = self._queue.now() + timedelta(seconds=_pick(self._backoff, failures))
            has_ended = not self._queue.park(request_id, error.kind.value, error, until)
            self._failures[server_id] = failures
        else:
            kind, shown = _in_words(error)
            has_ended = not self._queue.fail(request_id, kind, shown, reply.text, reply.thinking)
            if isinstance(error, BackendError) and not _may_pass(error):
                self._server_answered(server_id)
        if has_ended:
            self._queue.settle_cancelled(request_id, reply.text, reply.thinking)

    def _server_answered(self, server_id: int | None) -> None:
        if self._failures.pop(server_id, 0) and server_id is not None:
            self._queue.release_server(server_id)

    async def _until_done(self, step: Callable[[], T]) -> T | None:
        """Do a step on the store; if it fails, say so and try again later, until it works or `stop`."""
        failures = 0
        while not (failures and self._is_stopping):
            try:
                return step()
            except Exception as error:  # noqa: BLE001
                failures += 1
                self._report(error)
                self._woken.clear()
                await self._wait(_pick(self._backoff, failures))
        return None

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001
            self._report(error)

    def _report(self, error: Exception) -> None:
        _, shown = _in_words(error)
        self._say(WorkerState.TROUBLED)
        self._events.failed.emit(shown.title, shown.message)

    def _is_paused(self) -> bool:
        return self._settings.current().queue_paused

    async def _sleep(self) -> None:
        """Wait until woken, or until the next parked request is due."""
        if await self._until_done(self._release_after_set_back_clock):
            return
        due = await self._until_done(self._queue.next_due)
        self._say(WorkerState.IDLE if due is None else WorkerState.WAITING)
        await self._wait(None if due is None else max(0.0, (due - self._queue.now()).total_seconds()))

    def _release_after_set_back_clock(self) -> bool:
        """Release requests that wait for a clock to catch up: nothing else parks them for so long."""
        due = self._queue.next_due()
        is_set_back = due is not None and (due - self._queue.now()).total_seconds() > max(self._backoff) + 1
        if is_set_back:
            self._queue.release_all()
        return is_set_back

    async def _wait(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _close(self) -> None:
        try:
            await self._backends.aclose()
        except Exception as error:  # noqa: BLE001
            self._report(error)
        self._say(WorkerState.STOPPED)

    def _say(self, state: WorkerState) -> None:
        self._events.worker_state_changed.emit(state.value)


def _is_cancelled() -> bool:
    """Say whether the running task was cancelled, and not only something that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _pick(backoff: tuple[float, ...], failures: int) -> float:
    return backoff[min(failures, len(backoff)) - 1]


def _may_pass(error: BackendError) -> bool:
    """Say whether a failure is one of the server's, to be waited out, not one of the request."""
    return error.kind in PARKING_KINDS or (error.kind is ErrorKind.TIMEOUT and error.phase == "waiting")


def _in_words(error: Exception) -> tuple[str, ForllmError]:
    """Return the kind and the words an error is stored with; one that nobody foresaw goes to the log."""
    if isinstance(error, BackendError):
        return error.kind.value, error
    if isinstance(error, ForllmError):
        return "not_possible", error
    log.error("unforeseen error", exc_info=error)
    words = f"{type(error).__name__}: {error}. The log has the details; try again."
    return "internal", ForllmError("Something went wrong inside FORLLM", words)
