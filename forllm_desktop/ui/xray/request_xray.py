"""The X-ray of a request, read in a thread and again whenever the request or a post of it changes."""

from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.services.request_prompt import RequestPrompt, request_prompt
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.xray.view import XrayView

GATHER = 120
"""Milliseconds in which changes are gathered before the prompt is read again."""


def prompt_title(row: QueueRow) -> str:
    """Return the head of a prompt: whether it was sent, or would be."""
    return "Prompt as it would be sent" if row.is_ahead else "Prompt as sent"


class RequestXray(QWidget):
    """Follows one request at a time; with 0 none.

    read(row)                 the request that is shown is now like this, a QueueRow
    gone()                    the request does not exist any more
    post_requested(post_id)
    undo_offered(undo)
    failed(error)
    """

    read = Signal(object)
    gone = Signal()
    post_requested = Signal(int)
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, *, fills: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ws = workspace
        self._request_id = 0
        self._is_stale = False
        self._row: QueueRow | None = None
        self.view = XrayView("Prompt", fills=fills)
        self._worker = Latest("prompt of a request", self)
        self._timer = QTimer(self, singleShot=True, interval=GATHER)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.setFocusProxy(self.view)
        events = workspace.events
        events.job_changed.connect(self._note_job)
        events.post_changed.connect(self._note_post)
        events.post_added.connect(self._note_post)
        events.post_removed.connect(self._note_post)
        for happened in (
            events.personas_changed,
            events.settings_changed,
            events.models_changed,
            events.subforums_changed,
        ):
            happened.connect(self._note_ahead)
        self._timer.timeout.connect(self._read)
        self._worker.done.connect(self._take)
        self._worker.failed.connect(self._refuse)
        self.view.post_requested.connect(self.post_requested)
        self.view.rule_requested.connect(self._set_rule)

    @property
    def is_busy(self) -> bool:
        """Say whether what is shown is not the newest yet."""
        return self._timer.isActive() or self._worker.is_busy or self.view.is_busy

    @property
    def request_id(self) -> int:
        """The request that is shown; 0: none."""
        return self._request_id

    def show_request(self, request_id: int) -> None:
        """Show the prompt of a request."""
        if request_id != self._request_id:
            self._request_id, self._row = request_id, None
            self.view.show_loading()
            self._read()

    def stop(self) -> None:
        """End what runs."""
        self._timer.stop()
        self._worker.stop()
        self.view.stop()

    def showEvent(self, event) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._read()

    def _read(self) -> None:
        self._timer.stop()
        self._is_stale = False
        if self._request_id:
            ws = self._ws
            # The properties are made here, where nothing else makes them.
            self._worker.ask(partial(request_prompt, self._request_id, ws.queue, ws.personas, ws.prompts))

    def _take(self, found: object) -> None:
        assert isinstance(found, RequestPrompt)
        if found.row.job.request_id != self._request_id:
            return
        self._row = found.row
        self.view.set_title(prompt_title(found.row))
        if found.xray is not None:
            self.view.show_xray(found.xray, found.before)
        elif found.why_not is not None:
            self.view.show_error(found.why_not)
        self.read.emit(found.row)

    def _refuse(self, error: object) -> None:
        assert isinstance(error, ForllmError)
        self.view.show_error(error)
        self.gone.emit()

    def _note(self) -> None:
        if self._request_id and self.isVisible():
            self._timer.start()
        else:
            self._is_stale = True

    def _note_job(self, request_id: int) -> None:
        if request_id == self._request_id:
            self._note()

    def _note_ahead(self) -> None:
        if self._row is not None and self._row.is_ahead:
            self._note()

    def _note_post(self, post_id: int) -> None:
        """A running reply changes all the time; what it was sent does not."""
        row = self._row
        if row is not None and row.is_ahead and row.job.status != JobStatus.PROCESSING:
            self._note()

    def _set_rule(self, post_id: int, rule: str) -> None:
        try:
            self.undo_offered.emit(self._ws.prompt_rules.set_rule([post_id], PromptRule(rule)))
        except ForllmError as error:
            self.failed.emit(error)
