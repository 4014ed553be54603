"""The queue as a page: the table, and beside it the details of the request that is selected."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.panes.queue import QueuePane
from forllm_desktop.ui.panes.request_details import RequestDetails
from forllm_desktop.ui.theme import look, theme

LEAST, USUAL, MOST = 320, 368, 560
"""Widths of the details in px at 100 %."""
LEAST_TABLE = 400
"""Width in px at 100 % that the table keeps beside them; where there is less they take its place."""
_REMEMBERED = "queue_details"


class QueuePage(Page):
    """The details follow the selection; Space opens them, Esc closes them.

    The other signals are those of QueuePane.

    undo_offered(undo)    a post has another rule now
    """

    failed = Signal(object)
    page_requested = Signal(str)
    persona_requested = Signal(int, int)
    post_requested = Signal(int)
    undo_offered = Signal(object)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ws = workspace
        self.pane = QueuePane(workspace.queue, workspace.events, has_details=True)
        self.details = RequestDetails(workspace)
        self._is_open = workspace.settings.recall(_REMEMBERED, False) is True
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        self._split.addWidget(self.pane)
        self._split.addWidget(self.details)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._split)
        self.setAccessibleName("Queue")
        self.setFocusProxy(self.pane)
        for name in ("failed", "page_requested", "persona_requested", "post_requested"):
            getattr(self.pane, name).connect(getattr(self, name))
        for name in ("failed", "page_requested", "post_requested", "undo_offered"):
            getattr(self.details, name).connect(getattr(self, name))
        self.pane.selected.connect(self._follow)
        self.pane.details_requested.connect(self._toggle)
        self.details.closed.connect(self.close_details)
        self.details.opened.connect(lambda row: self.pane.open_row(row))
        look().changed.connect(self._arrange)
        self._arrange()

    @property
    def has_details(self) -> bool:
        """Say whether the details are open."""
        return self._is_open

    def show_request(self, request_id: int) -> None:
        self.pane.show_request(request_id)

    def open_details(self) -> None:
        """Show the details of the selected request."""
        self._keep(True)
        self._follow(self.pane.current_row())
        self._arrange()
        if self.pane.isHidden():
            self.details.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_details(self) -> None:
        """Put the details away and give the keyboard back to the table."""
        self._keep(False)
        self._arrange()
        self.pane.focus_table()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.details.stop()
        super().closeEvent(event)

    def _toggle(self, _request_id: int) -> None:
        if self._is_open:
            self.close_details()
        else:
            self.open_details()

    def _follow(self, row: QueueRow | None) -> None:
        if self._is_open:
            self.details.show_row(row)

    def _keep(self, is_open: bool) -> None:
        if is_open != self._is_open:
            self._is_open = is_open
            self._ws.settings.remember(_REMEMBERED, is_open)

    def _arrange(self) -> None:
        px, width = theme().px, self.width()
        is_wide = width >= px(LEAST_TABLE + LEAST)
        self.details.setMinimumWidth(px(LEAST) if is_wide else 0)
        self.details.setMaximumWidth(px(MOST) if is_wide else 16_777_215)
        was_open = not self.details.isHidden()
        self.details.setVisible(self._is_open)
        self.pane.setVisible(is_wide or not self._is_open)
        self.pane.set_advising(not self._is_open)
        if self._is_open and not was_open and is_wide:
            self._split.setSizes([width - px(USUAL), px(USUAL)])
