"""The words of the page on which models write personas."""

from datetime import datetime

from forllm_desktop.domain.generation import Stage
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.services.generation_view import GenerationView, StageView
from forllm_desktop.ui import words

STEPS = {
    Stage.EXPANSION: "Expand",
    Stage.REFINEMENT: "Refine",
    Stage.CRITIQUE: "Check",
    Stage.REPAIR: "Mend",
}
TITLES = {
    Stage.EXPANSION: "Expanded idea",
    Stage.REFINEMENT: "Persona text",
    Stage.CRITIQUE: "Checked text",
    Stage.REPAIR: "What was missing",
}
STATES = {
    "queued": "waiting for the server",
    "loading": "loading the model",
    "prompt": "reading the prompt",
    "thinking": "thinking",
    "writing": "writing",
    "failed": "broke off",
    "stopped": "stopped",
}


def facts(stage: StageView) -> str:
    """Return what is known of a stage: "486 tokens, 52 s"; of a running one its speed."""
    known = [words.counted(stage.tokens, "token")] if stage.tokens else []
    if stage.state == "running":
        if stage.fraction is not None:
            known = [words.phase("prompt", stage.fraction)]
        return ", ".join(filter(None, (*known, words.speed(stage.rate, 1.0))))
    if stage.state == "done" and stage.seconds:
        known.append(words.duration(stage.seconds))
    return ", ".join(known)


def waits(view: GenerationView, *, is_paused: bool, now: datetime) -> str:
    """Say in a sentence why nothing is written now; empty while something is, or when all is done."""
    job = view.job
    if job.is_parked:
        said = [words.reason(job), words.cure(job)]
        if job.not_before is not None and job.not_before > now:
            said.append(f"Tried again at {words.clock(job.not_before, now)}")
        return " ".join(f"{part.rstrip('.')}." for part in said if part)
    if job.status == JobStatus.PENDING:
        if is_paused:
            return "The queue is paused. This begins when the queue runs again."
        return "Waiting in the queue."
    return ""


def ended(view: GenerationView) -> str:
    """Say why a request ended without a persona, and from where it can go on."""
    job = view.job
    if job.status == JobStatus.CANCELLED:
        return "Stopped. What was written is kept."
    if job.status == JobStatus.ERROR:
        return " ".join(f"{part.rstrip('.')}." for part in (words.reason(job), words.cure(job)) if part)
    return ""


def again(view: GenerationView) -> str:
    """Return the word of the button that goes on after a failure: "Retry from Refine"."""
    return f"Retry from {STEPS[view.current.stage]}"
