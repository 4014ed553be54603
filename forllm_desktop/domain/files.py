"""Files in prompts: the folders that may be read, and the texts that were attached to posts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, Boolean, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from forllm_desktop.domain.base import Base, utc_now

FILE_NAME_LIMIT = 255
"""Longest name of an attached file, in characters."""
NOTE_LIMIT = 500
"""Longest note on an attached file, in characters."""


class FileFolder(Base):
    """A folder whose files may be tagged. `allow` and `block` are patterns as in .gitignore files."""

    __tablename__ = "file_folders"

    folder_id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(Text, unique=True)
    is_recursive: Mapped[bool] = mapped_column(Boolean, default=True)
    allow: Mapped[list] = mapped_column(JSON, default=list)
    block: Mapped[list] = mapped_column(JSON, default=list)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)


class StoredFile(Base):
    """What a file held when it was attached, once for each content. `digest` is its SHA-256 in hex.

    `text` is what models read; `size` is in bytes; `encoding` is what the text was read as ("pdf" for one).
    """

    __tablename__ = "stored_files"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
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
