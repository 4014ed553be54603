"""A request as a row of the queue table: the record and the names behind its numbers."""

from dataclasses import dataclass

from forllm_desktop.domain.queue import Job, JobKind, JobStatus


@dataclass(frozen=True)
class QueueRow:
    """One request. Its `job` comes without the prompt; `persona` will answer, or has answered.

    `title` and `topic_id` are those of the topic it is asked in, `post_id` is the post to show for it; a
    trial has neither, its `title` is the question. `version` is the persona's that will be or was used, 0
    when there is none. `why` says of a waiting request why this persona, and `is_refused` that it may not
    answer there any more.
    """

    job: Job
    title: str
    topic_id: int
    post_id: int
    persona_id: int
    persona: str
    server: str
    version: int = 0
    why: str = ""
    is_refused: bool = False

    @property
    def is_trial(self) -> bool:
        """Say whether a persona is tried, outside of every topic."""
        return self.job.request_type == JobKind.TRY_PERSONA

    @property
    def is_ahead(self) -> bool:
        """Say whether the persona is yet to be used: until the request starts it is resolved anew."""
        return self.job.is_open and self.job.status != JobStatus.PROCESSING
