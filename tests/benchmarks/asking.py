"""One post with its request through the service, against the very same SQL in bare sqlite3."""

import shutil
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy

from forllm_desktop.events import Events
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import BUSY_TIMEOUT, open_database
from tests.benchmarks.setting import Stage, a_stage
from tests.benchmarks.table import Count, Measure, Result

Statement = tuple[str, Any]

BLOCK = 20
"""Questions asked by one side before it is the other's turn, so that both meet the same disk."""


def measure(asks: int = 300) -> Result:
    """Ask `asks` times, as replies to a post, on copies of one database: recorded, timed, and bare."""
    with a_stage() as stage:
        path = stage.workspace.database.path
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copies = [Path(shutil.copy(path, path.with_name(f"{n}.db"))) for n in ("recorded", "ours", "bare")]
        statements, commits = _recorded(stage, copies[0], asks)
        ours, bare = _timed(stage, copies[1], copies[2], statements)
    return Result(
        [
            Count("ask: commits", commits / asks, 1),
            Count("ask: SQL statements", sum(map(len, statements)) / asks),
        ],
        [Measure("post + request committed, median", ours * 1_000, 2, "ms", bare * 1_000)],
    )


def _recorded(stage: Stage, path: Path, asks: int) -> tuple[list[list[Statement]], int]:
    """Return the statements of every single question, and how many commits there were in all."""
    recorded: list[list[Statement]] = []
    with closing(open_database(path)) as database, _spy() as (statements, commits):
        queue = QueueService(database, Events())
        for number in range(asks):
            _ask(stage, queue, number)
            recorded.append(statements.copy())
            statements.clear()
    return recorded, len(commits)


@contextmanager
def _spy() -> Iterator[tuple[list[Statement], list[None]]]:
    statements: list[Statement] = []
    commits: list[None] = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        statements.append((statement, parameters))

    def count(_connection) -> None:
        commits.append(None)

    engine = sqlalchemy.Engine
    sqlalchemy.event.listen(engine, "before_cursor_execute", note)
    sqlalchemy.event.listen(engine, "commit", count)
    try:
        yield statements, commits
    finally:
        sqlalchemy.event.remove(engine, "before_cursor_execute", note)
        sqlalchemy.event.remove(engine, "commit", count)


def _timed(stage: Stage, ours: Path, bare: Path, statements: list[list[Statement]]) -> tuple[float, float]:
    """Return the median seconds of one question, through the service and bare."""
    times: tuple[list[float], list[float]] = ([], [])
    with closing(open_database(ours)) as database, closing(_bare(bare)) as connection:
        queue = QueueService(database, Events())
        for start in range(0, len(statements), BLOCK):
            block = range(start, min(start + BLOCK, len(statements)))
            for number in block:
                started = time.perf_counter()
                _ask(stage, queue, number)
                times[0].append(time.perf_counter() - started)
            for number in block:
                started = time.perf_counter()
                for statement, parameters in statements[number]:
                    connection.execute(statement, parameters).fetchall()
                connection.execute("COMMIT")
                times[1].append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])


def _ask(stage: Stage, queue: QueueService, number: int) -> None:
    queue.ask(stage.topic.topic_id, f"Question {number}?", stage.wish, stage.first.post_id)


def _bare(path: Path) -> sqlite3.Connection:
    """Open a file with the pragmas of the app's writer."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in (f"busy_timeout={BUSY_TIMEOUT}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
