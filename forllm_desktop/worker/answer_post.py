"""Asks a model to answer a post or a trial: builds the prompt, stores it as sent, streams the text."""

from contextlib import aclosing
from typing import Any

from forllm_desktop.domain.queue import JobKind
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
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.prompt import PromptService, estimated_sizes
from forllm_desktop.services.queue import QueueService
from forllm_desktop.worker.reply_text import ReplyText


async def answer_post(
    claim: Claim,
    backend: Backend,
    reply: ReplyText,
    settings: Settings,
    prompts: PromptService,
    queue: QueueService,
) -> dict[str, Any]:
    """Run one request to its end and return its metrics; the text is in `reply`.

    The persona's own options come before the settings.

    Raises BackendError for every failure of the server, for a prompt that does not fit, and for a reply
    that is empty or all thoughts.
    """
    job = claim.job
    if backend.profile.kind is ServerKind.ENGINE:
        reply.wait("loading")
    model = await backend.prepare(job.llm_model, settings.context_window)
    ctx = window(model.ctx_trained, model.ctx_allocated, settings.context_window)
    if job.server_id is not None:
        prompts.note_model(
            ModelChoice(job.server_id, job.llm_model),
            ctx=_largest(model),
            supports_system=model.supports_system,
        )
    options = claim.persona.options
    prompt = _build(claim, prompts, model)
    count = await backend.count_tokens(job.llm_model, prompt.messages)
    queue.record_prompt(job.request_id, prompt.messages, _breakdown(prompt, count, ctx))
    require_fit(count.value, ctx, is_exact=count.is_exact)
    request = ChatRequest(
        model=job.llm_model,
        messages=prompt.messages,
        ctx=ctx,
        max_tokens=min(ctx - count.value, options.max_reply_tokens or ctx),
        n_prompt_estimate=count.value,
        is_exact_count=count.is_exact,
        sampling={} if options.temperature is None else {"temperature": options.temperature},
        think=_think(options.think, settings),
        keep_alive=settings.keep_alive,
        stall=settings.stall_limit,
    )
    finished = await _stream(backend, request, reply)
    if finished.is_empty or finished.only_thinking:
        raise _without_reply(finished)
    return metrics_of(finished)


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


def _build(claim: Claim, prompts: PromptService, model: ModelInfo) -> Prompt:
    job, has_system = claim.job, model.supports_system is not False
    if job.request_type == JobKind.TRY_PERSONA and job.request_params is not None:
        return prompts.build_trial(
            claim.persona.content, job.request_params["question"], model=job.llm_model, system_role=has_system
        )
    assert job.post_id_to_respond_to is not None
    return prompts.build(
        job.post_id_to_respond_to, claim.persona, model=job.llm_model, system_role=has_system
    )


def _largest(model: ModelInfo) -> int | None:
    """Return the largest window that a request can have, as far as the server tells."""
    return min((size for size in (model.ctx_trained, model.ctx_allocated) if size), default=None)


def _think(wish: bool | None, settings: Settings) -> Think:
    if wish is not None:
        return Think.ON if wish else Think.OFF
    return Think.DEFAULT if settings.think else Think.OFF


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
