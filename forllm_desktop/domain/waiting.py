"""Which requests wait for others: what blocks one, and what would go on without another."""

from collections.abc import Iterable, Mapping

from forllm_desktop.domain.queue import Job, JobStatus


def blocking(job: Job, by_id: Mapping[int, Job]) -> Job | None:
    """Return the failed request that keeps another one from ever running; None when none does.

    `by_id` holds what is known of the queue, at least what the request waits for.
    """
    seen: set[int] = set()
    before: Job | None = job
    while before is not None and before.status == JobStatus.PENDING_DEPENDENCY:
        if before.request_id in seen:
            return None
        seen.add(before.request_id)
        before = by_id.get(before.parent_request_id or 0)
    return before if before is not None and before.status == JobStatus.ERROR else None


def skippable(jobs: Iterable[Job]) -> set[int]:
    """Return the failed and cancelled requests without which others could go on.

    Those wait for a failed one; what waited for a cancelled one was cancelled with it, at the same moment.
    """
    by_id = {job.request_id: job for job in jobs}
    found = set()
    for job in by_id.values():
        before = by_id.get(job.parent_request_id or 0)
        if before is None:
            continue
        is_blocked = before.status == JobStatus.ERROR and job.status == JobStatus.PENDING_DEPENDENCY
        was_cancelled_too = (
            before.status == job.status == JobStatus.CANCELLED and before.finished_at == job.finished_at
        )
        if is_blocked or was_cancelled_too:
            found.add(before.request_id)
    return found
