"""The prompt of a request as a reader sees it: as it was sent, or as it would be sent now."""

from dataclasses import dataclass

from forllm_desktop.domain.errors import ForllmError, NotFound
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.xray import Xray
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.queue import QueueService


@dataclass(frozen=True)
class RequestPrompt:
    """A request, its prompt, and the one that was sent before it in the same topic, if any.

    Where there is no prompt to see yet, `why_not` says why.
    """

    row: QueueRow
    xray: Xray | None
    before: Xray | None
    why_not: ForllmError | None = None


def request_prompt(
    request_id: int, queue: QueueService, personas: PersonaService, prompts: PromptService
) -> RequestPrompt:
    """Return the prompt of a request: of a waiting one what would be sent. May be called from any thread.

    Raises NotFound when there is no such request.
    """
    found = queue.table([request_id])
    if not found:
        raise NotFound("The request does not exist", f"There is none with the number {request_id}.")
    row = found[0]
    sent = prompts.sent(request_id)
    why_not = None
    if sent is None or row.is_ahead:
        try:
            sent = _ahead(row, personas, prompts)
        except ForllmError as error:
            why_not = error if sent is None else None
    return RequestPrompt(row, sent, prompts.before(request_id) if sent is not None else None, why_not)


def _ahead(row: QueueRow, personas: PersonaService, prompts: PromptService) -> Xray:
    job = row.job
    if row.is_trial or row.writing is not None:
        raise ForllmError("Nothing was sent yet", "Its prompt can be seen once it is sent.")
    if job.status == JobStatus.PENDING_DEPENDENCY:
        raise ForllmError(
            "It answers a reply that is not written yet", "Its prompt is built when that reply is there."
        )
    if not job.is_open:
        raise ForllmError("Nothing was sent", "The request ended before its prompt was built.")
    if row.is_refused or not row.persona_id or job.post_id_to_respond_to is None:
        raise ForllmError("No prompt can be built", "The persona may not answer there any more.")
    number = (job.persona_version if job.version_is_chosen else None) or personas.persona(
        row.persona_id
    ).version
    content = personas.version(row.persona_id, number).content
    model = ModelChoice(job.server_id, job.llm_model) if job.server_id is not None else None
    return prompts.preview(job.post_id_to_respond_to, row.persona_id, content, model)
