"""Notices which new replies were on screen for a moment, in the active window, and are read by that."""

from collections.abc import Collection

from PySide6.QtCore import QObject, QTimer, Signal

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.forum import ForumService
from forllm_desktop.ui.thread.source import Source
from forllm_desktop.ui.thread.view import ThreadView

A_MOMENT = 1_000
"""Milliseconds that a reply must be on screen."""


class Reading(QObject):
    """Marks the unread posts that somebody has seen; no timer runs while there are none.

    failed(error)    they could not be marked
    """

    failed = Signal(object)

    def __init__(self, view: ThreadView, source: Source, forum: ForumService, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._source, self._forum = view, source, forum
        self._seen: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(A_MOMENT)
        self._timer.timeout.connect(self._look_again)
        view.verticalScrollBar().valueChanged.connect(self.look)

    def note(self) -> None:
        """Show which posts are unread now, and look for them."""
        entries = self._source.thread.entries
        self._view.scene.unread = {entry.key for entry in entries if entry.is_unread}
        self.look()

    def look(self) -> None:
        """Look which unread posts are on screen, if nobody looks already."""
        if self._view.scene.unread and not self._timer.isActive() and self._is_watched():
            self._seen = self._on_screen()
            if self._seen:
                self._timer.start()

    def _look_again(self) -> None:
        still = self._seen & self._on_screen() if self._is_watched() else set()
        if still:
            self._mark(still)
        self.look()

    def _mark(self, post_ids: Collection[int]) -> None:
        try:
            self._forum.mark_read(post_ids)
        except ForllmError as error:
            self.failed.emit(error)
            self._view.scene.unread = set()
            return
        for post_id in post_ids:
            self._source.read_post(post_id)
        self._source.thread.arrange()
        self.note()
        for post_id in post_ids:
            self._view.update_head(post_id)

    def _is_watched(self) -> bool:
        return self._view.isVisible() and self._view.window().isActiveWindow()

    def _on_screen(self) -> set[int]:
        unread = self._view.scene.unread
        return {slot.key for slot in self._view.visible() if slot.key in unread}
