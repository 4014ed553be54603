"""The marks of a post that are about prompts: pinned, left out, or answered to a shortened prompt."""

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.ui.queue_words import shortened
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.typeset import Mark

_RULES = {
    PromptRule.PINNED: Mark("pinned", "push-pin", said="pinned into prompts"),
    PromptRule.LEFT_OUT: Mark("left out", "scissors", said="left out of prompts"),
}


def marks_of(entry: Entry) -> tuple[Mark, ...]:
    """Return the marks of a post's head line, the warning last."""
    rule = _RULES.get(PromptRule(entry.post.prompt_rule)) if entry.post is not None else None
    marks = [rule] if rule is not None else []
    if shortened_of(entry):
        marks.append(Mark("prompt was shortened", "warning", "warn", "act:prompt", short="shortened"))
    return tuple(marks)


def about_marks(entry: Entry) -> tuple[str, ...]:
    """Say in sentences what the marks of a post mean."""
    marks = [f"{mark.said.capitalize()} by hand." for mark in marks_of(entry) if mark.said]
    return (*marks, shortened_of(entry))


def shortened_of(entry: Entry) -> str:
    """Say in a sentence that the server shortened the prompt of a reply; empty when it did not."""
    job = entry.job
    if job is None or job.status != JobStatus.COMPLETE:
        return ""
    return shortened(job)
