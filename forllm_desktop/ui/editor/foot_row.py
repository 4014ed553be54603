"""The row at the foot of the composer: marks, pickers and buttons, in two lines where one has no room."""

from collections.abc import Sequence

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from forllm_desktop.ui.widgets.key_button import KeyButton


class FootRow(QBoxLayout):
    """Call `fit` with the room there is whenever that, or what is shown, has changed."""

    def __init__(
        self,
        marks: Sequence[QWidget],
        menu: QWidget,
        tools: Sequence[QWidget],
        label: QWidget,
        choices: Sequence[QWidget],
        post: QWidget,
        ask: KeyButton,
    ) -> None:
        """`label` gives way; the buttons for marks are left out first: what they do can be typed.

        `menu` stays and offers what is left out: then the `tools` go too, attaching and the preview.
        """
        super().__init__(QBoxLayout.Direction.LeftToRight)
        self._marks, self._choices, self._sending, self._ask = marks, choices, (post, ask), ask
        self._menu, self._tools = menu, tools
        self.setSpacing(8)
        left, right = QHBoxLayout(), QHBoxLayout()
        left.setSpacing(4)
        for mark in marks:
            left.addWidget(mark)
        for tool in (menu, *tools):
            left.addWidget(tool)
        left.addSpacing(8)
        left.addWidget(label, 1)
        for choice in choices:
            left.addWidget(choice)
        right.setSpacing(8)
        right.addStretch()
        right.addWidget(post)
        right.addWidget(ask)
        self.addLayout(left, 1)
        self.addLayout(right)

    def fit(self, room: int) -> None:
        """Show what fits into so many px."""
        # Asked one by one: a layout remembers what it needed before a button was shown.
        marks = _needed(self._marks, 4, even_if_hidden=True)
        tools = 4 + _needed(self._tools, 4, even_if_hidden=True)
        choices = 12 + _needed(self._choices, 4) + _needed([self._menu], 4)
        has_tools = choices + tools <= room
        choices += tools if has_tools else 0
        self._ask.show_key(False)
        send = self.spacing() + _needed(self._sending, 8)
        has_two_lines = choices + send > room
        has_marks = marks + choices + (0 if has_two_lines else send) <= room
        direction = QBoxLayout.Direction.TopToBottom if has_two_lines else QBoxLayout.Direction.LeftToRight
        self.setDirection(direction)
        for mark in self._marks:
            mark.setVisible(has_marks)
        for tool in self._tools:
            tool.setVisible(has_tools)
        free = room - send - (0 if has_two_lines else choices + (marks if has_marks else 0))
        self._ask.show_key(free >= self._ask.key_width())


def _needed(widgets: Sequence[QWidget], spacing: int, *, even_if_hidden: bool = False) -> int:
    """Return the width of widgets beside each other."""
    shown = [widget for widget in widgets if even_if_hidden or not widget.isHidden()]
    least = [max(widget.sizeHint().width(), widget.minimumWidth()) for widget in shown]
    return sum(least) + spacing * len(shown)
