"""Subforums, topics, posts and their author: the records, and the rules for names and texts."""

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base, utc_now
from forllm_desktop.domain.errors import InvalidInput

NAME_LIMIT = 200
"""Longest name of a subforum and longest title of a topic, in characters."""
DESCRIPTION_LIMIT = 2_000
"""Longest description of a subforum, in characters."""
POST_LIMIT = 2_000_000
"""Longest post, in characters."""


class User(Base):
    """The person who writes. There is exactly one for now."""

    __tablename__ = "users"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(NAME_LIMIT), unique=True)


class Subforum(Base):
    """A place for topics about one thing."""

    __tablename__ = "subforums"
    __table_args__ = (
        Index("uq_subforums_name_key", "name_key", unique=True, sqlite_where=text("deleted_at IS NULL")),
        Index("ix_subforums_position", "position"),
    )

    subforum_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LIMIT))
    name_key: Mapped[str] = mapped_column(String(NAME_LIMIT * 4))
    description: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]


class Topic(Base):
    """One conversation: a tree of posts under one title."""

    __tablename__ = "topics"
    __table_args__ = (Index("ix_topics_subforum_id", "subforum_id", "created_at"),)

    topic_id: Mapped[int] = mapped_column(primary_key=True)
    subforum_id: Mapped[int] = mapped_column(ForeignKey("subforums.subforum_id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.user_id"))
    title: Mapped[str] = mapped_column(String(NAME_LIMIT))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]


class Post(Base):
    """One post: the user's, or a model's reply.

    A reply `is_incomplete` from the moment its request starts until the server has finished it, so a
    reply that failed or was stopped stays marked and never enters a prompt. `edited` is the time of the
    last edit; `read_at` is empty while a reply is unread; `thinking` holds a model's thoughts, apart.
    """

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_topic_id", "topic_id", "post_id"),
        Index("ix_posts_parent_post_id", "parent_post_id"),
        Index(
            "ix_posts_unread",
            "topic_id",
            sqlite_where=text("read_at IS NULL AND is_incomplete = 0 AND deleted_at IS NULL"),
        ),
        Index("ix_posts_deleted_at", "deleted_at", sqlite_where=text("deleted_at IS NOT NULL")),
        CheckConstraint("parent_post_id <> post_id", name="not_its_own_parent"),
        # An id is never given out twice, so that a view that still shows a removed reply cannot mean another.
        {"sqlite_autoincrement": True},
    )

    post_id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.topic_id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.user_id"))
    parent_post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.post_id"))
    content: Mapped[str] = mapped_column(Text, default="")
    thinking: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    edited: Mapped[datetime | None]
    is_llm_response: Mapped[bool] = mapped_column(Boolean, default=False)
    is_incomplete: Mapped[bool] = mapped_column(Boolean, default=False)
    llm_model_id: Mapped[str | None] = mapped_column(Text)
    server_id: Mapped[int | None] = mapped_column(ForeignKey("servers.server_id", ondelete="SET NULL"))
    llm_persona_id: Mapped[int | None] = mapped_column(ForeignKey("personas.persona_id"))
    persona_version: Mapped[int | None]
    read_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class PostRevision(Base):
    """An earlier text of an edited post."""

    __tablename__ = "post_revisions"
    __table_args__ = (Index("ix_post_revisions_post_id", "post_id", "revision_id"),)

    revision_id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.post_id", ondelete="CASCADE"))
    content: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime] = mapped_column(default=utc_now)


class Draft(Base):
    """An unsent text. `place` says where it was being typed: "topic:5", "reply:9" or "subforum:2"."""

    __tablename__ = "drafts"

    draft_id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


def checked_name(typed: str, what: str) -> str:
    """Return a name or title as it will be stored: one line, without outer space.

    `what` is the word a user knows it by ("subforum", "topic"). Raises InvalidInput.
    """
    name = " ".join(typed.split())
    if not name or not any(ch.isprintable() and not ch.isspace() for ch in name):
        raise InvalidInput("name", f"The {what} needs a name", "Type at least one visible character.")
    if len(name) > NAME_LIMIT:
        raise InvalidInput(
            "name",
            f"The {what}'s name is too long",
            f"It has {len(name):,} characters; at most {NAME_LIMIT} fit.",
        )
    return name


def checked_description(typed: str) -> str:
    """Return a subforum's description as it will be stored. Raises InvalidInput."""
    if len(typed) > DESCRIPTION_LIMIT:
        raise InvalidInput(
            "description",
            "The description is too long",
            f"It has {len(typed):,} characters; at most {DESCRIPTION_LIMIT:,} fit.",
        )
    return typed.strip()


def checked_text(typed: str) -> str:
    """Return a post's text as it will be stored: as typed. Raises InvalidInput when blank or too long."""
    if not typed.strip():
        raise InvalidInput("text", "The post is empty", "Type something first.")
    if len(typed) > POST_LIMIT:
        raise InvalidInput(
            "text",
            "The post is too long",
            f"It has {len(typed):,} characters; at most {POST_LIMIT:,} fit.",
        )
    return typed


def title_from(text: str) -> str:
    """Return a topic title made from a post: its first non-blank line, cut to the limit."""
    line = next((" ".join(line.split()) for line in text.splitlines() if line.strip()), "")
    line = line.lstrip("# ").strip() or line
    return line if len(line) <= NAME_LIMIT else line[: NAME_LIMIT - 1].rstrip() + "…"
