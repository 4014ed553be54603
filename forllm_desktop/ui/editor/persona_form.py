"""The fields of a persona, in one column or two."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from forllm_desktop.domain.persona_text import Finding
from forllm_desktop.domain.servers import ModelChoice, model_word
from forllm_desktop.ui.editor.instructions_edit import InstructionsEdit
from forllm_desktop.ui.editor.typed_persona import TypedPersona
from forllm_desktop.ui.widgets.assigned_chips import AssignedChips
from forllm_desktop.ui.widgets.combo_box import ComboBox
from forllm_desktop.ui.widgets.field import Field
from forllm_desktop.ui.widgets.flow_cards import FlowCards
from forllm_desktop.ui.widgets.fold import Fold
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.segmented import Segmented
from forllm_desktop.ui.widgets.switch import Switch

_THINK_WORDS = {"": "As the settings", "on": "On", "off": "Off"}


class PersonaForm(QWidget):
    """Shows a TypedPersona and returns what became of it.

    edited()    something was typed or chosen
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._description = QLineEdit(), QLineEdit()
        self._tags, self._note = QLineEdit(), QLineEdit()
        self._temperature, self._longest = QLineEdit(), QLineEdit()
        self._model = ComboBox("Preferred model")
        self._think = Segmented("Thinking", _THINK_WORDS)
        self._thinks = ""
        self.chips = AssignedChips()
        self.active = Switch("Active")
        self._source = plain_label("", "small", "text_3", wraps=True)
        self.instructions = InstructionsEdit()
        self._fields: dict[str, Field] = {}
        self._visited: set[str] = set()
        self._is_showing = False
        self._choices: Sequence[tuple[ModelChoice, str]] = ()
        self._servers: set[int] = set()
        self._lay_out()
        self._connect()

    # -- what it holds

    def show_typed(self, typed: TypedPersona) -> None:
        """Show a persona; nothing counts as visited by the user any more."""
        self._is_showing = True
        self._visited.clear()
        for line, text in self._lines(typed):
            if line.text() != text:
                line.setText(text)
                line.setCursorPosition(0)
        self.instructions.set_text(typed.instructions)
        self._thinks = typed.think
        self._think.choose(typed.think)
        self._show_model(typed.model)
        self._is_showing = False
        self._summarize()

    def typed(self) -> TypedPersona:
        """Return what the fields hold."""
        return TypedPersona(
            self._name.text(), self._description.text(), self.instructions.text(), self._model.currentData(),
            self._temperature.text(), self._longest.text(), self._thinks, self._tags.text(),
            self._note.text(),
        )  # fmt: skip

    def show_models(self, choices: Sequence[tuple[ModelChoice, str]], server_ids: set[int]) -> None:
        """Offer these models, each with the name of its server."""
        if (choices, server_ids) == (self._choices, self._servers) and self._model.count():
            return
        chosen = self._model.currentData()
        self._choices, self._servers = choices, server_ids
        self._is_showing = True
        self._show_model(chosen)
        self._is_showing = False

    def show_problems(
        self, problems: dict[str, str], findings: list[Finding], tokens: int, room: int, *, is_new: bool
    ) -> None:
        """Say what is wrong below the fields; of a new persona nothing that the user did not come to yet."""
        for name, field in self._fields.items():
            if name != "model":
                hidden = is_new and name not in self._visited
                field.say("" if hidden else problems.get(name, ""))
        hidden = is_new and not self.instructions.text() and "instructions" not in self._visited
        self.instructions.show_findings([] if hidden else findings)
        self.instructions.show_size(tokens, room)
        if problems.keys() & {"temperature", "max_reply_tokens"}:
            self._sampling.open()

    def show_active(self, *, is_active: bool, may_switch: bool, why_not: str = "") -> None:
        """Say whether the persona answers, and whether that can be changed."""
        self.active.setChecked(is_active)
        self.active.setEnabled(may_switch)
        self.active.setToolTip(why_not)

    def show_source(self, words: str) -> None:
        """Say where the persona comes from."""
        self._source.setText(words)
        self._source.setVisible(bool(words))

    def problem(self, name: str) -> str:
        """Return what is said below a field."""
        return self._fields[name].problem

    def focus_name(self) -> None:
        """Let the user type the name."""
        self._name.setFocus()
        self._name.selectAll()

    # -- inside

    def _lines(self, typed: TypedPersona) -> list[tuple[QLineEdit, str]]:
        return [
            (self._name, typed.name),
            (self._description, typed.description),
            (self._tags, typed.tags),
            (self._note, typed.note),
            (self._temperature, typed.temperature),
            (self._longest, typed.max_reply_tokens),
        ]

    def _show_model(self, chosen: ModelChoice | None) -> None:
        box = self._model
        box.clear()
        box.add("As asked", None)
        for choice, server in self._choices:
            box.add(model_word(choice.name), choice, server)
        gone = chosen is not None and chosen.server_id not in self._servers
        if chosen is not None and not box.choose(chosen):
            box.add(model_word(chosen.name), chosen, "server removed" if gone else "not used lately")
        box.choose(chosen)
        words = "The server of this model was removed. Choose another one." if gone else ""
        self._fields["model"].say(words, is_error=False)

    def _summarize(self) -> None:
        words = [
            f"temperature {self._temperature.text().strip()}" if self._temperature.text().strip() else "",
            f"at most {self._longest.text().strip()} tokens" if self._longest.text().strip() else "",
            f"thinking {_THINK_WORDS[self._thinks].lower()}" if self._thinks else "",
        ]
        self._sampling.summarize(", ".join(filter(None, words)) or "as the settings")

    def _note_instructions(self) -> None:
        if not self._is_showing:
            self._visited.add("instructions")
        self._note_edit()

    def _choose_think(self, value: str) -> None:
        self._thinks = value
        self._note_edit()

    def _note_edit(self) -> None:
        if not self._is_showing:
            self._summarize()
            self.edited.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            name = next((n for n, field in self._fields.items() if field.control is watched), "")
            if name and name not in self._visited:
                self._visited.add(name)
                if not self._is_showing:
                    self.edited.emit()
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        for name, field in self._fields.items():
            control = field.control
            control.installEventFilter(self)
            if isinstance(control, QLineEdit):
                control.textEdited.connect(lambda _text, name=name: self._visited.add(name))
                control.textChanged.connect(lambda _text: self._note_edit())
        self.instructions.edited.connect(self._note_instructions)
        self._model.activated.connect(lambda _row: self._note_edit())
        self._think.chosen.connect(self._choose_think)

    def _active_line(self) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(plain_label("Active", "ui", "text_2"))
        row.addWidget(self.active)
        return line

    def _lay_out(self) -> None:
        self._tags.setPlaceholderText("Words, with commas")
        self._note.setPlaceholderText("For the list of versions")
        self._temperature.setPlaceholderText("As the settings")
        self._longest.setPlaceholderText("As the settings")
        made = {
            "name": ("Name", self._name),
            "description": ("In one line", self._description),
            "model": ("Preferred model", self._model),
            "assigned": ("Assigned to", self.chips),
            "tags": ("Tags", self._tags),
            "note": ("What changed (optional)", self._note),
            "temperature": ("Temperature, 0 to 2", self._temperature),
            "max_reply_tokens": ("Longest reply, in tokens", self._longest),
            "think": ("Thinking", self._think),
        }
        self._fields = {name: Field(label, control) for name, (label, control) in made.items()}
        above = [self._fields[name] for name in ("name", "description", "model", "assigned")]
        below = [self._fields[name] for name in ("tags", "note")]
        sampling = [self._fields[name] for name in ("temperature", "max_reply_tokens", "think")]
        self._sampling = Fold("Sampling", FlowCards(sampling), beside=self._active_line())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(FlowCards(above[:2]))
        layout.addWidget(FlowCards(above[2:]))
        layout.addWidget(self.instructions)
        layout.addWidget(FlowCards(below))
        layout.addWidget(self._sampling)
        layout.addWidget(self._source)
