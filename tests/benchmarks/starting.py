"""How long the window takes to its first frame and to its panes, against a bare window of PySide6."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from forllm_desktop.services.workspace import open_workspace
from tests.benchmarks.table import Count, Measure, Result

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds."""


def measure(times: int = 7) -> Result:
    """Start both windows in turn, and once before that, so that byte code and disk are as warm for both."""
    with a_folder() as folder:
        seconds: dict[str, list[dict[str, float]]] = {"bare": [], "forllm": []}
        for turn in range(times + 1):
            for kind, found in seconds.items():
                told = run_window(kind, folder)
                if turn:
                    found.append(told)

    def median(kind: str, what: str) -> float:
        return statistics.median(told[what] for told in seconds[kind])

    frame, usable = median("forllm", "frame"), median("forllm", "usable")
    return Result(
        [Count("start: windows that became usable", len(seconds["forllm"]), times)],
        [
            Measure("first frame / bare window", frame, 1.5, "s", median("bare", "frame")),
            Measure("usable / bare + sqlalchemy.orm", usable, 1.3, "s", median("bare", "usable")),
        ],
    )


@contextmanager
def a_folder() -> Iterator[Path]:
    """Make a data folder as somebody has it who used the window before."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "data")
        with closing(open_workspace(folder)) as workspace:
            for name in ("Physics", "Cooking", "Garden", "Writing", "Music"):
                subforum = workspace.forum.create_subforum(name)
                for number in range(4):
                    workspace.forum.create_topic(subforum.subforum_id, f"{name} {number}", "Text")
        yield folder


def run_window(kind: str, folder: Path, idle: float = 0.0) -> dict[str, float]:
    """Run `tests.benchmarks.window` over a copy of a folder and return what it told.

    A window writes down its place when it closes, and the next would come back to that.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copytree(folder, Path(scratch, "data"))
        # Byte code is kept, as it is for everybody who starts the window a second time.
        cache = {"PYTHONPYCACHEPREFIX": str(folder.parent / "pycache"), "PYTHONPATH": str(ROOT)}
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        ran = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.benchmarks.window",
                str(time.monotonic()),
                kind,
                str(copy),
                str(idle),
            ],
            env={"QT_QPA_PLATFORM": "offscreen"} | inherited | cache,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    if ran.returncode or not ran.stdout:
        raise RuntimeError(f"the window did not start: {ran.stderr}")
    return json.loads(ran.stdout.splitlines()[-1])
