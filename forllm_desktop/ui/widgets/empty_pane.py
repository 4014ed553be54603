"""What an empty pane shows: an icon, one title, one line, at most one button."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.picture import Picture

LOW = 144
"""Height in px at 100 % below which there is no icon."""


class EmptyPane(QWidget):
    """Says what is missing and what to do next.

    button_pressed()    the one button was pressed
    """

    button_pressed = Signal()

    def __init__(
        self, icon_name: str, title: str, line: str, button: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        picture = Picture(icon_name, "text_3")
        self._picture = picture
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch()
        layout.addWidget(picture, alignment=Qt.AlignmentFlag.AlignHCenter)
        for text, font, colour in ((title, "ui_strong", "text"), (line, "ui", "text_3")):
            label = plain_label(text, font, colour, wraps=True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
            self._line = label
        if button:
            pressed = push_button(button)
            pressed.clicked.connect(self.button_pressed)
            layout.addWidget(pressed, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()
        look().changed.connect(self._fit)
        self._fit()

    def set_line(self, line: str) -> None:
        """Say something else to do next."""
        self._line.setText(line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave the icon out where the words need its room."""
        side = theme().px(24)
        self._picture.setFixedSize(side, side)
        is_low = self.height() < theme().px(LOW)
        self._picture.setVisible(not is_low)
        margin = 8 if is_low else 24
        self.layout().setContentsMargins(16, margin, 16, margin)  # pyright: ignore[reportOptionalMemberAccess]
