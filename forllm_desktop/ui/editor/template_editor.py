"""A template as text with its placeholders as chips, what is wrong with it, and what it may use."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from forllm_desktop.domain.templates import PLACEHOLDERS, TemplateFinding
from forllm_desktop.ui.editor.framed_text import FramedText, TextFrame
from forllm_desktop.ui.editor.placeholder_marks import PlaceholderMarks
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import PushButton
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.picture import Picture

LINES = (10, 30)
"""Lines that always have room, and those up to which the field grows."""


class TemplateEditor(QWidget):
    """The field with what is said about it and its placeholders below.

    edited(text)    something was typed
    """

    edited = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = FramedText(*LINES)
        self._text.setAccessibleName("Text of the template")
        self._marks = PlaceholderMarks(self._text.document())
        self._said = QVBoxLayout()
        self._findings: list[TemplateFinding] = []
        self._rows: list[QWidget] = []
        self._chips = _Chips()
        self._last = ""
        self._said.setContentsMargins(0, 0, 0, 0)
        self._said.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(TextFrame(self._text))
        layout.addLayout(self._said)
        layout.addSpacing(8)
        layout.addWidget(plain_label("Placeholders", "ui_strong"))
        layout.addWidget(self._chips)
        self._text.textChanged.connect(self._note_text)
        self._chips.chosen.connect(self._put)
        self.setFocusProxy(self._text)

    def show_template(self, text: str, known: Sequence[str], required: Collection[str]) -> None:
        """Show a template from the start, without a way back to the one before."""
        self._last = text
        self._marks.show_known(known)
        self._chips.show_names(known, required)
        if self._text.toPlainText() != text:
            self._text.setPlainText(text)

    def replace(self, text: str) -> None:
        """Show another text of the same template, as one step that can be undone here."""
        self._last = text
        if self._text.toPlainText() != text:
            self._text.replace_text(text)

    def show_findings(self, findings: Sequence[TemplateFinding]) -> None:
        """Say what is wrong with the text and what is odd."""
        if list(findings) == self._findings:
            return
        self._findings = list(findings)
        for row in self._rows:
            self._said.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [_finding_row(finding) for finding in findings]
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
        text = self._text.toPlainText()
        if text != self._last:
            self._last = text
            self.edited.emit(text)

    def _put(self, name: str) -> None:
        self._text.insertPlainText(f"{{{{{name}}}}}")
        self._text.setFocus()


def _finding_row(finding: TemplateFinding) -> QWidget:
    row = QWidget()
    colour = "danger" if finding.is_blocking else "warn"
    picture = Picture("warning-circle" if finding.is_blocking else "warning", colour)
    picture.setFixedSize(theme().px(14), theme().px(14))
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    layout.addWidget(picture)
    # The long names of placeholders may be broken after each underscore.
    words = finding.message.replace("_", "_\u200b")
    layout.addWidget(plain_label(words, "small", colour, wraps=True), 1)
    return row


class _Chips(QWidget):
    """The placeholders with what they stand for; one that is pressed is put into the text.

    chosen(name)
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()
        self._grid = QVBoxLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)

    def show_names(self, names: Sequence[str], required: Collection[str]) -> None:
        if (tuple(names), tuple(required)) == self._shown:
            return
        self._shown = (tuple(names), tuple(required))
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for name in sorted(names, key=lambda name: (name not in required, name)):
            self._grid.addWidget(self._row(name, is_required=name in required))

    def _row(self, name: str, *, is_required: bool) -> QWidget:
        meaning = f"{'needed: ' if is_required else ''}{PLACEHOLDERS[name]}"
        button = _Chip(f"{{{{{name}}}}}")
        button.setAccessibleName(f"Insert {name}: {meaning}")
        button.clicked.connect(lambda: self.chosen.emit(name))
        row = QWidget()
        layout = QGridLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(2)
        layout.addWidget(button, 0, 0)
        layout.addWidget(plain_label(meaning, "small", "text_2", wraps=True), 1, 0)
        return row


class _Chip(PushButton):
    """A button that is as wide as its text, and shortens it where there is less room."""

    def __init__(self, text: str) -> None:
        self._full = text
        super().__init__(text, None)
        self.setProperty("size", "small")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        hint, words = super().sizeHint(), self.fontMetrics()
        missing = words.horizontalAdvance(self._full) - words.horizontalAdvance(self.text())
        return QSize(hint.width() + missing, hint.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(80), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        around = self.sizeHint().width() - self.fontMetrics().horizontalAdvance(self._full)
        room = self.width() - around
        shown = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideMiddle, room + 1)
        self.setText(shown)
        self.setToolTip(self._full if shown != self._full else "")
