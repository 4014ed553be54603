"""The forum: subforums, topics and posts. Every verb is one transaction, then events."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from forllm_desktop.domain.base import name_key, utc_now
from forllm_desktop.domain.errors import InvalidInput, NotPossible
from forllm_desktop.domain.forum import (
    Post,
    PostRevision,
    Subforum,
    ThreadPost,
    Topic,
    User,
    checked_description,
    checked_name,
    checked_text,
    in_tree_order,
    title_from,
)
from forllm_desktop.domain.settings import DEFAULT_USER_NAME
from forllm_desktop.domain.undo import Kind, Restored, TrashItem, Undo, UndoKind
from forllm_desktop.events import Events
from forllm_desktop.services import context, prompt_rules, restoring, topics
from forllm_desktop.services.forum_tree import ForumTree
from forllm_desktop.services.news import News, change
from forllm_desktop.services.posting import (
    WRITER,
    insert_post,
    insert_topic,
    live_post,
    live_subforum,
    live_topic,
)
from forllm_desktop.services.topics import cancel_requests
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage.database import Database, IntegrityError, Session
from forllm_desktop.storage.persona import author_of

_LABEL_LIMIT = 60
"""Longest excerpt of a post in the label of an undo, in characters."""


class ForumService:
    """The verbs of the forum. Nothing is ever lost: what is deleted can be restored, also after a restart.

    Every verb raises NotFound for an id that is unknown or deleted, and InvalidInput for a name or text
    that cannot be used. Verbs that take something away or change it return an Undo.
    """

    def __init__(self, database: Database, events: Events, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._events = events
        self._clock = clock
        self.tree = ForumTree(database)

    # -- subforums

    def subforums(self) -> Sequence[Subforum]:
        """List the subforums in the user's order."""
        with self._database.read() as session:
            return rows.subforums(session)

    def subforum(self, subforum_id: int) -> Subforum:
        """Return a subforum."""
        with self._database.read() as session:
            return live_subforum(session, subforum_id)

    def find_subforum(self, name: str) -> Sequence[Subforum]:
        """List the subforums of this name, without regard to case; at most one."""
        with self._database.read() as session:
            return rows.subforums_named(session, name)

    def create_subforum(self, name: str, description: str = "") -> Subforum:
        """Add a subforum below the others."""
        name, description = checked_name(name, "subforum"), checked_description(description)
        with self._change() as (session, news), _unique_name(name):
            _refuse_taken_name(session, name, None)
            subforum = Subforum(
                name=name,
                name_key=name_key(name),
                description=description,
                position=len(rows.subforums(session)),
                created_at=self._clock(),
            )
            session.add(subforum)
            session.flush()
            news.tell(self._events.subforums_changed)
        return subforum

    def rename_subforum(self, subforum_id: int, name: str) -> Undo:
        """Give a subforum another name."""
        name = checked_name(name, "subforum")
        with self._change() as (session, news), _unique_name(name):
            subforum = live_subforum(session, subforum_id)
            _refuse_taken_name(session, name, subforum_id)
            before, subforum.name, subforum.name_key = subforum.name, name, name_key(name)
            session.flush()
            news.tell(self._events.subforums_changed)
        label = f"Subforum “{before}” renamed to “{name}”"
        return Undo(label, UndoKind.SUBFORUM_RENAMED, (subforum_id,), before)

    def describe_subforum(self, subforum_id: int, description: str) -> Undo:
        """Give a subforum another description; it may be empty."""
        description = checked_description(description)
        with self._change() as (session, news):
            subforum = live_subforum(session, subforum_id)
            before, subforum.description = subforum.description, description
            news.tell(self._events.subforums_changed)
        label = f"Description of “{subforum.name}” changed"
        return Undo(label, UndoKind.SUBFORUM_DESCRIBED, (subforum_id,), before)

    def move_subforum(self, subforum_id: int, position: int) -> Undo:
        """Put a subforum at a place in the list, counted from 0; beyond the end means last."""
        with self._change() as (session, news):
            subforum = live_subforum(session, subforum_id)
            others = [other for other in rows.subforums(session) if other is not subforum]
            before = subforum.position
            others.insert(max(position, 0), subforum)
            rows.number(others)
            news.tell(self._events.subforums_changed)
        return Undo(f"Subforum “{subforum.name}” moved", UndoKind.SUBFORUM_MOVED, (subforum_id,), before)

    def delete_subforum(self, subforum_id: int) -> Undo:
        """Move a subforum with all it holds to the trash; requests in it are cancelled."""
        with self._change() as (session, news):
            subforum = live_subforum(session, subforum_id)
            subforum.deleted_at = now = self._clock()
            asked = rows.asked_posts(session, subforum_id=subforum_id)
            cancelled = cancel_requests(session, news, asked, now)
            rows.number(rows.subforums(session))
            news.tell(self._events.subforums_changed)
        label = f"Subforum “{subforum.name}” deleted"
        return Undo(label, UndoKind.SUBFORUM_DELETED, (subforum_id,), cancelled=tuple(cancelled.changed))

    # -- topics

    def topics(self, subforum_id: int) -> Sequence[Topic]:
        """List the topics of a subforum, the one with the newest post first."""
        with self._database.read() as session:
            live_subforum(session, subforum_id)
            return rows.topics(session, subforum_id)

    def topic(self, topic_id: int) -> Topic:
        """Return a topic."""
        with self._database.read() as session:
            return live_topic(session, topic_id)

    def find_topic(self, subforum_id: int, title: str) -> Sequence[Topic]:
        """List the topics of a subforum that have this title, without regard to case."""
        with self._database.read() as session:
            return rows.topics_named(session, subforum_id, title)

    def unread(self) -> dict[int, int]:
        """Return how many finished replies are unread, by topic; topics without any are left out."""
        with self._database.read() as session:
            return rows.unread(session)

    def create_topic(self, subforum_id: int, title: str, text: str) -> tuple[Topic, Post]:
        """Add a topic with its first post."""
        with self._change() as (session, news):
            topic, post = insert_topic(session, subforum_id, title, text, self._clock())
            news.tell(self._events.topic_changed, topic.topic_id)
            news.tell(self._events.post_added, post.post_id)
        return topic, post

    def rename_topic(self, topic_id: int, title: str) -> Undo:
        """Give a topic another title."""
        title = checked_name(title, "topic")
        with self._change() as (session, news):
            topic = live_topic(session, topic_id)
            before, topic.title = topic.title, title
            news.tell(self._events.topic_changed, topic_id)
        label = f"Topic “{before}” renamed to “{title}”"
        return Undo(label, UndoKind.TOPIC_RENAMED, (topic_id,), before)

    def move_topic(self, topic_id: int, subforum_id: int) -> Undo:
        """Put a topic into another subforum."""
        return self.move_topics([topic_id], subforum_id)

    def move_topics(self, topic_ids: Sequence[int], subforum_id: int) -> Undo:
        """Put topics into another subforum, all or none of them."""
        with self._change() as (session, news):
            return topics.move(session, news, topic_ids, subforum_id)

    def delete_topic(self, topic_id: int) -> Undo:
        """Move a topic with its posts to the trash; requests in it are cancelled."""
        return self.delete_topics([topic_id])

    def delete_topics(self, topic_ids: Sequence[int]) -> Undo:
        """Do what `delete_topic` does with all or none of several topics."""
        with self._change() as (session, news):
            return topics.delete(session, news, topic_ids, self._clock())

    # -- posts

    def post(self, post_id: int) -> Post:
        """Return a post; also a deleted one that still marks its place, with `deleted_at` set."""
        with self._database.read() as session:
            return _shown_post(session, post_id)

    def thread(self, topic_id: int) -> list[ThreadPost]:
        """List the posts of a topic in reading order, deleted ones only where something hangs below them."""
        with self._database.read() as session:
            live_topic(session, topic_id)
            return in_tree_order(rows.shown_posts(session, topic_id))

    def first_post(self, topic_id: int) -> Post | None:
        """Return the post that a topic begins with; None when it was deleted."""
        with self._database.read() as session:
            live_topic(session, topic_id)
            post_id = rows.first_shown(session, topic_id)
            post = session.get(Post, post_id) if post_id is not None else None
            return post if post is not None and post.deleted_at is None else None

    def author(self, post_id: int) -> str:
        """Return the name of a post's author: a persona's as it was when it wrote."""
        with self._database.read() as session:
            return author_of(session, _shown_post(session, post_id))

    def user_name(self) -> str:
        """Return what the user is called, and signs with; empty while they have not said."""
        with self._database.read() as session:
            name = session.get_one(User, WRITER).username
        return "" if name == DEFAULT_USER_NAME else name

    def ancestors(self, post_id: int) -> Sequence[Post]:
        """List what a post answers, up to the first post: oldest first, deleted ones with `deleted_at`."""
        with self._database.read() as session:
            _shown_post(session, post_id)
            return rows.ancestors(session, post_id)

    def earlier_texts(self, post_id: int) -> Sequence[PostRevision]:
        """List the texts a post had before it was edited, oldest first."""
        with self._database.read() as session:
            live_post(session, post_id)
            return rows.revisions(session, post_id)

    def add_post(self, topic_id: int, text: str, parent_post_id: int | None = None) -> Post:
        """Add a post to a topic, as a reply to another post of it if given."""
        with self._change() as (session, news):
            post = insert_post(session, topic_id, text, parent_post_id, self._clock())
            news.tell(self._events.post_added, post.post_id)
        return post

    def edit_post(self, post_id: int, text: str) -> Post:
        """Change the text of a post, a model's too; the earlier text is kept, an unchanged one is not.

        Requests of its tags are left alone: `SubmitService.edit` is what a user's edit goes through.

        Raises NotPossible while an open request writes the post, because it would replace the edit.
        """
        text, now = checked_text(text), self._clock()
        with self._change() as (session, news):
            post = live_post(session, post_id)
            if post.content == text:
                return post
            if rows.is_asked_for(session, post_id):
                raise NotPossible(
                    "The reply is still being written", "Wait for its request, or cancel it, then edit."
                )
            session.add(PostRevision(post_id=post_id, content=post.content, replaced_at=now))
            post.content, post.edited = text, now
            news.tell(self._events.post_changed, post_id)
        return post

    def delete_post(self, post_id: int) -> Undo:
        """Move a post to the trash; with live replies below it its place stays, marked as deleted.

        Requests that answer or write it are cancelled.
        """
        with self._change() as (session, news):
            post = live_post(session, post_id)
            now = self._clock()
            cancelled = cancel_requests(session, news, [post_id], now)
            # An empty reply is taken away with its request; there is nothing to bring back then.
            is_gone = post_id in cancelled.removed
            if not is_gone:
                post.deleted_at = now
                session.flush()
                restoring.tell_deleted(session, news, post)
        label = f"Post “{_first_words(post)}” deleted" if post.content else "Reply without text deleted"
        ids = () if is_gone else (post_id,)
        return Undo(label, UndoKind.POST_DELETED, ids, cancelled=tuple(cancelled.changed))

    def mark_read(self, post_ids: Collection[int]) -> None:
        """Mark finished replies as read; emits topic_changed for each topic whose count changed."""
        with self._change() as (session, news):
            for topic_id in rows.mark_read(session, post_ids, self._clock()):
                news.tell(self._events.topic_changed, topic_id)

    def mark_topics_read(self, topic_ids: Collection[int]) -> Undo | None:
        """Mark all finished replies in these topics as read, as `mark_read`; None when nothing was unread."""
        with self._change() as (session, news):
            return topics.mark_read(session, news, topic_ids, self._clock())

    # -- taking back

    def trash(self) -> list[TrashItem]:
        """List what was deleted, the last deleted first."""
        with self._database.read() as session:
            return rows.trash(session)

    def restore(self, kind: Kind, id: int) -> Restored:
        """Bring a thing back from the trash, together with the deleted topic or subforum it is in.

        The requests that the deletion cancelled wait again, each in its old place. A subforum whose name was
        taken meanwhile gets a number behind it; the result's message says what else came back or is
        different. Raises NotFound, and NotPossible when it is not in the trash.
        """
        with self._change() as (session, news):
            return restoring.restore(session, news, kind, id, self._clock())

    def undo(self, undo: Undo) -> Restored:
        """Take an action back. Raises what the opposite action raises, such as NotFound or InvalidInput."""
        before = undo.before
        match undo.kind, undo.ids:
            case UndoKind.SUBFORUM_DELETED, (subforum_id,):
                return self.restore(Kind.SUBFORUM, subforum_id)
            case UndoKind.TOPIC_DELETED, ids:
                with self._change() as (session, news):
                    return topics.bring_back(session, news, ids, self._clock())
            case UndoKind.POST_DELETED, ids:
                return self._undo_deleted_post(ids, undo.cancelled)
            case UndoKind.SUBFORUM_RENAMED, (subforum_id,):
                self.rename_subforum(subforum_id, str(before))
                return Restored(Kind.SUBFORUM, subforum_id, f"Subforum “{before}” has its name back")
            case UndoKind.SUBFORUM_DESCRIBED, (subforum_id,):
                self.describe_subforum(subforum_id, str(before))
                return Restored(Kind.SUBFORUM, subforum_id, "The former description is back")
            case UndoKind.SUBFORUM_MOVED, (subforum_id,):
                self.move_subforum(subforum_id, before if isinstance(before, int) else 0)
                return Restored(Kind.SUBFORUM, subforum_id, "The subforum is back in its place")
            case UndoKind.SUBFORUM_CONTEXT, (subforum_id,) if isinstance(before, Mapping):
                with self._change() as (session, news):
                    return context.put_back(session, news, subforum_id, before)
            case UndoKind.TOPIC_RENAMED, (topic_id,):
                self.rename_topic(topic_id, str(before))
                return Restored(Kind.TOPIC, topic_id, f"Topic “{before}” has its name back")
            case UndoKind.TOPIC_MOVED, ids if isinstance(before, tuple):
                with self._change() as (session, news):
                    return topics.move_back(session, news, ids, before)
            case UndoKind.PROMPT_RULE, ids:
                with self._change() as (session, news):
                    return prompt_rules.put_back(session, news, ids, str(before))
            case UndoKind.MARKED_READ, ids:
                with self._change() as (session, news):
                    return topics.mark_unread(session, news, ids)
        raise NotPossible("This cannot be taken back")

    def _undo_deleted_post(self, ids: tuple[int, ...], cancelled: tuple[int, ...]) -> Restored:
        """Bring a post back; of a reply that is gone because it had no text, its request waits again."""
        with self._change() as (session, news):
            if ids and session.get(Post, ids[0]) is not None:
                return restoring.restore(session, news, Kind.POST, ids[0], self._clock())
            return restoring.ask_again_for_lost_reply(session, news, cancelled, self._clock())

    def _change(self) -> AbstractContextManager[tuple[Session, News]]:
        return change(self._database, self._events)


def _shown_post(session: Session, post_id: int) -> Post:
    post = session.get(Post, post_id)
    if post is None or post.deleted_at is None or not rows.has_live_replies(session, post_id):
        return live_post(session, post_id)
    live_topic(session, post.topic_id)
    return post


def _refuse_taken_name(session: Session, name: str, own_id: int | None) -> None:
    for other in rows.subforums_named(session, name):
        if other.subforum_id != own_id:
            raise _name_taken(other.name)


@contextmanager
def _unique_name(name: str) -> Iterator[None]:
    """Say it in words when the database itself finds the name taken."""
    try:
        yield
    except IntegrityError as error:
        raise _name_taken(name) from error


def _name_taken(name: str) -> InvalidInput:
    return InvalidInput("name", f"There is already a subforum named “{name}”", "Choose another name.")


def _first_words(post: Post) -> str:
    title = title_from(post.content)
    return title if len(title) <= _LABEL_LIMIT else title[: _LABEL_LIMIT - 1].rstrip() + "…"
