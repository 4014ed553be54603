"""Writing anew what a generated persona lacks: a request that begins behind the stages that went well."""

from dataclasses import replace
from datetime import datetime

from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.generation import GenerationResult, Stage
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.queue import Job, JobKind, JobStatus
from forllm_desktop.domain.servers import model_word
from forllm_desktop.services import job_steps
from forllm_desktop.services import persona_steps as steps
from forllm_desktop.storage.database import Session


def request_for(session: Session, persona_id: int, position: int, now: datetime) -> Job:
    """Insert the request that writes what a persona lacks. Raises NotPossible when nothing is missing."""
    persona = steps.live(session, persona_id)
    details = persona.generation_input_details or {}
    if "request_id" not in details:
        raise NotPossible("This persona was not generated", "Write what is missing by hand.")
    origin = job_steps.existing(session, details["request_id"])
    output = origin.output or {}
    result = GenerationResult.from_json(output["result"])
    if not result.missing or persona.attention is None:
        raise NotPossible("Nothing is missing", "All headings are there.")
    is_untouched = persona.prompt_instructions == _text(result, persona)
    job = Job(
        request_type=JobKind.GENERATE_PERSONA.value,
        request_params={
            **(origin.request_params or {}),
            "mends": persona_id if is_untouched else None,
            "regenerates": None if is_untouched else persona_id,
        },
        position=position,
        llm_model=origin.llm_model,
        server_id=origin.server_id,
        requested_at=now,
        status=JobStatus.PENDING.value,
        output={
            "stages": {name: kept for name, kept in output["stages"].items() if name != Stage.REPAIR.value}
        },
    )
    job_steps.park_with_server(session, job, now)
    session.add(job)
    session.flush()
    return job


def mend(session: Session, job: Job, result: GenerationResult, now: datetime) -> Persona:
    """Give a persona the text in which more is there, as its next version; its name stays."""
    persona = steps.live(session, (job.request_params or {})["mends"])
    persona.take(replace(persona.content, instructions=_text(result, persona)))
    persona.version += 1
    persona.updated_at = now
    details = {**(persona.generation_input_details or {}), "request_id": job.request_id}
    persona.generation_input_details = details
    steps.add_version(
        session, persona, now, "What was missing was generated", model_word(job.llm_model)[:200]
    )
    return persona


def _text(result: GenerationResult, persona: Persona) -> str:
    """Return a result's text with the name that the persona got."""
    text = result.prompt_instructions.replace("\0", "\ufffd")
    return text.replace(f": {result.persona_name}", f": {persona.name}", 1)
