"""What went wrong and what can be done about it: a box on soft ground with at most three actions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.labels import plain_label

MOST_ACTIONS = 3


@dataclass(frozen=True)
class Remedy:
    """Something to do about it: its word, and the step."""

    word: str
    step: Callable[[], object]


class TroubleBox(QWidget):
    """Hidden until something is wrong."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = "danger"
        self._title = plain_label("", "ui_strong", "danger", wraps=True)
        self._message = plain_label("", "small", wraps=True)
        self._actions = QWidget()
        self._flow = FlowLayout(self._actions)
        self._buttons = [push_button("", "", small=True) for _ in range(MOST_ACTIONS)]
        self._steps: list[Callable[[], object]] = []
        for place, button in enumerate(self._buttons):
            button.clicked.connect(lambda _=False, place=place: self._steps[place]())
            self._flow.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        for widget in (self._title, self._message, self._actions):
            layout.addWidget(widget)
        self.hide()

    def say(self, title: str, message: str, remedies: Sequence[Remedy], kind: str = "danger") -> None:
        """Say what is wrong; `kind` is "danger" or "warn"."""
        self._kind = kind
        self._title.setText(title)
        self._title.set_colour(kind)
        self._message.setText(message)
        self._message.setVisible(bool(message))
        self._steps = [remedy.step for remedy in remedies[:MOST_ACTIONS]]
        for place, button in enumerate(self._buttons):
            button.setVisible(place < len(self._steps))
            if place < len(self._steps):
                button.setText(remedies[place].word)
                button.setAccessibleName(remedies[place].word)
        self._actions.setVisible(bool(self._steps))
        self.setAccessibleName(f"{title}. {message}")
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour(f"{self._kind}_soft"))
        painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
