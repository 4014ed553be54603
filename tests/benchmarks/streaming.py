"""A long reply streams into a long topic while somebody reads along: how long the window stands still."""

import time
from collections import Counter
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.warming import warm_up
from forllm_desktop.worker.assembly import make_queue_loop
from forllm_desktop.worker.thread import WorkerThread
from tests.benchmarks.own_time import OwnTime
from tests.benchmarks.screen import application, wait_until
from tests.benchmarks.server import paced_server
from tests.benchmarks.setting import Stage, a_stage
from tests.benchmarks.table import Count, Measure, Result
from tests.benchmarks.texts import a_text
from tests.builders import NOW

SIZE = (1_100, 800)
REPLIES = 3
"""Replies below a post."""


class Probe(QObject):
    """Looks once in a millisecond whether the window's loop goes round.

    `gaps` are the seconds from look to look, `stalls` the same in the window's own time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self.stalls: list[float] = []
        self._own = OwnTime()
        self._last = time.monotonic(), self._own()
        self._timer = QTimer(self, interval=1, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        self._look()
        self._own.close()

    def _look(self) -> None:
        before, self._last = self._last, (time.monotonic(), self._own())
        self.gaps.append(self._last[0] - before[0])
        self.stalls.append(self._last[1] - before[1])


class Edits:
    """Counts the changes of a page's document, by the post they are in."""

    def __init__(self, page: ThreadPage) -> None:
        self._writer = page._view.writer
        self.by_post: Counter[int] = Counter()
        page._view.document().contentsChange.connect(self._note)

    def _note(self, position: int, *_: int) -> None:
        slot = self._writer.slot_at(position)
        self.by_post[slot.key if slot is not None else 0] += 1


@dataclass(frozen=True)
class Run:
    """What one stream did: seconds, and changes of the document."""

    longest: float
    nearly_all: float
    longest_gap: float
    reply_changes: int
    other_changes: int


def measure(tokens: int = 3_000, posts: int = 200, seconds: float = 12.0, times: int = 3) -> Result:
    """Stream `tokens` over `seconds` into the middle of `posts` posts, and follow them, several times.

    The least of the longest stalls counts: what is ours comes every time, what is the machine's does not.
    """
    application()
    warm_up()
    runs = [_streamed(tokens, posts, seconds) for _ in range(times)]
    longest = min(run.longest for run in runs)
    nearly_all = min(run.nearly_all for run in runs)
    longest_gap = min(run.longest_gap for run in runs)
    return Result(
        [
            Count("stream: finished posts written again", max(run.other_changes for run in runs), 0),
            Count("stream: changes of the growing reply", max(run.reply_changes for run in runs)),
        ],
        [
            Measure(f"longest stall, {tokens:,} tokens, {posts} posts", longest * 1_000, 50, "ms"),
            Measure("   99 % of all stalls are below", nearly_all * 1_000, None, "ms"),
            Measure("   longest, as busy as the machine was", longest_gap * 1_000, None, "ms"),
        ],
    )


def _streamed(tokens: int, posts: int, seconds: float) -> Run:
    """Stream one reply, from its first text to the last touch of its page."""
    with paced_server(seconds, tokens) as server, a_stage(server.url) as stage:
        made = fill(stage.workspace, stage.topic, stage.first, posts)
        frame, page = _shown(stage)
        worker = WorkerThread(lambda: make_queue_loop(stage.workspace))
        worker.listen_to(stage.workspace.events)
        worker.start()
        queue, running = stage.workspace.queue, stage.workspace.queue.running
        try:
            question, job = queue.ask(stage.topic.topic_id, "And?", stage.wish, made[posts // 2].post_id)
            page.show_post(question.post_id)
            # The reply's place must be written, or it would count as a change of the post before it. By then
            # a short reply may have ended on a busy machine; nothing here depends on who was quicker.
            wait_until(lambda: _is_written(page, queue.job(job.request_id).reply_post_id))
            page._walk("end")
            edits, probe = Edits(page), Probe()
            wait_until(lambda: running.get(job.request_id) is None and not page._keeper.streams.growing)
            wait_until(lambda: page.is_complete)
            probe.stop()
            wait_until(lambda: queue.job(job.request_id).status == JobStatus.COMPLETE)
        finally:
            assert worker.stop()
        page.close_page()
        frame.close()
        frame.deleteLater()
        reply = queue.job(job.request_id).reply_post_id or 0
    gaps, stalls = sorted(probe.gaps), sorted(probe.stalls)
    of_the_reply = edits.by_post[reply]
    return Run(
        stalls[-1], stalls[round(0.99 * (len(stalls) - 1))], gaps[-1],
        of_the_reply, edits.by_post.total() - of_the_reply,
    )  # fmt: skip


def fill(workspace: Workspace, topic: Topic, first: Post, posts: int) -> list[Post]:
    """Give a topic so many posts, each with at most three replies; they are finished and read."""
    made = [first]
    with workspace.database.write() as session:
        for number in range(1, posts):
            parent = made[(number - 1) // REPLIES]
            post = Post(
                topic_id=topic.topic_id,
                parent_post_id=parent.post_id,
                content=a_text(number),
                thinking="",
                created_at=NOW,
                read_at=NOW,
                is_llm_response=True,
                is_incomplete=False,
                llm_model_id="tiny.gguf",
            )
            session.add(post)
            session.flush()
            made.append(post)
    return made


def _is_written(page: ThreadPage, reply: int | None) -> bool:
    return reply in page._view.writer.by_key and page.is_complete


def _shown(stage: Stage) -> tuple[QWidget, ThreadPage]:
    """Return a window with the page of the topic, every post of it written."""
    services = stage.workspace
    frame = QWidget()
    frame.resize(*SIZE)
    page = ThreadPage(
        stage.topic.topic_id, services.forum, services.queue, services.personas, services.events, frame
    )
    page.resize(*SIZE)
    frame.show()
    wait_until(lambda: page.is_complete)
    return frame, page
