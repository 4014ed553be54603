"""Puts topics and posts into the forum, inside the transaction of the verb that does so."""

from datetime import datetime

from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.forum import Post, Subforum, Topic, checked_name, checked_text
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage.database import Session

WRITER = 1
"""The one user, seeded with the database."""


def insert_topic(
    session: Session, subforum_id: int, title: str, text: str, now: datetime
) -> tuple[Topic, Post]:
    """Add a topic with its first post. Raises InvalidInput and NotFound."""
    title, text = checked_name(title, "topic"), checked_text(text)
    live_subforum(session, subforum_id)
    topic = Topic(subforum_id=subforum_id, user_id=WRITER, title=title, created_at=now)
    session.add(topic)
    session.flush()
    return topic, _insert(session, topic.topic_id, text, None, now)


def insert_post(
    session: Session, topic_id: int, text: str, parent_post_id: int | None, now: datetime
) -> Post:
    """Add a post by the user, below another one of the same topic if given. Raises InvalidInput, NotFound."""
    text = checked_text(text)
    if not rows.takes_post(session, topic_id, parent_post_id):
        # Only now the slower look at each thing, which finds the words.
        live_topic(session, topic_id)
        if parent_post_id is not None and live_post(session, parent_post_id).topic_id != topic_id:
            raise InvalidInput("parent_post_id", "The answered post is in another topic")
    return _insert(session, topic_id, text, parent_post_id, now)


def live_subforum(session: Session, subforum_id: int) -> Subforum:
    """Return a subforum that is not deleted. Raises NotFound."""
    subforum = session.get(Subforum, subforum_id)
    if subforum is None:
        raise NotFound("The subforum does not exist", f"There is none with the number {subforum_id}.")
    if subforum.deleted_at is not None:
        raise NotFound(f"The subforum “{subforum.name}” is deleted", "Restore it from the Trash first.")
    return subforum


def live_topic(session: Session, topic_id: int) -> Topic:
    """Return a topic that is not deleted, nor its subforum. Raises NotFound."""
    topic = session.get(Topic, topic_id)
    if topic is None:
        raise NotFound("The topic does not exist", f"There is none with the number {topic_id}.")
    if topic.deleted_at is not None:
        raise NotFound(f"The topic “{topic.title}” is deleted", "Restore it from the Trash first.")
    live_subforum(session, topic.subforum_id)
    return topic


def live_post(session: Session, post_id: int) -> Post:
    """Return a post that is not deleted, nor its topic. Raises NotFound."""
    post = session.get(Post, post_id)
    if post is None:
        raise NotFound("The post does not exist", f"There is none with the number {post_id}.")
    if post.deleted_at is not None:
        raise NotFound("The post is deleted", "Restore it from the Trash first.")
    live_topic(session, post.topic_id)
    return post


def _insert(session: Session, topic_id: int, text: str, parent_post_id: int | None, now: datetime) -> Post:
    post = Post(
        topic_id=topic_id,
        user_id=WRITER,
        parent_post_id=parent_post_id,
        content=text,
        thinking="",
        created_at=now,
        read_at=now,
    )
    session.add(post)
    session.flush()
    return post
