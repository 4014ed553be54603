"""Keeps what is known of models from getting old: asks their servers again, in the background and quietly."""

import logging
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, QTimer

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.background import Background

GATHER = 500
"""Milliseconds in which several changes become one look."""
AGAIN = 600_000
"""Milliseconds after which it is looked again whether something got too old."""
MOST = 6
"""Models that are asked about: the default one, then those used last."""
PATIENCE = timedelta(minutes=5)
"""How long a server that did not answer is left alone, unless the servers change."""

log = logging.getLogger(__name__)


class WindowWatch(QObject):
    """Asks what a model can, so that a post is measured by the model that will read it.

    Nothing is loaded, started or woken for it, and a server that is away is no news.
    """

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._windows, self._models, self._clock = workspace.windows, workspace.models, workspace.clock
        self._background = Background(self, lambda error: log.info("%s", error))
        self._silent: dict[ModelChoice, datetime] = {}
        self._gather = QTimer(self, singleShot=True, interval=GATHER)
        self._again = QTimer(self, interval=AGAIN)
        self._gather.timeout.connect(self.look)
        self._again.timeout.connect(self.look)
        workspace.events.servers_changed.connect(self._forgive)
        workspace.events.settings_changed.connect(self._gather.start)
        self._again.start()
        self._gather.start()

    def look(self) -> None:
        """Ask about what is not known, or was heard too long ago."""
        if not self._background.is_busy:
            self._background.start(self._look)

    def _forgive(self) -> None:
        self._silent.clear()
        self._gather.start()

    async def _look(self) -> None:
        for choice, _server in self._models.known_choices()[:MOST]:
            if not self._windows.is_fresh(choice) and not self._is_silent(choice):
                await self._ask(choice)

    def _is_silent(self, choice: ModelChoice) -> bool:
        until = self._silent.get(choice)
        return until is not None and self._clock() < until

    async def _ask(self, choice: ModelChoice) -> None:
        try:
            await self._windows.refresh(choice)
        except ForllmError as error:
            self._silent[choice] = self._clock() + PATIENCE
            log.info("%s: %s", choice.name, error.title)
