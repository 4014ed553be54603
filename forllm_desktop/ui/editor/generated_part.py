"""What is known of a generated persona: where it comes from, what it lacks, new texts for it, your rating."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.templates import NOTE_LIMIT
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui import words
from forllm_desktop.ui.generated_words import input_lines, origin_words
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.quiet_bar import QuietBar


class GeneratedPart(QWidget):
    """Hidden for a persona of which nothing of this is to be said.

    compare_requested(request_id)       a new text is to be compared with the current one
    failed(error)
    regenerate_requested(persona_id)    a new text is wanted
    """

    compare_requested = Signal(int)
    failed = Signal(object)
    regenerate_requested = Signal(int)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ws = workspace
        self._persona_id = 0
        self._thumbs = 0
        self._proposed, self._lacking = QuietBar(), QuietBar()
        self._origin = plain_label("", "small", "text_3", wraps=True)
        self._inputs = plain_label("", "small", "text_2", wraps=True)
        self._show_inputs = push_button("Show inputs", "quiet", small=True)
        self._regenerate = push_button("Regenerate…", "quiet", "magic-wand", small=True)
        self._up = icon_button("This persona is good", "thumbs-up", checkable=True)
        self._down = icon_button("This persona is not good", "thumbs-down", checkable=True)
        self._note = QLineEdit()
        self._row = QWidget()
        self._lay_out()
        self._show_inputs.setCheckable(True)
        self._note.setMaxLength(NOTE_LIMIT)
        self._note.setPlaceholderText("What is good or bad about it?")
        self._note.setAccessibleName("Note on the rating")
        self._show_inputs.toggled.connect(self._fold_inputs)
        self._regenerate.clicked.connect(lambda: self.regenerate_requested.emit(self._persona_id))
        self._up.clicked.connect(lambda is_on: self._rate(1 if is_on else 0))
        self._down.clicked.connect(lambda is_on: self._rate(-1 if is_on else 0))
        self._note.editingFinished.connect(self.keep_note)
        self._fold_inputs(False)

    def show_persona(self, persona: Persona | None) -> None:
        """Show what is known of a persona; None is one that is not saved yet."""
        persona_id = persona.persona_id if persona is not None else 0
        if persona_id != self._persona_id:
            self.keep_note()
            self._show_inputs.setChecked(False)
        self._persona_id = persona_id
        has_origin = persona is not None and self._show_origin(persona)
        self._row.setVisible(has_origin)
        self._show_proposals(persona)
        self._show_lack(persona)
        self._fold_inputs(self._show_inputs.isChecked() and has_origin)
        has_bars = not self._proposed.isHidden() or not self._lacking.isHidden()
        self.setVisible(has_origin or has_bars)

    @property
    def origin(self) -> str:
        """What is said of where the persona comes from."""
        return self._origin.text() if not self._row.isHidden() else ""

    # -- showing

    def _show_origin(self, persona: Persona) -> bool:
        try:
            request = self._ws.generation.inputs_of(persona.persona_id)
        except (InvalidInput, KeyError, TypeError):
            # Made by another version of the app, or edited by hand in the file.
            request = None
        if request is None:
            return False
        self._origin.setText(origin_words(persona, request))
        self._inputs.setText("\n".join(input_lines(persona, request)))
        rating = self._ws.ratings.rating(persona.persona_id)
        self._thumbs = rating.thumbs if rating is not None else 0
        self._up.setChecked(self._thumbs > 0)
        self._down.setChecked(self._thumbs < 0)
        if not self._note.isModified():
            self._note.setText(rating.note if rating is not None else "")
        self._note.setVisible(bool(self._thumbs))
        return True

    def _show_proposals(self, persona: Persona | None) -> None:
        found = self._ws.proposals.proposals(persona.persona_id) if persona is not None else []
        if persona is None or not found:
            self._proposed.hide()
            return
        newest = found[0].request_id
        said = f"A new text for {persona.name} is proposed."
        if len(found) > 1:
            said = f"{words.counted(len(found), 'new text')} for {persona.name} are proposed."
        self._proposed.say(
            said,
            icon="git-diff",
            action="Compare",
            on_action=lambda: self.compare_requested.emit(newest),
        )

    def _show_lack(self, persona: Persona | None) -> None:
        if persona is None or persona.attention is None:
            self._lacking.hide()
            return
        self._lacking.say(
            f"{persona.attention} {persona.name} answers nobody until you accept it.",
            kind="warn",
            action="Accept",
            on_action=self._accept,
        )

    def _fold_inputs(self, is_shown: bool) -> None:
        self._inputs.setVisible(is_shown)
        self._show_inputs.setText("Hide inputs" if is_shown else "Show inputs")
        self._show_inputs.setAccessibleName(self._show_inputs.text())

    # -- doing

    def _accept(self) -> None:
        try:
            self._ws.generation.accept(self._persona_id)
        except ForllmError as error:
            self.failed.emit(error)

    def _rate(self, thumbs: int) -> None:
        note = self._note.text() if thumbs else ""
        self._store(thumbs, note)
        if thumbs:
            self._note.show()

    def keep_note(self) -> None:
        """Store what is typed of the note."""
        rating = self._ws.ratings.rating(self._persona_id) if self._persona_id and self._thumbs else None
        self._note.setModified(False)
        if rating is not None and rating.note != self._note.text().strip():
            self._store(self._thumbs, self._note.text())

    def _store(self, thumbs: int, note: str) -> None:
        try:
            self._ws.ratings.rate(self._persona_id, thumbs, note)
            self._thumbs = thumbs
        except ForllmError as error:
            self.failed.emit(error)

    def _lay_out(self) -> None:
        line = FlowLayout(gap=8)
        for widget in (self._up, self._down, self._show_inputs, self._regenerate):
            line.addWidget(widget)
        row = QVBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._origin)
        row.addLayout(line)
        row.addWidget(self._note)
        row.addWidget(self._inputs)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._proposed)
        layout.addWidget(self._lacking)
        layout.addWidget(self._row)
