"""The steps of a persona beside each other: number or check mark, name, and what is known of each."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from forllm_desktop.services.generation_view import StageView
from forllm_desktop.ui.generator.generator_words import STATES, STEPS, facts
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.wrap_row import WrapRow

_LOOKS = {
    "done": ("ok_soft", "ok", "check"),
    "failed": ("danger_soft", "danger", "warning-circle"),
    "stopped": ("neutral_soft", "text_2", "stop"),
}


class StepRow(QWidget):
    """As many steps as a request has."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = WrapRow(self, spacing=16, line_spacing=4)
        self._steps: list[_Step] = []
        self.setAccessibleName("Steps")

    def show_stages(self, stages: tuple[StageView, ...]) -> None:
        """Show how far each step is."""
        while len(self._steps) < len(stages):
            step = _Step(len(self._steps) + 1)
            self._steps.append(step)
            self._row.add(step)
        for place, step in enumerate(self._steps):
            step.setVisible(place < len(stages))
            if place < len(stages):
                step.show_stage(stages[place])


class _Step(QWidget):
    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self._mark = _Mark(number)
        self._name = plain_label("", "ui_medium")
        self._facts = plain_label("", "small", "text_3")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for part in (self._mark, self._name, self._facts):
            row.addWidget(part)

    def show_stage(self, stage: StageView) -> None:
        known = facts(stage)
        self._name.setText(STEPS[stage.stage])
        colours = {"running": "accent_text", "waiting": "text_3", "failed": "danger"}
        self._name.set_colour(colours.get(stage.state, "text"))
        self._facts.setText(known)
        self._facts.setVisible(bool(known))
        self._mark.show_state(stage.state)
        state = STATES.get(stage.phase if stage.state == "running" else stage.state, stage.state)
        said = f"Step {self._number}, {STEPS[stage.stage]}: {state}"
        self.setAccessibleName(f"{said}, {known}" if known else said)


class _Mark(QWidget):
    """A circle with a number, or with an icon once it is over."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self._state = "waiting"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().changed.connect(self.updateGeometry)

    def show_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.update()

    def sizeHint(self) -> QSize:
        side = theme().px(22)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self._state in _LOOKS:
            ground, colour, icon_name = _LOOKS[self._state]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.colour(ground))
            painter.drawEllipse(box)
            inset = now.px(4)
            paint_icon(painter, self.rect().adjusted(inset, inset, -inset, -inset), icon_name, colour)
            return
        is_running = self._state == "running"
        painter.setPen(Qt.PenStyle.NoPen if is_running else QPen(now.colour("line_strong"), 1))
        painter.setBrush(now.colour("accent") if is_running else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box)
        painter.setFont(now.font("small_medium"))
        painter.setPen(now.colour("on_accent" if is_running else "text_3"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))
