"""What the conformance tests share: a data folder with its worker at work, and how servers speak."""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import Qt

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import NotFound
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import Job, JobStatus, WorkerState
from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.llm.backend import Limits
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.storage.queue import empty_replies_of_ended_requests
from forllm_desktop.worker.assembly import make_queue_loop
from forllm_desktop.worker.thread import WorkerThread
from tests.fake_server import FakeServer
from tests.fakes import (
    NDJSON,
    SSE,
    Answer,
    FakeOllama,
    FakeOpenAI,
    Step,
    ollama_delta,
    ollama_reply,
    sse_delta,
    sse_reply,
)
from tests.recorder import SIGNALS

QUICK = Limits(connect_local=3.0, connect_remote=3.0, write=10.0, read=8.0, describe=8.0, health_every=0.1)
BACKOFF = (0.2, 0.5, 1.0, 3.0)
"""A tenth of what a user waits."""
STALL = 1.0
"""Seconds of silence in the middle of a reply, the lowest that the settings take."""
PATIENCE = 120.0
"""Seconds until a test gives up; only a hanging program lets it wait so long."""
QUESTION = "What waits for us in the garden?"
QUIET = (WorkerState.IDLE, WorkerState.WAITING, WorkerState.PAUSED, WorkerState.STOPPED)
ENDED = (JobStatus.COMPLETE, JobStatus.ERROR, JobStatus.CANCELLED)

T = TypeVar("T")


class Desk:
    """An open data folder, its worker in its thread, and what both announced, in order."""

    def __init__(
        self,
        folder: Path,
        *,
        limits: Limits = QUICK,
        backoff: tuple[float, ...] = BACKOFF,
        save_every: float = 0.5,
        starts: bool = True,
        clock: Callable[[], datetime] = utc_now,
        **settings: Any,
    ) -> None:
        self.workspace = open_workspace(folder, limits=limits, keys=SessionKeys(), clock=clock)
        self.queue = self.workspace.queue
        self.events = self.workspace.events
        self.seen: list[tuple] = []
        self._news = threading.Condition()
        self._backoff, self._save_every = backoff, save_every
        for name in SIGNALS:
            getattr(self.events, name).connect(
                lambda *args, name=name: self._note(name, *args), Qt.ConnectionType.DirectConnection
            )
        self.workspace.settings.change(**{"stall_limit": STALL, "engine_threads": 1, **settings})
        self.worker = self._new_worker()
        if starts:
            self.worker.start()

    @property
    def state(self) -> str:
        """Return what the worker last said of itself."""
        return next((entry[1] for entry in reversed(self.seen) if entry[0] == "worker_state_changed"), "")

    def ask(
        self,
        server: FakeServer | str,
        model: str = "llama3.2",
        text: str = QUESTION,
        kind: ServerKind = ServerKind.AUTO,
    ) -> int:
        """Ask a model of a server in a new topic and return the request's number."""
        url = server if isinstance(server, str) else server.url
        return self._ask(self.workspace.models.server_at(url, kind=kind).server_id, model, text)

    def wish(self, url: str, model: str) -> Wish:
        """Return the wish for an answer by a model of a server."""
        return Wish(ModelChoice(self.workspace.models.server_at(url).server_id, model))

    def ask_engine(self, model: Path | str, text: str = QUESTION) -> int:
        """Ask the built-in engine with a GGUF file."""
        return self._ask(self.workspace.models.engine().server_id, str(model), text)

    def answers(self, server: FakeServer | str, model: str = "llama3.2") -> str:
        """Ask once more, and return the reply: whatever happened before, the next request runs."""
        return self.completed(self.ask(server, model)).content

    def job(self, request_id: int) -> Job:
        return self.queue.job(request_id)

    def reply(self, request_id: int) -> Post | None:
        """Return the reply post of a request; None when it was taken away."""
        post_id = self.job(request_id).reply_post_id
        return self.workspace.forum.post(post_id) if post_id else None

    def has_post(self, post_id: int) -> bool:
        try:
            self.workspace.forum.post(post_id)
        except NotFound:
            return False
        return True

    def until(self, claim: Callable[[], T], what: object = "") -> T:
        """Wait until a claim holds; it is looked at again after every signal."""
        deadline = time.monotonic() + PATIENCE
        while True:
            n_seen = len(self.seen)
            if result := claim():
                return result
            with self._news:
                is_news = self._news.wait_for(
                    lambda n_seen=n_seen: len(self.seen) > n_seen, deadline - time.monotonic()
                )
            assert is_news, (what, [self._in_short(job) for job in self.queue.jobs()], self.seen[-20:])

    def ended(self, request_id: int, status: JobStatus | None = None) -> Job:
        """Wait for the end of a request, and for the worker to have let go of it."""
        self.until(lambda: self.job(request_id).status in ENDED and self._has_let_go(request_id), "ended")
        job = self.job(request_id)
        assert status in (None, job.status), self._in_short(job)
        return job

    def completed(self, request_id: int) -> Post:
        """Wait for a request to be complete and return its reply."""
        self.ended(request_id, JobStatus.COMPLETE)
        reply = self.reply(request_id)
        assert reply is not None
        assert not reply.is_incomplete
        return reply

    def failed(self, request_id: int) -> Job:
        """Wait for a request to end in an error, which has words."""
        job = self.ended(request_id, JobStatus.ERROR)
        assert job.error_title
        assert job.error_message
        return job

    def parked(self, request_id: int) -> Job:
        """Wait for a request to be parked and return it as it was then: with words, and no attempt spent."""
        job = self.until(lambda: (job := self.job(request_id)).is_parked and job, "parked")
        assert job.attempts == 0
        assert job.not_before is not None
        assert job.error_kind == job.wait_reason
        assert job.error_title
        assert job.error_message
        assert self.reply(request_id) is None or self.reply(request_id).content == ""
        return job

    def streaming(self, request_id: int, text: str) -> None:
        """Wait until the running reply begins with `text`."""

        def comes() -> bool:
            progress = self.queue.running.get(request_id)
            return progress is not None and progress.text.startswith(text)

        self.until(comes, "streaming")

    def writing(self, request_id: int) -> None:
        """Wait until some words of a running reply have come; a real model begins as it likes."""

        def comes() -> bool:
            progress = self.queue.running.get(request_id)
            return progress is not None and len(progress.text) >= 20

        self.until(comes, "writing")

    def in_phase(self, request_id: int, *phases: str) -> str:
        """Wait until a running request is in one of these phases, and return which."""

        def comes() -> str:
            progress = self.queue.running.get(request_id)
            return progress.phase if progress is not None and progress.phase in phases else ""

        return self.until(comes, phases)

    def quiet(self) -> None:
        """Wait until the worker sleeps."""
        self.until(lambda: self.state in QUIET, "quiet")

    def pieces(self, post_id: int) -> list[tuple[int, str]]:
        """Return the offset and text of each announcement of a growing reply."""
        return [entry[2:] for entry in list(self.seen) if entry[:2] == ("reply_grew", post_id)]

    def announced(self, name: str) -> list[tuple]:
        return [entry for entry in list(self.seen) if entry[0] == name]

    def stop_worker(self) -> float:
        """End the worker as the app does when it quits; returns the seconds that took."""
        started = time.monotonic()
        assert self.worker.stop()
        return time.monotonic() - started

    def start_worker(self) -> None:
        """Start a new worker over the same folder."""
        self.worker = self._new_worker()
        self.worker.start()

    def close(self) -> None:
        """Stop, and check what must hold after every test: nothing unforeseen and nothing empty."""
        self.stop_worker()
        try:
            assert self.announced("failed") == []
            assert [job.request_id for job in self.queue.jobs() if job.error_kind == "internal"] == []
            assert self.workspace.database.check() == []
            with self.workspace.database.read() as session:
                assert list(empty_replies_of_ended_requests(session)) == []
        finally:
            self.workspace.close()

    def _ask(self, server_id: int, model: str, text: str) -> int:
        found = self.workspace.forum.find_subforum("Garden")
        subforum = found[0] if found else self.workspace.forum.create_subforum("Garden")
        wish = Wish(ModelChoice(server_id, model))
        return self.queue.ask_in_new_topic(subforum.subforum_id, "A question", text, wish)[2].request_id

    def _new_worker(self) -> WorkerThread:
        worker = WorkerThread(
            lambda: make_queue_loop(self.workspace, backoff=self._backoff, save_every=self._save_every)
        )
        worker.listen_to(self.events)
        return worker

    def _note(self, *entry: Any) -> None:
        """Called in the thread that emits."""
        with self._news:
            self.seen.append(entry)
            self._news.notify_all()

    def _has_let_go(self, request_id: int) -> bool:
        is_busy_elsewhere = bool(self.queue.jobs([JobStatus.PROCESSING]))
        return self.queue.running.get(request_id) is None and (self.state in QUIET or is_busy_elsewhere)

    @staticmethod
    def _in_short(job: Job) -> tuple:
        return job.request_id, job.status, job.wait_reason, job.error_kind, job.error_title, job.error_message


class SessionKeys(KeyStore):
    """Keys that never reach the keyring of whoever runs the tests."""

    @property
    def has_keyring(self) -> bool:
        return False


@dataclass(frozen=True)
class Dialect:
    """How one kind of server speaks."""

    name: str
    make: Callable[..., FakeOllama | FakeOpenAI]
    model: str
    content_type: str
    delta: Callable[..., bytes]
    whole: Callable[..., list[Step]]
    thought: Callable[[str], bytes]

    def reply(self, *pieces: str, **fields: Any) -> Answer:
        """Return a whole reply of these pieces; `fields` are those of `Answer`."""
        return self.answer(*self.whole(*pieces), **fields)

    def begun(self, *pieces: str, then: Iterable[Step] = (), **fields: Any) -> Answer:
        """Return a reply that goes on in some other way than it should."""
        return self.answer(*(self.delta(piece) for piece in pieces), *then, **fields)

    def answer(self, *steps: Step, **fields: Any) -> Answer:
        return Answer(steps, content_type=self.content_type, **fields)


def _openai(shape: str, model: str) -> Dialect:
    return Dialect(
        name=shape,
        make=lambda **fields: FakeOpenAI(shape, **fields),
        model=model,
        content_type=SSE,
        delta=sse_delta,
        whole=sse_reply,
        thought=lambda text: sse_delta(reasoning_content=text),
    )


OLLAMA = Dialect(
    "ollama", FakeOllama, "llama3.2", NDJSON, ollama_delta, ollama_reply, lambda text: ollama_delta("", text)
)
LLAMACPP = _openai("llamacpp", "tiny.gguf")
LMSTUDIO = _openai("lmstudio", "qwen/qwen3-8b")
GENERIC = _openai("generic", "qwen/qwen3-8b")
DIALECTS: Collection[Dialect] = (OLLAMA, LLAMACPP, GENERIC)
"""One for each way through the code; what LM Studio does of its own has tests of its own."""
ALL_DIALECTS: Collection[Dialect] = (*DIALECTS, LMSTUDIO)
