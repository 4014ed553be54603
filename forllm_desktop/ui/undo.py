"""Undo: the quiet bar after an action, and Ctrl+Z over the last ones."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.undo import PersonaUndo, PersonaUndoKind, Restored, Undo, UndoKind
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.widgets.quiet_bar import QuietBar

KEPT = 50


class UndoList(QObject):
    """The actions that can be taken back, the last one first.

    changed()    there is something to take back, or no longer
    """

    changed = Signal()

    def __init__(
        self,
        forum: ForumService,
        personas: PersonaService,
        asking: PersonaAskingService,
        bar: QuietBar,
        parent: QObject | None = None,
        undo_edit: Callable[[Undo], Restored] | None = None,
    ) -> None:
        super().__init__(parent)
        self._undo_edit = undo_edit or forum.undo
        self._forum, self._personas, self._asking = forum, personas, asking
        self._bar = bar
        self._undos: list[Undo | PersonaUndo] = []

    @property
    def label(self) -> str:
        """Return in words what would be taken back next; empty when there is nothing."""
        return self._undos[-1].label if self._undos else ""

    def offer(self, undo: Undo | PersonaUndo) -> None:
        """Say what was done and offer to take it back."""
        self._undos = [*self._undos, undo][-KEPT:]
        self._bar.say(undo.label, icon=_icon(undo), action="Undo", on_action=lambda: self.take_back(undo))
        self.changed.emit()

    def take_back_last(self) -> None:
        """Take the last action back."""
        if self._undos:
            self.take_back(self._undos[-1])

    def take_back(self, undo: Undo | PersonaUndo) -> None:
        """Take an action back and say what came back, or why that is not possible."""
        self._undos = [other for other in self._undos if other is not undo]
        try:
            restored = self._restore(undo)
        except ForllmError as error:
            self._bar.say_error(error)
        else:
            self._bar.say(restored.message, icon="arrow-counter-clockwise")
        self.changed.emit()

    def _restore(self, undo: Undo | PersonaUndo) -> Restored:
        if isinstance(undo, Undo):
            is_edit = undo.kind is UndoKind.POST_EDITED
            return self._undo_edit(undo) if is_edit else self._forum.undo(undo)
        if undo.kind is PersonaUndoKind.ASKED:
            return self._asking.undo(undo)
        return self._personas.undo(undo)


def _icon(undo: Undo | PersonaUndo) -> str:
    if undo.kind.value.endswith("deleted"):
        return "trash"
    if isinstance(undo, Undo):
        return {UndoKind.MARKED_READ: "checks", UndoKind.PROMPT_RULE: "push-pin"}.get(
            undo.kind, "pencil-simple"
        )
    return "chat-centered-text" if undo.kind is PersonaUndoKind.ASKED else "users"
