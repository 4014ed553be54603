"""The search panel, made when it is first wanted: nobody sees it before, and the window is there sooner."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from forllm_desktop.services.search import SearchService
    from forllm_desktop.ui.panes.search import SearchPanel


class LateSearch(QObject):
    """Opens the search panel of a window, and passes on what it wishes for.

    topic_requested(id), post_requested(id), persona_requested(id), subforum_requested(id)
    persona_asked(id)    the persona is to answer
    """

    topic_requested = Signal(int)
    post_requested = Signal(int)
    persona_requested = Signal(int)
    persona_asked = Signal(int)
    subforum_requested = Signal(int)

    def __init__(
        self,
        search: "Callable[[], SearchService]",
        commands: Sequence[QAction],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._search = search
        self._commands = {action.objectName(): action for action in commands}
        self._window = window
        self._panel: SearchPanel | None = None

    def open_below(self, anchor: QWidget) -> None:
        """Open over a widget, with an empty field and the recent topics."""
        if self._panel is None:
            self._panel = self._make()
        self._panel.open_below(anchor)

    def _make(self) -> "SearchPanel":
        from forllm_desktop.ui.panes.search import SearchPanel

        panel = SearchPanel(self._search(), self._window)
        panel.set_commands(list(self._commands.values()))
        panel.command_requested.connect(lambda name: self._commands[name].trigger())
        panel.persona_asked.connect(self.persona_asked)
        panel.persona_requested.connect(self.persona_requested)
        panel.post_requested.connect(self.post_requested)
        panel.subforum_requested.connect(self.subforum_requested)
        panel.topic_requested.connect(self.topic_requested)
        return panel
