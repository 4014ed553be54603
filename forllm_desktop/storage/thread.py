"""Selects that read a whole topic at once, so that a page of hundreds of posts costs a handful of queries."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import defer

from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.persona import PersonaVersion
from forllm_desktop.domain.queue import Job
from forllm_desktop.storage.database import Session

SENT = (Job.prompt, Job.prompt_parts)
"""What can be large of a request, and what no list needs."""


def requests_of_topic(session: Session, topic_id: int) -> Sequence[Job]:
    """List the requests that answer posts of a topic, oldest first, without the prompts that were sent.

    Reading what was sent from one of them raises; ask for the request itself then.
    """
    return session.scalars(
        select(Job)
        .join(Post, Post.post_id == Job.post_id_to_respond_to)
        .where(Post.topic_id == topic_id)
        .options(*(defer(column, raiseload=True) for column in SENT))
        .order_by(Job.request_id)
    ).all()


def persona_names(session: Session, versions: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Return the names that persona versions had, by persona id and version number."""
    wanted = set(versions)
    # Both columns of the index are named: a persona may have thousands of versions.
    rows = session.execute(
        select(PersonaVersion.persona_id, PersonaVersion.version, PersonaVersion.name).where(
            PersonaVersion.persona_id.in_({persona_id for persona_id, _ in wanted}),
            PersonaVersion.version.in_({number for _, number in wanted}),
        )
    )
    return {(row[0], row[1]): row[2] for row in rows if (row[0], row[1]) in wanted}
