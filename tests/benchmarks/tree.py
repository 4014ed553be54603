"""Opening the forum tree of a huge forum, against that of a small one: what is not seen must not matter."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QWidget

from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.storage.database import open_database
from forllm_desktop.ui.panes.forum_view import ForumTreeView
from forllm_desktop.ui.panes.sidebar import Sidebar
from tests.benchmarks.own_time import OwnTime
from tests.benchmarks.screen import application, wait_for_paint
from tests.benchmarks.table import Count, Measure, Result
from tests.builders import FixedClock
from tests.ui.forum_support import Forum, readings

SMALL = (100, 100)
"""Topics and posts: as many rows as are fetched at once, so that both sides have the same ones to show."""


def measure(topics: int = 5_000, posts: int = 100_000, times: int = 20) -> Result:
    """Open both trees in turn, each time in a new sidebar, until the topics are painted."""
    application()
    with _a_forum(*SMALL) as small, _a_forum(topics, posts) as large:
        with readings(small.database) as few, readings(large.database) as many:
            _opened(small), _opened(large)
        seconds: tuple[list[float], list[float]] = ([], [])
        for _ in range(times):
            seconds[0].append(_opened(large))
            seconds[1].append(_opened(small))
    ours, bare = (min(each) for each in seconds)
    return Result(
        [Count("tree: statements to open it", len(many), len(few))],
        [Measure(f"tree open, {posts:,} posts in {topics:,} topics", ours * 1_000, 1.3, "ms", bare * 1_000)],
    )


@contextmanager
def _a_forum(topics: int, posts: int) -> Iterator[Forum]:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_database(Path(folder, "forllm.db"))) as database,
    ):
        events, clock = Events(), FixedClock()
        forum = Forum(database, events, ForumService(database, events, clock), clock)
        forum.fill(topics, posts)
        yield forum


def _opened(forum: Forum) -> float:
    """Return the seconds from nothing to the painted topics of the one subforum."""
    clock = OwnTime()
    started = clock()
    frame = QWidget()
    frame.resize(300, 900)
    sidebar = Sidebar(forum.forum, forum.queue, forum.personas, forum.events, frame)
    sidebar.resize(frame.size())
    view = sidebar.findChild(ForumTreeView)
    view.expand(view.model().index(0, 0, QModelIndex()))
    frame.show()
    wait_for_paint(view.viewport())
    seconds = clock() - started
    clock.close()
    assert view.model().rowCount(view.model().index(0, 0, QModelIndex())) > 0
    frame.close()
    frame.deleteLater()
    return seconds
