"""The prompt of what is being written, in a drawer over a page, opened from the composer's meter."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.xray.drawer import PromptDrawer


class DraftXray(QObject):
    """The drawer is made when it is first wanted, and follows what is typed while it is open.

    post_requested(post_id)        a post of the prompt is to be shown
    rule_requested(post_id, rule)  a post is to enter prompts by another PromptRule
    """

    post_requested = Signal(int)
    rule_requested = Signal(int, str)

    def __init__(self, workspace: Workspace, composer: Composer, host: QWidget) -> None:
        super().__init__(host)
        self._workspace, self._composer, self._host = workspace, composer, host
        self._drawer: PromptDrawer | None = None
        composer.xray_requested.connect(self.open)
        composer.measured.connect(self._refresh)

    @property
    def is_open(self) -> bool:
        """Say whether the drawer is shown."""
        return self._drawer is not None and self._drawer.is_open

    def open(self) -> None:
        """Show what would be sent now."""
        if self._drawer is None:
            self._drawer = PromptDrawer(self._workspace.prompts, self._composer.question, self._host)
            self._drawer.closed.connect(self._composer.focus_text)
            self._drawer.post_requested.connect(self.post_requested)
            self._drawer.rule_requested.connect(self.rule_requested)
        self._drawer.open_drawer()
        self._refresh()

    def stop(self) -> None:
        """Stop all work. Called when the page is closed."""
        if self._drawer is not None:
            self._drawer.stop()

    def _refresh(self) -> None:
        """Show what the meter shows: the same numbers, and by the same counts."""
        prompt = self._composer.prompt
        if self._drawer is not None and prompt is not None and prompt.is_exact:
            self._drawer.show_counted(prompt)
        elif self._drawer is not None:
            self._drawer.refresh()
