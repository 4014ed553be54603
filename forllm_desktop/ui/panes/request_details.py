"""All about one request: what went wrong first, then what happened, what was sent, what was written."""

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui import queue_words, words
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.thread.bidi import isolated
from forllm_desktop.ui.timeline_words import timeline, tries
from forllm_desktop.ui.widgets.avatar import paint_persona
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.labels import PlainLabel, plain_label
from forllm_desktop.ui.widgets.scrolled import scrolled
from forllm_desktop.ui.widgets.state_label import StateLabel
from forllm_desktop.ui.widgets.timeline import Timeline
from forllm_desktop.ui.widgets.trouble_box import Remedy, TroubleBox
from forllm_desktop.ui.xray.full_text import FullText
from forllm_desktop.ui.xray.request_xray import RequestXray

TICK = 1_000
"""Milliseconds between two looks at a request that runs while it is shown."""
TEXT_LINES = 12
"""Lines of a partial text that are shown without scrolling."""
_SHORTENED_CURE = (
    "Give the model a larger context window on the server, or send less: fewer posts of other threads, or "
    "posts left out by hand."
)


class RequestDetails(QWidget):
    """Follows what is selected in the queue.

    closed()                    it is to be put away
    opened(row)                 what the request is about is to be shown, a QueueRow
    page_requested(key)
    post_requested(post_id)
    undo_offered(undo)
    failed(error)
    """

    closed = Signal()
    opened = Signal(object)
    page_requested = Signal(str)
    post_requested = Signal(int)
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ws = workspace
        self._row: QueueRow | None = None
        self._state = StateLabel()
        self._title = plain_label("", "ui_strong", wraps=True)
        self._open = icon_button("Open", "arrow-square-out")
        self._close = icon_button("Close the details", "x", shortcut="Esc")
        self._face = _Face()
        self._about = plain_label("", "small", "text_2", wraps=True)
        self._trouble = TroubleBox()
        self._tries = plain_label("", "small", "text_3")
        self._timeline = Timeline()
        self._xray = RequestXray(workspace)
        self._size = plain_label("", "small", "text_3")
        self._text_title = plain_label("Partial text", "ui_strong")
        self._text = FullText("Partial text", "ui")
        self._empty = plain_label("Select a request to see what became of it.", "ui", "text_3", wraps=True)
        self._column = QWidget()
        self._scroll = scrolled(self._column)
        self._tick = QTimer(self, interval=TICK)
        self._lay_out()
        self._open.clicked.connect(lambda: self.opened.emit(self._row))
        self._close.clicked.connect(self.closed)
        self._tick.timeout.connect(self._show_timeline)
        for name in ("post_requested", "undo_offered", "failed"):
            getattr(self._xray, name).connect(getattr(self, name))
        self._xray.read.connect(self.show_row)
        self._show_parts(False)

    @property
    def is_busy(self) -> bool:
        """Say whether something is still read or compared."""
        return self._xray.is_busy

    @property
    def row(self) -> QueueRow | None:
        """The request that is shown."""
        return self._row

    def show_row(self, row: object) -> None:
        """Show a QueueRow, or None for nothing."""
        if not isinstance(row, QueueRow):
            self._row = None
            self._show_parts(False)
            return
        is_other = self._row is None or self._row.job.request_id != row.job.request_id
        self._row = row
        self._show_head(row)
        self._show_trouble(row)
        self._show_timeline()
        self._show_text(row)
        self._show_parts(True)
        self._xray.show_request(row.job.request_id)
        if is_other:
            self._scroll.verticalScrollBar().setValue(0)

    def stop(self) -> None:
        """End what runs."""
        self._tick.stop()
        self._xray.stop()

    def hideEvent(self, event) -> None:
        super().hideEvent(event)
        self._tick.stop()

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._show_timeline()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.stop()
        super().closeEvent(event)

    # -- what is shown

    def _show_head(self, row: QueueRow) -> None:
        job = row.job
        self._state.show_state(words.state_look(job, is_blocked=bool(row.blocked_by)))
        self._title.setText(isolated(queue_words.title(row)))
        self._face.show_persona(row.persona_id, row.persona)
        asked = f"asked {words.clock(job.requested_at, self._ws.queue.now())}"
        said = (queue_words.persona(row), queue_words.model(job.llm_model), row.server, asked)
        self._about.setText(" · ".join(isolated(part) for part in said if part))
        self._open.setVisible(bool(row.post_id or row.writing or (row.is_trial and row.persona_id)))

    def _show_trouble(self, row: QueueRow) -> None:
        job, shortened = row.job, queue_words.shortened(row.job)
        if row.blocked_by:
            self._trouble.say("Blocked", queue_words.advice(row), self._remedies(row))
        elif job.status == JobStatus.ERROR or job.is_parked:
            kind = "warn" if job.is_parked else "danger"
            self._trouble.say(words.reason(job) or "It failed", words.cure(job), self._remedies(row), kind)
        elif job.status == JobStatus.COMPLETE and shortened:
            self._trouble.say(shortened.rstrip("."), _SHORTENED_CURE, [], "warn")
        else:
            self._trouble.hide()

    def _remedies(self, row: QueueRow) -> list[Remedy]:
        """List what can be done about a request that failed or waits for its server, at most three things."""
        job, queue = row.job, self._ws.queue
        blocking = row.blocked_by or job.request_id
        cancel = Remedy("Cancel", lambda: queue.cancel(job.request_id))
        if job.is_parked:
            server = job.server_id
            again = [Remedy("Try again now", lambda: queue.release_server(server))] if server else []
            return self._guarded([*again, cancel])
        again = Remedy("Try again" if row.blocked_by else "Retry", lambda: queue.retry(blocking))
        skip = [Remedy("Skip", lambda: queue.skip(blocking))] if row.can_skip or row.blocked_by else []
        return self._guarded([again, *skip, cancel])

    def _guarded(self, remedies: list[Remedy]) -> list[Remedy]:
        def guarded(remedy: Remedy) -> Remedy:
            def step() -> None:
                try:
                    remedy.step()
                except ForllmError as error:
                    self.failed.emit(error)

            return Remedy(remedy.word, step)

        return [guarded(remedy) for remedy in remedies]

    def _show_timeline(self) -> None:
        row = self._row
        if row is None:
            return
        running = self._ws.queue.running.get(row.job.request_id)
        self._tries.setText(tries(row.job))
        self._timeline.show_moments(timeline(row.job, running))
        if row.job.status == JobStatus.PROCESSING and self.isVisible():
            self._tick.start()
        else:
            self._tick.stop()

    def _show_text(self, row: QueueRow) -> None:
        title, text = self._written(row)
        for widget in (self._text_title, self._text, self._size):
            widget.setVisible(bool(text))
        if text:
            self._text_title.setText(title)
            self._text.setAccessibleName(title)
            self._text.show_text(text)
            self._size.setText(words.counted(len(text.split()), "word"))
            lines = min(TEXT_LINES, text.count("\n") + len(text) // 40 + 2)
            self._text.setFixedHeight(lines * theme().line_height("ui") + 12)

    def _written(self, row: QueueRow) -> tuple[str, str]:
        """Return what was written, where no finished reply shows it."""
        job = row.job
        if row.is_trial:
            return "Answer", row.answer
        if job.reply_post_id is None or job.status not in (JobStatus.ERROR, JobStatus.CANCELLED):
            return "", ""
        try:
            return "Partial text", self._ws.forum.post(job.reply_post_id).content
        except ForllmError:
            return "", ""

    def _show_parts(self, is_shown: bool) -> None:
        self._column.setVisible(is_shown)
        self._empty.setVisible(not is_shown)
        self._state.setVisible(is_shown)
        if not is_shown:
            self._open.hide()

    # -- building

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        top = Qt.AlignmentFlag.AlignTop
        head.addWidget(self._state)
        head.addStretch()
        head.addWidget(self._open, 0, top)
        head.addWidget(self._close, 0, top)
        about = QHBoxLayout()
        about.setSpacing(8)
        about.addWidget(self._face, 0, top)
        about.addWidget(self._about, 1)
        layout = QVBoxLayout(self._column)
        layout.setContentsMargins(20, 0, 20, 16)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addLayout(about)
        layout.addSpacing(4)
        layout.addWidget(self._trouble)
        layout.addSpacing(4)
        layout.addLayout(_line(plain_label("Timeline", "ui_strong"), self._tries))
        layout.addWidget(self._timeline)
        layout.addSpacing(8)
        layout.addWidget(self._xray)
        layout.addSpacing(8)
        layout.addLayout(_line(self._text_title, self._size))
        layout.addWidget(self._text)
        layout.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 10, 0, 0)
        head.setContentsMargins(20, 0, 12, 0)
        whole.addLayout(head)
        self._empty.setContentsMargins(20, 0, 20, 0)
        whole.addWidget(self._empty)
        whole.addWidget(self._scroll, 1)
        self.setAccessibleName("Details of the request")
        self.setFocusProxy(self._close)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("surface"))
        painter.fillRect(0, 0, 1, self.height(), theme().colour("line"))


class _Face(QWidget):
    """The avatar of who answers."""

    def __init__(self) -> None:
        super().__init__()
        self._persona = (0, "")

    def show_persona(self, persona_id: int, name: str) -> None:
        self._persona = (persona_id, name)
        self.setVisible(bool(persona_id))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(20), theme().px(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        side = theme().px(20)
        paint_persona(QPainter(self), QRectF(0, 0, side, side), *self._persona)


def _line(left: PlainLabel, right: PlainLabel) -> QHBoxLayout:
    line = QHBoxLayout()
    line.addWidget(left, 1)
    line.addWidget(right)
    return line
