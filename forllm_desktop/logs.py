"""The log file in the data folder: rotated, without keys, and usually without texts of the user."""

import logging
import re
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE_NAME = "forllm.log"
MAX_BYTES = 1_000_000
FILES_KEPT = 3
_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
# These write a line per request at the level INFO, with addresses.
_TALKATIVE = ("httpx", "httpcore", "asyncio", "qasync", "PIL")
_KEY = re.compile(r"(?i)(bearer\s+|api[_-]?key[\"'=:\s]+|\b(?=sk-))[^\s\"',}]{6,}")


def log_file(folder: Path) -> Path:
    """Return where the log of a data folder lies."""
    return folder / "logs" / FILE_NAME


def start_logging(folder: Path, level: int = logging.INFO) -> logging.Handler:
    """Write everything from `level` on to the log file; returns the handler, for `stop_logging`.

    Texts of posts and prompts are only ever logged at the level DEBUG.
    """
    path = log_file(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        path, maxBytes=MAX_BYTES, backupCount=FILES_KEPT, encoding="utf-8", delay=True
    )
    handler.setFormatter(_Formatter(_FORMAT))
    handler.setLevel(level)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    return handler


def stop_logging(handler: logging.Handler) -> None:
    """Close the log file."""
    logging.getLogger().removeHandler(handler)
    handler.close()


class _Formatter(logging.Formatter):
    """Blackens what looks like a key, in tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        return _KEY.sub(lambda found: f"{found.group(1)}***", super().format(record))
