"""A topic as a page: its thread above the composer."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.editor.post_asking import PostAsking
from forllm_desktop.ui.editor.writing_box import paths_of
from forllm_desktop.ui.pages.draft_xray import DraftXray
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.thread.actions import Act
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.page import ThreadPage


class TopicPage(Page):
    """Reading and writing in one topic.

    request_requested(request_id)    the request of a reply is to be shown in the queue
    post_requested(post_id)          a post, perhaps of another topic, is to be shown
    prompt_requested(request_id)     what was sent for a reply is to be shown
    persona_requested(persona_id, version)    who wrote a reply is to be shown
    file_requested(post_id, place)   a file of a post is to be shown, counted from 0
    link_hovered(address)            the pointer is over a link; empty when it left
    link_opened(address)             a link was followed
    undo_offered(undo)               something was deleted and can come back
    failed(error)                    what could not be done
    title_changed(title)
    settings_requested()             a model is wanted that is not set up yet
    files_requested()                the settings of indexed folders are wanted
    saved(words)                     what was kept, for the status line
    """

    request_requested = Signal(int)
    post_requested = Signal(int)
    prompt_requested = Signal(int)
    persona_requested = Signal(int, int)
    file_requested = Signal(int, int)
    link_hovered = Signal(str)
    link_opened = Signal(str)
    undo_offered = Signal(object)
    failed = Signal(object)
    title_changed = Signal(str)
    settings_requested = Signal()
    files_requested = Signal()
    saved = Signal(str)
    can_find = True

    def __init__(self, topic_id: int, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        ws = self._workspace = workspace
        self.topic_id = topic_id
        self._thread = ThreadPage(
            topic_id, ws.forum, ws.queue, ws.personas, ws.events, attachments=ws.attachments
        )
        self._thread.set_flat(ws.settings.recall("flat", False) is True)
        self._thread.flat_changed.connect(lambda is_flat: ws.settings.remember("flat", is_flat))
        self._composer = Composer(ws)
        self._composer.resume(topic_id)
        self._asking = PostAsking(ws, self)
        self._xray = DraftXray(ws, self._composer, self._thread)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._thread, 1)
        layout.addWidget(self._composer)
        self.setFocusProxy(self._thread)
        self.setAcceptDrops(True)
        # The window has these keys too, and a key that two actions have does neither.
        for name in ("find", "larger", "smaller", "unread", "usual"):
            self._thread.post_actions.walks[name].setShortcuts([])
        self._connect()

    def show_post(self, post_id: int) -> None:
        self._thread.show_post(post_id)

    def next_unread(self) -> bool:
        return self._thread.next_unread()

    def find_in_page(self) -> None:
        self._thread.find()

    def ask(self, persona_id: int | None = None, version: int | None = None) -> None:
        if persona_id is not None:
            if self._composer.is_editing:
                self._composer.write_in(self.topic_id)
            self._composer.choose_persona(persona_id, version)
        self._composer.focus_text()

    def flush(self) -> None:
        self._composer.flush()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._composer.fit_into(self.height())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if paths_of(event.mimeData()):
            event.acceptProposedAction()
            self._composer.show_target(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._composer.show_target(False)

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._composer.show_target(False)
        self._composer.attach(paths_of(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        self._xray.stop()
        self._composer.stop()
        self._thread.close_page()
        super().closeEvent(event)

    def _connect(self) -> None:
        asking, thread, composer = self._asking, self._thread, self._composer
        asking.failed.connect(self.failed)
        asking.undo_offered.connect(self.undo_offered)
        asking.write_requested.connect(self._write_to)
        thread.acting.extend = self._extend_menu
        thread.ask_requested.connect(self._ask_about)
        thread.edit_requested.connect(self._edit)
        thread.failed.connect(self.failed)
        thread.file_requested.connect(self.file_requested)
        thread.link_hovered.connect(self.link_hovered)
        thread.link_opened.connect(self.link_opened)
        thread.persona_requested.connect(self.persona_requested)
        thread.reply_requested.connect(self._write_to)
        thread.prompt_requested.connect(self.prompt_requested)
        thread.request_requested.connect(self.request_requested)
        thread.rule_requested.connect(self._set_rule)
        thread.title_changed.connect(self.title_changed)
        thread.undo_offered.connect(self.undo_offered)
        thread.versions_requested.connect(self._ask_again)
        self._xray.post_requested.connect(self.post_requested)
        self._xray.rule_requested.connect(self._set_rule)
        composer.assigned.connect(lambda id: self.undo_offered.emit(self._workspace.asking.undo_of(id)))
        composer.cancelled.connect(self._thread.setFocus)
        composer.failed.connect(self.failed)
        composer.files_requested.connect(self.files_requested)
        composer.posted.connect(self.show_post)
        composer.saved.connect(self.saved)
        composer.undo_offered.connect(self.undo_offered)
        composer.settings_requested.connect(self.settings_requested)

    def _write_to(self, post_id: int) -> None:
        self._composer.write_in(self.topic_id, post_id)
        self._composer.focus_text()

    def _edit(self, post_id: int) -> None:
        self._composer.edit(post_id)
        self._composer.focus_text()

    def _set_rule(self, post_id: int, rule: str) -> None:
        try:
            self.undo_offered.emit(self._workspace.prompt_rules.set_rule([post_id], PromptRule(rule)))
        except ForllmError as error:
            self.failed.emit(error)

    # -- asking about what stands there

    def _ask_about(self, post_id: int) -> None:
        self._asking.pop_up(post_id, self._thread.acting.place_below(post_id))

    def _ask_again(self, post_id: int) -> None:
        entry = self._thread.acting.entry(post_id)
        if entry is not None and entry.post is not None:
            author, place = self._thread.acting.author(entry), self._thread.acting.place_below(post_id)
            self._asking.pop_up_versions(entry.post, author, place)

    def _extend_menu(self, menu: QMenu, entry: Entry, author: str) -> None:
        """Name the persona in the menu of its reply, and offer to ask it again by version."""
        opening = self._thread.post_actions.acts[Act.PERSONA]
        if entry.post is None or opening not in menu.actions():
            return
        opening.setText(f"Open v{entry.post.persona_version} of {author}".replace("&", "&&"))
        below = self._asking.versions_menu(entry.post, author, menu)
        after = menu.actions().index(opening) + 1
        menu.insertMenu(menu.actions()[after], below)
