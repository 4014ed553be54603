"""A part of a page that folds away below a line that says what is in it."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.labels import plain_label


class Fold(QWidget):
    """Closed at first; `beside` stays at the right end of the line."""

    def __init__(
        self, title: str, body: QWidget, *, beside: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._title = title
        self._body = body
        self._head = QToolButton()
        self._head.setText(title)
        self._head.setAccessibleName(title)
        self._head.setCheckable(True)
        self._head.setProperty("kind", "pane")
        self._head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._head.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._summary = plain_label("", "small", "text_3", elides=True)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._head)
        line.addWidget(self._summary, 1)
        if beside is not None:
            line.addWidget(beside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(line)
        layout.addWidget(body)
        self._head.toggled.connect(self.open)
        look().changed.connect(self._dress)
        self._dress()
        self.open(False)

    @property
    def is_open(self) -> bool:
        """Say whether the part can be seen."""
        return self._head.isChecked()

    def open(self, is_open: bool = True) -> None:
        """Show the part or fold it away."""
        self._head.setChecked(is_open)
        self._head.setIcon(icon("caret-down" if is_open else "caret-right"))
        self._body.setVisible(is_open)

    def summarize(self, words: str) -> None:
        """Say in a few words what is in the part."""
        self._summary.setText(words)
        self._head.setAccessibleName(f"{self._title}: {words}" if words else self._title)

    def _dress(self) -> None:
        self._head.setFont(theme().font("ui_medium"))
        self._head.setIconSize(QSize(theme().px(14), theme().px(14)))
