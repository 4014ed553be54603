"""A request as a row of the queue table: the record and the names behind its numbers."""

from dataclasses import dataclass

from forllm_desktop.domain.queue import Job, JobKind, JobStatus

HINT_SHOWN = 80
"""Characters of an idea that name a request."""


@dataclass(frozen=True)
class WritingRow:
    """What a request that writes a persona is about: the wishes that name it, and its place in a batch.

    `stage` is the call that was begun last, of `stages` calls that are planned. `renews` is the name of the
    persona whose text is written anew.
    """

    name: str = ""
    idea: str = ""
    subforum: str = ""
    renews: str = ""
    stage: str = ""
    stages: int = 2
    place: int = 0
    batch_size: int = 0

    @property
    def words(self) -> str:
        """What is asked for, in words: "Writing a persona for Cooking, 4 of 10"."""
        if self.renews:
            return f"New text for {self.renews}"
        wish = self.name or " ".join(self.idea.split())
        wish = wish if len(wish) <= HINT_SHOWN else f"{wish[: HINT_SHOWN - 1].rstrip()}…"
        place = f", {self.place:,} of {self.batch_size:,}" if self.batch_size else ""
        if self.subforum:
            return f"Writing {self.name or 'a persona'} for {self.subforum}{place}"
        return f"Writing a persona: {wish}" if wish else "Writing a persona"


@dataclass(frozen=True)
class QueueRow:
    """One request. Its `job` comes without the prompt; `persona` will answer, or has answered.

    `title` and `topic_id` are those of the topic it is asked in, `post_id` is the post to show for it; a
    trial has neither, its `title` is the question. `version` is the persona's that will be or was used, 0
    when there is none. `why` says of a waiting request why this persona, and `is_refused` that it may not
    answer there any more. `answer` is what a tried persona said. A request that writes a persona has no
    topic; `writing` says what it is about, and `persona` is the one it made.

    `after` names who writes the reply that it waits for; `blocked_by` is the failed request that keeps it
    from running. `can_skip` says that others could go on without it, `is_skipped` that they do.
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
    answer: str = ""
    writing: WritingRow | None = None
    after: str = ""
    blocked_by: int = 0
    can_skip: bool = False
    is_skipped: bool = False

    @property
    def is_trial(self) -> bool:
        """Say whether a persona is tried, outside of every topic."""
        return self.job.request_type == JobKind.TRY_PERSONA

    @property
    def is_ahead(self) -> bool:
        """Say whether the persona is yet to be used: until the request starts it is resolved anew."""
        if self.writing is not None:
            return False
        return self.job.is_open and self.job.status != JobStatus.PROCESSING
