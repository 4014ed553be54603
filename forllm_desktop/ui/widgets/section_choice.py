"""One section of two texts side by side, and which of them is wanted."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from forllm_desktop.domain.sections import Choice, SectionPair
from forllm_desktop.domain.word_diff import Change, Stretch
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.fitted_diff import FittedDiff
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.segmented import Segmented

BESIDE = 480
"""Width in px at 100 % from which on the texts stand beside each other."""
_WORDS = {Choice.CURRENT: "Current", Choice.PROPOSED: "Proposed", Choice.BOTH: "Both"}


class SectionChoice(QWidget):
    """Shows what stayed, went and came; a section that is the same in both has nothing to choose.

    chosen(key, choice)
    """

    chosen = Signal(object, object)

    def __init__(
        self, pair: SectionPair, stretches: Sequence[Stretch], choice: Choice, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.pair = pair
        title = pair.title or "Beginning"
        has_choice = not pair.is_same and not pair.is_name
        self._choices = Segmented(f"Text of {title}", _offered(pair)) if has_choice else None
        head = FlowLayout(gap=8, ends_right=True)
        head.addWidget(plain_label(title, "ui_strong"))
        head.addWidget(plain_label(_state(pair), "small", "text_3"))
        if self._choices is not None:
            head.addWidget(self._choices)
            self._choices.chosen.connect(lambda value: self.chosen.emit(pair.key, Choice(value)))
        self._captions: list[QWidget] = []
        self._texts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._texts.setSpacing(24)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 16)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addLayout(self._texts)
        if not pair.is_same:
            current = [s for s in stretches if s.change is not Change.ADDED]
            proposed = [s for s in stretches if s.change is not Change.REMOVED]
            self._add_text(title, "Current", current)
            self._add_text(title, "Proposed", proposed)
        self.choose(choice)

    def choose(self, choice: Choice) -> None:
        """Show which text is wanted, without the signal."""
        if self._choices is not None:
            self._choices.choose(
                choice.value if choice.value in _offered(self.pair) else Choice.CURRENT.value
            )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        ways = QBoxLayout.Direction
        is_wide = self.width() >= theme().px(BESIDE)
        self._texts.setDirection(ways.LeftToRight if is_wide else ways.TopToBottom)
        self._texts.setSpacing(24 if is_wide else 8)
        for caption in self._captions:
            caption.setVisible(not is_wide)

    def _add_text(self, title: str, side: str, stretches: list[Stretch]) -> None:
        column = QVBoxLayout()
        column.setSpacing(0)
        caption = plain_label(side, "small_medium", "text_3")
        caption.hide()
        self._captions.append(caption)
        column.addWidget(caption)
        if any(stretch.text for stretch in stretches):
            view = FittedDiff(f"{title}, {side.lower()}")
            view.show_stretches(stretches)
            column.addWidget(view)
        else:
            column.addWidget(plain_label(f"Not in the {side.lower()} text.", "ui", "text_3", wraps=True))
        column.addStretch()
        self._texts.addLayout(column, 1)


def _offered(pair: SectionPair) -> dict[str, str]:
    offered = [Choice.CURRENT, Choice.PROPOSED] + ([Choice.BOTH] if pair.can_take_both else [])
    return {choice.value: _WORDS[choice] for choice in offered}


def _state(pair: SectionPair) -> str:
    if pair.is_same:
        return "the same in both"
    if pair.is_name:
        return "follows the name of the persona"
    if pair.current is None:
        return "new"
    return "left out" if pair.proposed is None else ""
