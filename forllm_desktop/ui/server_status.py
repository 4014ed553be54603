"""Keeps the right end of the status line: which server and model answer by default, and if it is away."""

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.servers import model_word
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui.widgets.status_line import StatusLine


class ServerStatus:
    """Shows what is stored; no server is asked for it."""

    def __init__(
        self, line: StatusLine, models: ModelsService, settings: SettingsService, queue: QueueService
    ) -> None:
        self._line = line
        self._models = models
        self._settings = settings
        self._queue = queue

    def refresh(self) -> None:
        """Look again."""
        now = self._settings.current()
        server = next((s for s in self._models.servers() if s.server_id == now.default_server_id), None)
        if server is None:
            self._line.show_server("No model chosen yet", "control")
            return
        is_away = bool(self._queue.standing().parked) and any(
            job.is_parked and job.server_id == server.server_id
            for job in self._queue.jobs([JobStatus.PENDING])
        )
        name = f"{server.name} · {model_word(now.default_model)}"
        self._line.show_server(f"{name} · away" if is_away else name, "warn" if is_away else "control")
