"""The field in which a name is typed inside a row, with the reason below it when the name cannot be used."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QHideEvent, QMoveEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.labels import plain_label

# In a row there is less room than in a form; the text stays where the name was painted.
_SHEET = (
    "QLineEdit, QLineEdit:focus { padding: 0 3px; border-width: 2px; border-radius: 4px; min-height: 0; }"
)
TEXT_INSET = 7
"""How far its text starts from the field's left edge, in px: border, padding, and Qt's own margin."""


class NameEditor(QLineEdit):
    """Types the name of the row `index`; keeps what was typed when it is refused."""

    def __init__(self, index: QModelIndex | QPersistentModelIndex, parent: QWidget) -> None:
        super().__init__(parent)
        self.index = QPersistentModelIndex(index)
        self.is_filled = False
        self._area = parent
        self._reason = plain_label("", "small", "danger", wraps=True, parent=parent)
        self._reason.setMargin(theme().px(6))
        self._reason.setAutoFillBackground(True)
        # Inside a view both would be those of its text.
        self._reason.setBackgroundRole(QPalette.ColorRole.Window)
        self._reason.setForegroundRole(QPalette.ColorRole.WindowText)
        self._reason.hide()
        self.setFont(theme().font("ui"))
        self.setStyleSheet(_SHEET)
        self.textEdited.connect(self._forget_refusal)

    def refuse(self, error: ForllmError) -> None:
        """Say below the field why the name cannot be used, and let the user go on typing."""
        words = f"{error.title}. {error.message}" if error.message else error.title
        ground = self._reason.palette()
        ground.setColor(QPalette.ColorRole.Window, theme().colour("danger_soft"))
        self._reason.setPalette(ground)
        self._reason.setText(words)
        self.setAccessibleDescription(words)
        self._place_reason()
        self._reason.show()
        self._reason.raise_()
        self._mark(is_invalid=True)

    @property
    def reason(self) -> str:
        """The refusal that is shown; empty when there is none."""
        return "" if self._reason.isHidden() else self._reason.text()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._place_reason()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_reason()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._reason.hide()

    def remove_reason(self) -> None:
        """Take the line away together with the field."""
        self._reason.deleteLater()

    def _forget_refusal(self) -> None:
        if not self._reason.isHidden():
            self._reason.hide()
            self.setAccessibleDescription("")
            self._mark(is_invalid=False)

    def _mark(self, *, is_invalid: bool) -> None:
        self.setProperty("invalid", "true" if is_invalid else "")
        self.style().unpolish(self)
        self.style().polish(self)

    def _place_reason(self) -> None:
        area, width = self._area.rect(), self.width()
        height = self._reason.heightForWidth(width)
        top = self.geometry().bottom() + 3
        if top + height > area.bottom() and self.y() - height - 2 > 0:
            top = self.y() - height - 2
        self._reason.setGeometry(self.x(), top, width, height)
        self._reason.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
