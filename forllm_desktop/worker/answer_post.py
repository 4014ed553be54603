"""Job kinds "respond to a post" and "try a persona": builds the prompt and streams the answer."""

from typing import Any

from forllm_desktop.domain.queue import JobKind
from forllm_desktop.prompting.prompt import Prompt
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.worker.one_call import Caller, metrics_of
from forllm_desktop.worker.reply_text import ReplyText


async def answer_post(
    claim: Claim, caller: Caller, reply: ReplyText, prompts: PromptService
) -> dict[str, Any]:
    """Run one request to its end and return its metrics; the text is in `reply`.

    The persona's own options come before the settings. Raises what `Caller.ask` raises.
    """
    finished = await caller.ask(_prompt(claim, caller, prompts), reply, claim.persona.options)
    return metrics_of(finished)


def _prompt(claim: Claim, caller: Caller, prompts: PromptService) -> Prompt:
    job, has_system = claim.job, caller.has_system_role
    if job.request_type == JobKind.TRY_PERSONA and job.request_params is not None:
        return prompts.build_trial(
            claim.persona.content, job.request_params["question"], model=job.llm_model, system_role=has_system
        )
    assert job.post_id_to_respond_to is not None
    return prompts.build(
        job.post_id_to_respond_to, claim.persona, model=job.llm_model, system_role=has_system
    )
