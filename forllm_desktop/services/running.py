"""What running requests have written so far, for views that open in the middle of a stream."""

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Progress:
    """A running request: its reply so far, and what the server is doing.

    `phase` is "queued", "loading", "prompt", "thinking" or "writing"; `fraction` (0 to 1) is known only
    for some servers while they read the prompt. `started` is a monotonic time in seconds, `pieces` counts
    the pieces of text received, which on most servers are tokens.
    """

    post_id: int
    text: str = ""
    thinking: str = ""
    phase: str = "queued"
    fraction: float | None = None
    pieces: int = 0
    started: float = 0.0


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
