"""The middle column: the steps of a request, its texts as they are written, and why it does not go on."""

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.services.generation_view import GenerationView
from forllm_desktop.ui.generator import generator_words
from forllm_desktop.ui.generator.by_width import ByWidth
from forllm_desktop.ui.generator.stage_section import StageSection
from forllm_desktop.ui.generator.step_row import StepRow
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.combo_box import ComboBox
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from forllm_desktop.ui.widgets.wrap_row import WrapRow


class LiveView(ByWidth):
    """Shows a GenerationView. Above it, for a batch, how far all are and which of them is shown.

    member_chosen(request_id)    another one of the batch is to be shown
    batch_cancel_requested()
    retry_requested()
    """

    member_chosen = Signal(int)
    batch_cancel_requested = Signal()
    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._members = ComboBox("Expert that is shown")
        self._batch_words = plain_label("", "ui_medium")
        self._batch_cancel = push_button("Cancel the whole batch", "quiet", "x", small=True)
        self._batch = QWidget()
        self._steps = StepRow()
        self._bar = QuietBar()
        self._again = push_button("", "", "arrow-clockwise")
        self._said = ""
        self._waits = plain_label("", "ui", "text_2", wraps=True)
        self._sections: list[StageSection] = []
        self._texts = QVBoxLayout()
        self._lay_out()
        self._members.activated.connect(lambda _row: self.member_chosen.emit(self._members.currentData()))
        self._batch_cancel.clicked.connect(self.batch_cancel_requested)
        self._again.clicked.connect(self.retry_requested)
        self._again.hide()

    def show_batch(self, members: list[tuple[int, str]], shown: int, said: str, *, is_open: bool) -> None:
        """Show which requests were made together: ids with their words; none hides this line."""
        self._batch.setVisible(len(members) > 1)
        if [self._members.itemData(row) for row in range(self._members.count())] != [id for id, _ in members]:
            self._members.clear()
            for id, name in members:
                self._members.add(name, id)
        for row, (_, name) in enumerate(members):
            self._members.setItemText(row, name)
        self._members.choose(shown)
        self._batch_words.setText(said)
        self._batch_cancel.setEnabled(is_open)

    def show_view(self, view: GenerationView, *, is_paused: bool, now: datetime) -> None:
        """Show a request as it stands."""
        self._steps.show_stages(view.stages)
        begun = [stage for stage in view.stages if stage.text or stage.thinking or stage.state == "running"]
        while len(self._sections) < len(begun):
            section = StageSection(generator_words.TITLES[begun[len(self._sections)].stage])
            section.folded.connect(self._share_room)
            self._sections.append(section)
            self._texts.addWidget(section)
        for place, section in enumerate(self._sections):
            section.setVisible(place < len(begun))
            if place < len(begun):
                section.show_stage(begun[place], is_last=place == len(begun) - 1)
        self._share_room()
        self._tell(view, is_paused=is_paused, now=now)

    def _share_room(self) -> None:
        for section in self._sections:
            self._texts.setStretchFactor(section, 1 if section.takes_room else 0)

    def _tell(self, view: GenerationView, *, is_paused: bool, now: datetime) -> None:
        waits = generator_words.waits(view, is_paused=is_paused, now=now)
        self._waits.setText(waits)
        self._waits.setVisible(bool(waits))
        ended = generator_words.ended(view)
        self._again.setVisible(bool(ended))
        self._again.setText(generator_words.again(view))
        self._again.setAccessibleName(self._again.text())
        if ended == self._said:
            return
        self._said = ended
        if not ended:
            self._bar.hide()
            return
        failed = view.job.status == JobStatus.ERROR
        self._bar.say(ended, kind="danger" if failed else "neutral", icon="" if failed else "stop")

    def _lay_out(self) -> None:
        line = WrapRow(self._batch, spacing=12)
        line.add(self._batch_words)
        line.add(self._members, 96)
        line.add(self._batch_cancel)
        self._texts.setSpacing(12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._batch)
        layout.addWidget(self._steps)
        layout.addWidget(self._bar)
        layout.addWidget(self._again, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._waits)
        layout.addLayout(self._texts, 1)
        layout.addStretch()
        self._batch.hide()
