"""What running requests have written so far, for views that open in the middle of a stream."""

import threading
import time
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Progress:
    """A running request: its reply so far, and what the server is doing.

    `stage` is the call that runs, of a request that makes several. `phase` is "queued", "loading", "prompt",
    "thinking" or "writing"; `fraction` (0 to 1) is known only for some servers while they read the prompt.
    `started` and `writing_since` (0: not yet) are monotonic times in seconds; `pieces` counts the pieces of
    text received, which on most servers are tokens.
    """

    post_id: int
    text: str = ""
    thinking: str = ""
    stage: str = ""
    phase: str = "queued"
    fraction: float | None = None
    pieces: int = 0
    started: float = 0.0
    writing_since: float = 0.0

    @property
    def rate(self) -> float:
        """How fast it writes, in pieces per second; 0 while nothing can be said. Reading does not count."""
        seconds = time.monotonic() - self.writing_since
        return (self.pieces - 1) / seconds if self.writing_since and seconds > 0.5 else 0.0


class RunningReplies:
    """The running requests by id. Called from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress: dict[int, Progress] = {}

    def get(self, request_id: int) -> Progress | None:
        """Return the progress of a running request; None when it does not run."""
        with self._lock:
            return self._progress.get(request_id)

    def of_post(self, post_id: int) -> Progress | None:
        """Return the progress of the request that writes this post."""
        with self._lock:
            return next((p for p in self._progress.values() if p.post_id == post_id), None)

    def put(self, request_id: int, progress: Progress) -> None:
        """Replace the progress of a request."""
        with self._lock:
            self._progress[request_id] = progress

    def update(self, request_id: int, **changes: object) -> None:
        """Change some fields of the progress of a request; nothing happens when it no longer runs."""
        with self._lock:
            if request_id in self._progress:
                self._progress[request_id] = replace(self._progress[request_id], **changes)  # type: ignore[arg-type]

    def drop(self, request_id: int) -> None:
        """Forget a request that ended."""
        with self._lock:
            self._progress.pop(request_id, None)
