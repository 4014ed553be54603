"""The process that indexes: `forllm --index-files INDEX`, told what to do by lines of JSON.

Standard input is its life-line: when it ends, so does this process. On standard output it writes a line for
each folder whose state has changed, and one while it is at work.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from forllm_desktop.files.index import Index
from forllm_desktop.files.index_file import discard, is_damage
from forllm_desktop.files.indexed_folder import IndexedFolder
from forllm_desktop.files.plans import FolderPlan, fingerprint, plans_from
from forllm_desktop.files.watching import Changes

CHECKED_EVERY = 15.0
"""Seconds after which it is checked whether the folders are still the same: drives come and go untold."""
NICENESS = 15

Message = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Index until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the parent to answer
    with suppress(AttributeError, OSError):
        os.nice(NICENESS)
    messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(messages,), name="life-line", daemon=True).start()
    try:
        Indexer(Path(arguments[0]), messages, _write).run()
    except Exception as error:  # noqa: BLE001 - the parent writes it to the log, and starts another one
        if is_damage(error):
            discard(Path(arguments[0]))
        _write({"crashed": str(error) or type(error).__name__, "traceback": traceback.format_exc()})
        return 1
    return 0


def index_once(
    index: Path,
    plans: list[FolderPlan],
    never: str,
    folder_id: int | None,
    tell: Callable[[Message], object],
) -> None:
    """Bring the index up to date in this process, once; one folder alone if it is named."""
    indexer = Indexer(index, queue.SimpleQueue(), tell)
    try:
        indexer.index_once(plans, never, folder_id)
    finally:
        indexer.close()


class Indexer:
    """Keeps the index true to the folders. Everything happens in the thread that calls `run`.

    `messages` are those of plans.py, {"changed": number, "places": changes} from watches, and {"stop": True}.
    """

    def __init__(
        self, index: Path, messages: "queue.SimpleQueue[Message]", tell: Callable[[Message], object]
    ) -> None:
        self._index = Index(index)
        self._messages = messages
        self._tell = tell
        self._folders: dict[int, IndexedFolder] = {}
        self._never = ""
        self._is_stopped = False
        self._watches = True

    def run(self) -> None:
        """Work until a message says stop."""
        next_check = time.monotonic() + CHECKED_EVERY
        try:
            while not self._is_stopped:
                is_busy = any(folder.work for folder in self._folders.values())
                wait = 0.0 if is_busy else max(0.0, next_check - time.monotonic())
                self._take_messages(wait)
                self._do_one_step()
                if time.monotonic() >= next_check:
                    next_check = time.monotonic() + CHECKED_EVERY
                    self._check_folders()
        finally:
            self.close()

    def index_once(self, plans: list[FolderPlan], never: str, reindexed: int | None = None) -> None:
        """Bring everything up to date in this thread, without watching; one folder alone if it is named."""
        self._watches = False
        self._set_plans(plans, never)
        for number, folder in self._folders.items():
            while folder.work and reindexed in (None, number):
                folder.do_one_step()

    def close(self) -> None:
        """Stop watching and close the index."""
        for folder in self._folders.values():
            folder.stop()
        self._folders.clear()
        self._index.close()

    # -- messages

    def _take_messages(self, wait: float) -> None:
        """Take all messages that are there; wait for one if nothing else is to be done."""
        try:
            message = self._messages.get(timeout=wait) if wait else self._messages.get_nowait()
            while True:
                self._take(message)
                message = self._messages.get_nowait()
        except queue.Empty:
            return

    def _take(self, message: Message) -> None:
        if "plans" in message:
            self._set_plans(plans_from(message), message["never"])
        elif "reindex" in message:
            for number, folder in self._folders.items():
                if message["reindex"] in (None, number):
                    folder.begin("", is_deep=True)
        elif "used" in message:
            self._index.note_use(*message["used"])
        elif "changed" in message:
            folder = self._folders.get(message["changed"])
            if folder is not None:
                folder.note_changes(message["places"])
        elif "stop" in message:
            self._is_stopped = True

    def _set_plans(self, plans: list[FolderPlan], never: str) -> None:
        self._never = os.path.realpath(never) if never else ""
        wanted = {plan.folder_id: plan for plan in plans}
        stored = self._index.plans()
        for number in {*stored, *self._folders} - set(wanted):
            if number in self._folders:
                self._folders.pop(number).stop()
            self._index.drop_folder(number)
        for number, plan in wanted.items():
            present = self._folders.get(number)
            if present is not None and present.plan == plan:
                continue
            if present is not None:
                present.stop()
            if stored.get(number) != fingerprint(plan):
                self._index.put_folder(number, fingerprint(plan))
            changed = self._changed(number) if self._watches else None
            folder = IndexedFolder(plan, self._index, self._never, self._tell, changed)
            folder.begin("", is_deep=True)
            self._folders[number] = folder
        self._index.commit()

    def _changed(self, number: int) -> Callable[[Changes], object]:
        return lambda changes: self._messages.put({"changed": number, "places": changes})

    # -- work

    def _do_one_step(self) -> None:
        for folder in self._folders.values():
            if folder.work:
                folder.do_one_step()
                return

    def _check_folders(self) -> None:
        for folder in self._folders.values():
            folder.check()


def _read(messages: "queue.SimpleQueue[Message]") -> None:
    """Hand on what the parent says; leave at once when it is gone."""
    for line in sys.stdin.buffer:
        with suppress(ValueError):
            messages.put(json.loads(line))
    # What is not committed is not in the index; no step is worth waiting for.
    os._exit(0)


def _write(message: Message) -> None:
    try:
        os.write(1, json.dumps(message).encode() + b"\n")
    except OSError:
        os._exit(0)
