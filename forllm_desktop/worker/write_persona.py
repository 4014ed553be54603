"""Job kind "generate a persona": runs the stages that are not done yet, each a call of its own."""

import asyncio
import time
from functools import partial
from typing import Any

from forllm_desktop.domain.generation import GenerationResult, Stage
from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.settings import Settings
from forllm_desktop.llm.backend import BackendError, ErrorKind, Finished
from forllm_desktop.prompting.persona_generator import generate_persona, template_name
from forllm_desktop.prompting.prompt import plain_prompt
from forllm_desktop.services.generation import GenerationService
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.templates import TemplateService
from forllm_desktop.worker.one_call import Caller, metrics_of
from forllm_desktop.worker.reply_text import ReplyText

STAGE_TOKENS = 4_096
"""Most tokens of one stage, thoughts included: what a model caught in a loop may cost."""
PAUSES = (2.0, 5.0, 10.0)
"""Seconds before a stage is tried again after a passing failure, by the number of tries."""

_PASSING = frozenset({ErrorKind.SERVER_ERROR, ErrorKind.TIMEOUT, ErrorKind.STREAM_BROKEN})


async def write_persona(
    claim: Claim,
    caller: Caller,
    reply: ReplyText,
    generation: GenerationService,
    templates: TemplateService,
    settings: Settings,
) -> tuple[GenerationResult, dict[str, Any]]:
    """Run a request to its end; what each stage wrote is kept as soon as it exists.

    Returns the persona and the metrics of the last call. Raises what `Caller.ask` raises; failures that may
    pass are tried again before, as often as the settings say and only while nothing was streamed.
    """
    job = claim.job
    request = generation.request_of(job)
    metrics: dict[str, Any] = {}

    async def ask(stage: Stage, text: str) -> str:
        template = templates.template(template_name(stage, request.generation_type))
        prompt = plain_prompt(text)
        generation.begin_stage(job.request_id, stage)
        reply.begin_stage(stage.value)
        call = partial(caller.ask, prompt, reply, PersonaOptions(max_reply_tokens=STAGE_TOKENS))
        began = time.monotonic()
        finished = await _patiently(call, reply, settings.generation_retries)
        metrics.update(metrics_of(finished))
        generation.keep_stage(
            job.request_id,
            stage,
            reply.text,
            reply.thinking,
            prompt.messages,
            template,
            finished.usage.output,
            time.monotonic() - began,
        )
        return reply.text

    result = await generate_persona(
        request, lambda name: templates.template(name).text, ask, generation.done(job)
    )
    return result, metrics


async def _patiently(call: Any, reply: ReplyText, retries: int) -> Finished:
    """Call, and call again after a failure that may pass, while nothing was streamed."""
    for number in range(retries + 1):
        try:
            return await call()
        except BackendError as error:
            if error.kind not in _PASSING or not reply.is_empty or number == retries:
                raise
        await asyncio.sleep(PAUSES[min(number, len(PAUSES) - 1)])
    raise AssertionError("unreachable")
