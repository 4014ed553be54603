"""The log file: where it lies, how it rotates, what it never holds."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from forllm_desktop.logs import log_file, start_logging, stop_logging


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Path]:
    level = logging.getLogger().level
    handler = start_logging(tmp_path)
    yield log_file(tmp_path)
    stop_logging(handler)
    logging.getLogger().setLevel(level)


def test_what_is_logged_is_in_the_file(started: Path) -> None:
    logging.getLogger("forllm").warning("the server is away")
    assert "the server is away" in started.read_text()


def test_nothing_is_written_below_its_level(started: Path) -> None:
    logging.getLogger("forllm").debug("a text of the user")
    logging.getLogger("httpx").info("HTTP Request: POST http://127.0.0.1:11434/api/chat")
    assert not started.exists()


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer abcdef123456",
        "{'api_key': 'abcdef123456'}",
        "api-key=abcdef123456",
        "the key sk-abcdef123456 was refused",
    ],
)
def test_a_key_is_blackened(started: Path, line: str) -> None:
    logging.getLogger("forllm").error("refused: %s", line)
    assert "abcdef123456" not in started.read_text()
    assert "***" in started.read_text()


def test_a_key_in_a_traceback_is_blackened(started: Path) -> None:
    try:
        raise ValueError("Bearer abcdef123456")
    except ValueError as error:
        logging.getLogger("forllm").error("refused", exc_info=error)
    assert "abcdef123456" not in started.read_text()


def test_the_file_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forllm_desktop.logs.MAX_BYTES", 2_000)
    level = logging.getLogger().level
    handler = start_logging(tmp_path)
    for number in range(200):
        logging.getLogger("forllm").warning("line %d with some words in it", number)
    stop_logging(handler)
    logging.getLogger().setLevel(level)
    sizes = [path.stat().st_size for path in (tmp_path / "logs").iterdir()]
    assert len(sizes) == 4
    assert max(sizes) <= 2_000
