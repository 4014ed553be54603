"""Brings deleted things back, together with what they are in, inside one transaction."""

import itertools
from collections.abc import Sequence
from datetime import datetime

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.errors import NotFound, NotPossible
from forllm_desktop.domain.forum import Post, Subforum, Topic, numbered_name
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.undo import Kind, Restored
from forllm_desktop.services import chain_steps as chain
from forllm_desktop.services.news import News
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage import queue as queue_rows
from forllm_desktop.storage.database import Session

_RECORDS: dict[Kind, type[Subforum] | type[Topic] | type[Post]] = {
    Kind.SUBFORUM: Subforum,
    Kind.TOPIC: Topic,
    Kind.POST: Post,
}


def restore(session: Session, news: News, kind: Kind, id: int, now: datetime) -> Restored:
    """Bring one thing back from the trash, and the requests that its deletion cancelled.

    Raises NotFound, and NotPossible when it is not in the trash.
    """
    thing = session.get(_RECORDS[kind], id)
    if thing is None:
        raise NotFound(f"The {kind} does not exist", f"There is none with the number {id}.")
    if thing.deleted_at is None:
        raise NotPossible(f"The {kind} is not in the trash", "It may have been restored before.")
    subforum = _subforum_of(session, thing)
    former = subforum.name
    cancelled = queue_rows.cancelled_at(session, _deleted_at(session, thing))
    what, *containers = _bring_back(session, news, thing)
    together = f", together with the {' and the '.join(containers)}" if containers else ""
    renamed = f"; the name “{former}” was taken meanwhile" if subforum.name != former else ""
    waiting = ask_again(session, news, cancelled, now)
    return Restored(
        kind, id, f"{what[0].upper()}{what[1:]} restored{together}{renamed}{_in_words(cancelled, waiting)}"
    )


def ask_again(session: Session, news: News, cancelled: Sequence[Job], now: datetime) -> list[Job]:
    """Let cancelled requests wait again, each in its old place, and return those that can."""
    waiting = []
    for job in cancelled:
        try:
            chain.ask_again(session, news, job, now)
        except (NotFound, NotPossible):
            continue
        waiting.append(job)
    return waiting


def ask_again_for_lost_reply(
    session: Session, news: News, request_ids: Sequence[int], now: datetime
) -> Restored:
    """Let the requests wait again of a reply that was deleted before it had text, so that it is gone.

    Raises NotPossible when none of them can.
    """
    found = (session.get(Job, request_id) for request_id in request_ids)
    cancelled = [job for job in found if job is not None and job.status == JobStatus.CANCELLED]
    waiting = ask_again(session, news, cancelled, now)
    if not waiting:
        raise NotPossible("There is nothing to bring back", "The reply had no text yet.")
    words = "The request waits" if len(waiting) == 1 else f"{len(waiting)} requests wait"
    return Restored(Kind.POST, waiting[0].post_id_to_respond_to or 0, f"{words} again")


def tell_deleted(session: Session, news: News, post: Post) -> None:
    """Announce what readers no longer see, now that a post is marked as deleted."""
    hidden = rows.hidden_with(session, post)
    if post.post_id not in hidden:
        news.tell(news.events.post_changed, post.post_id)
    for post_id in reversed(hidden):
        news.tell(news.events.post_removed, post_id)


def _subforum_of(session: Session, thing: Subforum | Topic | Post) -> Subforum:
    if isinstance(thing, Post):
        thing = session.get_one(Topic, thing.topic_id)
    return thing if isinstance(thing, Subforum) else session.get_one(Subforum, thing.subforum_id)


def _deleted_at(session: Session, thing: Subforum | Topic | Post) -> list[datetime]:
    """Return when a thing and what it is in were deleted: requests were cancelled at the same moment."""
    moments = [thing.deleted_at]
    if isinstance(thing, Post):
        thing = session.get_one(Topic, thing.topic_id)
        moments.append(thing.deleted_at)
    if isinstance(thing, Topic):
        moments.append(session.get_one(Subforum, thing.subforum_id).deleted_at)
    return [moment for moment in moments if moment is not None]


def _in_words(cancelled: Sequence[Job], waiting: Sequence[Job]) -> str:
    if not cancelled:
        return ""
    if len(cancelled) == 1:
        return f"; its request {'waits again' if waiting else 'stays cancelled'}"
    if len(waiting) == len(cancelled):
        return f"; its {len(cancelled)} requests wait again"
    return f"; of its {len(cancelled)} requests {len(waiting)} wait again"


def _bring_back(session: Session, news: News, thing: Subforum | Topic | Post) -> list[str]:
    """Bring a thing back, if it is deleted, and all it is in; returns in words what came back."""
    match thing:
        case Subforum():
            return _bring_back_subforum(session, news, thing)
        case Topic():
            containers = _bring_back(session, news, session.get_one(Subforum, thing.subforum_id))
            return [*_bring_back_topic(news, thing), *containers]
        case Post():
            containers = _bring_back(session, news, session.get_one(Topic, thing.topic_id))
            return [*_bring_back_post(session, news, thing), *containers]


def _bring_back_subforum(session: Session, news: News, subforum: Subforum) -> list[str]:
    if subforum.deleted_at is None:
        return []
    order = list(rows.subforums(session))
    subforum.name = _free_name(session, subforum.name)
    subforum.name_key = name_key(subforum.name)
    subforum.deleted_at = None
    order.insert(subforum.position, subforum)
    rows.number(order)
    news.tell(news.events.subforums_changed)
    return [f"subforum “{subforum.name}”"]


def _free_name(session: Session, wanted: str) -> str:
    numbered = (numbered_name(wanted, number) for number in itertools.count(2))
    return next(
        name for name in itertools.chain([wanted], numbered) if not rows.subforums_named(session, name)
    )


def _bring_back_topic(news: News, topic: Topic) -> list[str]:
    if topic.deleted_at is None:
        return []
    topic.deleted_at = None
    news.tell(news.events.topic_changed, topic.topic_id)
    return [f"topic “{topic.title}”"]


def _bring_back_post(session: Session, news: News, post: Post) -> list[str]:
    hidden = rows.hidden_with(session, post)
    post.deleted_at = None
    for post_id in hidden:
        news.tell(news.events.post_added, post_id)
    if post.post_id not in hidden:
        news.tell(news.events.post_changed, post.post_id)
    return ["post"]
