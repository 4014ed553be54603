"""A request as a row of the queue table: the record and the names behind its numbers."""

from dataclasses import dataclass

from forllm_desktop.domain.queue import Job


@dataclass(frozen=True)
class QueueRow:
    """One request. Its `job` comes without the prompt; `persona` will answer, or has answered.

    `title` and `topic_id` are those of the topic it is asked in, `post_id` is the post to show for it.
    """

    job: Job
    title: str
    topic_id: int
    post_id: int
    persona_id: int
    persona: str
    server: str
