"""Files in prompts: the folders that may be read, and the texts that were attached to posts."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from forllm_desktop.domain.base import Base, utc_now
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.forum import storable

FILE_NAME_LIMIT = 255
"""Longest name of an attached file, in characters."""
NOTE_LIMIT = 500
"""Longest note on an attached file, in characters."""
FILES_LIMIT = 200
"""Most files of one post."""
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that no file can have on Windows."""
_ENDING_LIMIT = 16
"""Longest ending of a name, with its dot, that is kept when the name is cut, in characters."""


class FileFolder(Base):
    """A folder whose files may be tagged. `allow` and `block` are patterns as in .gitignore files."""

    __tablename__ = "file_folders"

    folder_id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(Text, unique=True)
    is_recursive: Mapped[bool] = mapped_column(Boolean, default=True)
    allow: Mapped[list] = mapped_column(JSON, default=list)
    block: Mapped[list] = mapped_column(JSON, default=list)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)


def _length_of_text(context: Any) -> int:
    """Called by SQLAlchemy before a row is inserted."""
    return len(context.get_current_parameters()["text"])


class StoredFile(Base):
    """What a file held when it was attached, once for each content. `digest` is its SHA-256 in hex.

    `text` is what models read, of so many `characters`, which are kept apart so that nobody has to count
    them; `size` is in bytes; `encoding` is what the text was read as ("pdf" for one).
    """

    __tablename__ = "stored_files"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    characters: Mapped[int] = mapped_column(default=_length_of_text)
    encoding: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
    stored_at: Mapped[datetime] = mapped_column(default=utc_now)


class PostFile(Base):
    """A file of a post, in its order. `path` is where a tagged file was; attached ones have none."""

    __tablename__ = "post_files"
    __table_args__ = (
        Index("ix_post_files_post_id", "post_id", "position"),
        Index("ix_post_files_digest", "digest"),
    )

    post_file_id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.post_id", ondelete="CASCADE"))
    position: Mapped[int]
    digest: Mapped[str] = mapped_column(ForeignKey("stored_files.digest"))
    name: Mapped[str] = mapped_column(String(FILE_NAME_LIMIT))
    note: Mapped[str] = mapped_column(Text, default="")
    path: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class AttachedFile:
    """A file that goes with a text: the stored content, the name and note to show, and where it was."""

    digest: str
    name: str
    note: str = ""
    path: str | None = None


@dataclass(frozen=True)
class FileFacts:
    """How large a stored file is, in bytes, and its text, in estimated tokens; `encoding` as StoredFile's."""

    size: int
    tokens: int
    encoding: str


@dataclass(frozen=True)
class ShownFile:
    """A file of a post and how large it is; without `facts` its content is not stored any more."""

    file: AttachedFile
    facts: FileFacts | None


def checked_file_name(name: str) -> str:
    """Return a file's name as it will be stored and shown: on one line, without folders, and not empty.

    What cannot be seen or turns text around is left out; a name that is too long loses its middle.
    """
    last = re.split(r"[/\\]", storable(name).rstrip("/\\"))[-1]
    shown = "".join(" " if ch.isspace() or unicodedata.category(ch) == "Cc" else ch for ch in last)
    shown = " ".join("".join(ch for ch in shown if unicodedata.category(ch) != "Cf").split())
    if shown.strip(". ") == "":
        return "Unnamed file"
    if len(shown) <= FILE_NAME_LIMIT:
        return shown
    dot = shown.rfind(".")
    ending = shown[dot:] if 0 < len(shown) - dot <= _ENDING_LIMIT and dot > 0 else ""
    return shown[: FILE_NAME_LIMIT - len(ending) - 1].rstrip() + "…" + ending


def file_name_to_save(name: str) -> str:
    """Return a stored name as any system can write it to a disk."""
    plain = "".join("_" if ch in '<>:"|?*' else ch for ch in name)
    # Systems count bytes, and 255 of them are the most.
    while len(plain.encode()) > FILE_NAME_LIMIT:
        middle = len(plain) // 2
        plain = plain[:middle] + plain[middle + 1 :]
    plain = plain.rstrip(". ") or "file"
    return f"_{plain}" if _DEVICES.fullmatch(plain) else plain


def checked_file_note(typed: str) -> str:
    """Return a note on a file as it will be stored, on one line. Raises InvalidInput when it is too long."""
    spaced = "".join(" " if unicodedata.category(ch) == "Cc" else ch for ch in storable(typed))
    note = " ".join(spaced.split())
    if len(note) > NOTE_LIMIT:
        raise InvalidInput(
            "file",
            "The note on a file is too long",
            f"It has {len(note):,} characters; at most {NOTE_LIMIT} fit.",
        )
    return note


def stored_form(files: Sequence[AttachedFile]) -> list[dict[str, Any]]:
    """Return files as they are kept with a draft: in JSON."""
    return [asdict(file) for file in files]


def from_stored_form(stored: object) -> tuple[AttachedFile, ...]:
    """Return the files that were kept with a draft; what is no file is left out."""
    found = []
    for fields in stored if isinstance(stored, list) else ():
        try:
            file = AttachedFile(**fields)
        except TypeError:
            continue
        if all(isinstance(text, str) for text in (file.digest, file.name, file.note)):
            found.append(file)
    return tuple(found)
