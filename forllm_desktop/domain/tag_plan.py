"""What the tags of an edited post mean for its requests: which are made, asked again and cancelled."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.tags import Chain, chain_key, chains


@dataclass(frozen=True)
class TagPlan:
    """The difference that an edit makes. `again` and `cancelled` are requests, in the order of their chains.

    `new` are the chains that the text has and had not; those of them without any request are `added`.
    """

    new: tuple[Chain, ...] = ()
    added: tuple[Chain, ...] = ()
    again: tuple[Job, ...] = ()
    cancelled: tuple[Job, ...] = ()


def tag_plan(before: str, after: str, requests: Sequence[Job]) -> TagPlan:
    """Compare two texts of a post with the requests that its tags made so far.

    A chain that leaves the text loses its open requests; what is finished stays. One that comes back is not
    asked twice: its cancelled and failed requests wait again, and the finished ones stay as they are. A chain
    that stays in the text is left alone, also where its requests were cancelled by hand.
    """
    by_chain: dict[str, list[Job]] = defaultdict(list)
    for job in requests:
        by_chain[job.tag_chain or ""].append(job)
    had, has = _by_key(before), _by_key(after)
    new = [chain for key, chain in has.items() if key not in had]
    added = [chain for key, chain in has.items() if key not in by_chain]
    again = [job for chain in new for job in _in_order(by_chain[chain_key(chain)]) if _has_ended_early(job)]
    left = [jobs for key, jobs in by_chain.items() if key not in has]
    cancelled = [job for jobs in left for job in _in_order(jobs) if job.is_open]
    return TagPlan(tuple(new), tuple(added), tuple(again), tuple(cancelled))


def _by_key(text: str) -> dict[str, Chain]:
    return {chain_key(chain): chain for chain in chains(text)}


def _in_order(jobs: Sequence[Job]) -> list[Job]:
    return sorted(jobs, key=lambda job: (job.tag_step or 0, job.request_id))


def _has_ended_early(job: Job) -> bool:
    return job.status in (JobStatus.ERROR, JobStatus.CANCELLED) and not job.is_skipped
