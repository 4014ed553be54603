"""A prompt as a reader sees it: what is in it, what was left out and why, and how much room it takes."""

from dataclasses import dataclass
from enum import StrEnum

from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.servers import ModelChoice

SOURCES: tuple[str, ...] = ("persona", "thread", "other", "files", "post")
"""Where the parts of a prompt come from; "other" are other threads."""


class Reason(StrEnum):
    """Why something is not in a prompt."""

    NO_ROOM = "no_room"
    BY_HAND = "by_hand"
    INCOMPLETE = "incomplete"
    DELETED = "deleted"
    LIMIT = "limit"
    """More posts of other threads than the settings allow."""


@dataclass(frozen=True)
class XrayPart:
    """A stretch of a prompt. `message` is the index of the message that it is in, -1 when it is empty.

    `label` says what it is: a persona's name, an author, a file's name. `tokens` may be an estimate.
    """

    source: str
    role: str
    label: str
    text: str
    tokens: int
    post_id: int | None = None
    message: int = -1
    is_pinned: bool = False


@dataclass(frozen=True)
class LeftOut:
    """A post or file that could have been in a prompt and is not. `tokens` may be an estimate."""

    source: str
    label: str
    tokens: int
    reason: Reason
    post_id: int | None = None


@dataclass(frozen=True)
class Xray:
    """A prompt that will be sent, or was.

    `total`, `window` and `answer` (the room kept for the answer) are tokens. `error` is how far the
    estimates of this model were off at the median, 0.1 being 10 %; None when unknown or when `is_exact`.
    `reported` is what the server counted afterwards; with `is_shortened` it read far less than was sent.
    """

    messages: tuple[dict[str, str], ...]
    parts: tuple[XrayPart, ...]
    left_out: tuple[LeftOut, ...]
    total: int
    window: int
    answer: int
    is_exact: bool = False
    error: float | None = None
    is_known_model: bool = True
    is_sent: bool = False
    reported: int | None = None
    is_shortened: bool = False

    @property
    def sizes(self) -> dict[str, int]:
        """The tokens by source, every source named."""
        sizes = dict.fromkeys(SOURCES, 0)
        for part in self.parts:
            sizes[part.source] += part.tokens
        return sizes

    @property
    def over(self) -> int:
        """How many tokens prompt and answer have too many; 0 when both fit."""
        return max(0, self.total + self.answer - self.window)

    @property
    def fits(self) -> bool:
        """Say whether prompt and answer have room beside each other."""
        return self.over == 0


@dataclass(frozen=True)
class DraftQuestion:
    """A post that is being written, to see what would be sent for it; nothing of it is stored.

    Without `topic_id` it would open a topic of this `title`. `persona_id` None is the one that answers there
    by default, `version` None its newest version, `model` None the one that would be asked. With `edits` the
    text and the files are those that this post would have after an edit.
    """

    subforum_id: int
    topic_id: int | None
    parent_post_id: int | None
    text: str
    files: tuple[AttachedFile, ...] = ()
    persona_id: int | None = None
    version: int | None = None
    model: ModelChoice | None = None
    edits: int | None = None
    title: str = ""
