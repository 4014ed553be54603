"""The left column: what a persona is to be made from, and how it shall be written."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.forum import Subforum
from forllm_desktop.domain.variation import MOST
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.models import ModelsService
from forllm_desktop.ui.generator.headings_edit import HeadingsEdit
from forllm_desktop.ui.generator.model_box import ModelBox
from forllm_desktop.ui.generator.suggest_box import SuggestBox
from forllm_desktop.ui.generator.text_area import TextArea
from forllm_desktop.ui.generator.wishes import LEAST, Kind, Wishes, fitted
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.checks import CheckBox, RadioButton
from forllm_desktop.ui.widgets.combo_box import ComboBox
from forllm_desktop.ui.widgets.field import Field
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.switch import Switch

TONES = ("What fits", "formal", "casual", "witty", "dry", "warm", "strict")
LENGTHS = ("What fits", "concise", "medium", "detailed")
KINDS = {
    Kind.IDEA: "From an idea",
    Kind.EXPERT: "Expert for a subforum",
    Kind.ASSISTANT: "General assistant",
    Kind.SEVERAL: "Several experts at once",
}
_PAUSE = 300
"""Milliseconds after typing before it is looked up whether a brainstorm can be taken over."""


class WishForm(QWidget):
    """All fields; `wishes` is what they hold.

    edited()        the user changed something
    kind_changed()  another kind is chosen, or another number of experts
    templates_requested()
    """

    edited = Signal()
    kind_changed = Signal()
    templates_requested = Signal()

    def __init__(self, forum: ForumService, models: ModelsService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forum = forum
        self._wishes = Wishes()
        self._is_showing = False
        self._regenerated = ""
        self._title = plain_label("New persona", "heading", elides=True)
        self._templates = push_button("Templates…", "quiet", small=True)
        self._subforums: dict[int, Subforum] = {}
        self._find_brainstorm: Callable[[Wishes], int | None] = lambda _wishes: None
        self._kinds = QButtonGroup(self)
        self._radios = {kind: RadioButton(words) for kind, words in KINDS.items()}
        self._name_hint, self._idea = (
            QLineEdit(),
            TextArea("A marine biologist who explains by what she saw."),
        )
        self._purpose = TextArea("Helps with letters, plans and decisions.")
        self._subforum, self._description = ComboBox("Subforum"), TextArea("What the subforum is about.")
        self._directives = TextArea("Explain why a step matters.", least=2)
        self._count = QSpinBox()
        self._tone, self._length = SuggestBox("Tone", TONES), SuggestBox("Length", LENGTHS)
        self._model, self._name = ModelBox(models), QLineEdit()
        self._headings = HeadingsEdit()
        self._checks, self._reuses = (
            Switch("Check the result in a third step"),
            Switch("Start from the last brainstorm"),
        )
        self._assigns, self._assign_to = CheckBox("Assign to"), ComboBox("Subforum it is assigned to")
        self.fields = self._make_fields()
        self._lookup = QTimer(self, singleShot=True, interval=_PAUSE)
        self._dress_fields()
        self._lay_out()
        self._connect()
        self.refresh_subforums()

    # -- what it holds

    @property
    def wishes(self) -> Wishes:
        """Return what is typed now."""
        now = self._wishes
        now.name_hint, now.idea = self._name_hint.text(), self._idea.text()
        now.purpose, now.directives = self._purpose.text(), self._directives.text()
        now.description = self._description.text()
        now.subforum_id = self._subforum.currentData() or 0
        now.tone, now.length = self._tone.text(), self._length.text()
        now.model, now.name = self._model.choice(), self._name.text()
        now.headings, now.count = self._headings.headings(), self._count.value()
        now.checks, now.reuses = self._checks.isChecked(), self._reuses.isChecked()
        now.assigns, now.assign_to = self._assigns.isChecked(), self._assign_to.currentData() or 0
        now.plan = fitted(now.plan, now.count)
        return now

    @property
    def places(self) -> dict[int, str]:
        """Return the names of the subforums by id."""
        return {id: subforum.name for id, subforum in self._subforums.items()}

    def show_wishes(self, wishes: Wishes) -> None:
        """Fill all fields."""
        self._is_showing = True
        self._wishes = wishes
        self._radios[wishes.kind].setChecked(True)
        for field, text in (
            (self._name_hint, wishes.name_hint),
            (self._idea, wishes.idea),
            (self._purpose, wishes.purpose),
            (self._description, wishes.description),
            (self._directives, wishes.directives),
            (self._name, wishes.name),
        ):
            field.setText(text)
        for box, text in ((self._tone, wishes.tone), (self._length, wishes.length)):
            box.set_text(text)
        self._subforum.choose(wishes.subforum_id)
        self._model.show_choice(wishes.model)
        self._headings.show_headings(wishes.headings)
        self._count.setValue(wishes.count)
        self._checks.setChecked(wishes.checks)
        self._reuses.setChecked(wishes.reuses)
        self._assigns.setChecked(wishes.assigns)
        self._assign_to.choose(wishes.assign_to)
        self._is_showing = False
        self.say_nothing()
        self._show_kind()

    def regenerate(self, name: str) -> None:
        """Ask for a new text of one persona, which keeps its places."""
        self._regenerated = name
        self._title.setText(f"A new text for {name}")
        self._radios[Kind.SEVERAL].hide()
        self._show_kind()

    def choose_subforum(self, subforum_id: int) -> None:
        """Ask for an expert of a subforum, or several if that was chosen before."""
        wishes = self.wishes
        if not wishes.kind.is_expert:
            wishes.kind = Kind.EXPERT
        if subforum_id != wishes.subforum_id:
            wishes.subforum_id, wishes.description = subforum_id, ""
        self.show_wishes(wishes)
        self.edited.emit()

    def look_up_brainstorms(self, find: Callable[[Wishes], int | None]) -> None:
        """Use this to find out whether a brainstorm of the same wishes can be taken over."""
        self._find_brainstorm = find
        self._lookup.start()

    def look_up_now(self) -> None:
        """Find out now whether a brainstorm of the same wishes can be taken over."""
        self._lookup.stop()
        found = self._find_brainstorm(self.wishes)
        self._reuses.setEnabled(found is not None)
        if found is None:
            self._reuses.setChecked(False)
        tip = "" if found is not None else "There is none of these wishes and this model yet"
        self._reuses.setToolTip(tip)

    def refresh_subforums(self) -> None:
        """Show the subforums there are by now."""
        self._subforums = {subforum.subforum_id: subforum for subforum in self._forum.subforums()}
        self._is_showing = True
        for box in (self._subforum, self._assign_to):
            chosen = box.currentData()
            box.clear()
            for id, subforum in self._subforums.items():
                box.add(subforum.name, id)
            if not box.choose(chosen) and box.count():
                box.setCurrentIndex(0)
        self._is_showing = False
        self._show_kind()

    # -- what is wrong

    def show_error(self, error: InvalidInput) -> bool:
        """Say below a field what is wrong with it and go there; False when no field is meant."""
        self.say_nothing()
        field = self.fields.get(error.field)
        if field is None or field.isHidden():
            return False
        field.say(f"{error.title}. {error.message}" if error.message else f"{error.title}.")
        field.control.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def say_nothing(self) -> None:
        """Take away what was said to be wrong."""
        for field in self.fields.values():
            field.say("")

    # -- following what is typed

    def _note(self) -> None:
        if self._is_showing:
            return
        self.say_nothing()
        self._lookup.start()
        self.edited.emit()

    def _choose_kind(self) -> None:
        if self._is_showing:
            return
        self._wishes.kind = next(kind for kind, radio in self._radios.items() if radio.isChecked())
        self._show_kind()
        self._note()

    def _note_place(self) -> None:
        if not self._is_showing:
            self._description.setText("")
            self._show_kind()
            self._note()

    def _show_kind(self) -> None:
        kind = self._wishes.kind
        place = self._subforums.get(self._subforum.currentData() or 0)
        shown = {
            "name_hint": kind in (Kind.IDEA, Kind.ASSISTANT),
            "description_hint": kind is Kind.IDEA,
            "purpose_hint": kind is Kind.ASSISTANT,
            "subforum_name": kind.is_expert,
            "subforum_description": kind.is_expert and place is not None and not place.description,
            "additional_directives": kind.is_expert,
            "count": kind is Kind.SEVERAL,
            "target_persona_name_override": kind is not Kind.SEVERAL,
        }
        for name, is_shown in shown.items():
            self.fields[name].setVisible(is_shown)
        self._place_row.setVisible(not kind.is_expert and not self._regenerated)
        self._place_words.setVisible(kind.is_expert and not self._regenerated)
        self._assign_to.setEnabled(self._assigns.isChecked())
        self._assigns.setEnabled(bool(self._subforums))
        self._reuse_row.setVisible(kind is not Kind.SEVERAL)
        self.setFocusProxy(self._radios[kind])
        self.kind_changed.emit()

    # -- how it is made

    def _make_fields(self) -> dict[str, Field]:
        return {
            "name_hint": Field("Name, or let the model choose", self._name_hint),
            "description_hint": Field("Idea", self._idea),
            "purpose_hint": Field("What it is for", self._purpose),
            "subforum_name": Field("Subforum", self._subforum),
            "subforum_description": Field("Description of the subforum", self._description),
            "additional_directives": Field("Directives", self._directives),
            "count": Field(f"How many, {LEAST} to {MOST}", self._count),
            "tone_preference": Field("Tone", self._tone),
            "length_preference": Field("Length", self._length),
            "llm_model_for_generation": Field("Written by", self._model),
            "target_persona_name_override": Field("Exact name", self._name),
            "desired_headings": Field("Headings", self._headings),
        }

    def _dress_fields(self) -> None:
        self._name_hint.setPlaceholderText("For example Signe")
        self._name.setPlaceholderText("Whatever the model writes")
        self._count.setRange(LEAST, MOST)
        # The arrows of the style are unreadable within the style sheet; keys and wheel do the same.
        self._count.setStyleSheet(
            "QSpinBox::up-button, QSpinBox::down-button { width: 0; border: none; }"
            "QSpinBox QLineEdit { border: none; padding: 0 4px; background: transparent; min-height: 0; }"
        )
        for kind, radio in self._radios.items():
            self._kinds.addButton(radio)
            radio.setChecked(kind is Kind.IDEA)

    def _lay_out(self) -> None:
        pair = QGridLayout()
        pair.setHorizontalSpacing(12)
        for name in ("tone_preference", "length_preference"):
            # Two short words stand beside each other in whatever room there is.
            self.fields[name].setMinimumWidth(1)
        pair.addWidget(self.fields["tone_preference"], 0, 0)
        pair.addWidget(self.fields["length_preference"], 0, 1)
        self._place_row = _row(self._assigns, self._assign_to)
        self._place_words = plain_label(
            "An expert is assigned to its subforum when it arrives.", "small", "text_3", wraps=True
        )
        self._reuse_row = _switch_row(self._reuses)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(self._title)
        kinds = QVBoxLayout()
        kinds.setSpacing(theme().px(2))
        for radio in self._radios.values():
            kinds.addWidget(radio)
        layout.addLayout(kinds)
        for name in (
            "name_hint",
            "description_hint",
            "purpose_hint",
            "subforum_name",
            "subforum_description",
            "additional_directives",
            "count",
        ):
            layout.addWidget(self.fields[name])
        layout.addLayout(pair)
        for name in ("llm_model_for_generation", "target_persona_name_override", "desired_headings"):
            layout.addWidget(self.fields[name])
        layout.addWidget(_switch_row(self._checks))
        layout.addWidget(self._reuse_row)
        layout.addWidget(self._place_row)
        layout.addWidget(self._place_words)
        layout.addWidget(self._templates, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addStretch()

    def _connect(self) -> None:
        self._templates.clicked.connect(self.templates_requested)
        for line in (self._name_hint, self._name):
            line.textEdited.connect(lambda _text: self._note())
        for area in (self._idea, self._purpose, self._description, self._directives):
            area.textChanged.connect(self._note)
        for part in (self._tone, self._length, self._model, self._headings):
            part.edited.connect(self._note)
        for switch in (self._checks, self._reuses):
            switch.toggled.connect(lambda _on: self._note())
        for radio in self._radios.values():
            radio.toggled.connect(lambda is_on: self._choose_kind() if is_on else None)
        self._subforum.currentIndexChanged.connect(lambda _row: self._note_place())
        self._assign_to.currentIndexChanged.connect(lambda _row: self._note())
        self._assigns.toggled.connect(self._assign_to.setEnabled)
        self._assigns.toggled.connect(lambda _on: self._note())
        self._count.valueChanged.connect(lambda _number: self._note_count())
        self._lookup.timeout.connect(self.look_up_now)

    def _note_count(self) -> None:
        if not self._is_showing:
            self.kind_changed.emit()
            self._note()


def _row(*widgets: QWidget) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget, 1 if isinstance(widget, ComboBox) else 0)
    return made


def _switch_row(switch: Switch) -> QWidget:
    words = plain_label(switch.accessibleName(), wraps=True)
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(words, 1)
    row.addWidget(switch)
    return made
