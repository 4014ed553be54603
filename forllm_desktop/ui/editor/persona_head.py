"""The head of the persona editor: who it is, which version is edited, Discard and Save."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QMenu, QVBoxLayout, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.avatar_button import AvatarButton
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.labels import plain_label

WIDE = 460
"""Width in px at 100 % from which on the buttons stand beside the name."""


class PersonaHead(QWidget):
    """Shows what it is told; its buttons are connected by the editor.

    list_requested()        the list of personas is to be shown, where there is no room for it
    versions_requested()    the versions are to be shown, where there is no room for them
    """

    list_requested = Signal()
    versions_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.avatar = AvatarButton()
        self.discard = push_button("Discard", "quiet")
        self.save = push_button("Save", "primary")
        self.menu = QMenu(self)
        self._more = icon_button("More", "dots-three")
        self._list = icon_button("Personas", "users")
        self._versions = icon_button("Versions", "clock-counter-clockwise")
        self._name = plain_label("", "heading", elides=True)
        self._line = plain_label("", "small", "text_3", elides=True)
        self._buttons = QWidget()
        self._grid = QGridLayout(self)
        self._lay_out()
        self.show_folded(has_list=True, has_versions=True)
        self._list.clicked.connect(self.list_requested)
        self._versions.clicked.connect(self.versions_requested)
        self._more.clicked.connect(
            lambda: self.menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))
        )

    def show_persona(self, persona_id: int, name: str, line: str) -> None:
        """Say who is edited and which version."""
        self.avatar.show_persona(persona_id, name)
        self._name.setText(name)
        self._line.setText(line)
        self._more.setEnabled(bool(persona_id))

    @property
    def line(self) -> str:
        """What is said below the name."""
        return self._line.text()

    def show_save(self, words: str, *, can_save: bool, can_discard: bool) -> None:
        """Name the primary button and let it be pressed or not."""
        self.save.setText(f"{words}   Ctrl+S")
        self.save.setAccessibleName(words)
        self.save.setEnabled(can_save)
        self.discard.setEnabled(can_discard)

    def show_folded(self, *, has_list: bool, has_versions: bool) -> None:
        """Offer the panes that have no room beside the editor."""
        self._list.setVisible(not has_list)
        self._versions.setVisible(not has_versions)

    def fill_menu(self, entries: list[tuple[str, str, object, bool]]) -> None:
        """Fill the menu with (icon, word, what it does, whether it can be done)."""
        self.menu.clear()
        for icon_name, word, step, is_possible in entries:
            action = self.menu.addAction(icon(icon_name), word)
            action.setEnabled(is_possible)
            action.triggered.connect(lambda _=False, step=step: step())  # type: ignore[operator]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        is_wide = self.width() >= theme().px(WIDE)
        self._grid.removeWidget(self._buttons)
        if is_wide:
            self._grid.addWidget(self._buttons, 0, 3)
        else:
            self._grid.addWidget(self._buttons, 1, 0, 1, 4)

    def _lay_out(self) -> None:
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch()
        names.addWidget(self._name)
        names.addWidget(self._line)
        names.addStretch()
        flow = FlowLayout(self._buttons)
        for button in (self._list, self._versions, self._more, self.discard, self.save):
            flow.addWidget(button)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._grid.addWidget(self.avatar, 0, 0)
        self._grid.addLayout(names, 0, 1)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self._buttons, 0, 3)
