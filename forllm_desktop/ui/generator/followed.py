"""Follows the request that the page shows, and those that were made together with it."""

from PySide6.QtCore import QObject, QTimer, Signal

from forllm_desktop.domain.errors import NotFound
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.services.generation_view import GenerationView, Written, generation_view, written
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui import words
from forllm_desktop.ui.widgets.batch_bar import batch_words

GATHER = 100
"""Milliseconds in which changes are gathered before they are read."""
READ_EVERY = 1_000
"""Milliseconds between two looks for headings in a text that grows."""
NOTHING = Written()


class FollowedRequest(QObject):
    """Nothing is read while nobody looks; see `set_awake`.

    changed()    there is something else to show
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ws = workspace
        self._is_awake = False
        # Colours that are set before a page is put into its place are lost: it is shown anew there.
        self._is_stale = True
        self._chooses = True
        self.request_id = 0
        self.view: GenerationView | None = None
        self.found = NOTHING
        self.members: list[tuple[int, str]] = []
        self.batch_said = ""
        self.batch_is_open = False
        self._gather = QTimer(self, singleShot=True, interval=GATHER)
        self._reader = QTimer(self, singleShot=True, interval=READ_EVERY)
        self._gather.timeout.connect(self.read)
        self._reader.timeout.connect(self._read_headings)
        events = workspace.events
        events.job_changed.connect(self._note_job)
        for signal in (events.personas_changed, events.settings_changed, events.subforums_changed):
            signal.connect(self._note)

    @property
    def is_busy(self) -> bool:
        """Say whether a change is still to be read."""
        return self._gather.isActive()

    @property
    def is_open(self) -> bool:
        """Say whether the request will still do something by itself."""
        return self.view is not None and self.view.job.is_open

    def follow(self, request_id: int, *, chooses: bool = True) -> None:
        """Show a request, 0 for none. With `chooses`, the one of its batch that runs is shown."""
        self.request_id, self._chooses = request_id, chooses
        self.view, self.found = None, NOTHING
        self.read()

    def set_awake(self, is_awake: bool) -> None:
        """Follow from now on, or stop looking."""
        self._is_awake = is_awake
        if is_awake and self._is_stale:
            self.read()
        if not is_awake:
            self._reader.stop()

    def read(self) -> None:
        """Read now how far everything is."""
        self._gather.stop()
        self._is_stale = self._is_stale and not self._is_awake
        self.members, self.batch_said, self.batch_is_open = [], "", False
        if self.request_id:
            try:
                self._read_batch()
                self._read_request()
            except NotFound:
                self.request_id, self.view = 0, None
        self.changed.emit()

    def _read_request(self) -> None:
        queue = self._ws.queue
        view = generation_view(queue.job(self.request_id), queue.running.get(self.request_id))
        is_new = self.view is None or self.view.current.stage != view.current.stage
        self.view = view
        if is_new or not view.job.is_open:
            self._reader.stop()
            self.found = written(view)
        elif self._is_awake and not self._reader.isActive():
            self._reader.start()

    def _read_batch(self) -> None:
        queue = self._ws.queue
        own = queue.table([self.request_id])
        about = own[0].writing if own else None
        first = own[0].job.batch_id if own else None
        if about is None or not first:
            return
        rows = sorted(queue.table(range(first, first + about.batch_size)), key=lambda row: row.job.request_id)
        n_open = sum(row.job.is_open for row in rows)
        self.batch_is_open = bool(n_open)
        self.batch_said = batch_words(about.subforum, len(rows) - n_open, len(rows))
        self.members = [
            (row.job.request_id, f"{place}. {row.persona or words.state_look(row.job).word}")
            for place, row in enumerate(rows, 1)
        ]
        works = next((row for row in rows if row.job.status == JobStatus.PROCESSING), None)
        is_over = not own[0].job.is_open or own[0].job.status != JobStatus.PROCESSING
        if self._chooses and works is not None and is_over:
            self.request_id, self.view, self.found = works.job.request_id, None, NOTHING

    def _read_headings(self) -> None:
        if self.view is not None:
            self.found = written(self.view)
            self.changed.emit()

    def _note_job(self, request_id: int) -> None:
        if request_id == self.request_id or any(request_id == id for id, _ in self.members):
            self._note()

    def _note(self, *_ids: int) -> None:
        if not self._is_awake:
            self._is_stale = True
        elif not self._gather.isActive():
            self._gather.start()
