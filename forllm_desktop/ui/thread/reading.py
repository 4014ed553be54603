"""Notices which new replies were on screen for a moment, in the active window, and are read by that."""

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject, QTimer

from forllm_desktop.ui.thread.view import ThreadView

A_MOMENT = 1_000
"""Milliseconds that a reply must be on screen."""


class Reading(QObject):
    """Calls `mark` with the unread posts that somebody has seen; no timer runs while there are none."""

    def __init__(self, view: ThreadView, mark: Callable[[Collection[int]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._mark = view, mark
        self._seen: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(A_MOMENT)
        self._timer.timeout.connect(self._look_again)
        view.verticalScrollBar().valueChanged.connect(self.look)

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

    def _is_watched(self) -> bool:
        return self._view.isVisible() and self._view.window().isActiveWindow()

    def _on_screen(self) -> set[int]:
        unread = self._view.scene.unread
        return {slot.key for slot in self._view.visible() if slot.key in unread}
