"""Brings deleted things back, together with what they are in, inside one transaction."""

import itertools

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.errors import NotFound, NotPossible
from forllm_desktop.domain.forum import Post, Subforum, Topic, numbered_name
from forllm_desktop.domain.undo import Kind, Restored
from forllm_desktop.services.news import News
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage.database import Session

_RECORDS: dict[Kind, type[Subforum] | type[Topic] | type[Post]] = {
    Kind.SUBFORUM: Subforum,
    Kind.TOPIC: Topic,
    Kind.POST: Post,
}


def restore(session: Session, news: News, kind: Kind, id: int) -> Restored:
    """Bring one thing back from the trash. Raises NotFound, and NotPossible when it is not in the trash."""
    thing = session.get(_RECORDS[kind], id)
    if thing is None:
        raise NotFound(f"The {kind} does not exist", f"There is none with the number {id}.")
    if thing.deleted_at is None:
        raise NotPossible(f"The {kind} is not in the trash", "It may have been restored before.")
    subforum = _subforum_of(session, thing)
    former = subforum.name
    what, *containers = _bring_back(session, news, thing)
    together = f", together with the {' and the '.join(containers)}" if containers else ""
    renamed = f"; the name “{former}” was taken meanwhile" if subforum.name != former else ""
    return Restored(kind, id, f"{what[0].upper()}{what[1:]} restored{together}{renamed}")


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
