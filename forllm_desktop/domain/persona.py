"""Personas, their versions and where they are assigned; which persona answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base, utc_now
from forllm_desktop.domain.servers import ModelChoice

FALLBACK_PERSONA_ID = 1
"""The built-in persona: editable, never deleted, answers when nobody else is set."""


class Source(StrEnum):
    """How a persona came to be."""

    USER_MANUAL = "user_manual"
    BUILT_IN = "built_in"
    FROM_NAME = "llm_generated_from_name"
    SUBFORUM_EXPERT = "llm_generated_subforum_expert"
    GENERAL = "llm_generated_general"
    IMPORTED = "imported"


GENERATED = (Source.FROM_NAME, Source.SUBFORUM_EXPERT, Source.GENERAL)
"""Sources of personas that models wrote."""


@dataclass(frozen=True)
class PersonaOptions:
    """How a persona likes to be asked; None leaves it to the request and to the settings.

    `temperature` is 0 to 2; `max_reply_tokens` bounds the reply, thoughts included.
    """

    model: ModelChoice | None = None
    temperature: float | None = None
    max_reply_tokens: int | None = None
    think: bool | None = None


@dataclass(frozen=True)
class PersonaContent:
    """All that a version holds, and all that a prompt is made from."""

    name: str
    instructions: str
    description: str = ""
    options: PersonaOptions = PersonaOptions()


@dataclass(frozen=True)
class Origin:
    """Where a persona comes from: `details` is what it was made from, `author` the writer ("": the user)."""

    source: Source = Source.USER_MANUAL
    details: dict[str, Any] | None = None
    author: str = ""


class _Content:
    """The columns that a persona shares with its versions.

    The preferred server is no reference: a version is never rewritten, also when its server is removed.
    """

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    prompt_instructions: Mapped[str] = mapped_column(Text)
    preferred_server_id: Mapped[int | None]
    preferred_model: Mapped[str | None] = mapped_column(Text)
    temperature: Mapped[float | None] = mapped_column(Float)
    max_reply_tokens: Mapped[int | None]
    think: Mapped[bool | None] = mapped_column(Boolean)

    @property
    def options(self) -> PersonaOptions:
        """How this persona likes to be asked."""
        model = None
        if self.preferred_server_id is not None and self.preferred_model:
            model = ModelChoice(self.preferred_server_id, self.preferred_model)
        return PersonaOptions(model, self.temperature, self.max_reply_tokens, self.think)

    @property
    def content(self) -> PersonaContent:
        """All that a version holds."""
        return PersonaContent(self.name, self.prompt_instructions, self.description, self.options)

    def take(self, content: PersonaContent) -> None:
        """Become what `content` says."""
        options = content.options
        self.name, self.description = content.name, content.description
        self.prompt_instructions = content.instructions
        self.preferred_server_id = options.model.server_id if options.model else None
        self.preferred_model = options.model.name if options.model else None
        self.temperature, self.max_reply_tokens = options.temperature, options.max_reply_tokens
        self.think = options.think


class Persona(_Content, Base):
    """A system prompt with a name. The row holds the newest version's content, and what has no versions.

    `attention` says in words what a generated text lacks; it answers nowhere until it is accepted.
    `is_unseen` marks one that arrived and was not opened yet.
    """

    __tablename__ = "personas"
    __table_args__ = (
        Index("uq_personas_name_key", "name_key", unique=True, sqlite_where=text("deleted_at IS NULL")),
        Index("ix_personas_is_active", "is_active", "name_key"),
        Index("ix_personas_deleted_at", "deleted_at", sqlite_where=text("deleted_at IS NOT NULL")),
    )

    persona_id: Mapped[int] = mapped_column(primary_key=True)
    name_key: Mapped[str] = mapped_column(String(800))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_user: Mapped[int | None] = mapped_column(ForeignKey("users.user_id"))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1)
    generation_source: Mapped[str] = mapped_column(String(64), default=Source.USER_MANUAL.value)
    generation_input_details: Mapped[dict | None]
    tags: Mapped[list] = mapped_column(default=list)
    avatar_colour: Mapped[str | None] = mapped_column(String(16))
    attention: Mapped[str | None] = mapped_column(Text)
    is_unseen: Mapped[bool] = mapped_column(Boolean, default=False)
    deleted_at: Mapped[datetime | None]

    @property
    def is_usable(self) -> bool:
        """Say whether this persona may answer."""
        return self.is_active and self.deleted_at is None and self.attention is None


class PersonaVersion(_Content, Base):
    """What a persona was at one time. Never changed once written. `author` is a model, or "": the user."""

    __tablename__ = "persona_versions"
    __table_args__ = (UniqueConstraint("persona_id", "version"),)

    persona_version_id: Mapped[int] = mapped_column(primary_key=True)
    persona_id: Mapped[int] = mapped_column(ForeignKey("personas.persona_id"))
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_user: Mapped[int | None] = mapped_column(ForeignKey("users.user_id"))
    author: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class PersonaPicture(Base):
    """The picture of a persona that has one, as PNG."""

    __tablename__ = "persona_pictures"

    persona_id: Mapped[int] = mapped_column(ForeignKey("personas.persona_id"), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)


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
