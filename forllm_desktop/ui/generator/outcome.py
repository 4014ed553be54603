"""The right column: which headings are written, and what happens to the persona when it is done."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from forllm_desktop.ui.generator.heading_marks import HeadingMarks
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.avatar import paint_persona
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.wrap_row import WrapRow


@dataclass(frozen=True)
class Arrival:
    """What is known of the persona: `persona_id` is 0 until it is there.

    `attention` says what it lacks, and `can_mend` that the rest can be asked for again; `is_proposal` that
    it is a new text for a persona that exists.
    """

    name: str = ""
    line: str = ""
    sentence: str = ""
    persona_id: int = 0
    notes: tuple[str, ...] = ()
    attention: str = ""
    can_mend: bool = False
    is_proposal: bool = False


class Outcome(QWidget):
    """Headings above, the persona below.

    open_requested()      the persona is to be shown
    accept_requested()    it may answer although something is missing
    mend_requested()      what is missing is to be written again
    """

    open_requested = Signal()
    accept_requested = Signal()
    mend_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.marks = HeadingMarks()
        self._title = plain_label("When it is done", "ui_strong")
        self._face = _Face()
        self._name = plain_label("", "ui_medium", elides=True)
        self._line = plain_label("", "small", "text_3", elides=True)
        self._sentence = plain_label("", "small", "text_2", wraps=True)
        self._attention = plain_label("", "ui", "warn", wraps=True)
        self._notes = plain_label("", "small", "text_2", wraps=True)
        self._open = push_button("Open persona", "primary", "arrow-square-out")
        self._accept = push_button("Accept anyway", "", "check")
        self._mend = push_button("Generate the rest again", "", "arrow-clockwise")
        self._edit = push_button("Edit", "", "pencil-simple")
        self._lay_out()
        self._open.clicked.connect(self.open_requested)
        self._edit.clicked.connect(self.open_requested)
        self._accept.clicked.connect(self.accept_requested)
        self._mend.clicked.connect(self.mend_requested)
        self.show_arrival(Arrival())

    def show_arrival(self, arrival: Arrival) -> None:
        """Show what is known of the persona."""
        is_there, needs = bool(arrival.persona_id), bool(arrival.attention)
        self._title.setText("It is done" if is_there and not needs else "When it is done")
        if needs:
            self._title.setText("It needs attention")
        name = arrival.name or "No name yet"
        self._face.show_persona(arrival.persona_id, name)
        self._name.setText(name)
        self._line.setText(arrival.line)
        self._sentence.setText(arrival.sentence)
        for label, words in ((self._attention, arrival.attention), (self._notes, "\n".join(arrival.notes))):
            label.setText(words)
            label.setVisible(bool(words))
        self._sentence.setVisible(bool(arrival.sentence))
        self._open.setVisible(is_there and not needs)
        self._open.setText("Compare the texts" if arrival.is_proposal else "Open persona")
        self._open.setAccessibleName(self._open.text())
        for button in (self._accept, self._edit):
            button.setVisible(is_there and needs)
        self._mend.setVisible(is_there and needs and arrival.can_mend)

    def _lay_out(self) -> None:
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self._name)
        names.addWidget(self._line)
        who = QHBoxLayout()
        who.setSpacing(10)
        who.addWidget(self._face)
        who.addLayout(names, 1)
        buttons = WrapRow()
        for button in (self._open, self._accept, self._edit, self._mend):
            buttons.addWidget(button)
        done = QVBoxLayout()
        done.setContentsMargins(20, 16, 20, 16)
        done.setSpacing(10)
        done.addWidget(self._title)
        done.addLayout(who)
        for label in (self._attention, self._sentence, self._notes):
            done.addWidget(label)
        done.addLayout(buttons)
        above = QVBoxLayout()
        above.setContentsMargins(20, 16, 20, 16)
        above.addWidget(self.marks)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(above)
        layout.addWidget(_Line())
        layout.addLayout(done)
        layout.addStretch()


class _Line(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().colour("line"))


class _Face(QWidget):
    """The avatar; without colour of its own until the persona is there."""

    def __init__(self) -> None:
        super().__init__()
        self._persona = (0, "")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(32), theme().px(32))

    def show_persona(self, persona_id: int, name: str) -> None:
        self._persona = (persona_id, name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, box = QPainter(self), QRectF(self.rect())
        persona_id, name = self._persona
        if persona_id:
            paint_persona(painter, box, persona_id, name)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("neutral_soft"))
        painter.drawEllipse(box)
