"""One stage of a persona on the page: its text as it is written, its thoughts folded away."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from forllm_desktop.services.generation_view import StageView
from forllm_desktop.ui import words
from forllm_desktop.ui.generator.by_width import ByWidth
from forllm_desktop.ui.generator.generator_words import STATES, TITLES
from forllm_desktop.ui.generator.growing_view import GrowingView
from forllm_desktop.ui.theme import look
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.wrap_row import WrapRow

FOLDED_LINES = 4
"""Lines that a folded text shows."""
THOUGHT_LINES = 8


class StageSection(ByWidth):
    """A head and the text below it. A stage that is not the last one is folded until it is opened.

    folded()    it was folded or opened by the user
    """

    folded = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_last = True
        self._is_opened = False
        self._title = plain_label("", "ui_strong")
        self._state = plain_label("", "small", "accent_text")
        self._show = push_button("", "link", small=True)
        self._copy = icon_button(f"Copy: {name}", "copy")
        self._thoughts = push_button("", "link", small=True)
        self._thinking = GrowingView(f"Thoughts: {name}", ground="sunken")
        self._text = GrowingView(name)
        self._quiet = GrowingView(f"{name}, folded", ground="sunken")
        head = WrapRow()
        head.add(self._title)
        head.add(self._state, 8)
        for button in (self._thoughts, self._show, self._copy):
            head.add(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self._thinking)
        layout.addWidget(self._quiet)
        layout.addWidget(self._text, 1)
        self._thinking.hide()
        self._quiet.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._show.clicked.connect(self._turn)
        self._thoughts.clicked.connect(self._turn_thoughts)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._full))
        look().changed.connect(self._fit)
        self._full = ""
        self._thought = ""

    @property
    def takes_room(self) -> bool:
        """Say whether it takes the height that is left."""
        return self._is_last or self._is_opened

    def show_stage(self, stage: StageView, *, is_last: bool) -> None:
        """Show how far a stage is."""
        if is_last != self._is_last:
            self._is_last, self._is_opened = is_last, False
        self._full, self._thought = stage.text, stage.thinking
        self._title.setText(TITLES[stage.stage])
        self._state.setText(STATES.get(stage.phase if stage.state == "running" else stage.state, ""))
        self._state.set_colour("danger" if stage.state == "failed" else "accent_text")
        self._thinking.show_text(stage.thinking)
        self._name_thoughts()
        self._copy.setEnabled(bool(stage.text))
        self._fit()

    def _fit(self) -> None:
        has_room = self.takes_room
        (self._text if has_room else self._quiet).show_text(self._full)
        if not has_room:
            self._quiet.show_top()
            self._quiet.setFixedHeight(self._quiet.height_of(FOLDED_LINES))
        self._thinking.setFixedHeight(self._thinking.height_of(THOUGHT_LINES))
        self._text.setMinimumHeight(self._text.height_of(FOLDED_LINES))
        self._text.setVisible(has_room)
        self._quiet.setVisible(not has_room)
        n_words = len(self._full.split())
        self._show.setVisible(not self._is_last and bool(n_words))
        self._call(
            self._show, "Show less" if self._is_opened else f"Show all {words.counted(n_words, 'word')}"
        )
        policy = QSizePolicy.Policy.Expanding if has_room else QSizePolicy.Policy.Minimum
        self.setSizePolicy(QSizePolicy.Policy.Preferred, policy)

    def _turn(self) -> None:
        self._is_opened = not self._is_opened
        self._fit()
        self.folded.emit()

    def _turn_thoughts(self) -> None:
        self._thinking.setVisible(self._thinking.isHidden())
        self._name_thoughts()

    def _name_thoughts(self) -> None:
        n_words = len(self._thought.split())
        self._thoughts.setVisible(bool(n_words))
        said = f"Thoughts, {words.counted(n_words, 'word')}"
        self._call(self._thoughts, said if self._thinking.isHidden() else "Hide thoughts")

    def _call(self, button: QPushButton, said: str) -> None:
        button.setText(said)
        button.setAccessibleName(f"{said}: {self._title.text()}")
