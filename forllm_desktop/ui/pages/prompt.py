"""The page "Prompt of …": what a request sent, or would send."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui import queue_words, words
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.thread.bidi import isolated
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.pane_head import PaneHead
from forllm_desktop.ui.widgets.scrolled import scrolled
from forllm_desktop.ui.xray.request_xray import RequestXray


def page_title(row: QueueRow) -> str:
    """Return the title of the page: whose prompt it is."""
    return f"Prompt of {isolated(queue_words.persona(row)) or 'a request'}"


class PromptPage(Page):
    """One request's prompt in all its length.

    failed(error)
    post_requested(post_id)
    request_requested(request_id)   the request is to be shown in the queue
    title_changed(title)
    undo_offered(undo)
    """

    failed = Signal(object)
    post_requested = Signal(int)
    request_requested = Signal(int)
    title_changed = Signal(str)
    undo_offered = Signal(object)
    can_find = True

    def __init__(self, request_id: int, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._request_id = request_id
        self._ws = workspace
        self._row: QueueRow | None = None
        self._title = plain_label("Prompt", "title", wraps=True)
        self._about = plain_label("", "small", "text_3", wraps=True)
        self._post = push_button("Show the post", "quiet", "arrow-square-out")
        self._queue = push_button("Show in the queue", "quiet", "queue")
        self._xray = RequestXray(workspace, fills=True)
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(PaneHead([self._title, self._about], [self._post, self._queue]))
        layout.addWidget(self._xray, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(column))
        self.setAccessibleName("Prompt")
        self.setFocusProxy(self._xray)
        self._post.hide()
        self._post.clicked.connect(self._show_post)
        self._queue.clicked.connect(lambda: self.request_requested.emit(request_id))
        for name in ("failed", "post_requested", "undo_offered"):
            getattr(self._xray, name).connect(getattr(self, name))
        self._xray.read.connect(self._show_row)
        self._xray.show_request(request_id)

    @property
    def is_busy(self) -> bool:
        """Say whether something is still read or compared."""
        return self._xray.is_busy

    def find_in_page(self) -> None:
        self._xray.view.find()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._xray.stop()
        super().closeEvent(event)

    def _show_row(self, row: object) -> None:
        assert isinstance(row, QueueRow)
        if self._row is None or page_title(row) != page_title(self._row):
            self.title_changed.emit(page_title(row))
        self._row = row
        self._title.setText(page_title(row))
        self._about.setText(about_words(row, self._ws))
        self._post.setVisible(bool(row.post_id))

    def _show_post(self) -> None:
        if self._row is not None:
            self.post_requested.emit(self._row.post_id)


def about_words(row: QueueRow, workspace: Workspace) -> str:
    """Return what a request is about, its model and its state, in one line."""
    asked = words.clock(row.job.requested_at, workspace.queue.now())
    state = words.state_look(row.job).word
    said = (queue_words.title(row), queue_words.model(row.job.llm_model), f"asked {asked}", state)
    return " · ".join(isolated(part) for part in said if part)
