"""Makes the pages of the centre by their keys, and passes on what they ask for."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.errors import NotFound
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.actions import Actions

Made = tuple[QWidget, str, str]
"""A page, its title, and the name of its icon."""


def topic_key(topic_id: int) -> str:
    """Return the key of a topic's page."""
    return f"topic:{topic_id}"


def new_topic_key(subforum_id: int) -> str:
    """Return the key of the page that starts a topic in a subforum."""
    return f"new:{subforum_id}"


def topic_of(key: str) -> int:
    """Return the topic that a key means; 0 when it means another page."""
    kind, _, number = key.partition(":")
    return int(number) if kind == "topic" and number.isdecimal() else 0


class PageMaker(QObject):
    """Everything that pages ask of the window, with the page's key where it matters.

    failed(error)                  what could not be done
    finished(key)                  a page is done with
    folder_requested()             the data folder is to be opened
    link_hovered(address)          empty when the pointer left
    link_opened(address)
    log_requested()
    page_requested(name)           another page is to be shown: "settings", ...
    post_requested(post_id)
    request_requested(request_id)  a request is to be shown in the queue
    retitled(key, title)
    topic_made(key, topic_id)      a page that starts a topic has made it
    topic_requested(topic_id)
    undo_offered(undo)
    """

    failed = Signal(object)
    finished = Signal(str)
    folder_requested = Signal()
    link_hovered = Signal(str)
    link_opened = Signal(str)
    log_requested = Signal()
    page_requested = Signal(str)
    post_requested = Signal(int)
    request_requested = Signal(int)
    retitled = Signal(str, str)
    topic_made = Signal(str, int)
    topic_requested = Signal(int)
    undo_offered = Signal(object)

    def __init__(self, workspace: Workspace, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._actions = actions

    def make(self, key: str) -> Made | None:
        """Return the page of a key; None when what it shows does not exist (any more)."""
        kind, _, rest = key.partition(":")
        makers = {"topic": self._make_topic, "new": self._make_new_topic}
        try:
            if kind in makers and rest.isdecimal():
                return makers[kind](key, int(rest))
            named = getattr(self, f"_make_{rest}", None) if kind == "page" else None
            return named() if named is not None else None
        except NotFound:
            return None

    def _make_topic(self, key: str, topic_id: int) -> Made:
        from forllm_desktop.ui.pages.topic import TopicPage

        title = self._workspace.forum.topic(topic_id).title
        page = TopicPage(topic_id, self._workspace)
        page.failed.connect(self.failed)
        page.link_hovered.connect(self.link_hovered)
        page.link_opened.connect(self.link_opened)
        page.request_requested.connect(self.request_requested)
        page.settings_requested.connect(lambda: self.page_requested.emit("settings"))
        page.title_changed.connect(lambda title: self.retitled.emit(key, title))
        page.undo_offered.connect(self.undo_offered)
        return page, title, ""

    def _make_new_topic(self, key: str, subforum_id: int) -> Made:
        from forllm_desktop.ui.pages.new_topic import NewTopicPage

        page = NewTopicPage(subforum_id, self._workspace)
        page.cancelled.connect(lambda: self.finished.emit(key))
        page.failed.connect(self.failed)
        page.settings_requested.connect(lambda: self.page_requested.emit("settings"))
        page.topic_made.connect(lambda topic_id: self.topic_made.emit(key, topic_id))
        return page, "New topic", "note-pencil"

    def _make_queue(self) -> Made:
        from forllm_desktop.ui.pending import QueuePane

        ws = self._workspace
        page = QueuePane(ws.queue, ws.forum, ws.personas, ws.events)
        page.failed.connect(self.failed)
        page.post_requested.connect(self.post_requested)
        return page, "Queue", "queue"

    def _make_trash(self) -> Made:
        from forllm_desktop.ui.pages.trash import TrashPage

        page = TrashPage(self._workspace.forum, self._workspace.events)
        page.post_requested.connect(self.post_requested)
        page.topic_requested.connect(self.topic_requested)
        return page, "Trash", "trash"

    def _make_settings(self) -> Made:
        from forllm_desktop.ui.pending import SettingsPage

        return SettingsPage(self._workspace), "Settings", "gear-six"

    def _make_keyboard(self) -> Made:
        from forllm_desktop.ui.pages.shortcuts import ShortcutsPage

        return ShortcutsPage(self._actions), "Keyboard", "keyboard"

    def _make_about(self) -> Made:
        from forllm_desktop.ui.pages.about import AboutPage

        page = AboutPage(self._workspace.folder)
        page.folder_requested.connect(self.folder_requested)
        page.log_requested.connect(self.log_requested)
        return page, "About", "info"
