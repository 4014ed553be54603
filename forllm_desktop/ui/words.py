"""The words, colours and icons for states and times: made here and nowhere else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from forllm_desktop.domain.queue import Job, JobStatus

_WAIT_REASONS = {
    "unreachable": "Server away",
    "auth": "The server wants another key",
    "busy": "The server is busy",
    "loading": "The server is loading",
    "timeout": "The server does not answer",
}


@dataclass(frozen=True)
class StateLook:
    """How a state is shown: its word, its icon, and the tokens of text and ground (None: no ground)."""

    word: str
    icon: str
    colour: str
    ground: str | None
    is_struck: bool = False


WAITING = StateLook("Waiting", "clock", "text_2", "neutral_soft")
CHAINED = StateLook("Waiting", "link", "text_2", "neutral_soft")
BLOCKED = StateLook("Blocked", "link", "text_2", "")
PARKED = StateLook("Parked", "moon", "warn", "warn_soft")
WORKING = StateLook("Working", "pencil-simple", "accent_text", "accent_soft")
DONE = StateLook("Done", "check", "ok", "ok_soft")
FAILED = StateLook("Failed", "warning-circle", "danger", "danger_soft")
CANCELLED = StateLook("Cancelled", "prohibit", "text_3", None, is_struck=True)

_LOOKS = {
    JobStatus.PENDING: WAITING,
    JobStatus.PENDING_DEPENDENCY: CHAINED,
    JobStatus.PROCESSING: WORKING,
    JobStatus.COMPLETE: DONE,
    JobStatus.ERROR: FAILED,
    JobStatus.CANCELLED: CANCELLED,
}


def state_look(job: Job, *, is_blocked: bool = False) -> StateLook:
    """Return how a request's state is shown; a blocked one waits for one that failed."""
    if is_blocked and job.status == JobStatus.PENDING_DEPENDENCY:
        return BLOCKED
    return PARKED if job.is_parked else _LOOKS[JobStatus(job.status)]


def reason(job: Job) -> str:
    """Return why a request failed or waits, in a few words; empty when it does neither."""
    if job.is_parked:
        return job.error_title or _WAIT_REASONS.get(job.wait_reason or "", "Waits for its server")
    return job.error_title or "" if job.status == JobStatus.ERROR else ""


def cure(job: Job) -> str:
    """Return what to do about a failed or parked request, in a sentence; empty when nothing is wrong."""
    return (job.error_message or "") if job.is_parked or job.status == JobStatus.ERROR else ""


def phase(name: str, fraction: float | None = None) -> str:
    """Return what a running request does: "reading the prompt, 62 %"."""
    words = {
        "queued": "waiting for the server",
        "loading": "loading the model",
        "prompt": "reading the prompt",
        "thinking": "thinking",
        "writing": "writing",
    }.get(name, name)
    return words if fraction is None else f"{words}, {fraction:.0%}".replace("%", " %")


def ago(moment: datetime, now: datetime) -> str:
    """Return a time relative to `now` in a word or two: "now", "21 min", "2 h", "3 days", else the date."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return "now"
    if passed < timedelta(hours=1):
        return f"{passed.seconds // 60} min"
    if passed < timedelta(days=1):
        return f"{passed.seconds // 3600} h"
    if passed < timedelta(days=7):
        return f"{passed.days} day{'s' if passed.days > 1 else ''}"
    return f"{moment.astimezone():%d %b %Y}"


def clock(moment: datetime, now: datetime) -> str:
    """Return the local time of day, with the day when it is not today: "21:52", "Mon 21:52"."""
    local, today = moment.astimezone(), now.astimezone().date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if timedelta(0) < today - local.date() < timedelta(days=7):
        return f"{local:%a %H:%M}"
    return f"{local:%d %b %Y, %H:%M}"


def exact(moment: datetime) -> str:
    """Return a moment in full, for tooltips: "Tue 11 Nov 2025, 21:52:07"."""
    return f"{moment.astimezone():%a %d %b %Y, %H:%M:%S}"


def duration(seconds: float) -> str:
    """Return a length of time with its unit: "4 s", "4 min 54 s", "1 h 12 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def speed(tokens: float, seconds: float) -> str:
    """Return tokens per second: "12 tok/s", "1.4 tok/s"; empty when nothing can be said yet."""
    if seconds <= 0 or tokens <= 0:
        return ""
    rate = tokens / seconds
    return f"{rate:.1f} tok/s" if rate < 10 else f"{rate:,.0f} tok/s"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: "1 post", "7 posts"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
