"""A prompt in a topic of 10,000 posts: neither a forum nor a topic that is ten times larger may matter."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.forum import Post, Subforum, Topic
from forllm_desktop.domain.xray import DraftQuestion, Xray
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.storage.database import Database, open_database
from tests.benchmarks.table import Count, Measure, Result
from tests.ui.forum_support import readings

ANCESTORS = 200
TIMES_LARGER = 10
GOAL = 1.2
INSTANT = 50
"""Milliseconds that nothing may take where one types; this runs in a thread beside it anyway."""
MANY = 2_000
"""Newest posts of the topic that have a long text; no other one is looked at."""
TEXT = "Light is scattered by molecules that are much smaller than its wavelength. " * 8


@dataclass(frozen=True)
class Forum:
    """A forum with a topic whose thread is asked about: its newest post has `ANCESTORS` above it."""

    database: Database
    prompts: PromptService
    newest: int


def measure(posts: int = 10_000, ancestors: int = ANCESTORS, times: int = 40) -> Result:
    """Build prompts in the same topic on three sides in turn; the quickest of `times` counts."""
    large = posts * TIMES_LARGER
    with (
        _a_forum(posts, 0, ancestors) as forum,
        _a_forum(posts, large - posts, ancestors) as larger_forum,
        _a_forum(large, 0, ancestors) as larger_topic,
    ):
        measures, counts = [], []
        for what, step in (("prompt of a post", _of_post), ("prompt of a draft", _of_draft)):
            name = f"{what} below {ancestors} others in {posts:,} posts"
            ours, forums = _milliseconds(step, larger_forum, forum, times)
            measures.append(Measure(f"{name}, forum {TIMES_LARGER} times larger", ours, GOAL, "ms", forums))
            topics, bare = _milliseconds(step, larger_topic, forum, times)
            measures.append(Measure(f"{name}, topic {TIMES_LARGER} times larger", topics, GOAL, "ms", bare))
            measures.append(Measure(name, bare, INSTANT, "ms"))
            few, many = _statements(step, forum), _statements(step, larger_forum)
            counts.append(Count(f"{what}: statements, forum {TIMES_LARGER} times larger", many, few))
        counts.append(Count("posts of the thread that are sent or listed", _looked_at(forum), ancestors))
    return Result(counts, measures)


def _of_post(forum: Forum) -> Xray:
    return forum.prompts.preview_post(forum.newest)


def _of_draft(forum: Forum) -> Xray:
    return forum.prompts.preview_draft(DraftQuestion(1, 1, forum.newest, TEXT))


def _looked_at(forum: Forum) -> int:
    xray = _of_post(forum)
    return sum(one.source == "thread" for one in (*xray.parts, *xray.left_out))


def _milliseconds(
    step: Callable[[Forum], object], ours: Forum, bare: Forum, times: int
) -> tuple[float, float]:
    def seconds(forum: Forum) -> float:
        # Nothing here waits for anything but the processor.
        started = time.thread_time()
        step(forum)
        return time.thread_time() - started

    for forum in (ours, bare):
        seconds(forum)
    pairs = [(seconds(ours), seconds(bare)) for _ in range(times)]
    quickest = [min(each) * 1_000 for each in zip(*pairs, strict=True)]
    return quickest[0], quickest[1]


def _statements(step: Callable[[Forum], object], forum: Forum) -> int:
    with readings(forum.database) as found:
        step(forum)
    return len(found)


@contextmanager
def _a_forum(posts: int, elsewhere: int, ancestors: int) -> Iterator[Forum]:
    """Make a forum of one topic with so many posts, and so many posts in other topics."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_database(Path(folder, "forllm.db"))) as database,
    ):
        newest = _fill(database, posts, elsewhere, ancestors)
        yield Forum(database, PromptService(database), newest)


def _fill(database: Database, posts: int, elsewhere: int, ancestors: int) -> int:
    """Write straight into the tables; only the first topic, whose posts are the newest, has long texts."""
    now = utc_now()
    topics = range(1, 2 + elsewhere // max(1, posts))
    with database.write() as session:
        session.add(Subforum(subforum_id=1, name="Physics", name_key="physics"))
        session.flush()
        session.add_all(
            Topic(topic_id=topic, subforum_id=1, user_id=1, title=f"Topic {topic}", created_at=now)
            for topic in topics
        )
        session.flush()
        for topic in reversed(topics):
            parents = _parents(posts, ancestors, first=(topics[-1] - topic) * posts + 1)
            last = max(parents)
            session.execute(
                insert(Post),
                [
                    {"post_id": post, "topic_id": topic, "user_id": 1, "parent_post_id": parent,
                     "content": f"{post} {TEXT if topic == 1 and post > last - MANY else ''}"}
                    for post, parent in parents.items()
                ],
            )  # fmt: skip
    return max(parents)


def _parents(posts: int, ancestors: int, first: int) -> dict[int, int | None]:
    """Return the parents of a topic's posts; the last one has `ancestors` posts above it.

    The thread is told among its newest posts, with as many others between, which hang off it in turn.
    """
    parents: dict[int, int | None] = {first: None}
    thread, last = [first], first + posts - 1
    for post in range(first + 1, last + 1):
        is_next = last - post < 2 * ancestors and (last - post) % 2 == 0
        parents[post] = thread[-1] if is_next or post % 3 == 0 else post - 1 if post % 2 else first
        if is_next:
            thread.append(post)
    return parents
