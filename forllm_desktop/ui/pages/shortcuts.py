"""The keyboard sheet: every key of the window and of its panes."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop.ui.actions import MENU_KEY, MENUS, SEPARATOR, Actions, in_words
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.thread.actions import Act
from forllm_desktop.ui.widgets.grounds import on_surface
from forllm_desktop.ui.widgets.labels import plain_label

_IN_PLACE: dict[str, tuple[tuple[str, str], ...]] = {
    "In a topic": (
        ("J", "Next post"),
        ("K", "Previous post"),
        *((act.key, act.word) for act in Act if act.key),
        ("End", "To the end, and follow what is written"),
    ),
    "While writing": (
        ("Ctrl+Enter", "Post and ask"),
        ("Esc", "Stop replying or editing; the draft stays"),
    ),
    "In the queue": (
        ("Enter", "Open the post"),
        ("Del", "Cancel the request"),
        ("Ctrl+R", "Retry the request"),
    ),
    "In the forum tree": (
        ("Ctrl+Enter", "Open in a new tab"),
        ("Shift+Up, Shift+Down", "Select several topics"),
        ("F2", "Rename"),
        ("Alt+Enter", "Name and description"),
        ("Alt+Up, Alt+Down", "Move the subforum"),
        ("Del", "Move to the trash"),
    ),
}
"""Keys that work only in their pane."""

COLUMN = 352
"""Least width of a column in px at 100 %."""


class ShortcutsPage(QScrollArea):
    """Groups of keys and names, in as many columns as fit."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setAccessibleName("Keyboard")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._groups = [_group(title, keys) for title, keys in _sheet(actions)]
        self._columns = 0
        self._sheet = QWidget()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(48)
        self._grid.setVerticalSpacing(24)
        layout = QVBoxLayout(self._sheet)
        layout.setContentsMargins(32, 16, 32, 24)
        layout.setSpacing(16)
        layout.addWidget(plain_label("Keyboard", "title"))
        layout.addLayout(self._grid)
        layout.addStretch()
        self.setWidget(self._sheet)
        on_surface(self._sheet)
        look().changed.connect(self._arrange)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = max(1, min(3, (self.viewport().width() - 64) // theme().px(COLUMN)))
        if columns == self._columns:
            return
        self._columns = columns
        for index, group in enumerate(self._groups):
            self._grid.addWidget(group, index // columns, index % columns, Qt.AlignmentFlag.AlignTop)
        for column in range(3):
            self._grid.setColumnStretch(column, int(column < columns))


def _sheet(actions: Actions) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    for title, specs in MENUS.items():
        keys = [
            (_native(action.shortcuts()), in_words(action))
            for spec in specs
            if spec is not SEPARATOR and (action := actions[spec.id]).shortcuts()
        ]
        if title == "&Help":
            keys.append((f"{MENU_KEY} or Alt", "Menu"))
        yield title.replace("&", ""), keys
    for title, pairs in _IN_PLACE.items():
        yield title, list(pairs)


def _native(keys: list) -> str:
    return keys[0].toString(keys[0].SequenceFormat.NativeText)


def _group(title: str, keys: list[tuple[str, str]]) -> QWidget:
    group = QWidget()
    group.setAccessibleName(title)
    layout = QGridLayout(group)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(16)
    layout.setVerticalSpacing(8)
    layout.addWidget(plain_label(title, "ui_strong"), 0, 0, 1, 2)
    for row, (key, name) in enumerate(keys, 1):
        layout.addWidget(plain_label(name, "ui", wraps=True), row, 0)
        layout.addWidget(plain_label(key, "small_medium", "text_2"), row, 1, Qt.AlignmentFlag.AlignRight)
    layout.setColumnStretch(0, 1)
    return group
