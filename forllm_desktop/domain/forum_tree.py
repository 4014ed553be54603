"""The forum as the tree beside it shows it: small values, without the posts themselves."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Mark(IntEnum):
    """What the requests of a topic are doing, the one most worth knowing last."""

    NONE = 0
    WAITING = 1
    PARKED = 2
    FAILED = 3
    WORKING = 4


class Place(NamedTuple):
    """Where a topic stands in its subforum: the topic with the greater place comes first."""

    newest_post_id: int
    topic_id: int


@dataclass(frozen=True, slots=True)
class SubforumEntry:
    """A subforum; `has_topics` says whether anything can be shown below it."""

    subforum_id: int
    name: str
    description: str
    has_topics: bool


@dataclass(frozen=True, slots=True)
class TopicEntry:
    """A topic and its place; `newest_post_id` is 0 when all its posts are deleted."""

    topic_id: int
    subforum_id: int
    title: str
    newest_post_id: int

    @property
    def place(self) -> Place:
        return Place(self.newest_post_id, self.topic_id)


@dataclass(frozen=True, slots=True)
class TopicState:
    """What is new or under way in a topic."""

    topic_id: int
    subforum_id: int
    unread: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class TopicChanges:
    """Topics that may look different now. Those of `topic_ids` without an entry are gone."""

    topic_ids: frozenset[int]
    entries: tuple[TopicEntry, ...]
    states: tuple[TopicState, ...]


@dataclass(frozen=True, slots=True)
class AssignedPersona:
    """A persona that answers in a subforum."""

    persona_id: int
    name: str
    is_default: bool
