"""A line for requests that were made together: how far they are, and one button that cancels them all."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from forllm_desktop.ui.item_models.queue_table import Batch
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.labels import plain_label

BAR = 120
"""Width of the bar in px at 100 %."""
_ROOM = 520
"""Width in px at 100 % below which the words say it without the bar."""


class BatchBar(QWidget):
    """One batch.

    cancel_requested(batch_id)
    """

    cancel_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._batch: Batch | None = None
        self._words = plain_label("", "ui", "text", elides=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._cancel = push_button("Cancel the whole batch", "quiet", "x", small=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 2, 12, 4)
        row.setSpacing(12)
        row.addWidget(self._bar)
        row.addWidget(self._words, 1)
        row.addWidget(self._cancel)
        self._cancel.clicked.connect(self._ask_to_cancel)
        look().changed.connect(self._dress)
        self._dress()

    def show_batch(self, batch: Batch) -> None:
        """Show how far a batch is."""
        self._batch = batch
        done = batch.size - batch.open
        words = batch_words(batch.subforum, done, batch.size)
        self._words.setText(words)
        self._bar.setRange(0, batch.size)
        self._bar.setValue(done)
        self._bar.setAccessibleName(words)
        self._cancel.setAccessibleName(f"Cancel the whole batch: {words}")
        self.setAccessibleName(words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bar.setVisible(self.width() > theme().px(_ROOM))

    def _ask_to_cancel(self) -> None:
        if self._batch is not None:
            self.cancel_requested.emit(self._batch.batch_id)

    def _dress(self) -> None:
        self._bar.setFixedWidth(theme().px(BAR))


def batch_words(subforum: str, done: int, size: int) -> str:
    """Return how far a batch is: "Experts for Cooking: 3 of 10 done"."""
    place = f" for {subforum}" if subforum else ""
    return f"Experts{place}: {done:,} of {size:,} done"
