"""The rows of the forum tree as they are painted and read out, and one subforum's part of the tree."""

from bisect import bisect_left
from dataclasses import dataclass, replace

from forllm_desktop.domain.forum_tree import (
    AssignedPersona,
    Mark,
    Place,
    SubforumEntry,
    TopicEntry,
    TopicState,
)
from forllm_desktop.ui.words import FAILED, PARKED, WAITING, WORKING, StateLook

MARK_LOOKS: dict[Mark, StateLook] = {
    Mark.WAITING: replace(WAITING, colour="text_3"),
    Mark.PARKED: PARKED,
    Mark.FAILED: FAILED,
    Mark.WORKING: WORKING,
}
"""How the marks look; a topic without one has none."""


@dataclass(frozen=True, slots=True)
class SubforumRow:
    """A subforum in the tree; `unread` and `mark` are those of all its topics together."""

    entry: SubforumEntry
    personas: tuple[AssignedPersona, ...] = ()
    unread: int = 0
    mark: Mark = Mark.NONE

    @property
    def title(self) -> str:
        return self.entry.name

    @property
    def spoken(self) -> str:
        """What a screen reader says of this row."""
        who = [f"{p.name} answers" if p.is_default else p.name for p in self.personas]
        return ", ".join([self.title or "New subforum", *_state_words(self.unread, self.mark), *who])


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic in the tree."""

    entry: TopicEntry
    unread: int = 0
    mark: Mark = Mark.NONE

    @property
    def title(self) -> str:
        return self.entry.title

    @property
    def spoken(self) -> str:
        """What a screen reader says of this row."""
        return ", ".join([self.title, *_state_words(self.unread, self.mark)])


TreeRow = SubforumRow | TopicRow

NEW_SUBFORUM = SubforumRow(SubforumEntry(0, "", "", False))
"""The row in which the name of a new subforum is typed; no stored subforum has the number 0."""


class Branch:
    """A subforum with the topics of it that were fetched so far, and the states of all of them."""

    def __init__(self, row: SubforumRow) -> None:
        self.row = row
        self.topics: list[TopicRow] = []
        self.states: dict[int, TopicState] = {}
        self.reached: Place | None = None
        self.is_complete = not row.entry.has_topics

    def shows(self, place: Place) -> bool:
        """Say whether a topic of this place is among those that were fetched."""
        return self.is_complete or (self.reached is not None and place >= self.reached)

    def position(self, place: Place) -> int:
        """Return where a topic of this place stands or belongs among the fetched ones."""
        return bisect_left(self.topics, _order(place), key=lambda row: _order(row.entry.place))

    def summed(self) -> SubforumRow:
        """Return the row with the totals of the states."""
        states = self.states.values()
        unread = sum(state.unread for state in states)
        return replace(self.row, unread=unread, mark=max((state.mark for state in states), default=Mark.NONE))

    def topic_row(self, entry: TopicEntry) -> TopicRow:
        """Return the row of a topic with its state."""
        state = self.states.get(entry.topic_id)
        return TopicRow(entry, state.unread, state.mark) if state else TopicRow(entry)


def _order(place: Place) -> tuple[int, int]:
    return (-place.newest_post_id, -place.topic_id)


def _state_words(unread: int, mark: Mark) -> list[str]:
    words = [f"{unread:,} unread"] if unread else []
    return [*words, MARK_LOOKS[mark].word.lower()] if mark else words
