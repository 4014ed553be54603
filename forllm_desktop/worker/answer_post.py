"""Job kinds "respond to a post" and "try a persona": builds the prompt and streams the answer."""

from functools import partial
from typing import Any

from forllm_desktop.domain.queue import JobKind
from forllm_desktop.prompting.prompt import SizedPrompt
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.prompt import PromptService, Target
from forllm_desktop.worker.one_call import Caller, metrics_of
from forllm_desktop.worker.reply_text import ReplyText


async def answer_post(
    claim: Claim, caller: Caller, reply: ReplyText, prompts: PromptService
) -> dict[str, Any]:
    """Run one request to its end and return its metrics; the text is in `reply`.

    The persona's own options come before the settings. Raises what `Caller.ask` raises.
    """
    prompt = await _prompt(claim, caller, prompts)
    finished = await caller.ask(prompt, reply, claim.persona.options)
    return metrics_of(finished)


async def _prompt(claim: Claim, caller: Caller, prompts: PromptService) -> SizedPrompt:
    job, persona = claim.job, claim.persona
    target = Target(job.llm_model, caller.window, caller.has_system_role, caller.estimator)
    count = partial(caller.count, options=persona.options)
    if job.request_type == JobKind.TRY_PERSONA and job.request_params is not None:
        return await prompts.to_try(persona.content, job.request_params["question"], target, count)
    assert job.post_id_to_respond_to is not None
    return await prompts.to_send(job.post_id_to_respond_to, persona, target, count)
