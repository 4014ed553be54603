"""Keeps the state pill true: reads the queue when something happened, at most once a second."""

import time

from PySide6.QtCore import QObject, QTimer

from forllm_desktop.domain.queue import JobStatus, WorkerState
from forllm_desktop.domain.servers import model_word
from forllm_desktop.events import Events
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.running import Progress
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui import words
from forllm_desktop.ui.widgets.state_pill import IDLE, PillState, StatePill

REFRESH_EVERY = 1_000
"""Milliseconds between two updates while a reply is written; no timer runs otherwise."""


class StateWatch(QObject):
    """Puts into words what the queue does."""

    def __init__(
        self, pill: StatePill, queue: QueueService, settings: SettingsService, events: Events
    ) -> None:
        super().__init__(pill)
        self._pill = pill
        self._queue = queue
        self._settings = settings
        self._is_troubled = False
        self._first_piece: tuple[int, int, float] | None = None
        self._timer = QTimer(self, singleShot=True, interval=REFRESH_EVERY)
        self._timer.timeout.connect(self.refresh)
        events.job_changed.connect(self._refresh_soon)
        events.reply_grew.connect(self._refresh_soon)
        events.settings_changed.connect(self.refresh)
        events.worker_state_changed.connect(self._note_worker)
        self.refresh()

    def refresh(self) -> None:
        """Read what the queue is doing and show it."""
        self._timer.stop()
        state = self._read()
        if state != self._pill.state:
            self._pill.show_state(state)

    def _refresh_soon(self, *_ids: object) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _note_worker(self, state: str) -> None:
        self._is_troubled = state == WorkerState.TROUBLED
        self.refresh()

    def _read(self) -> PillState:
        standing, is_paused = self._queue.standing(), self._settings.current().queue_paused
        if self._is_troubled:
            return PillState("danger", "Cannot save", ("tries again",))
        if standing.running:
            return self._working(is_paused)
        if is_paused:
            waiting = standing.waiting + standing.parked
            return PillState("control", "Paused", (f"{waiting:,} wait",) if waiting else (), "run")
        if standing.waiting:
            return PillState("control", "Waiting", (f"{standing.waiting:,} queued",), "pause")
        if standing.parked:
            return PillState("warn", "Server away", (f"{standing.parked:,} wait",), "retry")
        return IDLE

    def _working(self, is_paused: bool) -> PillState:
        job = next(iter(self._queue.jobs([JobStatus.PROCESSING])), None)
        if job is None:
            return IDLE
        model = model_word(job.llm_model)
        if is_paused:
            return PillState("accent_text", "Pausing", (f"after this reply by {model}",), "run")
        speed = self._speed(job.request_id, self._queue.running.get(job.request_id))
        return PillState("accent_text", "Working", (model, speed) if speed else (model,), "pause")

    def _speed(self, request_id: int, progress: Progress | None) -> str:
        """Return the speed since the first piece of text was seen: reading the prompt does not count."""
        if progress is None or not progress.pieces:
            return ""
        now = time.monotonic()
        if self._first_piece is None or self._first_piece[0] != request_id:
            self._first_piece = (request_id, progress.pieces, now)
        _, pieces, since = self._first_piece
        return words.speed(progress.pieces - pieces, now - since)
