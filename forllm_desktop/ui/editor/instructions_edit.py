"""The instructions of a persona: plain text with variables, what is odd about it with its cure, its size."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from forllm_desktop.domain.persona_text import (
    REMOVABLE,
    Fault,
    Finding,
    instruction_findings,
    with_clock_last,
    without,
)
from forllm_desktop.domain.prompt_variables import VARIABLES
from forllm_desktop.ui.editor.framed_text import FramedText, TextFrame
from forllm_desktop.ui.editor.variable_marks import VariableMarks
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.picture import Picture

LINES = (7, 24)
"""Lines that always have room, and those up to which the field grows."""


class InstructionsEdit(QWidget):
    """The field with what is said about it below.

    edited()    something was typed
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = FramedText(*LINES)
        self._text.setAccessibleName("Instructions")
        self._text.setPlaceholderText(
            "You are Ada, a patient physics tutor. You answer {{user}} in the subforum {{subforum}}."
        )
        self._marks = VariableMarks(self._text.document())
        self._insert = push_button("Insert variable", "quiet", small=True)
        self._menu = QMenu(self)
        self._size = plain_label("", "small", "text_3")
        self._said = QVBoxLayout()
        self._findings: list[Finding] = []
        self._rows: list[QWidget] = []
        self._last = ""
        self._lay_out()
        self._fill_menu()
        self._text.textChanged.connect(self._note_text)
        self._insert.clicked.connect(self._open_menu)
        self.setFocusProxy(self._text)

    def text(self) -> str:
        """Return what is typed."""
        return self._text.toPlainText()

    def set_text(self, text: str) -> None:
        """Show a text, without a way back to the one before."""
        if text != self._last:
            self._text.setPlainText(text)

    def show_size(self, tokens: int, room: int) -> None:
        """Say how large the text is, in tokens, and how much there is room for."""
        words = f"{tokens:,} of {room:,} tokens"
        self._size.setText(words)
        self._size.setToolTip("Estimated. The rest of the smallest context window in use is for the answer.")
        self._size.set_colour("danger" if tokens > room else "warn" if tokens > room * 0.9 else "text_3")

    def show_findings(self, findings: list[Finding]) -> None:
        """Say what is odd about the text, what blocks it first, each with its cure."""
        self._marks.show_findings(findings)
        if findings == self._findings:
            return
        self._findings = findings
        for row in self._rows:
            self._said.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._row(finding) for finding in findings]
        for row in self._rows:
            self._said.addWidget(row)
            row.show()
        self._text.setAccessibleDescription(" ".join(finding.message for finding in findings))
        self._text.set_invalid(any(finding.is_blocking for finding in findings))

    @property
    def messages(self) -> list[str]:
        """What is said below the field."""
        return [finding.message for finding in self._findings]

    def _note_text(self) -> None:
        # Marking a place in colour counts as a change of the text, too.
        text = self.text()
        if text != self._last:
            self._last = text
            self.edited.emit()

    def _row(self, finding: Finding) -> QWidget:
        row = QWidget()
        colour = "danger" if finding.is_blocking else "warn"
        picture = Picture("warning-circle" if finding.is_blocking else "warning", colour)
        picture.setFixedSize(theme().px(14), theme().px(14))
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(picture)
        layout.addWidget(plain_label(finding.message, "small", colour, wraps=True), 1)
        cure = self._cure(finding)
        if cure is not None:
            layout.addWidget(cure)
        return row

    def _cure(self, finding: Finding) -> QPushButton | None:
        """Return the button that does something about a finding."""
        change: Callable[[str], str] | None = None
        word = "Remove"
        if finding.fault is Fault.CLOCK_ON_TOP:
            word, change = "Move to the end", with_clock_last
        elif finding.fault in REMOVABLE or finding.fault in (Fault.UNKNOWN_VARIABLE, Fault.BROKEN_VARIABLE):
            change = partial(_without, finding.fault)
        if change is None:
            return None
        button = push_button(word, "quiet", small=True)
        button.setAccessibleName(f"{word}: {finding.message}")
        button.clicked.connect(lambda: self._apply(change(self.text())))
        return button

    def _apply(self, text: str) -> None:
        """Replace the text, as one step that can be undone."""
        place = min(self._text.selection()[0], len(text))
        self._text.replace_text(text, place)
        self._text.setFocus()

    def _fill_menu(self) -> None:
        for name, meaning in VARIABLES.items():
            action = QAction(f"{{{{{name}}}}}   {meaning}", self._menu)
            action.triggered.connect(lambda _=False, name=name: self._put(f"{{{{{name}}}}}"))
            self._menu.addAction(action)

    def _put(self, variable: str) -> None:
        self._text.insertPlainText(variable)
        self._text.setFocus()

    def _open_menu(self) -> None:
        self._menu.popup(self._insert.mapToGlobal(self._insert.rect().bottomLeft()))

    def _lay_out(self) -> None:
        head = FlowLayout(gap=8, ends_right=True)
        label = plain_label("Instructions", "small_medium", "text_2")
        label.setBuddy(self._text)
        head.addWidget(label)
        head.addWidget(self._size)
        head.addWidget(self._insert)
        frame = TextFrame(self._text)
        self._said.setContentsMargins(0, 0, 0, 0)
        self._said.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(frame)
        layout.addLayout(self._said)


def _without(fault: Fault, text: str) -> str:
    """Return a text without what is wrong in this way, looked for anew: it may have changed meanwhile."""
    return without(text, [found for found in instruction_findings(text) if found.fault is fault])
