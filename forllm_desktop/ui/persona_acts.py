"""What can be done with personas from anywhere in the window, and how each of it is taken back."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.undo import PersonaUndo
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService


class PersonaActs(QObject):
    """The verbs of the services, with their errors and undos told.

    undo_offered(undo)     it is done; how to take it back
    said(words)            nothing had to be done, for the reason that the words say
    failed(error)          it could not be done; a ForllmError
    """

    undo_offered = Signal(object)
    said = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        personas: PersonaService,
        asking: PersonaAskingService,
        prompts: PromptService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._personas, self._asking, self._prompts = personas, asking, prompts

    def assign(self, subforum_id: int, persona_ids: Sequence[int], *, default: bool = False) -> None:
        """Let personas answer in a subforum; with `default` the first becomes its default."""
        self._do(lambda: self._personas.assign(subforum_id, persona_ids, default=default), _assigned_nobody)

    def unassign(self, subforum_id: int, persona_id: int) -> None:
        """Take a persona away from a subforum."""
        self._do(lambda: self._personas.unassign(subforum_id, persona_id))

    def ask_in_topic(self, topic_id: int, persona_ids: Sequence[int]) -> None:
        """Ask personas to answer the newest whole post of a topic."""
        self._do(
            lambda: self._asking.ask(self._prompts.answered_post(topic_id), self._asking.wishes(persona_ids))
        )

    def ask_about(self, post_id: int, persona_ids: Sequence[int]) -> None:
        """Ask personas to answer a post."""
        self._do(lambda: self._asking.ask(post_id, self._asking.wishes(persona_ids)))

    def set_global_default(self, persona_id: int | None) -> None:
        """Let a persona answer where a subforum has no default; None leaves it to the fallback."""
        self._do(lambda: self._personas.set_global_default(persona_id))

    def set_active(self, persona_ids: Sequence[int], is_active: bool) -> None:
        """Switch personas on or off."""
        self._do(lambda: self._personas.set_active(persona_ids, is_active))

    def delete(self, persona_ids: Sequence[int]) -> None:
        """Move personas to the trash."""
        self._do(lambda: self._personas.delete(persona_ids))

    def duplicate(self, persona_id: int) -> int:
        """Copy a persona and return the number of the copy; 0 when that was not possible."""
        try:
            return self._personas.duplicate(persona_id).persona_id
        except ForllmError as error:
            self.failed.emit(error)
            return 0

    def _do(
        self,
        verb: Callable[[], PersonaUndo],
        changed_nothing: Callable[[PersonaUndo], bool] = lambda undo: False,
    ) -> None:
        try:
            undo = verb()
        except ForllmError as error:
            self.failed.emit(error)
            return
        if changed_nothing(undo):
            self.said.emit(undo.label)
        else:
            self.undo_offered.emit(undo)


def _assigned_nobody(undo: PersonaUndo) -> bool:
    return undo.default_before == undo.default_after and set(undo.assigned_before) == set(undo.persona_ids)
