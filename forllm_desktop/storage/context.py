"""Selects that gather what could enter a prompt: few of them, each as large as what it may bring in."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.forum import Post, Subforum, Topic, User
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.queue import Job
from forllm_desktop.storage import thread
from forllm_desktop.storage.database import Session

SCANNED = 500
"""How many of a topic's newest posts are looked at for those of other branches, unless more are wanted."""
CLIMBED = 4_000
"""How many posts are looked at to find out which branches those hang in."""
_AT_ONCE = 500


class Written(NamedTuple):
    """A post without what no prompt needs, above all without the model's thoughts."""

    post_id: int
    topic_id: int
    user_id: int | None
    persona_id: int | None
    persona_version: int | None
    content: str
    is_incomplete: bool
    deleted_at: datetime | None
    rule: str


@dataclass
class Beside:
    """The posts of other branches, as ids, the newest first.

    `chosen` may enter; the others cannot, by the reason they are named for. `is_all` says whether every post
    of the topic was looked at, so that `beyond` holds all that are more than the settings allow.
    """

    chosen: list[int] = field(default_factory=list)
    by_hand: list[int] = field(default_factory=list)
    incomplete: list[int] = field(default_factory=list)
    beyond: list[int] = field(default_factory=list)
    is_all: bool = True


_COLUMNS = (
    Post.post_id,
    Post.topic_id,
    Post.user_id,
    Post.llm_persona_id,
    Post.persona_version,
    Post.content,
    Post.is_incomplete,
    Post.deleted_at,
    Post.prompt_rule,
)


def live_place(session: Session, post_id: int) -> tuple[int, str, dict[str, Any] | None, int, str] | None:
    """Return where a post is: subforum, its name and options, topic and title; None when any is deleted."""
    row = session.execute(
        select(Subforum.subforum_id, Subforum.name, Subforum.context_options, Topic.topic_id, Topic.title)
        .join(Topic, Topic.subforum_id == Subforum.subforum_id)
        .join(Post, Post.topic_id == Topic.topic_id)
        .where(Post.post_id == post_id, Post.deleted_at.is_(None))
        .where(Topic.deleted_at.is_(None), Subforum.deleted_at.is_(None))
    ).first()
    return None if row is None else (row[0], row[1], row[2], row[3], row[4])


def lineage(session: Session, post_id: int) -> list[Written]:
    """List a post and what it answers, up to the first post: oldest first, the post itself last."""
    return [Written(*row) for row in session.execute(_lineage(), {"post_id": post_id})]


def written(session: Session, post_ids: Iterable[int]) -> dict[int, Written]:
    """Return posts by their ids."""
    ids = sorted(post_ids)
    found: dict[int, Written] = {}
    for start in range(0, len(ids), _AT_ONCE):
        rows = session.execute(select(*_COLUMNS).where(Post.post_id.in_(ids[start : start + _AT_ONCE])))
        found |= {row[0]: Written(*row) for row in rows}
    return found


def pinned(session: Session, topic_id: int) -> list[Written]:
    """List the pinned posts of a topic that are not deleted, oldest first."""
    rows = session.execute(
        select(*_COLUMNS)
        # Spelled out like the condition of the index ix_posts_pinned, which has no other posts.
        .where(Post.topic_id == topic_id, Post.prompt_rule == literal_column("'pinned'"))
        .where(Post.deleted_at.is_(None))
        .order_by(Post.post_id)
    )
    return [Written(*row) for row in rows]


def beside(
    session: Session, topic_id: int, path: Collection[int], asked: int | None, per_branch: int, most: int
) -> Beside:
    """Find the newest posts of the branches that hang off a path through a topic: its other child subtrees.

    `path` holds what is answered, without the answered post `asked` (None: it is not stored yet), whose own
    replies count as no branch; other beginnings of the topic do. Of each branch at most `per_branch` posts
    are chosen, and `most` in all.

    Only the newest `SCANNED` posts of the topic are looked at, or four times `most`: older ones are no news
    of a topic in which so much was written since. A post whose branch is not found within `CLIMBED` steps
    of all climbs together is left aside. So the cost has a bound, however large the topic is.
    """
    found = Beside()
    if not per_branch or not most:
        return found
    scanned = max(SCANNED, 4 * most)
    rows = session.execute(_newest(), {"topic_id": topic_id, "most": scanned}).all()
    found.is_all = len(rows) < scanned
    parents = _parents(session, {row.post_id: row.parent_post_id for row in rows}, path)
    branches = _branches(parents, path, asked)
    taken: Counter[int] = Counter()
    for row in rows:
        branch = branches.get(row.post_id)
        if branch is None or row.deleted_at is not None or row.prompt_rule == PromptRule.PINNED:
            continue
        if row.prompt_rule == PromptRule.LEFT_OUT:
            found.by_hand.append(row.post_id)
        elif row.is_incomplete:
            found.incomplete.append(row.post_id)
        elif len(found.chosen) >= most or taken[branch] >= per_branch:
            found.beyond.append(row.post_id)
        else:
            taken[branch] += 1
            found.chosen.append(row.post_id)
    return found


def first_posts(
    session: Session, subforum_id: int, topic_id: int | None, most: int
) -> list[tuple[Written, str]]:
    """List the first posts of the newest other topics of a subforum, with their titles, oldest first."""
    first = (
        select(Post.post_id)
        .where(Post.topic_id == Topic.topic_id)
        .order_by(Post.post_id)
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(first, Topic.title)
        .where(
            Topic.subforum_id == subforum_id, Topic.deleted_at.is_(None), Topic.topic_id != (topic_id or 0)
        )
        .order_by(Topic.created_at.desc(), Topic.topic_id.desc())
        .limit(most)
    ).all()
    posts = written(session, [row[0] for row in rows if row[0] is not None])
    return [(posts[row[0]], row[1]) for row in reversed(rows) if row[0] in posts]


def authors(session: Session, posts: Collection[Written]) -> dict[int, str]:
    """Return who wrote posts, by post: personas by the name they had then."""
    versions = {(post.persona_id, post.persona_version or 0) for post in posts if post.persona_id is not None}
    then = thread.persona_names(session, versions) if versions else {}
    unknown = {persona_id for persona_id, number in versions if (persona_id, number) not in then}
    now = _names(session, Persona.persona_id, Persona.name, unknown)
    ids = {post.user_id for post in posts if post.persona_id is None and post.user_id is not None}
    users = _names(session, User.user_id, User.username, ids)
    found = {}
    for post in posts:
        if post.persona_id is None:
            found[post.post_id] = users.get(post.user_id or 0, "User")
        else:
            name = then.get((post.persona_id, post.persona_version or 0))
            found[post.post_id] = name or now.get(post.persona_id, "Persona")
    return found


def prompt_before(session: Session, job: Job) -> Job | None:
    """Return the request of the same persona in the same topic that sent a prompt last before this one."""
    asked = aliased(Post)
    return session.scalars(
        select(Job)
        .join(Post, Post.post_id == Job.post_id_to_respond_to)
        .join(asked, asked.topic_id == Post.topic_id)
        .where(
            asked.post_id == job.post_id_to_respond_to,
            Job.llm_persona == job.llm_persona,
            Job.request_id != job.request_id,
            func.json_type(Job.prompt) == "array",
            *([Job.started_at <= job.started_at] if job.started_at is not None else []),
        )
        .order_by(Job.started_at.desc(), Job.request_id.desc())
        .limit(1)
    ).first()


def _names(
    session: Session,
    key: InstrumentedAttribute[int],
    name: InstrumentedAttribute[str],
    ids: Collection[int],
) -> dict[int, str]:
    if not ids:
        return {}
    return {row[0]: row[1] for row in session.execute(select(key, name).where(key.in_(ids)))}


def _parents(
    session: Session, scanned: Mapping[int, int | None], path: Collection[int]
) -> dict[int, int | None]:
    """Return the parents of posts and of what is above them, as far as `CLIMBED` reaches."""
    known = set(path)
    above = {parent for parent in scanned.values() if parent not in scanned and parent not in known}
    above.discard(None)
    parents = dict(scanned)
    if above:
        # The climbs go on along the path once they have met it; that is read once for all of them.
        limit = CLIMBED + len(known)
        for start in range(0, len(above), _AT_ONCE):
            ids = sorted(above, key=lambda post_id: -(post_id or 0))[start : start + _AT_ONCE]
            rows = session.execute(_above(), {"ids": ids, "most": limit}).all()
            parents |= {row.post_id: row.parent_post_id for row in rows}
            limit -= len(rows)
            if limit <= 0:
                break
    return parents


def _branches(
    parents: Mapping[int, int | None], path: Collection[int], asked: int | None
) -> dict[int, int | None]:
    """Return the first post of the branch that each post is in; None for those in no other branch."""
    on_path = set(path)
    # What hangs below the answered post is no other branch, nor is the path itself.
    branches: dict[int, int | None] = dict.fromkeys((*on_path, asked or 0))
    for post_id in parents:
        climbed, at = [], post_id
        while at not in branches:
            climbed.append(at)
            parent = parents.get(at, 0)
            if parent is None or parent in on_path:
                branches[at] = at
            elif parent not in parents:
                branches[at] = None  # Not reached within the bound.
            else:
                at = parent
        for below in climbed:
            branches[below] = branches[at]
    return branches


@cache
def _lineage() -> Select[*tuple[Any, ...]]:
    """Build the select once: building it takes longer than running it."""
    above = select(Post.post_id).where(Post.post_id == bindparam("post_id")).cte("above", recursive=True)
    above = above.union(select(Post.parent_post_id).join(above, Post.post_id == above.c.post_id))
    # A reply is always made after what it answers, so the order of ids is the order of age.
    return select(*_COLUMNS).join(above, Post.post_id == above.c.post_id).order_by(Post.post_id)


@cache
def _newest() -> Select[*tuple[Any, ...]]:
    return (
        select(Post.post_id, Post.parent_post_id, Post.is_incomplete, Post.deleted_at, Post.prompt_rule)
        .where(Post.topic_id == bindparam("topic_id"))
        .order_by(Post.post_id.desc())
        .limit(bindparam("most"))
    )


@cache
def _above() -> Select[*tuple[Any, ...]]:
    above = (
        select(Post.post_id, Post.parent_post_id)
        .where(Post.post_id.in_(bindparam("ids", expanding=True)))
        .cte("above", recursive=True)
    )
    parent = aliased(Post)
    above = above.union(
        select(parent.post_id, parent.parent_post_id).join(above, parent.post_id == above.c.parent_post_id)
    )
    return select(above.c.post_id, above.c.parent_post_id).limit(bindparam("most"))
