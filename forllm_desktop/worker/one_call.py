"""One call of a model inside a request: what every kind of request shares."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from forllm_desktop.domain.context import answer_room
from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice, ModelFacts, ServerKind
from forllm_desktop.domain.settings import Settings
from forllm_desktop.llm.backend import (
    Backend,
    BackendError,
    ChatRequest,
    Content,
    ContentWasThinking,
    ErrorKind,
    Finished,
    Message,
    ModelInfo,
    Thinking,
    TokenCount,
    Waiting,
    think_of,
)
from forllm_desktop.llm.estimator import Estimator, Expected
from forllm_desktop.llm.tokens import measure_messages
from forllm_desktop.prompting.fitting import require_fit, with_numbers
from forllm_desktop.prompting.prompt import Prompt, SizedPrompt, window
from forllm_desktop.services.counting import CountingService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.sent_prompts import breakdown, stored_parts
from forllm_desktop.services.windows import WindowService
from forllm_desktop.worker.reply_text import ReplyText


@dataclass(frozen=True)
class Caller:
    """A model that is ready to be asked for one request.

    `window` is how many tokens prompt and answer may have together; `estimator` what estimates texts for
    this model without asking it.
    """

    job: Job
    choice: ModelChoice | None
    backend: Backend
    model: ModelInfo
    window: int
    estimator: Estimator
    settings: Settings
    queue: QueueService
    counting: CountingService
    windows: WindowService

    @property
    def has_system_role(self) -> bool:
        """Say whether the model's template has a system role, as far as is known."""
        return self.model.supports_system is not False

    async def count(self, messages: Sequence[Message], options: PersonaOptions | None = None) -> TokenCount:
        """Count a prompt as `ask` would send it: exactly where the server can, else by `estimator`.

        `options` are those it will be asked with: a template can write more when thinking is switched off.
        Raises BackendError.
        """
        think = think_of(options.think if options is not None else None, is_on=self.settings.think)
        count = await self.backend.count_tokens(self.job.llm_model, messages, think)
        return count if count.is_exact else TokenCount(self.estimator.messages(messages), is_exact=False)

    async def ask(self, prompt: Prompt, reply: ReplyText, options: PersonaOptions) -> Finished:
        """Store a prompt as it is sent and stream the answer into `reply`.

        Raises BackendError for every failure of the server, for a prompt that does not fit, and for an
        answer that is empty or all thoughts.
        """
        job, settings = self.job, self.settings
        sized = await self._sized(prompt, options)
        sizes, parts = breakdown(sized, self.window), stored_parts(sized)
        self.queue.record_prompt(job.request_id, sized.messages, sizes, parts)
        require_fit(sized, self.window)
        count = sized.count
        expected = self.estimator.expect(measure_messages(prompt.messages))
        most = count.value if count.is_exact else max(count.value, expected.most)
        room = options.max_reply_tokens or sized.answer
        ctx = self._ctx(most + room)
        request = ChatRequest(
            model=job.llm_model,
            messages=prompt.messages,
            ctx=ctx,
            max_tokens=min(options.max_reply_tokens or ctx, max(ctx - most, min(room, ctx - count.value))),
            n_prompt_estimate=count.value,
            n_prompt_least=expected.least,
            is_exact_count=count.is_exact,
            sampling={} if options.temperature is None else {"temperature": options.temperature},
            think=think_of(options.think, is_on=settings.think),
            keep_alive=settings.keep_alive,
            stall=settings.stall_limit,
        )
        try:
            finished = await _stream(self.backend, request, reply)
        except BackendError as error:
            self._learn(expected, error.n_prompt, was_shortened=False)
            raise
        finished = self._judged(finished, expected, count)
        if finished.is_empty or finished.only_thinking:
            raise _without_reply(finished)
        return finished

    async def _sized(self, prompt: Prompt, options: PersonaOptions) -> SizedPrompt:
        """Return a prompt with its numbers; one that was fitted into the window has them already."""
        if isinstance(prompt, SizedPrompt):
            return prompt
        count = await self.count(prompt.messages, options)
        answer = answer_room(self.window, self.settings.answer_tokens, options.max_reply_tokens)
        return with_numbers(prompt, count, answer, self.estimator)

    def _ctx(self, needed: int) -> int:
        """Return the window to ask for: an Ollama is asked in steps, so that it seldom loads a model anew."""
        if self.choice is None or self.backend.profile.kind is not ServerKind.OLLAMA:
            return self.window
        return self.windows.bucket(self.choice, needed, self.window, self.model.ctx_loaded)

    def _judged(self, finished: Finished, expected: Expected, count: TokenCount) -> Finished:
        """Compare what the server counted with what was sent, and learn from it."""
        reported = finished.usage.prompt
        was_shortened = finished.prompt_shortened
        if self.choice is not None and reported is not None and reported < expected.value:
            is_stuck = not count.is_exact and self.counting.is_stuck(self.choice, expected.size, reported)
            was_shortened = was_shortened or is_stuck
        self._learn(expected, reported, was_shortened=was_shortened)
        n_raw = round(expected.size.total)
        return replace(finished, prompt_shortened=was_shortened, counted=count, n_raw=n_raw)

    def _learn(self, expected: Expected, reported: int | None, *, was_shortened: bool) -> None:
        if self.choice is not None and reported:
            self.counting.note(
                self.choice, expected.size, expected.value, reported, was_shortened=was_shortened
            )


async def prepare(
    job: Job,
    backend: Backend,
    settings: Settings,
    queue: QueueService,
    counting: CountingService,
    windows: WindowService,
    reply: ReplyText,
) -> Caller:
    """Make a request's model ready and keep what its server says of it. Raises BackendError."""
    if backend.profile.kind is ServerKind.ENGINE:
        reply.wait("loading")
    choice = None if job.server_id is None else ModelChoice(job.server_id, job.llm_model)
    wanted = windows.wanted(choice)
    model = await backend.prepare(job.llm_model, wanted)
    ctx = window(model.ctx_trained, model.ctx_allocated, wanted)
    if choice is not None:
        windows.note(choice, model)
        ctx = min(ctx, windows.window(choice))
        model = _with_what_is_known(model, windows.facts(choice))
    estimator = counting.estimator(choice)
    return Caller(job, choice, backend, model, ctx, estimator, settings, queue, counting, windows)


def _with_what_is_known(model: ModelInfo, facts: ModelFacts | None) -> ModelInfo:
    """Return a model with what its server says only while it is loaded, and said before: as previews do."""
    if facts is None or model.supports_system is not None:
        return model
    return replace(model, supports_system=facts.supports_system)


def metrics_of(finished: Finished) -> dict[str, Any]:
    """Return what the server reported, as it is stored with the request: tokens, seconds, flags."""
    return {
        "reason": finished.reason,
        "prompt_tokens": finished.usage.prompt,
        "cached_tokens": finished.usage.cached,
        "output_tokens": finished.usage.output,
        "load_seconds": finished.load_seconds,
        "prompt_seconds": finished.prompt_seconds,
        "output_seconds": finished.output_seconds,
        "prompt_shortened": finished.prompt_shortened,
        "expected_tokens": finished.counted.value if finished.counted is not None else None,
        "is_exact_count": finished.counted is not None and finished.counted.is_exact,
        "raw_tokens": finished.n_raw,
        "reloaded": finished.reloaded,
    }


async def _stream(backend: Backend, request: ChatRequest, reply: ReplyText) -> Finished:
    # Closing the iterator closes the socket, so it must not be left to the garbage collector.
    async with aclosing(backend.chat(request)) as events:  # type: ignore[type-var]
        async for event in events:
            match event:
                case Waiting(phase, fraction):
                    reply.wait(phase, fraction)
                case Thinking(text):
                    reply.add_thinking(text)
                case Content(text):
                    reply.add(text)
                case ContentWasThinking():
                    reply.move_to_thinking()
                case Finished():
                    return event
    raise BackendError(ErrorKind.STREAM_BROKEN, "The reply broke off", "The server ended without saying so.")


def _without_reply(finished: Finished) -> BackendError:
    if finished.only_thinking:
        return BackendError(
            ErrorKind.ONLY_THINKING,
            "The model only thought",
            "It used up its room before it answered. Try again, choose a larger context window, or switch "
            "thinking off.",
        )
    return BackendError(
        ErrorKind.EMPTY_REPLY, "The model answered nothing", "Try again, or choose another model."
    )
