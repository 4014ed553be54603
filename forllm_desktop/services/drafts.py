"""Keeps unsent texts and their files by the place they are typed in, so that nothing typed is ever lost."""

from collections.abc import Callable, Sequence
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.files import AttachedFile, from_stored_form, stored_form
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

    def files(self, place: str) -> tuple[AttachedFile, ...]:
        """Return what was attached at a place and not sent, in its order."""
        draft = self.draft(place)
        return from_stored_form(draft.files) if draft is not None else ()

    def save(self, place: str, content: str, title: str = "", files: Sequence[AttachedFile] = ()) -> None:
        """Keep what is typed and attached at a place; blank text without files keeps nothing."""
        with self._database.write() as session:
            draft = rows.at(session, place)
            if not content.strip() and not title.strip() and not files:
                if draft is not None:
                    session.delete(draft)
                return
            if draft is None:
                draft = Draft(place=place)
                session.add(draft)
            draft.content, draft.title = storable(content), storable(title)
            draft.files = stored_form(files) or None
            draft.updated_at = self._clock()

    def discard(self, place: str) -> None:
        """Forget the draft of a place."""
        self.save(place, "")
