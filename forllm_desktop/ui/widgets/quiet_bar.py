"""The quiet bar: news, an error or an undo at the top of the pane it is about."""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.labels import plain_label

_LOOKS = {
    "neutral": ("neutral_soft", "text", "info"),
    "warn": ("warn_soft", "warn", "warning"),
    "danger": ("danger_soft", "danger", "warning-circle"),
}


class QuietBar(QWidget):
    """One sentence on a soft ground, with an action and seldom another; hidden until something is said."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = "neutral"
        self._icon = "info"
        self._on_action: Callable[[], object] | None = None
        self._on_other: Callable[[], object] | None = None
        self._sentence = plain_label("", wraps=True)
        self._action = push_button("", "quiet", small=True)
        self._other = push_button("", "quiet", small=True)
        self._close = icon_button("Close this message", "x")
        layout = self._layout = QHBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self._sentence, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._other)
        layout.addWidget(self._close)
        self._action.clicked.connect(lambda: self._act(self._on_action))
        self._other.clicked.connect(lambda: self._act(self._on_other))
        self._close.clicked.connect(self.hide)
        look().changed.connect(self._fit)
        self._fit()
        self.hide()

    def set_terse(self, is_terse: bool) -> None:
        """Keep to one line, with the whole sentence on hover, where there is no room for more."""
        self._sentence.set_elides(is_terse)

    def say(
        self,
        sentence: str,
        *,
        kind: str = "neutral",
        icon: str = "",
        action: str = "",
        on_action: Callable[[], object] | None = None,
        other: str = "",
        on_other: Callable[[], object] | None = None,
    ) -> None:
        """Show a sentence; `kind`: "neutral", "warn", "danger".

        Pressing `action` runs `on_action`, pressing `other` runs `on_other`.
        """
        self._kind, self._icon = kind, icon or _LOOKS[kind][2]
        self._sentence.setText(sentence)
        self._sentence.set_colour(_LOOKS[kind][1])
        for button, word in ((self._action, action), (self._other, other)):
            button.setText(word)
            button.setAccessibleName(word)
            button.setVisible(bool(word))
        self._on_action, self._on_other = on_action, on_other
        self.setAccessibleName(sentence)
        self.show()
        self.update()

    def say_error(
        self, error: ForllmError, action: str = "", on_action: Callable[[], object] | None = None
    ) -> None:
        """Show what happened and what to do."""
        self.say(_words(error), kind="danger", action=action, on_action=on_action)

    def says_error(self, error: ForllmError) -> bool:
        """Say whether these very words are shown now."""
        return not self.isHidden() and self._sentence.text() == _words(error)

    def _fit(self) -> None:
        self._layout.setContentsMargins(theme().px(36), 2, 4, 2)
        self.setMinimumHeight(theme().row(32))

    def paintEvent(self, event: QPaintEvent) -> None:
        ground, colour, _ = _LOOKS[self._kind]
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour(ground))
        side = theme().px(14)
        box = QRect(theme().px(12), (self.height() - side) // 2, side, side)
        paint_icon(painter, box, self._icon, colour)

    def _act(self, what: Callable[[], object] | None) -> None:
        self.hide()
        if what is not None:
            what()

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)


def _words(error: ForllmError) -> str:
    return f"{error.title}. {error.message}" if error.message else error.title
