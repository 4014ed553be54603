"""The words of the queue table's cells and filters."""

from datetime import datetime
from pathlib import PurePath

from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.services.running import Progress
from forllm_desktop.ui import words

FILTERS: tuple[str, ...] = ("All", "Waiting", "Working", "Failed", "Done")


def filters_of(job: Job) -> tuple[str, ...]:
    """Return the filters that show a request."""
    name = {
        JobStatus.PENDING: "Waiting",
        JobStatus.PENDING_DEPENDENCY: "Waiting",
        JobStatus.PROCESSING: "Working",
        JobStatus.ERROR: "Failed",
        JobStatus.COMPLETE: "Done",
    }.get(JobStatus(job.status))
    return ("All", name) if name else ("All",)


def model(name: str) -> str:
    """Return a model's name as it is shown: a file's name without its folder and ending."""
    return PurePath(name).stem if name.casefold().endswith(".gguf") else name


def tokens(job: Job, running: Progress | None) -> str:
    """Return the tokens of prompt and reply: "2,318 + 214"; a tilde marks an estimate."""
    metrics, breakdown = job.metrics or {}, job.token_breakdown or {}
    prompt = metrics.get("prompt_tokens") or breakdown.get("total")
    output = running.pieces if running else metrics.get("output_tokens")
    if prompt is None:
        return ""
    is_exact = metrics.get("prompt_tokens") is not None or breakdown.get("is_exact")
    shown = f"{prompt:,}" if is_exact else f"~{prompt:,}"
    return f"{shown} + {output:,}" if output else shown


def progress(job: Job, running: Progress | None, now: datetime) -> str:
    """Return how far a request is, when it will go on, or why it failed."""
    if running is not None:
        return _running(job, running, now)
    if job.is_parked:
        return words.reason(job)
    if job.status == JobStatus.ERROR:
        return words.reason(job)
    if job.status == JobStatus.PENDING_DEPENDENCY:
        return "after another reply"
    if job.finished_at is None:
        return ""
    ended = words.clock(job.finished_at, now)
    if job.status == JobStatus.COMPLETE and job.started_at is not None:
        return f"{ended}, took {words.duration((job.finished_at - job.started_at).total_seconds())}"
    return ended


def tooltip(row: QueueRow, column: str) -> str:
    """Return what a cell says on hover: exact times, the whole title, what to do."""
    job = row.job
    if column == "state":
        return words.state_look(job).word
    if column == "asked":
        return words.exact(job.requested_at)
    if column == "progress":
        return words.cure(job)
    if column == "model":
        return f"{job.llm_model} on {row.server}" if row.server else job.llm_model
    return row.title if column == "request" else ""


def _running(job: Job, running: Progress, now: datetime) -> str:
    phase = words.phase(running.phase)
    if running.fraction is not None:
        phase = f"{running.fraction:.0%} of the prompt".replace("%", " %")
    since = job.started_at
    elapsed = words.duration((now - since).total_seconds()) if since else ""
    return ", ".join(filter(None, (phase, elapsed, words.speed(running.rate, 1.0))))
