"""Reads the forum for the tree beside it: lazily, in few statements, and only what changed."""

from collections.abc import Collection

from forllm_desktop.domain.forum_tree import Place, SubforumEntry, TopicChanges, TopicEntry, TopicState
from forllm_desktop.storage import forum_tree as rows
from forllm_desktop.storage.database import Database


class ForumTree:
    """The readings of the tree, each from one snapshot of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def subforums(self) -> list[SubforumEntry]:
        """List the subforums in the user's order."""
        with self._database.read() as session:
            return rows.subforums(session)

    def page(self, subforum_id: int, after: Place | None, limit: int) -> list[TopicEntry]:
        """List at most `limit` topics of a subforum that come after a place, the newest activity first."""
        with self._database.read() as session:
            return rows.page(session, subforum_id, after, limit)

    def page_through(self, subforum_id: int, after: Place | None, last: Place) -> list[TopicEntry]:
        """List the topics of a subforum that come after a place, up to and with another."""
        with self._database.read() as session:
            return rows.page_through(session, subforum_id, after, last)

    def entry(self, topic_id: int) -> TopicEntry | None:
        """Return a topic, or None when it is deleted or unknown."""
        with self._database.read() as session:
            return next(iter(rows.entries(session, [topic_id])), None)

    def states(self) -> list[TopicState]:
        """Return what is new or under way in all topics; topics with neither are left out."""
        with self._database.read() as session:
            return rows.states(session)

    def changes(
        self, topic_ids: Collection[int], post_ids: Collection[int], request_ids: Collection[int]
    ) -> TopicChanges:
        """Return how these topics look now, and those that these posts and requests belong to."""
        with self._database.read() as session:
            ids = set(topic_ids) | rows.topics_of(session, post_ids, request_ids)
            entries, states = rows.entries(session, ids), rows.states(session, ids)
        return TopicChanges(frozenset(ids), tuple(entries), tuple(states))

    def next_unread(self, topic_id: int) -> int | None:
        """Return the next topic with unread replies after a topic (0: from the top), around the end.

        The topic itself comes last. Returns None when everything is read.
        """
        with self._database.read() as session:
            unread = rows.in_order(session)
            here = rows.in_order(session, topic_id)
        if not unread:
            return None
        start = here[0][0] if here else ()
        return next((found for key, found in unread if key > start), unread[0][1])

    def trash_count(self) -> int:
        """Return how many things lie in the trash."""
        with self._database.read() as session:
            return rows.trash_count(session)
