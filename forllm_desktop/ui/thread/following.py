"""Follows what happens in the store to one topic, and reads again what changed."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.errors import NotFound
from forllm_desktop.events import Events
from forllm_desktop.ui.thread.source import Source

_GATHER = 30
"""Milliseconds in which changes of requests are gathered."""


class Following(QObject):
    """Keeps a topic's source up to date. Made before anything is read: the worker goes on meanwhile.

    `grew` is called with a request that has news; it returns whether that was all there is to do.

    changed(keys)     posts or requests are others now; `keys` are posts whose text may be another one
    added(key)        a post is new
    reply_grew(key)   there is more of a reply
    renamed()         personas have other names now
    retitled(title), gone()
    """

    changed = Signal(object)
    added = Signal(int)
    reply_grew = Signal(int)
    renamed = Signal()
    retitled = Signal(str)
    gone = Signal()

    def __init__(self, source: Source, events: Events, grew: Callable[[int], bool], page: QWidget) -> None:
        super().__init__(page)
        self._source, self._grew, self._page = source, grew, page
        self._is_stale = False
        self._requests = QTimer(self, singleShot=True, interval=_GATHER)
        self._requests.timeout.connect(self._read_requests)
        events.topic_changed.connect(self._topic_changed)
        events.subforums_changed.connect(self._topic_changed)
        events.post_added.connect(self._post_changed)
        events.post_changed.connect(self._post_changed)
        events.post_removed.connect(self._post_changed)
        events.reply_grew.connect(lambda post_id, offset, text: self.reply_grew.emit(post_id))
        events.job_changed.connect(self._job_changed)
        events.personas_changed.connect(self._personas_changed)
        # Who answers by default comes with the subforums.
        events.subforums_changed.connect(self._personas_changed)
        events.settings_changed.connect(self._settings_changed)

    def catch_up(self) -> None:
        """Read what happened while the page was hidden, or being read."""
        if self._is_stale:
            self._read_requests()

    def _topic_changed(self, topic_id: int | None = None) -> None:
        if topic_id not in (self._source.topic_id, None):
            return
        before = self._source.topic.title, self._source.subforum_name
        try:
            self._source.read_title()
        except NotFound:
            self.gone.emit()
            return
        if before != (self._source.topic.title, self._source.subforum_name):
            self.changed.emit(())
            self.retitled.emit(self._source.topic.title)

    def _post_changed(self, post_id: int) -> None:
        was_known = post_id in self._source.thread.posts
        if not self._source.read_post(post_id) or not self._source.is_loaded:
            return
        self._source.read_jobs()
        self.changed.emit((post_id,))
        if not was_known:
            self.added.emit(post_id)

    def _job_changed(self, request_id: int) -> None:
        if self._grew(request_id) or not self._source.concerns(request_id):
            return
        if self._page.isVisible():
            self._requests.start()
        else:
            self._is_stale = True

    def _read_requests(self) -> None:
        self._is_stale = not self._source.is_loaded
        if self._source.is_loaded:
            self._source.read_jobs()
            self.changed.emit(())

    def _settings_changed(self) -> None:
        if self._source.is_user_renamed():
            self._personas_changed()

    def _personas_changed(self) -> None:
        if self._source.is_loaded:
            self._source.read_names()
            self.renamed.emit()
