"""Searches subforums, topics, posts and personas."""

from dataclasses import dataclass

from forllm_desktop.domain.search import Hit, HitKind, query_from
from forllm_desktop.storage import search as rows
from forllm_desktop.storage.database import Database


@dataclass(frozen=True)
class Found:
    """What a search found, the best first in each group."""

    subforums: tuple[Hit, ...] = ()
    topics: tuple[Hit, ...] = ()
    posts: tuple[Hit, ...] = ()
    personas: tuple[Hit, ...] = ()


class SearchService:
    """Reads only; may be called from any thread. Deleted things are never found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(self, typed: str, limit: int = 8) -> Found:
        """Return up to `limit` things of each kind that hold every word typed, the last as a beginning."""
        query = query_from(typed)
        if query.is_empty:
            return Found()
        with self._database.read() as session:
            return Found(
                subforums=tuple(rows.find(session, HitKind.SUBFORUM, query, limit)),
                topics=tuple(rows.find(session, HitKind.TOPIC, query, limit)),
                posts=tuple(rows.find(session, HitKind.POST, query, limit)),
                personas=tuple(rows.find_personas(session, typed, limit)),
            )

    def recent_topics(self, limit: int = 8) -> tuple[Hit, ...]:
        """List the topics with the newest posts."""
        with self._database.read() as session:
            return tuple(rows.recent_topics(session, limit))
