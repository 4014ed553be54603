"""Selects for chains of requests: what those of a table wait for, and what waits for them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, defer

from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.storage.database import Session

_PER_STATEMENT = 500


def linked(session: Session, jobs: Sequence[Job]) -> dict[int, Job]:
    """Return requests by id together with all that they wait for, and with what waits for an ended one."""
    by_id = {job.request_id: job for job in jobs}
    last = jobs
    while missing := _parents(last, by_id):
        last = _read(session, Job.request_id, missing)
        by_id |= {job.request_id: job for job in last}
    ended = [job.request_id for job in jobs if job.status in (JobStatus.ERROR, JobStatus.CANCELLED)]
    waiting = _read(session, Job.parent_request_id, ended)
    return {job.request_id: job for job in waiting} | by_id


def _parents(jobs: Sequence[Job], by_id: dict[int, Job]) -> list[int]:
    wanted = {job.parent_request_id for job in jobs if job.status == JobStatus.PENDING_DEPENDENCY}
    return sorted(number for number in wanted if number is not None and number not in by_id)


def _read(session: Session, column: InstrumentedAttribute, ids: Sequence[int]) -> list[Job]:
    large = [
        defer(one, raiseload=True) for one in (Job.prompt, Job.prompt_parts, Job.request_params, Job.output)
    ]
    found: list[Job] = []
    for start in range(0, len(ids), _PER_STATEMENT):
        some = ids[start : start + _PER_STATEMENT]
        found += session.scalars(select(Job).where(column.in_(some)).options(*large)).all()
    return found
