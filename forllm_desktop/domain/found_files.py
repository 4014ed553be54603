"""Files on the disk as the app tells of them: found, read, and what is known of an indexed folder."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MISLEADING = re.compile("[\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Bytes that are no text in a name, and marks that let the rest of it read backwards."""


@dataclass(frozen=True)
class FoundFile:
    """A file of an indexed folder. `path` is relative to it, with `/`; it may hold what no text holds
    (surrogateescape), so that `name` and `folder_name` are what is shown. `size` is in bytes.
    """

    folder_id: int
    path: str
    name: str
    folder_name: str
    size: int


@dataclass(frozen=True)
class ReadFile:
    """A file that was read: the bytes, and the text that models get, with line ends of one kind.

    `encoding` is what the bytes were read as ("pdf" for a PDF); `tokens` is estimated.
    """

    name: str
    content: bytes
    text: str
    encoding: str
    tokens: int = 0


class FolderState(StrEnum):
    """What is known of an indexed folder."""

    WAITING = "waiting"
    """It has not been indexed yet."""
    INDEXING = "indexing"
    READY = "ready"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    FAILED = "failed"
    """The index itself could not be made; `message` says why."""


@dataclass(frozen=True)
class FolderStatus:
    """How far a folder is indexed.

    `files` counts what can be found now, while indexing what was seen so far; `errors` counts folders in it
    that could not be read. `is_watched` says that changes are noticed by themselves.
    """

    folder_id: int
    state: FolderState = FolderState.WAITING
    files: int = 0
    errors: int = 0
    indexed_at: datetime | None = None
    is_watched: bool = False
    message: str = ""


def shown_name(name: str) -> str:
    """Return a name of a file in one line that can be shown: without controls and half characters."""
    return _MISLEADING.sub("\ufffd", _UNSHOWN.sub(" ", name)).strip() or "\ufffd"


def shown_size(size: int) -> str:
    """Return a size in bytes as people read it, in steps of 1,000."""
    if size < 1000:
        return "1 byte" if size == 1 else f"{size} bytes"
    amount = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            break
    return f"{amount:.1f} {unit}"
