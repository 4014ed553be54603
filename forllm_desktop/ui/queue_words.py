"""The words of the queue table's cells and filters."""

from datetime import datetime
from pathlib import PurePath

from forllm_desktop.domain.generation import Stage
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.services.running import Progress
from forllm_desktop.ui import words

FILTERS: tuple[str, ...] = ("All", "Waiting", "Working", "Failed", "Done")

EXCERPT = 600
"""Characters of a tried persona's answer that a tooltip shows."""


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


def title(row: QueueRow) -> str:
    """Return what is asked: the topic, the question that a persona is tried with, or what is written."""
    if row.writing is not None:
        return row.writing.words
    if not row.is_trial:
        return row.title
    return f"Trying {row.persona}: {' '.join(row.title.split())}"


def persona(row: QueueRow) -> str:
    """Return who answers: "Ada v4"."""
    return f"{row.persona} v{row.version}" if row.version else row.persona


def who(row: QueueRow) -> str:
    """Return in a sentence who answers, or has answered, and why; empty when nobody did."""
    if not row.persona:
        return ""
    named = persona(row)
    if row.writing is not None:
        return f"{named}, whose text is written anew" if row.writing.renews else f"{named}, written by it"
    if row.is_trial:
        return f"{named}, tried outside of every topic"
    if row.is_refused:
        return f"{named} may not answer there any more: the request will end with that reason"
    if row.is_ahead:
        return f"{named} (will be used): {row.why}"
    return f"{named} (was used)" if row.version and not row.job.is_open else named


def answer(row: QueueRow) -> str:
    """Return what a tried persona has answered so far."""
    return row.answer


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


def shortened(job: Job) -> str:
    """Say in a sentence that the server shortened a request's prompt; empty when it did not."""
    metrics = job.metrics or {}
    if not metrics.get("prompt_shortened"):
        return ""
    read, expected = metrics.get("prompt_tokens"), (job.token_breakdown or {}).get("total")
    if read is None:
        return "The server shortened the prompt."
    of = f" of about {expected:,}" if expected else ""
    return f"The server shortened the prompt: it read {read:,}{of} tokens."


STAGES = {
    Stage.EXPANSION: "Expanding",
    Stage.REFINEMENT: "Refining",
    Stage.CRITIQUE: "Checking",
    Stage.REPAIR: "Mending",
}
"""What a model does in the stages of a persona."""


def stage(row: QueueRow, running: Progress | None) -> str:
    """Return which call of a persona runs: "Refining, 2 of 2"; empty for other requests."""
    if row.writing is None or running is None or not running.stage:
        return ""
    now = Stage(running.stage)
    total = row.writing.stages
    place = {Stage.EXPANSION: 1, Stage.REFINEMENT: 2, Stage.CRITIQUE: 3}.get(now, total)
    return f"{STAGES[now]}, {place} of {total}"


def progress(row: QueueRow, running: Progress | None, now: datetime) -> str:
    """Return how far a request is, when it will go on, or why it failed."""
    job = row.job
    if running is not None:
        return ", ".join(filter(None, (stage(row, running), _running(job, running, now))))
    if job.is_parked:
        return words.reason(job)
    if job.status == JobStatus.ERROR:
        return words.reason(job)
    if job.status == JobStatus.PENDING_DEPENDENCY:
        return blocked(row) or (f"after {row.after}’s reply" if row.after else "after another reply")
    if row.is_skipped:
        return "skipped: what follows goes on"
    if job.finished_at is None:
        return ""
    ended = words.clock(job.finished_at, now)
    if shortened(job):
        return f"Prompt was shortened, {ended}"
    if job.status == JobStatus.COMPLETE and job.started_at is not None:
        return f"{ended}, took {words.duration((job.finished_at - job.started_at).total_seconds())}"
    return ended


def blocked(row: QueueRow) -> str:
    """Return why a request cannot run before something is done: what it waits for failed."""
    if not row.blocked_by:
        return ""
    return f"{row.after}’s reply failed" if row.after else "the reply before it failed"


def advice(row: QueueRow) -> str:
    """Return in sentences what went wrong with a request and what to do; empty when nothing did."""
    if row.blocked_by:
        return f"Blocked: {blocked(row)}. Try that again, or skip it and go on without it."
    sentence = ". ".join(part.rstrip(".") for part in (words.reason(row.job), words.cure(row.job)) if part)
    return f"{sentence}." if sentence else ""


def tooltip(row: QueueRow, column: str) -> str:
    """Return what a cell says on hover: exact times, the whole title, who answers and why, what to do."""
    job = row.job
    match column:
        case "state":
            return words.state_look(job, is_blocked=bool(row.blocked_by)).word
        case "asked":
            return words.exact(job.requested_at)
        case "progress":
            return advice(row) if row.blocked_by else words.cure(job) or shortened(job)
        case "model":
            return f"{job.llm_model} on {row.server}" if row.server else job.llm_model
        case "persona":
            return who(row)
        case "request":
            return "\n\n".join(filter(None, (title(row), _excerpt(answer(row)) if row.is_trial else "")))
    return ""


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1].rstrip()}…"


def _running(job: Job, running: Progress, now: datetime) -> str:
    phase = words.phase(running.phase)
    if running.fraction is not None:
        phase = f"{running.fraction:.0%} of the prompt".replace("%", " %")
    since = job.started_at
    elapsed = words.duration((now - since).total_seconds()) if since else ""
    return ", ".join(filter(None, (phase, elapsed, words.speed(running.rate, 1.0))))
