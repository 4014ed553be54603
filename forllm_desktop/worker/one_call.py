"""One call of a model inside a request: what every kind of request shares."""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.domain.settings import Settings
from forllm_desktop.llm.backend import (
    Backend,
    BackendError,
    ChatRequest,
    Content,
    ContentWasThinking,
    ErrorKind,
    Finished,
    ModelInfo,
    Think,
    Thinking,
    TokenCount,
    Waiting,
)
from forllm_desktop.prompting.prompt import ANSWER_SHARE, Prompt, require_fit, window
from forllm_desktop.services.prompt import PromptService, estimated_sizes
from forllm_desktop.services.queue import QueueService
from forllm_desktop.worker.reply_text import ReplyText


@dataclass(frozen=True)
class Caller:
    """A model that is ready to be asked for one request. `ctx` is its window in tokens."""

    job: Job
    backend: Backend
    model: ModelInfo
    ctx: int
    settings: Settings
    queue: QueueService

    @property
    def has_system_role(self) -> bool:
        """Say whether the model's template has a system role, as far as is known."""
        return self.model.supports_system is not False

    async def ask(self, prompt: Prompt, reply: ReplyText, options: PersonaOptions) -> Finished:
        """Store a prompt as it is sent and stream the answer into `reply`.

        Raises BackendError for every failure of the server, for a prompt that does not fit, and for an
        answer that is empty or all thoughts.
        """
        job, settings = self.job, self.settings
        count = await self.backend.count_tokens(job.llm_model, prompt.messages)
        self.queue.record_prompt(job.request_id, prompt.messages, _breakdown(prompt, count, self.ctx))
        require_fit(count.value, self.ctx, is_exact=count.is_exact)
        request = ChatRequest(
            model=job.llm_model,
            messages=prompt.messages,
            ctx=self.ctx,
            max_tokens=min(self.ctx - count.value, options.max_reply_tokens or self.ctx),
            n_prompt_estimate=count.value,
            is_exact_count=count.is_exact,
            sampling={} if options.temperature is None else {"temperature": options.temperature},
            think=_think(options.think, settings),
            keep_alive=settings.keep_alive,
            stall=settings.stall_limit,
        )
        finished = await _stream(self.backend, request, reply)
        if finished.is_empty or finished.only_thinking:
            raise _without_reply(finished)
        return finished


async def prepare(
    job: Job,
    backend: Backend,
    settings: Settings,
    prompts: PromptService,
    queue: QueueService,
    reply: ReplyText,
) -> Caller:
    """Make a request's model ready and keep what its server says of it. Raises BackendError."""
    if backend.profile.kind is ServerKind.ENGINE:
        reply.wait("loading")
    model = await backend.prepare(job.llm_model, settings.context_window)
    if job.server_id is not None:
        largest = min((size for size in (model.ctx_trained, model.ctx_allocated) if size), default=None)
        choice = ModelChoice(job.server_id, job.llm_model)
        prompts.note_model(choice, ctx=largest, supports_system=model.supports_system)
    ctx = window(model.ctx_trained, model.ctx_allocated, settings.context_window)
    return Caller(job, backend, model, ctx, settings, queue)


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


def _think(wish: bool | None, settings: Settings) -> Think:
    if wish is not None:
        return Think.ON if wish else Think.OFF
    return Think.DEFAULT if settings.think else Think.OFF


def _breakdown(prompt: Prompt, count: TokenCount, ctx: int) -> dict[str, Any]:
    """Return the tokens by part: the counted total, split in the ratio of the estimates."""
    estimates = estimated_sizes(prompt)
    scale = count.value / max(1, sum(estimates.values()))
    shares = {source: round(tokens * scale) for source, tokens in estimates.items()}
    return {
        **shares,
        "total": count.value,
        "is_exact": count.is_exact,
        "answer": ctx // ANSWER_SHARE,
        "window": ctx,
    }


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
