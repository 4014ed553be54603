"""The user's own copies of prompt templates, and what the user thinks of generated personas."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base, utc_now

NOTE_LIMIT = 2_000
"""Longest note of a rating, in characters."""


class OwnTemplate(Base):
    """A version of the user's copy of a template. The newest counts; no `text` means the built-in one."""

    __tablename__ = "own_templates"
    __table_args__ = (UniqueConstraint("name", "version"),)

    own_template_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    version: Mapped[int]
    text: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class PersonaRating(Base):
    """What the user thinks of a generated persona: `thumbs` is 1 (up) or -1 (down)."""

    __tablename__ = "persona_ratings"
    __table_args__ = (CheckConstraint("thumbs IN (-1, 1)", name="thumbs"),)

    persona_id: Mapped[int] = mapped_column(ForeignKey("personas.persona_id"), primary_key=True)
    thumbs: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    rated_at: Mapped[datetime] = mapped_column(default=utc_now)


@dataclass(frozen=True)
class Template:
    """A template as it is used now. `version` is "built-in 3f2a91c0" or "own v3"."""

    name: str
    text: str
    version: str
    is_own: bool


@dataclass(frozen=True)
class TemplateScore:
    """How personas made with a template version were rated."""

    name: str
    version: str
    up: int
    down: int
    unrated: int
