"""What the user thinks of generated personas, and so of the templates they were made with."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import InvalidInput, NotPossible
from forllm_desktop.domain.forum import storable
from forllm_desktop.domain.templates import NOTE_LIMIT, PersonaRating, TemplateScore
from forllm_desktop.events import Events
from forllm_desktop.services import persona_steps as steps
from forllm_desktop.services.news import change
from forllm_desktop.storage import generation as rows
from forllm_desktop.storage.database import Database


class RatingService:
    """Thumbs and notes."""

    def __init__(self, database: Database, events: Events, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._events = events
        self._clock = clock

    def rating(self, persona_id: int) -> PersonaRating | None:
        """Return what the user thinks of a persona."""
        with self._database.read() as session:
            return session.get(PersonaRating, persona_id)

    def rate(self, persona_id: int, thumbs: int, note: str = "") -> None:
        """Keep what the user thinks of a generated persona: 1 is up, -1 is down, 0 takes it back.

        Raises InvalidInput, NotFound, and NotPossible for a persona that was not generated.
        """
        note = storable(note).replace("\0", "\ufffd").strip()
        if thumbs not in (-1, 0, 1) or len(note) > NOTE_LIMIT:
            raise InvalidInput("note", "The rating does not fit", f"At most {NOTE_LIMIT:,} characters fit.")
        with change(self._database, self._events) as (session, news):
            persona = steps.live(session, persona_id)
            if persona.generation_input_details is None:
                raise NotPossible(f"{persona.name} was not generated", "Only what a model wrote is rated.")
            rating = session.get(PersonaRating, persona_id)
            if rating is None and thumbs:
                rating = PersonaRating(persona_id=persona_id)
                session.add(rating)
            if rating is not None and thumbs:
                rating.thumbs, rating.note, rating.rated_at = thumbs, note, self._clock()
            elif rating is not None:
                session.delete(rating)
            news.tell(self._events.personas_changed)

    def scores(self) -> list[TemplateScore]:
        """Return for each version of each template how the personas made with it were rated."""
        counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        with self._database.read() as session:
            for persona, thumbs in rows.rated(session):
                details: dict[str, Any] = persona.generation_input_details or {}
                # A persona that was generated anew was made with other templates before.
                for text in ({**details, "thumbs": thumbs}, *details.get("rated_before", [])):
                    column = {1: 0, -1: 1}.get(text["thumbs"] or 0, 2)
                    for template in text.get("templates", {}).values():
                        counts[template["name"], template["version"]][column] += 1
        return [TemplateScore(name, version, *each) for (name, version), each in sorted(counts.items())]
