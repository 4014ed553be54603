"""What is done with topics, with one or several at once, and how it is taken back."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from forllm_desktop.domain.errors import NotFound, NotPossible
from forllm_desktop.domain.forum import Topic
from forllm_desktop.domain.undo import Kind, Restored, Undo, UndoKind
from forllm_desktop.services import restoring
from forllm_desktop.services.news import News
from forllm_desktop.services.posting import live_subforum, live_topic
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage import forum_tree as tree_rows
from forllm_desktop.storage import queue as queue_rows
from forllm_desktop.storage.database import Session


def cancel_requests(
    session: Session, news: News, post_ids: Collection[int], now: datetime
) -> queue_rows.Cancelled:
    """Cancel what answers or writes these posts at the moment of their deletion; a restore goes by it."""
    cancelled = queue_rows.cancel_for_posts(session, post_ids, now)
    news.tell_cancelled(cancelled)
    return cancelled


def delete(session: Session, news: News, topic_ids: Sequence[int], now: datetime) -> Undo:
    """Move topics with their posts to the trash; requests in them are cancelled."""
    topics = [live_topic(session, topic_id) for topic_id in topic_ids]
    cancelled: list[int] = []
    for place, topic in enumerate(topics):
        # Each at its own moment, by which a restore finds the requests that were cancelled with it.
        topic.deleted_at = moment = now + timedelta(microseconds=place)
        asked = rows.asked_posts(session, topic_id=topic.topic_id)
        cancelled += cancel_requests(session, news, asked, moment).changed
        news.tell(news.events.topic_changed, topic.topic_id)
    return Undo(
        f"{_named(topics)} deleted", UndoKind.TOPIC_DELETED, tuple(topic_ids), cancelled=tuple(cancelled)
    )


def move(session: Session, news: News, topic_ids: Sequence[int], subforum_id: int) -> Undo:
    """Put topics into another subforum."""
    topics = [live_topic(session, topic_id) for topic_id in topic_ids]
    target = live_subforum(session, subforum_id)
    before = tuple(topic.subforum_id for topic in topics)
    for topic in topics:
        topic.subforum_id = subforum_id
        news.tell(news.events.topic_changed, topic.topic_id)
    return Undo(f"{_named(topics)} moved to “{target.name}”", UndoKind.TOPIC_MOVED, tuple(topic_ids), before)


def mark_read(session: Session, news: News, topic_ids: Collection[int], now: datetime) -> Undo | None:
    """Mark all finished replies in topics as read; None when there was nothing unread."""
    unread = tree_rows.unread_posts(session, topic_ids)
    changed = rows.mark_read(session, unread, now)
    for topic_id in changed:
        news.tell(news.events.topic_changed, topic_id)
    if not changed:
        return None
    topics = [live_topic(session, topic_id) for topic_id in changed[:1]]
    what = _named(topics) if len(changed) == 1 else f"{len(changed):,} topics"
    return Undo(f"{what} marked as read", UndoKind.MARKED_READ, tuple(unread))


def bring_back(session: Session, news: News, topic_ids: Sequence[int], now: datetime) -> Restored:
    """Bring topics back from the trash; of several, those that are there already are passed over."""
    restored, refusal = [], None
    for topic_id in topic_ids:
        try:
            restored.append(restoring.restore(session, news, Kind.TOPIC, topic_id, now))
        except (NotFound, NotPossible) as error:
            refusal = error
    if refusal is not None and not restored:
        raise refusal
    if len(topic_ids) == 1:
        return restored[0]
    return Restored(Kind.TOPIC, restored[0].id, f"{_counted(len(restored))} restored")


def move_back(
    session: Session, news: News, topic_ids: Sequence[int], subforum_ids: Sequence[int]
) -> Restored:
    """Put topics back into the subforums they were in."""
    for topic_id, subforum_id in zip(topic_ids, subforum_ids, strict=True):
        move(session, news, [topic_id], subforum_id)
    is_one = len(topic_ids) == 1
    message = "The topic is back where it was" if is_one else "The topics are back where they were"
    return Restored(Kind.TOPIC, topic_ids[0], message)


def mark_unread(session: Session, news: News, post_ids: Collection[int]) -> Restored:
    """Let replies be unread again."""
    changed = rows.mark_unread(session, post_ids)
    for topic_id in changed:
        news.tell(news.events.topic_changed, topic_id)
    return Restored(Kind.TOPIC, changed[0] if changed else 0, "Unread again")


def _named(topics: Sequence[Topic]) -> str:
    return f"Topic “{topics[0].title}”" if len(topics) == 1 else _counted(len(topics))


def _counted(number: int) -> str:
    return f"{number:,} topic{'' if number == 1 else 's'}"
