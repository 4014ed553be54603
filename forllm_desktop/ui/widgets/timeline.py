"""A timeline: moments below each other, with a dot for each and a line through them."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from forllm_desktop.ui import words
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.timeline_words import Moment
from forllm_desktop.ui.widgets.labels import PlainLabel, plain_label
from forllm_desktop.ui.widgets.tips import plain_tip

_DOT = 12
"""Width in px at 100 % of the column with the dots."""


class Timeline(QWidget):
    """Shows Moments; each is real text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._moments: list[Moment] = []
        self._lines: list[tuple[PlainLabel, PlainLabel, PlainLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(1, theme().px(_DOT))
        self._grid.setColumnStretch(2, 1)
        self.setAccessibleName("Timeline")

    @property
    def moments(self) -> list[Moment]:
        """What is shown."""
        return list(self._moments)

    def show_moments(self, moments: Sequence[Moment]) -> None:
        """Show these moments from top to bottom."""
        if list(moments) == self._moments:
            return
        self._moments = list(moments)
        while len(self._lines) < len(moments):
            self._add_line()
        for place, labels in enumerate(self._lines):
            is_shown = place < len(moments)
            for label in labels:
                label.setVisible(is_shown)
            if is_shown:
                self._show(moments[place], labels)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius, before = now.px(3), None
        for moment, (_, said, _) in zip(self._moments, self._lines, strict=False):
            # The dot stands at the first line of its words.
            middle = said.y() + said.fontMetrics().height() / 2
            at = QPointF(said.x() - 8 - now.px(_DOT) / 2, middle)
            if before is not None:
                painter.setPen(QPen(now.colour("line_strong"), 1))
                painter.drawLine(before + QPointF(0, radius + 2), at - QPointF(0, radius + 2))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.colour("control" if moment.colour == "text" else moment.colour))
            painter.drawEllipse(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius))
            before = at

    def _add_line(self) -> None:
        place = len(self._lines)
        labels = (
            plain_label("", "small", "text_3"),
            plain_label("", "small", wraps=True),
            plain_label("", "small", "text_3"),
        )
        top = Qt.AlignmentFlag.AlignTop
        for label, column in zip(labels, (0, 2, 3), strict=True):
            self._grid.addWidget(label, place, column, top if column != 2 else Qt.AlignmentFlag(0))
        self._lines.append(labels)

    def _show(self, moment: Moment, labels: tuple[PlainLabel, PlainLabel, PlainLabel]) -> None:
        at, said, took = labels
        at.setText(f"{moment.at.astimezone():%H:%M:%S}" if moment.at is not None else "")
        at.setToolTip(plain_tip(words.exact(moment.at)) if moment.at is not None else "")
        said.setText(moment.said)
        said.set_colour(moment.colour)
        took.setText(moment.took)
