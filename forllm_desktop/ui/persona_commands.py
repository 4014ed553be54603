"""What can be done with personas besides editing them: the same from menus, chips and keys."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from forllm_desktop.domain.errors import ForllmError, NotFound
from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.domain.undo import PersonaUndo
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.picture_file import NAMES, read_picture
from forllm_desktop.ui.widgets.assigned_chips import Seat

Entry = tuple[str, str, object, bool]


class PersonaCommands(QObject):
    """Each does one thing, tells what failed, and offers to take it back where that is possible.

    failed(error)
    page_requested(key)    a page that goes with a persona is to be shown
    undo_offered(undo)
    """

    failed = Signal(object)
    page_requested = Signal(str)
    undo_offered = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._personas = workspace.personas
        self._forum = workspace.forum
        self._menu: QMenu | None = None
        self._reader = Latest("persona picture", self)
        self._reader.done.connect(self._take_picture)
        self._reader.failed.connect(self.failed)

    # -- reading

    def card(self, persona_id: int) -> PersonaCard | None:
        """Return a persona as a list shows it; None when there is none."""
        try:
            return self._personas.card(persona_id) if persona_id else None
        except NotFound:
            return None

    def seats(self, card: PersonaCard | None) -> list[Seat]:
        """List the subforums, and where a persona is assigned and the default."""
        assigned, default = (card.subforum_ids, card.default_in) if card is not None else ((), ())
        return [
            Seat(s.subforum_id, s.name, s.subforum_id in assigned, s.subforum_id in default)
            for s in self._forum.subforums()
        ]

    # -- doing

    def assign(self, subforum_id: int, persona_id: int) -> None:
        """Let a persona answer in a subforum."""
        self._do(lambda: self._personas.assign(subforum_id, persona_id))

    def unassign(self, subforum_id: int, persona_id: int) -> None:
        """Take a persona away from a subforum."""
        self._do(lambda: self._personas.unassign(subforum_id, persona_id))

    def set_default(self, subforum_id: int, persona_id: int, is_default: bool) -> None:
        """Make a persona the default of a subforum, or leave the subforum without one."""
        self._do(lambda: self._personas.set_default(subforum_id, persona_id if is_default else None))

    def set_global_default(self, persona_id: int | None) -> None:
        """Choose who answers where a subforum has no default; None: nobody but the fallback."""
        self._do(lambda: self._personas.set_global_default(persona_id))

    def set_active(self, persona_id: int, is_active: bool) -> None:
        """Switch a persona on or off."""
        self._do(lambda: self._personas.set_active(persona_id, is_active))

    def delete(self, persona_ids: Sequence[int]) -> None:
        """Move personas to the trash."""
        self._do(lambda: self._personas.delete(persona_ids))

    def duplicate(self, persona_id: int) -> int:
        """Make a copy of a persona and return its id; 0 when that failed."""
        made: list[int] = []
        self._do(lambda: made.append(self._personas.duplicate(persona_id).persona_id))
        return made[0] if made else 0

    def restore_version(self, persona_id: int, number: int) -> bool:
        """Make an earlier version the newest; False when that failed."""
        done: list[object] = []
        self._do(lambda: done.append(self._personas.revert(persona_id, number)))
        return bool(done)

    def set_colour(self, persona_id: int, colour: str) -> None:
        """Give a persona another colour; its picture, if it has one, stays."""
        self._do(lambda: self._personas.set_avatar(persona_id, colour, self._picture(persona_id)))

    def remove_picture(self, persona_id: int) -> None:
        """Let a persona show its initials again."""
        self._do(lambda: self._personas.set_avatar(persona_id, self._colour(persona_id)))

    def choose_picture(self, persona_id: int, parent: QWidget) -> None:
        """Let the user choose a picture file; it is read in a thread."""
        dialog = QFileDialog(parent, f"Picture of {self._personas.persona(persona_id).name}", "", NAMES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.read_picture(persona_id, path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def read_picture(self, persona_id: int, path: str) -> None:
        """Give a persona the picture in a file."""
        self._reader.ask(lambda: (persona_id, read_picture(path)))

    def stop(self) -> None:
        """End what runs."""
        self._reader.stop()

    # -- menus

    def entries(
        self, card: PersonaCard | None, *, open: Callable[[int], object], delete: Callable[[], object]
    ) -> list[Entry]:
        """List what can be done with a persona: icon, words, step, whether it is possible."""
        if card is None:
            return []
        persona_id = card.persona_id
        is_default = card.is_global_default
        default = "No longer the global default" if is_default else "Make global default"
        switch = "Switch off" if card.is_active else "Switch on"

        def regenerate() -> None:
            self.page_requested.emit(f"regenerate:{persona_id}")

        def copy() -> None:
            made = self.duplicate(persona_id)
            if made:
                open(made)

        return [
            *([("magic-wand", "Regenerate…", regenerate, True)] if card.is_generated else []),
            ("copy", "Duplicate", copy, True),
            ("star", default, lambda: self.set_global_default(None if is_default else persona_id),
             card.is_active or is_default),
            ("prohibit" if card.is_active else "check", switch,
             lambda: self.set_active(persona_id, not card.is_active), not card.is_fallback),
            ("trash", "Delete", delete, not card.is_fallback),
            ("file-text", "Templates…", lambda: self.page_requested.emit("templates"), True),
        ]  # fmt: skip

    def pop_up(self, entries: Sequence[Entry], at: QPoint) -> None:
        """Show a menu of a persona at a point of the screen."""
        if self._menu is None:
            parent = self.parent()
            self._menu = QMenu(parent if isinstance(parent, QWidget) else None)
        self._menu.clear()
        for icon_name, word, step, is_possible in entries:
            action = self._menu.addAction(icon(icon_name), word)
            action.setEnabled(is_possible)
            action.triggered.connect(lambda _=False, step=step: step())  # type: ignore[operator]
        self._menu.popup(at)

    # -- inside

    def _do(self, step: Callable[[], object]) -> None:
        try:
            undo = step()
        except ForllmError as error:
            self.failed.emit(error)
            return
        if isinstance(undo, PersonaUndo):
            self.undo_offered.emit(undo)

    def _take_picture(self, read: object) -> None:
        assert isinstance(read, tuple)
        persona_id, png = read
        self._do(lambda: self._personas.set_avatar(persona_id, self._colour(persona_id), png))

    def _colour(self, persona_id: int) -> str | None:
        return self._personas.persona(persona_id).avatar_colour

    def _picture(self, persona_id: int) -> bytes | None:
        return self._personas.pictures([persona_id]).get(persona_id)
