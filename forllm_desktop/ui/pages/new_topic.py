"""A page to start a topic: the composer alone, with a line that says where it will be."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.pages.draft_xray import DraftXray
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.labels import plain_label


class NewTopicPage(Page):
    """Writes the first post of a topic.

    topic_made(topic_id)
    failed(error)
    cancelled()
    settings_requested()    a model is wanted that is not set up yet
    files_requested()       the settings of indexed folders are wanted
    post_requested(post_id) a post that would be sent too is to be shown
    saved(words)            what was kept, for the status line
    undo_offered(undo)      a persona was assigned with the question; how to take that back
    """

    topic_made = Signal(int)
    failed = Signal(object)
    cancelled = Signal()
    settings_requested = Signal()
    files_requested = Signal()
    post_requested = Signal(int)
    saved = Signal(str)
    undo_offered = Signal(object)

    def __init__(self, subforum_id: int, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        ws = self._workspace = workspace
        self._composer = Composer(ws)
        self._composer.write_new_topic(subforum_id)
        head = QWidget()
        lines = QVBoxLayout(head)
        lines.setContentsMargins(theme().px(32), theme().px(24), theme().px(32), theme().px(8))
        lines.setSpacing(4)
        lines.addWidget(plain_label("New topic", "title"))
        lines.addWidget(
            plain_label(f"in {ws.forum.subforum(subforum_id).name}", "small", "text_3", elides=True)
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(head)
        layout.addWidget(self._composer)
        layout.addStretch(1)
        self._xray = DraftXray(ws, self._composer, self)
        self._xray.post_requested.connect(self.post_requested)
        self._xray.rule_requested.connect(self._set_rule)
        self.setFocusProxy(self._composer)
        self._composer.assigned.connect(lambda id: self.undo_offered.emit(ws.asking.undo_of(id)))
        self._composer.cancelled.connect(self.cancelled)
        self._composer.failed.connect(self.failed)
        self._composer.files_requested.connect(self.files_requested)
        self._composer.saved.connect(self.saved)
        self._composer.settings_requested.connect(self.settings_requested)
        self._composer.topic_made.connect(self.topic_made)

    def ask(self, persona_id: int | None = None, version: int | None = None) -> None:
        if persona_id is not None:
            self._composer.choose_persona(persona_id, version)
        self._composer.focus_text()

    def _set_rule(self, post_id: int, rule: str) -> None:
        try:
            self.undo_offered.emit(self._workspace.prompt_rules.set_rule([post_id], PromptRule(rule)))
        except ForllmError as error:
            self.failed.emit(error)

    def flush(self) -> None:
        self._composer.flush()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._xray.stop()
        self._composer.stop()
        super().closeEvent(event)
