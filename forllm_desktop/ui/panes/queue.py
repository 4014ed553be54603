"""The queue pane: filters, the table, what to do about the selected request, and pausing."""

from collections.abc import Callable

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.events import Events
from forllm_desktop.services.queue import QueueService
from forllm_desktop.ui import queue_words
from forllm_desktop.ui.item_models.queue_table import QueueTable
from forllm_desktop.ui.panes.queue_view import FilteredQueue, QueueView
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.batch_bar import BatchBar
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.filter_row import FilterRow
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.quiet_bar import QuietBar

MINUTE = 60_000
LOW = 320
"""Height in px at 100 % below which the advice has one line, so that the rows keep theirs."""
ANSWER_SHOWN = 140
"""Characters of a tried persona's answer that are shown below the table."""


class QueuePane(QWidget):
    """Everything that is queued, runs, or has ended.

    post_requested(post_id)                   the post of a request is to be shown
    page_requested(key)                       the page of a request that writes a persona is to be shown
    persona_requested(persona_id, version)    the persona of a trial is to be shown; version 0 is the newest
    failed(error)                             what could not be done
    selected(row)                             another QueueRow is selected, or it changed; None: nothing is
    details_requested(request_id)             the details of a request are to be shown, or put away

    Without a place for details (`has_details`) they are a page of their own.
    """

    page_requested = Signal(str)
    post_requested = Signal(int)
    persona_requested = Signal(int, int)
    failed = Signal(object)
    selected = Signal(object)
    details_requested = Signal(int)

    def __init__(
        self, queue: QueueService, events: Events, parent: QWidget | None = None, *, has_details: bool = False
    ) -> None:
        super().__init__(parent)
        self._has_details = has_details
        self._advises = True
        self._queue = queue
        self._table = QueueTable(queue, events, self)
        self._shown = FilteredQueue(self._table, self)
        self._view = QueueView(self._shown)
        self._title = plain_label("Queue", "ui_strong")
        self._filters = FilterRow("Requests shown", queue_words.FILTERS)
        self._advice = QuietBar()
        self._empty = EmptyPane("queue", "Nothing queued", "Write a question and press Post and ask.")
        self._batches: list[BatchBar] = []
        self._groups = QVBoxLayout()
        self._body = _Body()
        self._minute = QTimer(self, interval=MINUTE)
        self._lay_out()
        self._connect()
        self._filter("All")

    def show_request(self, request_id: int) -> None:
        """Select a request, whatever the filter hides."""
        self._table.set_awake(True)
        at = self._table.row_of(request_id)
        if at < 0:
            return
        self._filter("All")
        index = self._shown.mapFromSource(self._table.index(at, 0))
        self._view.setCurrentIndex(index)
        self._view.scrollTo(index)
        self._view.setFocus()

    def current_row(self) -> QueueRow | None:
        """Return the selected request."""
        return self._view.current_row()

    def focus_table(self) -> None:
        """Give the table the keyboard."""
        self._view.setFocus()

    def set_advising(self, advises: bool) -> None:
        """Say below the table what is wrong with the selected request, unless something else says it."""
        if advises != self._advises:
            self._advises = advises
            self._advise()

    def open_row(self, row: QueueRow) -> None:
        """Show what a request is about."""
        self._act("open", row)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._table.set_awake(True)
        self._minute.start()
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._table.set_awake(False)
        self._minute.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._advice.set_terse(self.height() < theme().px(LOW))

    # -- what it does

    def _filter(self, name: str) -> None:
        self._filters.choose(name)
        self._shown.show_only(name)
        self._refresh()

    def _act(self, action: str, row: QueueRow) -> None:
        if action == "details" and self._has_details:
            self.details_requested.emit(row.job.request_id)
            return
        if action == "details":
            self.page_requested.emit(f"prompt:{row.job.request_id}")
            return
        if action == "open" and row.is_trial:
            self.persona_requested.emit(row.persona_id, 0)
            return
        if action == "open" and row.writing is not None:
            self.page_requested.emit(f"generation:{row.job.request_id}")
            return
        if action == "open":
            self.post_requested.emit(row.post_id)
            return
        if action == "cancel_batch":
            self._do(self._queue.cancel_batch, row.job.batch_id or 0)
            return
        if action == "cancel":
            self._do(self._queue.cancel, row.job.request_id)
            return
        step = self._queue.skip if action == "skip" else self._queue.retry
        self._do(step, row.blocked_by or row.job.request_id)

    def _do(self, step: Callable[[int], object], id: int) -> None:
        try:
            step(id)
        except ForllmError as error:
            self.failed.emit(error)

    def _show_batches(self) -> None:
        batches = self._table.batches() if self._body.isVisibleTo(self) else []
        while len(self._batches) < len(batches):
            bar = BatchBar()
            bar.cancel_requested.connect(lambda id: self._do(self._queue.cancel_batch, id))
            self._batches.append(bar)
            self._groups.addWidget(bar)
        for place, bar in enumerate(self._batches):
            if place < len(batches):
                bar.show_batch(batches[place])
            bar.setVisible(place < len(batches))

    def _refresh(self) -> None:
        self._show_batches()
        self._filters.show_counts(self._table.counts())
        self._body.setCurrentWidget(self._view if self._shown.rowCount() else self._empty)
        self._advise()

    def _advise(self) -> None:
        """Say below the table why the selected request failed or waits, and what to do."""
        row = self._view.current_row()
        self.selected.emit(row)
        if row is None or not self._advises or not self._body.isVisibleTo(self):
            self._advice.hide()
            return
        sentence = queue_words.advice(row)
        if not sentence:
            self._tell_answer(row)
        elif row.job.is_parked:
            self._advice.say(sentence, kind="warn", icon="moon")
        else:
            self._advice.say(
                sentence,
                kind="danger",
                action="Try again" if row.blocked_by else "Retry",
                on_action=lambda: self._act("retry", row),
                other="Skip" if row.can_skip or row.blocked_by else "",
                on_other=lambda: self._act("skip", row),
            )

    def _tell_answer(self, row: QueueRow) -> None:
        """Say below the table what a tried persona has answered: there is no post to open for it."""
        said = queue_words.answer(row) if row.is_trial else ""
        if not said:
            self._advice.hide()
            return
        first = " ".join(said.split())
        shown = first if len(first) <= ANSWER_SHOWN else f"{first[: ANSWER_SHOWN - 1]}…"
        is_saved = bool(row.persona_id)
        self._advice.say(
            f"{row.persona}: {shown}",
            icon="users",
            action="Open" if is_saved else "",
            on_action=lambda: self._act("open", row),
        )

    # -- how it is made

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 4, 12, 4)
        head.setSpacing(4)
        head.addWidget(self._title)
        head.addSpacing(12)
        head.addWidget(self._filters, 1)
        self._body.addWidget(self._view)
        self._body.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addLayout(self._groups)
        layout.addWidget(self._body, 1)
        layout.addWidget(self._advice)
        self.setAutoFillBackground(True)
        self._dress()

    def _connect(self) -> None:
        self._view.acted.connect(self._act)
        self._view.selectionModel().currentRowChanged.connect(lambda *_: self._advise())
        for signal in (self._table.rowsInserted, self._table.rowsRemoved, self._table.modelReset):
            signal.connect(lambda *_: self._refresh())
        for signal in (self._table.rowsMoved, self._table.dataChanged):
            signal.connect(lambda *_: self._refresh())
        self._filters.chosen.connect(self._filter)
        self._minute.timeout.connect(self._view.viewport().update)
        look().changed.connect(self._dress)

    def _dress(self) -> None:
        colours = self.palette()
        colours.setColor(self.backgroundRole(), theme().colour("surface"))
        self.setPalette(colours)


class _Body(QStackedWidget):
    """Needs no more room than what it shows."""

    def minimumSizeHint(self) -> QSize:
        shown = self.currentWidget()
        return shown.minimumSizeHint() if shown is not None else super().minimumSizeHint()
