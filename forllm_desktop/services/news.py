"""Commit, then announce: collects what a transaction changed and tells it once it is on disk."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from forllm_desktop.events import Events
from forllm_desktop.storage.database import Database, Session
from forllm_desktop.storage.queue import Cancelled


class News:
    """The signals to emit after a commit, in order."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self._told: list[tuple[Any, tuple[int, ...]]] = []

    def tell(self, signal: Any, *ids: int) -> None:
        """Remember a signal of `events` and its arguments."""
        self._told.append((signal, ids))

    def tell_cancelled(self, cancelled: Cancelled) -> None:
        """Remember which requests were cancelled, which of them the worker must stop, and lost replies."""
        self.tell_gone(cancelled.removed, cancelled.marked)
        for request_id in cancelled.changed:
            self.tell(self.events.job_changed, request_id)
        for request_id in cancelled.running:
            self.tell(self.events.cancel_requested, request_id)

    def tell_gone(self, removed: Iterable[int], marked: Collection[int] = ()) -> None:
        """Remember which posts were taken away; of the marked ones the place is still shown."""
        for post_id in removed:
            signal = self.events.post_changed if post_id in marked else self.events.post_removed
            self.tell(signal, post_id)

    def announce(self) -> None:
        """Emit everything that was told."""
        for signal, ids in self._told:
            signal.emit(*ids)


@contextmanager
def change(database: Database, events: Events) -> Iterator[tuple[Session, News]]:
    """Open a write transaction; what is told within is announced after its commit, nothing after an error."""
    news = News(events)
    with database.write() as session:
        yield session, news
    news.announce()
