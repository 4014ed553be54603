"""Where a text is being written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A place to write at. `key` names its draft; `edits` is the post being changed; 0 and None: none.

    `label` says what the text will be, where that is not plain: "Reply to Ada".
    """

    key: str = ""
    subforum_id: int = 0
    topic_id: int = 0
    parent_id: int | None = None
    edits: int = 0
    label: str = ""
