"""All about personas on the desk: their dock, dragging them, and what is done with them."""

from PySide6.QtCore import QObject, Signal

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.page_maker import PAGES
from forllm_desktop.ui.panes.personas import PersonaDock
from forllm_desktop.ui.panes.sidebar import Sidebar
from forllm_desktop.ui.persona_acts import PersonaActs


class PersonaDesk(QObject):
    """Puts the dock into its place and connects it.

    persona_requested(persona_id)    a persona is to be shown on the page of all personas; 0: a new one
    undo_offered(undo)               something was done; how to take it back
    failed(error)                    something could not be done; a ForllmError
    """

    persona_requested = Signal(int)
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(self, window: MainWindow, workspace: Workspace, sidebar: Sidebar, parent: QObject) -> None:
        super().__init__(parent)
        ws = workspace
        self._window = window
        self.acts = PersonaActs(ws.personas, ws.asking, ws.prompts, self)
        self.dock = PersonaDock(ws.personas, ws.forum, ws.events, self.acts, can_open="personas" in PAGES)
        window.panes.put_personas(self.dock)
        self.acts.undo_offered.connect(self.undo_offered)
        self.acts.failed.connect(self.failed)
        self.acts.said.connect(window.status.say)
        self.dock.open_requested.connect(self.persona_requested)
        self.dock.new_requested.connect(lambda: self.persona_requested.emit(0))

    def show_topic(self, topic_id: int) -> None:
        """Take note of the topic that the centre shows; 0 for none."""
        self.dock.show_topic(topic_id)
