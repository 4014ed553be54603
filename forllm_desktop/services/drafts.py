"""Keeps unsent texts by the place they are typed in, so that nothing typed is ever lost."""

from collections.abc import Callable
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.forum import Draft, storable
from forllm_desktop.storage import drafts as rows
from forllm_desktop.storage.database import Database


class DraftService:
    """One draft per place: "topic:5", "reply:9", "subforum:2" or "edit:7"."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def draft(self, place: str) -> Draft | None:
        """Return what was typed at a place and not sent."""
        with self._database.read() as session:
            return rows.at(session, place)

    def save(self, place: str, content: str, title: str = "") -> None:
        """Keep what is typed at a place; blank text keeps nothing."""
        with self._database.write() as session:
            draft = rows.at(session, place)
            if not content.strip() and not title.strip():
                if draft is not None:
                    session.delete(draft)
                return
            if draft is None:
                draft = Draft(place=place)
                session.add(draft)
            draft.content, draft.title = storable(content), storable(title)
            draft.updated_at = self._clock()

    def discard(self, place: str) -> None:
        """Forget the draft of a place."""
        self.save(place, "")
