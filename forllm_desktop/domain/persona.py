"""Personas, their versions and where they are assigned; which persona answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base, utc_now

FALLBACK_PERSONA_ID = 1
"""The built-in persona: editable, never deleted, answers when nobody else is set."""


class Persona(Base):
    """A system prompt with a name. The row holds the newest version's content."""

    __tablename__ = "personas"
    __table_args__ = (
        Index("uq_personas_name_key", "name_key", unique=True, sqlite_where=text("deleted_at IS NULL")),
        Index("ix_personas_is_active", "is_active", "name_key"),
    )

    persona_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(800))
    description: Mapped[str] = mapped_column(Text, default="")
    prompt_instructions: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_user: Mapped[int | None] = mapped_column(ForeignKey("users.user_id"))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1)
    generation_source: Mapped[str] = mapped_column(String(64), default="user_manual")
    generation_input_details: Mapped[dict | None]
    deleted_at: Mapped[datetime | None]

    @property
    def is_usable(self) -> bool:
        """Say whether this persona may answer."""
        return self.is_active and self.deleted_at is None


class PersonaVersion(Base):
    """What a persona was at one time. Never changed once written."""

    __tablename__ = "persona_versions"
    __table_args__ = (UniqueConstraint("persona_id", "version"),)

    persona_version_id: Mapped[int] = mapped_column(primary_key=True)
    persona_id: Mapped[int] = mapped_column(ForeignKey("personas.persona_id"))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    prompt_instructions: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_user: Mapped[int | None] = mapped_column(ForeignKey("users.user_id"))
    note: Mapped[str] = mapped_column(Text, default="")


class SubforumPersona(Base):
    """A persona assigned to a subforum; at most one per subforum is its default."""

    __tablename__ = "subforum_personas"
    __table_args__ = (
        UniqueConstraint("subforum_id", "persona_id"),
        Index(
            "uq_subforum_personas_default",
            "subforum_id",
            unique=True,
            sqlite_where=text("is_default_for_subforum = 1"),
        ),
        Index("ix_subforum_personas_persona_id", "persona_id"),
    )

    subforum_persona_id: Mapped[int] = mapped_column(primary_key=True)
    subforum_id: Mapped[int] = mapped_column(ForeignKey("subforums.subforum_id"))
    persona_id: Mapped[int] = mapped_column(ForeignKey("personas.persona_id"))
    assigned_at: Mapped[datetime] = mapped_column(default=utc_now)
    is_default_for_subforum: Mapped[bool] = mapped_column(Boolean, default=False)


class ResolutionReason(StrEnum):
    """Why a persona answers."""

    CHOSEN = "chosen"
    SUBFORUM_DEFAULT = "subforum_default"
    GLOBAL_DEFAULT = "global_default"
    FALLBACK = "fallback"


@dataclass(frozen=True)
class Candidates:
    """What resolution looks at. Ids are of usable personas only, except `chosen`."""

    chosen: int | None
    assigned: frozenset[int]
    subforum_default: int | None
    global_default: int | None


@dataclass(frozen=True)
class Resolution:
    """Which persona answers and why; `persona_id` is None when the chosen one may not."""

    persona_id: int | None
    reason: ResolutionReason


def resolve(candidates: Candidates) -> Resolution:
    """Decide which persona answers: the chosen one, the subforum's default, the global one, the fallback.

    A chosen persona must be assigned to the subforum or be the global default or the fallback; otherwise
    the answer is None, for the caller to refuse. It is never replaced silently.
    """
    if candidates.chosen is not None:
        allowed = candidates.assigned | {candidates.global_default, FALLBACK_PERSONA_ID}
        usable = candidates.chosen in allowed
        return Resolution(candidates.chosen if usable else None, ResolutionReason.CHOSEN)
    if candidates.subforum_default is not None:
        return Resolution(candidates.subforum_default, ResolutionReason.SUBFORUM_DEFAULT)
    if candidates.global_default is not None:
        return Resolution(candidates.global_default, ResolutionReason.GLOBAL_DEFAULT)
    return Resolution(FALLBACK_PERSONA_ID, ResolutionReason.FALLBACK)
