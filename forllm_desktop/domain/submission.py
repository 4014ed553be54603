"""A post on its way into the forum: what is handed in with it, and what came of it."""

from dataclasses import dataclass

from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.queue import Job, Wish
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.undo import PersonaUndo, Undo


@dataclass(frozen=True)
class NewPost:
    """A post as it is handed in: in a topic, or the first one of a new topic with a title.

    `files` are attached; files that the text names by tags are read when it is checked. `wish` asks for an
    answer besides the personas that the text tags; `model` is for those of them that prefer none.
    `draft` is the place where it was typed; what is kept of that is gone once the post is stored.
    """

    subforum_id: int
    topic_id: int | None = None
    title: str = ""
    parent_post_id: int | None = None
    text: str = ""
    files: tuple[AttachedFile, ...] = ()
    wish: Wish | None = None
    model: ModelChoice | None = None
    draft: str = ""


@dataclass(frozen=True)
class Checked:
    """A post that can be stored: its text as it will be, with all files, those of tags too."""

    new: NewPost
    text: str
    files: tuple[AttachedFile, ...]


@dataclass(frozen=True)
class CheckedEdit:
    """An edited post that can be stored, with all files; `model` is for personas that are newly tagged."""

    post_id: int
    text: str
    files: tuple[AttachedFile, ...]
    model: ModelChoice | None = None


@dataclass(frozen=True)
class Submitted:
    """What was stored. `jobs` are the requests: of the wish, then of the tags, a chain in its order.

    `undo` takes requests and assignments back, where tagged personas were assigned with them.
    """

    topic: Topic
    post: Post
    jobs: tuple[Job, ...] = ()
    undo: PersonaUndo | None = None


@dataclass(frozen=True)
class Affected:
    """A request that an edit makes or cancels; `request_id` is 0 of one that is yet to be made."""

    request_id: int
    persona_id: int
    name: str


@dataclass(frozen=True)
class EditEffect:
    """What saving an edited post does to requests. What is cancelled and asked again counts as added."""

    added: tuple[Affected, ...] = ()
    cancelled: tuple[Affected, ...] = ()


@dataclass(frozen=True)
class Edited:
    """What an edit did: `jobs` were asked or asked again; `undo` is None when nothing was changed."""

    post: Post
    jobs: tuple[Job, ...] = ()
    cancelled: tuple[int, ...] = ()
    undo: Undo | None = None
