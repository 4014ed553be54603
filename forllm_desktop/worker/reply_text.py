"""Joins the pieces of a running reply; announces them 20 times a second, saves them every few seconds."""

import asyncio
import logging
import time

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.events import Events
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.running import Progress

ANNOUNCE_EVERY = 0.05
"""Seconds between two announcements. One signal per token froze a window for seconds."""
SAVE_EVERY = 3.0
"""Seconds of text that a crash may cost."""

log = logging.getLogger(__name__)


class ReplyText:
    """The growing text of one request. Lives in the worker's loop; timers run only while text is new.

    A request that writes no post has `post_id` 0: its text is announced as a change of the request alone.
    """

    def __init__(
        self,
        request_id: int,
        post_id: int,
        queue: QueueService,
        events: Events,
        *,
        save_every: float = SAVE_EVERY,
    ) -> None:
        self._request_id = request_id
        self._post_id = post_id
        self._queue = queue
        self._events = events
        self._save_every = save_every
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._announced = 0
        self._stage = ""
        self._phase = "queued"
        self._fraction: float | None = None
        self._pieces = 0
        self._writing_since = 0.0
        self._announce_timer: asyncio.TimerHandle | None = None
        self._save_timer: asyncio.TimerHandle | None = None
        queue.running.put(request_id, Progress(post_id, started=time.monotonic()))

    @property
    def text(self) -> str:
        """The reply so far."""
        return _joined(self._text)

    @property
    def thinking(self) -> str:
        """The thoughts so far."""
        return _joined(self._thinking)

    @property
    def is_empty(self) -> bool:
        """Say whether nothing at all has been written."""
        return not self._text and not self._thinking

    def begin_stage(self, stage: str) -> None:
        """Begin a new text: the next call of a request that makes several."""
        self._stage = stage
        self._text.clear()
        self._thinking.clear()
        self._announced = self._pieces = 0
        self._writing_since = 0.0
        self.wait("queued")

    def wait(self, phase: str, fraction: float | None = None) -> None:
        """Note what the server does before it writes; `fraction` is 0 to 1."""
        self._phase, self._fraction = phase, fraction
        self._schedule_announcement()

    def add(self, piece: str) -> None:
        """Append a piece of the reply."""
        self._grow(self._text, piece, "writing")

    def add_thinking(self, piece: str) -> None:
        """Append a piece of the thoughts."""
        self._grow(self._thinking, piece, "thinking")

    def move_to_thinking(self) -> None:
        """Treat all text so far as thoughts: the model's template had opened a block of thoughts unseen."""
        self._thinking += self._text
        self._text.clear()
        self._announced = 0
        self._update_progress()
        if self._post_id:
            self._events.post_changed.emit(self._post_id)

    def close(self) -> None:
        """Announce what is left and stop the timers; whoever ends the request writes the text itself."""
        for timer in (self._announce_timer, self._save_timer):
            if timer is not None:
                timer.cancel()
        self._announce()
        self._queue.running.drop(self._request_id)

    def _grow(self, pieces: list[str], piece: str, phase: str) -> None:
        if not piece:
            return
        pieces.append(piece)
        self._pieces += 1
        self._writing_since = self._writing_since or time.monotonic()
        self._phase, self._fraction = phase, None
        self._schedule_announcement()
        if self._save_timer is None:
            self._save_timer = asyncio.get_running_loop().call_later(self._save_every, self._save)

    def _schedule_announcement(self) -> None:
        if self._announce_timer is None:
            self._announce_timer = asyncio.get_running_loop().call_later(ANNOUNCE_EVERY, self._announce)

    def _announce(self) -> None:
        self._announce_timer = None
        text = self._update_progress()
        offset, self._announced = self._announced, len(text)
        if self._post_id and len(text) > offset:
            self._events.reply_grew.emit(self._post_id, offset, text[offset:])
        else:
            self._events.job_changed.emit(self._request_id)

    def _update_progress(self) -> str:
        text = self.text
        self._queue.running.update(
            self._request_id,
            text=text,
            thinking=self.thinking,
            stage=self._stage,
            phase=self._phase,
            fraction=self._fraction,
            pieces=self._pieces,
            writing_since=self._writing_since,
        )
        return text

    def _save(self) -> None:
        self._save_timer = None
        try:
            self._queue.save_text(self._request_id, self.text, self.thinking)
        except ForllmError as error:
            log.warning("the text of request %s could not be saved yet: %s", self._request_id, error)
            self._events.failed.emit(error.title, error.message)
            self._save_timer = asyncio.get_running_loop().call_later(self._save_every, self._save)


def _joined(pieces: list[str]) -> str:
    """Return the text of the pieces and keep it as one: it is asked for 20 times a second."""
    pieces[:] = ["".join(pieces)] if pieces else []
    return pieces[0] if pieces else ""
