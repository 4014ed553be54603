"""The app as a process that can be killed: a real worker, with its engine, over a real data folder.

`python -m tests.crash_app DATA_DIR` imports the app once and starts it, in a process of its own, for every
line of standard input: a fork before anything is opened saves the second that the imports take. It prints
what happens, a line each: `app PID`, `phase NAME`, `saving CHECKSUM`, `saved CHECKSUM`, and, once the app's
process is gone, `ended`.
"""

import os
import sys
import zlib
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt

from forllm_desktop.services.workspace import Workspace, open_workspace
from forllm_desktop.worker.assembly import make_queue_loop
from forllm_desktop.worker.thread import WorkerThread

SAVE_EVERY = 0.02
"""Seconds; often, so that most kills fall between, into or right after a save."""


def checksum(text: str) -> str:
    """Return what stands for a text in the printed lines."""
    return f"{len(text)}-{zlib.crc32(text.encode()):08x}"


def run_app(folder: Path) -> None:
    """Open the folder and work off its queue in the worker thread, until killed."""
    qt = QCoreApplication(["crash_app"])
    workspace = open_workspace(folder)
    _tell_saves(workspace)
    _tell_phases(workspace)
    worker = WorkerThread(lambda: make_queue_loop(workspace, save_every=SAVE_EVERY))
    worker.listen_to(workspace.events)
    worker.start()
    qt.exec()


def _tell_saves(workspace: Workspace) -> None:
    save = workspace.queue.save_text

    def save_and_tell(request_id: int, text: str, thinking: str) -> None:
        _print(f"saving {checksum(text)}")
        save(request_id, text, thinking)
        _print(f"saved {checksum(text)}")

    workspace.queue.save_text = save_and_tell  # type: ignore[method-assign]


def _tell_phases(workspace: Workspace) -> None:
    told = ""

    def tell(request_id: int) -> None:
        nonlocal told
        progress = workspace.queue.running.get(request_id)
        phase = progress.phase if progress else "claimed"
        if phase != told:
            told = phase
            _print(f"phase {phase}")

    workspace.events.job_changed.connect(tell, Qt.ConnectionType.DirectConnection)


def _print(line: str) -> None:
    # One write, past all buffers: what was printed is out when the process is killed.
    os.write(1, f"{line}\n".encode())


def main() -> None:
    folder = Path(sys.argv[1])
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            run_app(folder)
            os._exit(0)
        _print(f"app {pid}")
        os.waitpid(pid, 0)
        _print("ended")


if __name__ == "__main__":
    main()
