"""A frame of one hairline with round corners, and lists of rows with hairlines between them."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.ui.theme import theme


class Framed(QWidget):
    """A box around something that belongs together; `ground` is a token, "" for none."""

    def __init__(self, ground: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ground = ground

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("line"), 1))
        painter.setBrush(theme().colour(self._ground) if self._ground else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)


class RowList(QWidget):
    """Rows below each other with hairlines between them, and no frame unless asked for."""

    def __init__(self, *, is_framed: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_framed = is_framed
        self._rows: list[QWidget] = []
        self._layout = QVBoxLayout(self)
        inset = 1 if is_framed else 0
        self._layout.setContentsMargins(inset, inset, inset, inset)
        self._layout.setSpacing(1)

    @property
    def rows(self) -> list[QWidget]:
        """The rows from top to bottom."""
        return list(self._rows)

    def add(self, row: QWidget) -> None:
        """Add a row below the others."""
        self._rows.append(row)
        self._layout.addWidget(row)

    def put_after(self, row: QWidget, place: QWidget | None) -> None:
        """Put a row below another one, or first."""
        at = self._rows.index(place) + 1 if place in self._rows else 0
        self._rows.insert(at, row)
        self._layout.insertWidget(at, row)
        # A layout shows what is added later on, which would be too late to give it the focus.
        row.show()

    def remove(self, row: QWidget) -> None:
        """Take a row out."""
        self._rows.remove(row)
        self._layout.removeWidget(row)
        row.hide()
        row.deleteLater()

    def clear(self) -> None:
        """Take all rows out."""
        for row in self.rows:
            self.remove(row)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line = theme().colour("line")
        shown = [row for row in self._rows if row.isVisibleTo(self)]
        for row in shown[:-1]:
            painter.fillRect(0, row.geometry().bottom() + 1, self.width(), 1, line)
        if self._is_framed and shown:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(line, 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
