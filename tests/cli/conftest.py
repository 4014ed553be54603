"""Commands, run in this process or in one of their own, over a fresh data folder."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from forllm_desktop.cli.main import main
from tests.fakes import FakeOllama


@dataclass(frozen=True)
class Result:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Return the one JSON document on standard output; anything beside it is an error."""
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command in this process."""

    def run_command(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin), encoding="utf-8"))
        code = main(["--data-dir", str(folder), *arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def spawn(folder: Path) -> Callable[..., "subprocess.Popen[bytes]"]:
    """Return a function that starts a command in a process of its own."""

    def start(*arguments: str | bytes, **options: Any) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "forllm_desktop", "--data-dir", str(folder), *arguments]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
        return subprocess.Popen(command, **{"env": environment, **pipes, **options})

    return start


@pytest.fixture
def server() -> Iterator[FakeOllama]:
    with FakeOllama() as fake:
        yield fake


@pytest.fixture
def made(folder: Path, database_template: Path) -> Path:
    """Return the data folder with a fresh database in it; making one takes half a second."""
    folder.mkdir()
    shutil.copy(database_template, folder / "forllm.db")
    return folder
