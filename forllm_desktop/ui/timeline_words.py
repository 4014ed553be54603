"""What has happened to a request, moment by moment: the lines of its timeline."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.services.running import Progress
from forllm_desktop.ui import words


@dataclass(frozen=True)
class Moment:
    """One line: when, what, and how long it took; `colour` is a token, that of its dot too."""

    at: datetime | None
    said: str
    took: str = ""
    colour: str = "text"


def timeline(job: Job, running: Progress | None = None) -> list[Moment]:
    """Return the lines of a request, the first one when it was asked for."""
    moments = [Moment(job.requested_at, "asked by a tag" if job.tag_chain else "asked by you")]
    if job.started_at is not None:
        moments.append(Moment(job.started_at, f"started{_after(job.started_at - job.requested_at)}"))
        moments += _work(job, job.started_at)
    if running is not None and job.status == JobStatus.PROCESSING:
        phase = words.phase(running.phase, running.fraction)
        speed = words.speed(running.rate, 1.0)
        said = ", ".join(part for part in (phase, _tokens(running.pieces), speed) if part)
        moments.append(Moment(None, said, colour="accent_text"))
    end = _end(job)
    return [*moments, end] if end is not None else moments


def tries(job: Job) -> str:
    """Return how often a request was begun: "first try", "try 2"; empty before the first."""
    return "" if not job.attempts else "first try" if job.attempts == 1 else f"try {job.attempts:,}"


def _work(job: Job, begun: datetime) -> list[Moment]:
    """Return what the server reported; its durations follow each other."""
    metrics, at, moments = job.metrics or {}, begun, []
    load, read = metrics.get("load_seconds"), metrics.get("prompt_seconds")
    write, wrote = metrics.get("output_seconds"), metrics.get("output_tokens")
    if load and load >= 0.5:
        at += timedelta(seconds=load)
        moments.append(Moment(at, "model loaded", words.duration(load)))
    if metrics.get("prompt_tokens") is not None:
        at += timedelta(seconds=read or 0)
        said = f"prompt read, {words.counted(metrics['prompt_tokens'], 'token')}"
        if metrics.get("cached_tokens"):
            said += f", {metrics['cached_tokens']:,} of them kept from before"
        is_short = bool(metrics.get("prompt_shortened"))
        took = words.duration(read) if read else ""
        moments.append(Moment(at if read else None, said, took, "warn" if is_short else "text"))
    if wrote:
        speed = words.speed(wrote, write or 0)
        said = ", ".join(part for part in (f"written, {_tokens(wrote)}", speed) if part)
        moments.append(
            Moment(
                at + timedelta(seconds=write) if write else None, said, words.duration(write) if write else ""
            )
        )
    return moments


def _end(job: Job) -> Moment | None:
    if job.is_parked:
        until = f"tried again {words.exact(job.not_before)}" if job.not_before is not None else ""
        return Moment(None, f"{words.reason(job)}; {until}" if until else words.reason(job), colour="warn")
    if job.status == JobStatus.PENDING_DEPENDENCY:
        return Moment(None, "waits for another reply")
    if job.status == JobStatus.PENDING:
        return Moment(None, "waits for its turn")
    if job.finished_at is None:
        return None
    took = _after(job.finished_at - job.started_at) if job.started_at is not None else ""
    ends = {
        JobStatus.COMPLETE: (f"done{took}", "ok"),
        JobStatus.CANCELLED: (f"cancelled{took}", "text_3"),
        JobStatus.ERROR: (words.reason(job) or "failed", "danger"),
    }
    said, colour = ends.get(JobStatus(job.status), ("", "text"))
    return Moment(job.finished_at, said, colour=colour) if said else None


def _after(passed: timedelta) -> str:
    """Return ", after 4 min" where it took long enough to be worth saying."""
    seconds = passed.total_seconds()
    return f", after {words.duration(seconds)}" if seconds >= 1 else ""


def _tokens(count: int) -> str:
    return words.counted(count, "token") if count else ""
