"""What can be taken back: the undo of an action, the things in the trash, and what a restore brought back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from forllm_desktop.domain.files import AttachedFile


class Kind(StrEnum):
    """What kind of thing lies in the trash."""

    SUBFORUM = "subforum"
    TOPIC = "topic"
    POST = "post"
    PERSONA = "persona"


class UndoKind(StrEnum):
    """Which action an undo takes back."""

    SUBFORUM_DELETED = "subforum_deleted"
    SUBFORUM_RENAMED = "subforum_renamed"
    SUBFORUM_DESCRIBED = "subforum_described"
    SUBFORUM_MOVED = "subforum_moved"
    SUBFORUM_CONTEXT = "subforum_context"
    TOPIC_DELETED = "topic_deleted"
    TOPIC_RENAMED = "topic_renamed"
    TOPIC_MOVED = "topic_moved"
    MARKED_READ = "marked_read"
    POST_DELETED = "post_deleted"
    POST_EDITED = "post_edited"
    PROMPT_RULE = "prompt_rule"


@dataclass(frozen=True)
class Undo:
    """How to take one action back. `label` says in the user's words what was done.

    `ids` are of subforums, topics or posts, by the kind. `before` is the former name, text, description,
    position or own options of what is sent, or for each topic its former subforum. `cancelled` are the
    requests that a deletion cancelled; they wait again after the undo. `files` are those that an edited post
    had.
    """

    label: str
    kind: UndoKind
    ids: tuple[int, ...]
    before: str | int | tuple[int, ...] | Mapping[str, int | None] | None = None
    cancelled: tuple[int, ...] = ()
    files: tuple[AttachedFile, ...] = ()


@dataclass(frozen=True)
class TrashItem:
    """One deleted thing. `title` is its name or first line, `where` names what it was in, if anything."""

    kind: Kind
    id: int
    title: str
    where: str
    deleted_at: datetime


@dataclass(frozen=True)
class Restored:
    """What came back. `message` says it in the user's words, with anything that differs from before."""

    kind: Kind
    id: int
    message: str


class PersonaUndoKind(StrEnum):
    """Which action on personas an undo takes back."""

    DELETED = "persona_deleted"
    SWITCHED = "persona_switched"
    GLOBAL_DEFAULT = "global_default"
    ASSIGNMENT = "assignment"
    ASKED = "asked"


@dataclass(frozen=True)
class PersonaUndo:
    """How to take one action on personas back. `label` says in the user's words what was done.

    `persona_ids` are those it was about. For an assignment in `subforum_id`: `assigned_before` are those of
    them that were assigned, with the time, and the default was `default_before` and became `default_after`;
    for the global default the last two alone count. `was_active` says whether a switched one was on before.
    `request_ids` are the requests that were made.
    """

    label: str
    kind: PersonaUndoKind
    persona_ids: tuple[int, ...] = ()
    subforum_id: int = 0
    assigned_before: Mapping[int, datetime] = field(default_factory=dict)
    default_before: int | None = None
    default_after: int | None = None
    was_active: bool = True
    request_ids: tuple[int, ...] = ()
