"""The process that indexes, seen from the app: it is kept running, and is gone with the app."""

import json
import logging
import queue
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from forllm_desktop.files.plans import written
from forllm_desktop.paths import own_command

RESTARTED_AFTER = (0.5, 5.0, 30.0)
"""Seconds of waiting after the first, second and third crash in a row; after one more it is left at that."""
LEAVES_WITHIN = 1.0
"""Seconds a process gets to end by itself."""
_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)

log = logging.getLogger(__name__)


class IndexProcess:
    """Keeps the process running between its making and `stop`. `tell` is called from a thread of its own with
    each line of it, and with {"failed": reason} when it is given up.
    """

    def __init__(self, index: Path, plans: dict[str, Any], tell: Callable[[dict[str, Any]], object]) -> None:
        self._index = index
        self._plans = plans
        self._tell = tell
        self._lock = threading.Lock()
        self._outbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_leaving = threading.Event()
        self._keeper = threading.Thread(target=self._keep_running, name="files-index", daemon=True)
        self._keeper.start()

    @property
    def pid(self) -> int | None:
        """Return the number of the process that runs now."""
        return self._process.pid if self._process is not None else None

    def send(self, message: dict[str, Any]) -> None:
        """Tell the process something; returns at once. The newest plans are told to every new process."""
        with self._lock:
            if "plans" in message:
                self._plans = message
            self._outbox.put(message)

    def stop(self) -> None:
        """End the process, which leaves what it has committed; returns when it is gone."""
        self._is_leaving.set()
        self._outbox.put(None)
        self._keeper.join(LEAVES_WITHIN)
        if self._keeper.is_alive() and self._process is not None:
            self._process.kill()
            self._keeper.join(LEAVES_WITHIN)

    def _keep_running(self) -> None:
        """Start the process, and start it again when it crashes. Runs in a thread of its own."""
        crashes = 0
        while not self._is_leaving.is_set():
            reason, said_something = self._run_once()
            if self._is_leaving.is_set():
                return
            crashes = 1 if said_something else crashes + 1
            log.error("the process that indexes files ended: %s", reason)
            if crashes > len(RESTARTED_AFTER):
                self._tell({"failed": reason})
                return
            self._is_leaving.wait(RESTARTED_AFTER[crashes - 1])

    def _run_once(self) -> tuple[str, bool]:
        """Run one process to its end; returns why it ended, and whether it got anything done."""
        try:
            process = subprocess.Popen(
                [*own_command(), "--index-files", str(self._index)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=_FLAGS,
            )
        except OSError as error:
            return f"it could not be started: {error}", False
        self._process = process
        with self._lock:
            self._outbox = queue.SimpleQueue()
            self._outbox.put(self._plans)
            outbox = self._outbox
        if self._is_leaving.is_set():
            outbox.put(None)
        writer = threading.Thread(target=_write, args=(process, outbox), name="files-orders", daemon=True)
        writer.start()
        reason, said_something = "", False
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                message = _parsed(line)
                if "crashed" in message:
                    reason = message["crashed"]
                    log.error("%s", message.get("traceback"))
                elif message:
                    said_something = said_something or message.get("state") == "ready"
                    self._tell(message)
        outbox.put(None)
        code = process.wait()
        writer.join()
        self._process = None
        return reason or f"exit code {code}", said_something


def _write(process: "subprocess.Popen[bytes]", outbox: "queue.SimpleQueue[dict[str, Any] | None]") -> None:
    """Hand messages to the process until there is None: then its standard input is closed, and it ends."""
    assert process.stdin is not None
    with suppress(OSError), process.stdin as orders:
        while (message := outbox.get()) is not None:
            orders.write(written(message))
            orders.flush()


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
