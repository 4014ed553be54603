"""The steps of requests that wait for each other, inside the transaction of the verb that takes them."""

from datetime import datetime

from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.services import job_steps as steps
from forllm_desktop.services.news import News
from forllm_desktop.services.posting import live_post
from forllm_desktop.storage import queue as rows
from forllm_desktop.storage.database import Session


def ask_again(session: Session, news: News, job: Job, now: datetime) -> None:
    """Let a failed or cancelled request wait again in its old place, with its reply post if that is there.

    What went on without it and has not begun yet waits for it again. Raises NotFound, and NotPossible when
    the request before it is cancelled.
    """
    status = steps.status_after(session, job)
    if job.post_id_to_respond_to is not None:
        live_post(session, job.post_id_to_respond_to)
    steps.wait_again(job, status)
    steps.forget_deleted_reply(session, job)
    steps.park_with_server(session, job, now)
    _call_back(session, news, job)
    # The next one may wait for this one.
    session.flush()
    news.tell(news.events.job_changed, job.request_id)


def _call_back(session: Session, news: News, job: Job) -> None:
    """Let what a skipped request let go on wait for it again, as far as it has not begun."""
    if not job.is_skipped:
        return
    for child in [session.get(Job, request_id) for request_id in job.skipped]:
        if child is None or child.parent_request_id != job.parent_request_id:
            continue
        if child.status in (JobStatus.PENDING, JobStatus.PENDING_DEPENDENCY):
            child.parent_request_id = job.request_id
            if child.status == JobStatus.PENDING:
                child.step_to(JobStatus.PENDING_DEPENDENCY)
                steps.forget_waiting(child)
            news.tell(news.events.job_changed, child.request_id)
    job.request_params = None


def go_on_without(session: Session, news: News, job: Job, now: datetime) -> list[Job]:
    """Let what waits for a failed or cancelled request answer what that was to answer; returns it.

    Raises NotPossible when nothing waits, or when the request before is cancelled.
    """
    together = rows.cancelled_with(session, job)
    children = [child for child in together if child.parent_request_id == job.request_id]
    children += rows.dependents(session, [job.request_id])
    if not children:
        raise NotPossible(
            "Nothing waits for this request", "Only a link that others wait for can be skipped."
        )
    job.request_params = {"skipped": [child.request_id for child in children]}
    for child in children:
        child.parent_request_id = job.parent_request_id
        child.post_id_to_respond_to = job.post_id_to_respond_to
        status = steps.status_after(session, child)
        if child.status == JobStatus.CANCELLED:
            steps.wait_again(child, status)
        elif status != child.status:
            child.step_to(status)
        steps.park_with_server(session, child, now)
        session.flush()
    for child in together:
        if child.status == JobStatus.CANCELLED:
            ask_again(session, news, child, now)
    for child in (job, *children):
        news.tell(news.events.job_changed, child.request_id)
        tell_waiting(session, news, child)
    return children


def tell_waiting(session: Session, news: News, job: Job) -> None:
    """Announce all that waits for a request: whether it is blocked has changed."""
    for child in rows.all_dependents(session, [job.request_id]):
        news.tell(news.events.job_changed, child.request_id)
