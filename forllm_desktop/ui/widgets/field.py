"""A field of a form: its label above, what is wrong with it below."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.labels import plain_label

LEAST = 176
"""Width in px at 100 % below which fields stand below each other."""


class Field(QWidget):
    """Names its control for screen readers too; `beside` stands at the right end of the label's line."""

    def __init__(
        self, label: str, control: QWidget, *, beside: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.control = control
        self._problem = plain_label("", "small", "danger", wraps=True)
        self._problem.hide()
        if not control.accessibleName():
            control.setAccessibleName(label)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        name = plain_label(label, "small_medium", "text_2")
        name.setBuddy(control)
        head.addWidget(name)
        head.addStretch()
        if beside is not None:
            head.addWidget(beside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(control)
        layout.addWidget(self._problem)
        layout.addStretch()
        self.setFocusProxy(control)

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return QSize(max(least.width(), theme().px(LEAST)), least.height())

    @property
    def problem(self) -> str:
        """What is said below the field now."""
        return self._problem.text() if not self._problem.isHidden() else ""

    def say(self, problem: str, *, is_error: bool = True) -> None:
        """Say below the field what is wrong with it; an empty text takes that away."""
        if problem == self.problem:
            return
        self._problem.set_colour("danger" if is_error else "warn")
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self.control.setAccessibleDescription(problem)
        if isinstance(self.control, QLineEdit):
            self.control.setProperty("invalid", "true" if problem and is_error else "false")
            self.control.style().unpolish(self.control)
            self.control.style().polish(self.control)
