"""What a prompt could be made of, before it is known what has room: posts with their files."""

from collections.abc import Sequence
from dataclasses import dataclass

from forllm_desktop.domain.xray import Reason


@dataclass(frozen=True)
class TurnFile:
    """A file of a post as it enters a prompt: the text that was stored with it."""

    name: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Turn:
    """One post as it enters a prompt, with its files; tags in `text` are already words.

    `is_own` marks posts of the persona that answers; those that are `is_pinned` are in every prompt. `topic`
    is the title where it stands in another topic.
    """

    speaker: str
    text: str
    is_own: bool = False
    post_id: int | None = None
    files: tuple[TurnFile, ...] = ()
    topic: str = ""
    is_pinned: bool = False

    @property
    def label(self) -> str:
        """Whose post it is, and where."""
        return f"{self.speaker} in “{self.topic}”" if self.topic else self.speaker


@dataclass(frozen=True)
class Missing:
    """A post that could enter a prompt and will not, whatever the room. `turn` is None for a mere number.

    `source` is "thread" or "other"; `words` say what it is where there is no turn.
    """

    source: str
    reason: Reason
    turn: Turn | None = None
    words: str = ""


@dataclass(frozen=True)
class Material:
    """All that may enter one prompt. Posts are oldest first everywhere.

    The `thread` is what the question answers; `pinned` are pinned posts beside it, `branches` other posts
    beside it, and `topics` the first posts of other topics. The question and whatever is pinned are fixed.
    `missing` can enter no more.
    """

    instructions: str
    question: Turn
    thread: Sequence[Turn] = ()
    pinned: Sequence[Turn] = ()
    branches: Sequence[Turn] = ()
    topics: Sequence[Turn] = ()
    missing: Sequence[Missing] = ()
    persona: str = ""
