"""From the commit of a request to the moment its server has it, with the worker asleep in its thread."""

import threading
import time

import sqlalchemy
from PySide6.QtCore import QCoreApplication, Qt
from sqlalchemy.orm import Session

from forllm_desktop.domain.queue import JobStatus, WorkerState
from forllm_desktop.worker.assembly import make_queue_loop
from forllm_desktop.worker.thread import WorkerThread
from tests.benchmarks.server import ServerProcess, paced_server
from tests.benchmarks.setting import Stage, a_stage
from tests.benchmarks.table import Count, Measure, Result

PATIENCE = 30.0
"""Seconds."""


def measure(requests: int = 100) -> Result:
    """Ask `requests` times, each when the worker sleeps; the chat request is what counts as sent."""
    qt = QCoreApplication.instance() or QCoreApplication(["benchmarks"])
    with paced_server(seconds=0.0) as server, a_stage(server.url) as stage:
        delays = _delays(stage, server, requests)
        complete = stage.workspace.queue.jobs([JobStatus.COMPLETE])
    del qt
    delays.sort()
    p95 = delays[min(len(delays) - 1, round(0.95 * len(delays)))]
    return Result(
        [Count("first byte: requests completed", len(complete), requests)],
        [Measure("commit to first byte sent, p95", p95 * 1_000, 50, "ms")],
    )


def _delays(stage: Stage, server: ServerProcess, requests: int) -> list[float]:
    """Return seconds; the server has the same clock, and looks at it when all of a request has come."""
    committed: list[float] = []
    is_idle = threading.Event()
    events = stage.workspace.events
    events.worker_state_changed.connect(
        lambda state: is_idle.set() if state == WorkerState.IDLE else None, Qt.ConnectionType.DirectConnection
    )
    worker = WorkerThread(lambda: make_queue_loop(stage.workspace))
    worker.listen_to(events)
    worker.start()

    def note_commit(_session: Session) -> None:
        committed.append(time.monotonic())

    delays = []
    try:
        for number in range(requests):
            assert is_idle.wait(PATIENCE)
            is_idle.clear()
            committed.clear()
            sqlalchemy.event.listen(Session, "after_commit", note_commit)
            stage.workspace.queue.ask(stage.topic.topic_id, f"Question {number}?", stage.wish)
            sqlalchemy.event.remove(Session, "after_commit", note_commit)
            delays.append(server.next_chat()["at"] - committed[0])
        assert is_idle.wait(PATIENCE)
    finally:
        assert worker.stop()
    return delays
