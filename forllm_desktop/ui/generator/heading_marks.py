"""The headings of a persona, ticked off as they appear in its text."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.labels import plain_label

_MARKS = {"written": ("check", "ok", "text"), "now": ("pencil-simple", "accent_text", "text")}
_SPOKEN = {"written": "written", "now": "being written", "missing": "missing", "": "not yet"}


class HeadingMarks(QWidget):
    """A count, a bar, and a row for each heading."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = plain_label("", "small", "text_3")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Headings written")
        self._rows: list[_Row] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(plain_label("Headings", "ui_strong"))
        layout.addWidget(self._count)
        layout.addSpacing(4)
        layout.addWidget(self._bar)
        layout.addSpacing(4)
        layout.addLayout(self._list)

    def show_headings(self, headings: Sequence[tuple[str, str]]) -> None:
        """Show headings, each with its state: "written", "now", "missing" or "" for one that is to come."""
        while len(self._rows) < len(headings):
            row = _Row()
            self._rows.append(row)
            self._list.addWidget(row)
        for place, row in enumerate(self._rows):
            row.setVisible(place < len(headings))
            if place < len(headings):
                row.show_heading(*headings[place])
        done = sum(state == "written" for _, state in headings)
        self._count.setText(f"{done} of {len(headings)} written")
        self._bar.setRange(0, max(1, len(headings)))
        self._bar.setValue(done)


class _Row(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._mark = _Mark()
        self._words = plain_label("", elides=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 3, 0, 3)
        row.setSpacing(8)
        row.addWidget(self._mark)
        row.addWidget(self._words, 1)

    def show_heading(self, heading: str, state: str) -> None:
        self._words.setText(heading)
        self._words.set_colour({"written": "text", "now": "text", "missing": "warn"}.get(state, "text_3"))
        self._mark.show_state(state)
        self.setAccessibleName(f"{heading}: {_SPOKEN[state]}")


class _Mark(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._state = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(16), theme().px(16))

    def show_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, now = QPainter(self), theme()
        icons = {
            "written": ("check", "ok"),
            "now": ("pencil-simple", "accent_text"),
            "missing": ("warning", "warn"),
        }
        if self._state in icons:
            paint_icon(painter, self.rect(), *icons[self._state])
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour("line_strong"))
        side = now.px(6)
        dot = QRect(0, 0, side, side)
        dot.moveCenter(self.rect().center())
        painter.drawEllipse(dot)
