"""Subforums, topics, posts and their author: the records, and the rules for names and texts."""

import itertools
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base, utc_now
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.tags import plain_start

NAME_LIMIT = 200
"""Longest name of a subforum and longest title of a topic, in characters."""
DESCRIPTION_LIMIT = 2_000
"""Longest description of a subforum, in characters."""
POST_LIMIT = 2_000_000
"""Longest post, in characters."""

_TITLE_READ = 20 * NAME_LIMIT
"""Characters of a line that are read for a title; tags are longer than they look."""
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that draw nothing: Hangul fillers and the empty Braille pattern."""


class User(Base):
    """The person who writes. There is exactly one for now."""

    __tablename__ = "users"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(NAME_LIMIT), unique=True)


class Subforum(Base):
    """A place for topics about one thing. `context_options` are those of the settings it sets itself."""

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
    context_options: Mapped[dict | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]


class Topic(Base):
    """One conversation: a tree of posts under one title."""

    __tablename__ = "topics"
    __table_args__ = (
        Index("ix_topics_subforum_id", "subforum_id", "created_at"),
        Index("ix_topics_deleted_at", "deleted_at", sqlite_where=text("deleted_at IS NOT NULL")),
    )

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
    `prompt_rule` is a PromptRule.
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
        Index("ix_posts_pinned", "topic_id", sqlite_where=text("prompt_rule = 'pinned'")),
        Index(
            "ix_posts_llm_persona_id",
            "llm_persona_id",
            "persona_version",
            sqlite_where=text("llm_persona_id IS NOT NULL"),
        ),
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
    prompt_rule: Mapped[str] = mapped_column(String(16), default="auto", server_default="auto")
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
    """An unsent text. `place` says where it was being typed: "topic:5", "reply:9" or "subforum:2".

    `files` are what is attached to it, as the fields of AttachedFile.
    """

    __tablename__ = "drafts"

    draft_id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[str] = mapped_column(Text, default="")
    files: Mapped[list | None]
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


@dataclass(frozen=True)
class ThreadPost:
    """A post in its place: `depth` is 0 for a post that answers none."""

    post: Post
    depth: int

    @property
    def is_deleted(self) -> bool:
        """Say whether only its place is shown, because something live hangs below it."""
        return self.post.deleted_at is not None


def in_tree_order(posts: Iterable[Post]) -> list[ThreadPost]:
    """Return posts as they are read: each followed by its replies, neighbours in order of their ids."""
    ordered = sorted(posts, key=lambda post: post.post_id, reverse=True)
    known = {post.post_id for post in ordered}
    replies: dict[int | None, list[Post]] = defaultdict(list)
    for post in ordered:
        replies[post.parent_post_id if post.parent_post_id in known else None].append(post)
    # A stack and not a recursion: replies may nest deeper than Python's call limit.
    waiting = [(post, 0) for post in replies[None]]
    result = []
    while waiting:
        post, depth = waiting.pop()
        result.append(ThreadPost(post, depth))
        waiting += [(reply, depth + 1) for reply in replies.get(post.post_id, ())]
    return result


def checked_name(typed: str, what: str) -> str:
    """Return a name or title as it will be stored: one line, without outer space or control characters.

    `what` is the word a user knows the thing by ("subforum", "topic"). Raises InvalidInput.
    """
    spaced = "".join(" " if unicodedata.category(ch) == "Cc" else ch for ch in storable(typed))
    name = " ".join(spaced.split())
    if not any(map(_is_visible, name)):
        raise InvalidInput("name", f"The {what} needs a name", "Type at least one visible character.")
    if len(name) > NAME_LIMIT:
        raise InvalidInput(
            "name",
            f"The {what}'s name is too long",
            f"It has {len(name):,} characters; at most {NAME_LIMIT} fit.",
        )
    return name


def checked_description(typed: str) -> str:
    """Return a subforum's description as it will be stored. Raises InvalidInput when it is too long."""
    description = storable(typed).replace("\0", "\ufffd").strip()
    if len(description) > DESCRIPTION_LIMIT:
        raise InvalidInput(
            "description",
            "The description is too long",
            f"It has {len(description):,} characters; at most {DESCRIPTION_LIMIT:,} fit.",
        )
    return description


def checked_text(typed: str) -> str:
    """Return a post's text as it will be stored: as typed, save for what no database can hold.

    Half characters (lone surrogates) and NUL become U+FFFD, as CommonMark asks for. Raises InvalidInput
    when nothing in it can be seen, or when it is too long.
    """
    content = storable(typed).replace("\0", "\ufffd")
    if not any(map(_is_visible, content)):
        raise InvalidInput("text", "The post is empty", "Type something first.")
    if len(content) > POST_LIMIT:
        raise InvalidInput(
            "text",
            "The post is too long",
            f"It has {len(content):,} characters; at most {POST_LIMIT:,} fit.",
        )
    return content


def title_from(text: str) -> str:
    """Return a topic title made from a post: its first line with something to see, cut to the limit.

    Tags are named as they are shown.
    """
    lines = (_trimmed(line) for line in storable(text).splitlines())
    line = next((line for line in lines if line), "")
    line = plain_start(_trimmed(line.lstrip("# "))[:_TITLE_READ]) or line
    return line if len(line) <= NAME_LIMIT else line[: NAME_LIMIT - 1].rstrip() + "…"


def numbered_name(name: str, number: int) -> str:
    """Return `name` with a number behind it, "Physics (2)", cut so that it still fits."""
    tail = f" ({number})"
    return name[: NAME_LIMIT - len(tail)].rstrip() + tail


def storable(typed: str) -> str:
    """Join surrogate pairs; replace lone surrogates, which UTF-8 cannot express, by U+FFFD."""
    if typed.isascii():
        return typed
    return typed.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_visible(ch: str) -> bool:
    """Say whether a character shows by itself: no space, control, format, filler or mark on another."""
    visible = ch.isprintable() and not ch.isspace() and ch not in _BLANK_LETTERS
    return visible and not unicodedata.category(ch).startswith("M")


def _trimmed(line: str) -> str:
    """Return a line with single spaces, from its first visible character on."""
    return " ".join("".join(itertools.dropwhile(lambda ch: not _is_visible(ch), line)).split())
