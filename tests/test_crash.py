"""`kill -9` in the middle of everything, fifty times in a row on one data folder: nothing is lost."""

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy

from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.events import Events
from forllm_desktop.paths import own_command
from forllm_desktop.services.queue import QueueService, Wish
from forllm_desktop.services.workspace import DATABASE_FILE, Workspace, open_workspace
from forllm_desktop.storage.database import Database, open_database
from tests.builders import a_topic
from tests.crash_app import checksum

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills by signal and looks into /proc")

ENGINE_GONE_WITHIN = 2.0
SILENCE_ALLOWED = 30.0
"""Seconds the app may say nothing while it is waited for."""
SEED = 20_260_302
PROMPT_KILLS = 5
KILLS = ["claimed"] * 3 + ["loading"] * 6 + ["command"] * 3 + ["saving"] * 4 + ["saved"] * 29
"""What the app has said last when it is killed, give or take a moment; "command" is `forllm run-queue`."""
WAITING = {JobStatus.PENDING, JobStatus.PENDING_DEPENDENCY, JobStatus.CANCELLED}
LONG_PROMPT = "the river waits then answers slowly " * 1_500


@dataclass
class Run:
    """One life of the app: its process, those it started, and what it said."""

    pid: int
    lines: list[str] = field(default_factory=list)
    children: set[int] = field(default_factory=set)

    def kill(self) -> None:
        self.children = children_of(self.pid)
        os.kill(self.pid, signal.SIGKILL)

    def possible_texts(self, before: str) -> set[str]:
        """Return the checksums of what the reply may hold, out of what it held before and what was saved.

        The text of an earlier life stays until there is more.
        """
        kept = checksum(before)
        texts = {kept}
        for line in self.lines:
            verb, _, text = line.partition(" ")
            if verb not in ("saving", "saved") or _length(text) < _length(kept):
                continue
            if verb == "saved":
                kept, texts = text, set()
            texts.add(text)
        return texts


def _length(checked: str) -> int:
    """Return the length that a checksum tells."""
    return int(checked.partition("-")[0])


class Apps:
    """Starts the app again and again over one data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash_app", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
        self._said = b""
        self._running: Run | None = None

    def close(self) -> None:
        with self._process:
            self._process.kill()
        if self._running is not None:
            self._running.kill()

    def kill_at(self, moment: str, delay: float) -> Run:
        """Start the app and kill it `delay` seconds after it has said that `moment` has come."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"start\n")
        self._process.stdin.flush()
        run = self._running = Run(int(self._next_line().removeprefix("app ")))
        while not (run.lines and run.lines[-1].removeprefix("phase ").startswith(moment)):
            run.lines.append(self._next_line())
            assert run.lines[-1] != "ended", f"it ended by itself: {run.lines}"
        time.sleep(delay)
        run.kill()
        while (line := self._next_line()) != "ended":
            run.lines.append(line)
        self._running = None
        return run

    def kill_command(self, delay: float) -> Run:
        """Start `forllm run-queue` and kill it `delay` seconds after its engine was started."""
        process = subprocess.Popen(
            [*own_command(), "run-queue", "--data-dir", str(self._folder)], stdout=subprocess.DEVNULL
        )
        run = self._running = Run(process.pid)
        while not children_of(run.pid):
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.02)
        time.sleep(delay)
        run.kill()
        assert process.wait(10) == -signal.SIGKILL
        self._running = None
        return run

    def _next_line(self) -> str:
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        while b"\n" not in self._said:
            assert select.select([output], [], [], SILENCE_ALLOWED)[0], "the app says nothing"
            said = os.read(output, 4096)
            assert said, "the starter of the apps has ended"
            self._said += said
        line, _, self._said = self._said.partition(b"\n")
        return line.decode()


@dataclass(frozen=True)
class Seen:
    """What a restart found: the texts of all posts, and the reply post of every request that has one."""

    posts: dict[int, str]
    replies: dict[int, int]


def children_of(pid: int) -> set[int]:
    """Return the living processes whose parent this is."""
    found = set()
    for task in Path("/proc", str(pid), "task").glob("*/children"):
        try:
            found |= set(map(int, task.read_text().split()))
        except OSError:
            continue
    return found


def is_gone(pid: int) -> bool:
    """Say whether a process has ended; one that nobody has reaped yet has."""
    try:
        return (
            Path("/proc", str(pid), "stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "Z"
        )
    except OSError:
        return True


def assert_engines_leave(run: Run) -> None:
    deadline = time.monotonic() + ENGINE_GONE_WITHIN
    while left := {pid for pid in run.children if not is_gone(pid)}:
        assert time.monotonic() < deadline, f"the engine outlived the app: {left}"
        time.sleep(0.01)


def after_restart(folder: Path, scratch: Path) -> Seen:
    """Return what the next start will find, seen in a copy: the log that the kill left stays for the app."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for name in (DATABASE_FILE, f"{DATABASE_FILE}-wal"):
        if (folder / name).exists():
            shutil.copy(folder / name, scratch / name)
    with closing(open_database(scratch / DATABASE_FILE)) as database:
        assert database.check() == []
        found = _look(database)
        queue = QueueService(database, Events())
        running = [job.request_id for job in queue.jobs([JobStatus.PROCESSING])]
        assert len(running) <= 1
        assert queue.recover() == running
        assert {job.status for job in queue.jobs()} <= WAITING
        assert _look(database) == found, "starting again changes no post"
        return found


def _look(database: Database) -> Seen:
    with database.read() as session:
        posts = session.scalars(sqlalchemy.select(Post)).all()
        jobs = session.scalars(sqlalchemy.select(Job).where(Job.reply_post_id.is_not(None))).all()
    return Seen(
        {post.post_id: post.content for post in posts}, {job.request_id: job.reply_post_id for job in jobs}
    )


@pytest.fixture
def apps(tmp_path: Path) -> Iterator[Apps]:
    started = Apps(tmp_path / "data")
    yield started
    started.close()


def ask_five_things(workspace: Workspace, model: Path) -> None:
    """Queue a long question, three short ones, and one that waits for the answer to another."""
    workspace.settings.change(engine_threads=1, context_window=16_384)
    topic, _ = a_topic(workspace.forum)
    wish = Wish(ModelChoice(workspace.models.engine().server_id, str(model)))
    workspace.queue.ask(topic.topic_id, LONG_PROMPT, wish)
    for text in ("What waits in the garden?", "And by the river?", "And at night?"):
        workspace.queue.ask(topic.topic_id, text, wish)
    workspace.queue.ask_about(1, wish, after=2)


def test_fifty_kills_in_a_row_lose_and_double_nothing(
    apps: Apps, tiny_gguf: Callable[[str], Path], tmp_path: Path
) -> None:
    folder, chance = tmp_path / "data", random.Random(SEED)
    model = Path(shutil.copy(tiny_gguf("endless"), tmp_path / "model.gguf"))
    with closing(open_workspace(folder)) as workspace:
        ask_five_things(workspace, model)
    seen = after_restart(folder, tmp_path / "copy")
    questions = set(seen.posts)

    def kill(moment: str, request_id: int) -> None:
        nonlocal seen
        before = seen
        if moment == "command":
            run = apps.kill_command(chance.uniform(0, 0.5))
        else:
            run = apps.kill_at(moment, chance.uniform(0, 0.05))
        seen = after_restart(folder, tmp_path / "copy")
        reply = seen.replies[request_id]
        assert seen.replies == before.replies | {request_id: reply}
        assert set(seen.posts) == questions | set(seen.replies.values())
        assert checksum(seen.posts[reply]) in run.possible_texts(before.posts.get(reply, ""))
        assert seen.posts | {reply: ""} == before.posts | {reply: ""}, "another post changed"
        assert_engines_leave(run)

    for _ in range(PROMPT_KILLS):
        kill("prompt", request_id=1)
    with closing(open_workspace(folder)) as workspace:
        workspace.queue.recover()
        workspace.queue.cancel(1)
    seen = after_restart(folder, tmp_path / "copy")
    assert set(seen.posts) == questions, "the cancelled request leaves no empty reply"
    for moment in chance.sample(KILLS, len(KILLS)):
        kill(moment, request_id=2)
    assert seen.posts[seen.replies[2]]

    os.replace(shutil.copy(tiny_gguf("chat"), tmp_path / "stops.gguf"), model)
    finished = subprocess.run(
        [*own_command(), "run-queue", "--json", "--data-dir", str(folder)], capture_output=True, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    assert [(job["id"], job["status"]) for job in json.loads(finished.stdout)] == [
        (number, "complete") for number in (2, 3, 4, 5)
    ]
    with closing(open_workspace(folder)) as workspace:
        assert workspace.database.check() == []
        jobs = {job.request_id: job for job in workspace.queue.jobs()}
        replies = {number: workspace.forum.post(jobs[number].reply_post_id) for number in (2, 3, 4, 5)}
        assert set(_look(workspace.database).posts) == questions | {post.post_id for post in replies.values()}
        assert len({post.post_id for post in replies.values()}) == 4
        assert all(post.content and not post.is_incomplete for post in replies.values())
        assert replies[2].post_id == seen.replies[2], "the reply stayed the same post"
        assert replies[5].parent_post_id == replies[2].post_id
        assert jobs[1].status == JobStatus.CANCELLED
