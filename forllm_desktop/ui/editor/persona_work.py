"""The persona that is being edited: what is saved, what is typed, and the draft that keeps the difference."""

from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.persona_text import Finding, instruction_findings
from forllm_desktop.services.drafts import DraftService
from forllm_desktop.services.persona import PersonaService, StaleVersion
from forllm_desktop.ui import words
from forllm_desktop.ui.editor.typed_persona import (
    TypedPersona,
    field_problems,
    from_draft,
    to_draft,
    typed_from,
)
from forllm_desktop.ui.latest import Latest

CHECK_AFTER, SAVE_AFTER = 150, 600
"""Milliseconds without a key before what is typed is checked, and before its draft is kept."""
LONG = 20_000
"""Characters from which on instructions are checked in a thread."""


class PersonaWork(QObject):
    """Nothing typed is ever lost here, and nothing is asked: leaving keeps a draft.

    opened()        another persona is edited, or this one was read anew: `typed` is what to show
    changed()       what is typed changed, or what is known of it
    checked()       `problems`, `findings` and `size` are those of what is typed
    saved(words)    what was kept, for the status line
    failed(error)   what could not be done
    """

    opened = Signal()
    changed = Signal()
    checked = Signal()
    saved = Signal(str)
    failed = Signal(object)

    def __init__(self, personas: PersonaService, drafts: DraftService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._personas = personas
        self._drafts = drafts
        self.persona: Persona | None = None
        self.stored = self.typed = TypedPersona()
        self.based_on = self.newest = 0
        self.problems: dict[str, str] = {}
        self.findings: list[Finding] = []
        self.size = self.room = 0
        self.typed_at: datetime = utc_now()
        self._is_kept = self._is_saving = False
        self._checker = Latest("persona check", self)
        self._checker.done.connect(self._take_findings)
        self._check_timer = QTimer(self, singleShot=True, interval=CHECK_AFTER)
        self._check_timer.timeout.connect(self.check)
        self._save_timer = QTimer(self, singleShot=True, interval=SAVE_AFTER)
        self._save_timer.timeout.connect(self.flush)

    # -- what is edited

    @property
    def persona_id(self) -> int:
        """The persona that is edited; 0 for one that is not made yet."""
        return self.persona.persona_id if self.persona is not None else 0

    @property
    def is_new(self) -> bool:
        """Say whether this persona is not made yet."""
        return self.persona is None

    @property
    def differs(self) -> bool:
        """Say whether saving would make a version."""
        return self.typed.versioned != self.stored.versioned

    @property
    def has_changes(self) -> bool:
        """Say whether anything was typed that is not saved."""
        return self.typed != self.stored

    @property
    def is_stale(self) -> bool:
        """Say whether a newer version was saved elsewhere since this editing began."""
        return self.has_changes and self.newest > self.based_on > 0

    @property
    def is_valid(self) -> bool:
        """Say whether what is typed could be saved."""
        # What was good enough when it was saved stays so.
        is_as_saved = self.persona is not None and self.typed.instructions == self.stored.instructions
        return not self.problems and (is_as_saved or not any(f.is_blocking for f in self.findings))

    @property
    def can_save(self) -> bool:
        """Say whether there is something to save and it may be saved."""
        changes = self.differs or self.typed.tag_list != self.stored.tag_list
        return self.is_valid and (self.is_new or changes)

    @property
    def is_busy(self) -> bool:
        """Say whether what is typed is still to be checked."""
        return self._check_timer.isActive() or self._checker.is_busy

    def open(self, persona_id: int) -> None:
        """Edit a persona, with what was typed and not saved; 0 is a new one. Raises NotFound."""
        persona = self._personas.persona(persona_id) if persona_id else None
        if persona is not None and persona.deleted_at is not None:
            raise NotFound(f"The persona “{persona.name}” is deleted", "Restore it from the Trash first.")
        if not self.flush():
            raise NotPossible("The draft could not be kept", "What you typed stays here. Try again soon.")
        self._show(persona)

    def type(self, typed: TypedPersona) -> None:
        """Take over what the form holds now."""
        if typed == self.typed:
            return
        self.typed, self.typed_at, self._is_kept = typed, utc_now(), False
        self._save_timer.start()
        self._check_timer.start()
        self.changed.emit()

    # -- what is done with it

    def save(self) -> None:
        """Save what is typed, as a persona or a version; after a newer one only when that was said."""
        self._check_timer.stop()
        self.check(at_once=True)
        if not self.can_save:
            return
        self._is_saving = True
        try:
            saved = self._write()
        except StaleVersion as stale:
            self.newest = stale.newest
            self.changed.emit()
        except InvalidInput as error:
            self.problems = {**self.problems, error.field: f"{error.title}. {error.message}"}
            self.checked.emit()
        except ForllmError as error:
            self.failed.emit(error)
        else:
            self._drafts.discard(self._place)
            self._save_timer.stop()
            self._show(saved, is_fresh=True)
            self.saved.emit(f"{saved.name} saved as v{saved.version}")
        finally:
            self._is_saving = False

    def discard(self) -> None:
        """Forget what is typed and show what is saved."""
        self._save_timer.stop()
        self._drafts.discard(self._place)
        self._show(self._personas.persona(self.persona_id) if self.persona_id else None)

    def flush(self) -> bool:
        """Keep the draft now; False when the store did not take it, which is tried again."""
        self._save_timer.stop()
        if self._is_kept:
            return True
        try:
            if self.has_changes:
                self._drafts.save(self._place, to_draft(self.typed, self.based_on), self.typed.name)
            else:
                self._drafts.discard(self._place)
        except ForllmError as error:
            self._save_timer.start()
            self.failed.emit(error)
            return False
        self._is_kept = True
        if self.has_changes:
            self.saved.emit(f"Draft saved {words.clock(utc_now(), utc_now())}")
        return True

    def stop(self) -> None:
        """Keep the draft and end what runs."""
        self.flush()
        self._check_timer.stop()
        self._checker.stop()

    def refresh(self) -> None:
        """Look at what is saved again: unless something is typed, show it."""
        if self._is_saving or self.persona is None:
            return
        persona = self._personas.persona(self.persona_id)
        if persona.deleted_at is not None:
            return
        if not self.has_changes and typed_from(persona.content, persona.tags) != self.stored:
            self._show(persona, is_fresh=True)
            return
        if not self.has_changes:
            self.based_on = persona.version
        self.persona, self.newest = persona, persona.version
        self.changed.emit()

    def check(self, *, at_once: bool = False) -> None:
        """Find what is wrong with what is typed; long instructions are looked at in a thread."""
        self._check_timer.stop()
        self.room = self._personas.room()
        saved = self.stored if self.persona is not None else None
        self.problems = field_problems(self.typed, self._is_taken, saved)
        text = self.typed.instructions
        self.size = self._personas.size_of(text)
        size, room = self.size, self.room
        if self.persona is not None and text == self.stored.instructions:
            room = None
        if at_once or len(text) < LONG:
            self._take_findings(instruction_findings(text, size, room))
        else:
            self._checker.ask(lambda: instruction_findings(text, size, room))

    # -- inside

    @property
    def _place(self) -> str:
        return f"persona:{self.persona_id or 'new'}"

    def _show(self, persona: Persona | None, *, is_fresh: bool = False) -> None:
        """Begin with what is saved, and with the draft if there is one; `is_fresh`: there is none."""
        self.persona = persona
        self.stored = typed_from(persona.content, persona.tags) if persona is not None else TypedPersona()
        self.typed, self._is_kept = self.stored, True
        self.based_on = self.newest = persona.version if persona is not None else 0
        draft = None if is_fresh else self._drafts.draft(self._place)
        found = from_draft(draft.content) if draft is not None else None
        if draft is not None and found is not None:
            self.typed, self.based_on = found
            self.typed_at = draft.updated_at
        self.opened.emit()
        self.check()
        self.changed.emit()

    def _write(self) -> Persona:
        typed, content = self.typed, self.typed.content
        if self.persona is None:
            return self._personas.create(
                content.name, content.instructions, content.description,
                options=content.options, tags=typed.tag_list, note=typed.note.strip(),
            )  # fmt: skip
        saved = self._personas.change(
            self.persona_id,
            name=content.name,
            instructions=content.instructions,
            description=content.description,
            options=content.options,
            note=typed.note.strip(),
            based_on=self.newest if self.is_stale else self.based_on,
        )
        if typed.tag_list != self.stored.tag_list:
            self._personas.set_tags(self.persona_id, typed.tag_list)
        return self._personas.persona(saved.persona_id)

    def _is_taken(self, name: str) -> bool:
        return any(other.persona_id != self.persona_id for other in self._personas.find(name))

    def _take_findings(self, findings: object) -> None:
        assert isinstance(findings, list)
        self.findings = findings
        self.checked.emit()
