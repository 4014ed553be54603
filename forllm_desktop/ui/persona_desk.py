"""All about personas on the desk: their dock, dragging them, and what is done with them."""

from PySide6.QtCore import QObject, QRect, Signal

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.arrivals import Arrivals
from forllm_desktop.ui.drop_plans import DropPlans
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.panes.persona_chooser import PersonaChooser
from forllm_desktop.ui.panes.persona_drops import PersonaDrops
from forllm_desktop.ui.panes.personas import PersonaDock
from forllm_desktop.ui.panes.sidebar import Sidebar
from forllm_desktop.ui.persona_acts import PersonaActs
from forllm_desktop.ui.widgets.drop_hint import DropHint


class PersonaDesk(QObject):
    """Puts the dock into its place and connects it.

    persona_requested(persona_id)    a persona is to be shown on the page of all personas; 0: a new one
    page_requested(key)              a page that goes with a persona is to be shown
    undo_offered(undo)               something was done; how to take it back
    failed(error)                    something could not be done; a ForllmError
    """

    persona_requested = Signal(int)
    page_requested = Signal(str)
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(self, window: MainWindow, workspace: Workspace, sidebar: Sidebar, parent: QObject) -> None:
        super().__init__(parent)
        ws = self._workspace = workspace
        self._window = window
        self._acts = PersonaActs(ws.personas, ws.asking, ws.prompts, self)
        self.dock = PersonaDock(ws.personas, ws.forum, ws.events, self._acts)
        plans = DropPlans(ws.personas, ws.forum, ws.asking, ws.prompts)
        self.drops = PersonaDrops(plans, self._acts, DropHint(window), window)
        window.panes.put_personas(self.dock)
        sidebar.drop_handlers.append(self.drops)
        self._connect(sidebar)

    def show_topic(self, topic_id: int) -> None:
        """Take note of the topic that the centre shows; 0 for none."""
        self.dock.show_topic(topic_id)

    def _connect(self, sidebar: Sidebar) -> None:
        for part in (self._acts, self.drops):
            part.failed.connect(self.failed)
        self._acts.undo_offered.connect(self.undo_offered)
        self._acts.said.connect(self._window.status.say)
        self.dock.open_requested.connect(self.persona_requested)
        self.dock.new_requested.connect(lambda: self.persona_requested.emit(0))
        actions = self._window.actions_by_id
        self.dock.generate_requested.connect(actions["generate"].trigger)
        arrivals = Arrivals(self._window, self._workspace, self)
        arrivals.persona_requested.connect(self.persona_requested)
        arrivals.page_requested.connect(self.page_requested)
        arrivals.list_requested.connect(actions["open_personas"].trigger)
        self.dock.regenerate_requested.connect(lambda id: self.page_requested.emit(f"regenerate:{id}"))
        self.drops.sentence_changed.connect(self._window.status.show_passing)
        sidebar.assign_requested.connect(self._choose_for_subforum)
        sidebar.ask_requested.connect(self._choose_for_topic)

    # -- without a mouse

    def _choose_for_subforum(self, subforum_id: int, place: QRect) -> None:
        personas = self._workspace.personas
        try:
            name = self._workspace.forum.subforum(subforum_id).name
            here = {member.card.persona_id for member in personas.members(subforum_id)}
        except ForllmError as error:
            self.failed.emit(error)
            return
        verbs = ("Assign", "Assign as default")
        chooser = self._chooser(f"Assign to {name}", verbs, here)
        chooser.chosen.connect(
            lambda ids, as_default: self._acts.assign(subforum_id, ids, default=as_default)
        )
        chooser.open_beside(place)

    def _choose_for_topic(self, topic_id: int, place: QRect) -> None:
        chooser = self._chooser("Ask in this topic", ("Ask",), set())
        chooser.chosen.connect(lambda ids, _second: self._acts.ask_in_topic(topic_id, ids))
        chooser.open_beside(place)

    def _chooser(self, title: str, verbs: tuple[str, ...], hidden: set[int]) -> PersonaChooser:
        ws = self._workspace
        off = {card.persona_id for card in ws.personas.cards() if not card.is_active}
        return PersonaChooser(ws.personas, ws.events, title, verbs, self._window, hidden=hidden | off)
