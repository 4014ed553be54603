"""The keyboard sheet: every key of the window, to be changed there, and of its panes."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop.ui.actions import MENU_KEY, MENUS, SEPARATOR, Actions, in_words, key_of
from forllm_desktop.ui.editor.mark_bar import ATTACH_KEY, MARKS, PREVIEW_KEY
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.thread.actions import Act
from forllm_desktop.ui.widgets.grounds import on_surface
from forllm_desktop.ui.widgets.key_row import KeyRow
from forllm_desktop.ui.widgets.labels import plain_label

_IN_PLACE: dict[str, tuple[tuple[str, str], ...]] = {
    "In a topic": (
        ("J", "Next post"),
        ("K", "Previous post"),
        ("U", "The post it answers"),
        ("L", "Threaded, or in order of time"),
        *((act.key, act.word) for act in Act if act.key),
        ("End", "To the end, and follow what is written"),
    ),
    "While writing": (
        ("Ctrl+Enter", "Post and ask"),
        ("@", "Ask a persona: a list opens, Enter or Tab takes a name"),
        (":", "Behind a name: the next one answers its reply, @Ada:@Bob"),
        ("#", "A file of an indexed folder"),
        *((mark.key, mark.name) for mark in MARKS),
        (ATTACH_KEY, "Attach files"),
        (PREVIEW_KEY, "Preview, and back"),
        ("Esc", "Stop replying or editing; the draft stays"),
    ),
    "On an attached file": (
        ("Enter", "Write a note on it"),
        ("Left, Right", "To the next file"),
        ("Alt+Left, Alt+Right", "Move it"),
        ("Del", "Take it out"),
        ("Ctrl+Z", "Bring back what was taken out"),
    ),
    "In the queue": (
        ("Enter", "Open the post, or the persona that is written"),
        ("Space", "Details: what happened, and what was sent"),
        ("Esc", "Close the details"),
        ("Del", "Cancel the request"),
        ("Shift+Del", "Cancel its whole batch"),
        ("Ctrl+R", "Retry the request"),
        ("Ctrl+Shift+R", "Skip a failed request of a chain"),
    ),
    "In a prompt": (
        ("Enter", "Full text of a message; open or close what was left out or changed"),
        ("Ctrl+Enter", "Show the post"),
        ("Ctrl+C", "Copy the message"),
        ("Ctrl+F", "Search in all messages"),
        ("Left, Right", "From part to part, in the bar"),
    ),
    "In the list of a subforum’s personas": (
        ("Enter", "Open the persona"),
        ("D", "Make default, or no default"),
        ("Ins", "Assign"),
        ("Del", "Remove"),
    ),
    "In the search": (
        ("Enter", "Open"),
        ("Ctrl+Enter", "Ask the persona"),
    ),
    "In the forum tree": (
        ("Ctrl+Enter", "Open in a new tab"),
        ("Shift+Up, Shift+Down", "Select several topics"),
        ("F2", "Rename"),
        ("Alt+Enter", "Name and description"),
        ("Ctrl+Enter", "Settings of the subforum"),
        ("Alt+P", "Assign personas, or ask one"),
        ("Alt+Up, Alt+Down", "Move the subforum"),
        ("Del", "Move to the trash"),
    ),
    "In the personas": (
        ("Enter", "Open the persona"),
        ("Shift+Up, Shift+Down", "Select several personas"),
        ("F2", "Rename, on the page of personas"),
        ("Del", "Move to the trash"),
    ),
    "On the page of personas": (
        ("Ctrl+S", "Save as a new version"),
        ("Shift+Up, Shift+Down", "Compare two versions"),
        ("Enter", "Full text of a message in the preview"),
        ("Esc", "Close what lies over the editor"),
    ),
    "While a persona is generated": (
        ("Ctrl+Enter", "Generate"),
        ("Space", "Want a heading, or not"),
        ("Alt+Up, Alt+Down", "Move a heading"),
        ("Del", "Remove a heading of one’s own"),
        ("F2", "Change a cell of the variation plan"),
    ),
    "On the pages of templates and new texts": (
        ("Ctrl+S", "Save the template as a version of your own"),
        ("Ctrl+Enter", "Accept the new text of a persona"),
    ),
    "While dragging personas": (
        ("Shift", "The first becomes the default"),
        ("Alt", "Ask what is meant"),
        ("Esc", "Leave everything as it is"),
    ),
}
"""Keys that work only in their pane."""

_FOR_TEXT = (
    "Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+A", "Ctrl+Y", "Return", "Enter", "Tab", "Shift+Tab", "Esc", "Space",
    "Backspace", "Del", "Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDown",
)  # fmt: skip
"""Keys without which nothing could be typed or reached."""

COLUMN = 352
"""Least width of a column in px at 100 %."""


class ShortcutsPage(QScrollArea):
    """Groups of keys and names, in as many columns as fit."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setAccessibleName("Keyboard")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._actions = actions
        self._rows: dict[str, KeyRow] = {}
        menus = [self._menu_group(title) for title in MENUS]
        self._groups = [*menus, *(_group(title, list(keys)) for title, keys in _IN_PLACE.items())]
        self._columns = 0
        self._sheet = QWidget()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(48)
        self._grid.setVerticalSpacing(24)
        layout = QVBoxLayout(self._sheet)
        layout.setContentsMargins(32, 16, 32, 24)
        layout.setSpacing(16)
        layout.addWidget(plain_label("Keyboard", "title"))
        hint = "Press a key’s button to change it; the keys of panes are fixed."
        layout.addWidget(plain_label(hint, "ui", "text_3", wraps=True))
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

    # -- changing keys

    def _menu_group(self, title: str) -> QWidget:
        group, layout = _titled(title.replace("&", ""))
        for place, spec in enumerate((spec for spec in MENUS[title] if spec is not SEPARATOR), 1):
            row = self._rows[spec.id] = KeyRow(in_words(self._actions[spec.id]))
            row.chosen.connect(partial(self._choose, spec.id))
            row.reset_requested.connect(partial(self._reset, spec.id))
            layout.addWidget(row, place, 0, 1, 2)
            self._show(spec.id)
        if title == "&Help":
            _add_line(layout, f"{MENU_KEY} or Alt", "Menu")
        return group

    def _show(self, id: str) -> None:
        self._rows[id].show_key(key_of(self._actions[id]), is_usual=self._actions.is_usual(id))

    def _choose(self, id: str, key: str) -> None:
        """Give an action a key, unless that means something else already."""
        refusal = self._refusal(id, key) if key else ""
        if refusal:
            self._rows[id].refuse(refusal)
            return
        if not key or self._actions.owner_of(key) != id:
            self._actions.set_key(id, key)
        self._show(id)

    def _reset(self, id: str) -> None:
        for key in self._actions.usual_keys(id):
            refusal = self._refusal(id, key)
            if refusal:
                self._rows[id].refuse(refusal)
                return
        self._actions.reset_keys(id)
        self._show(id)

    def _refusal(self, id: str, key: str) -> str:
        """Return why an action cannot have a key, empty when it can."""
        shown = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
        owner = self._actions.owner_of(key)
        if owner and owner != id:
            return f"{shown} means “{in_words(self._actions[owner])}”. Give that another key first."
        fixed = _fixed_keys()
        if QKeySequence(key).toString() in fixed:
            return f"{shown} means “{fixed[QKeySequence(key).toString()]}”. Choose another one."
        return ""


def _fixed_keys() -> dict[str, str]:
    """Return what the keys mean that cannot be given away, by their portable text."""
    fixed = {MENU_KEY: "Menu"} | dict.fromkeys(_FOR_TEXT, "Typing and moving")
    for pairs in _IN_PLACE.values():
        for keys, meaning in pairs:
            for key in keys.split(", "):
                fixed.setdefault(key, meaning)
    return {QKeySequence(key).toString(): meaning for key, meaning in fixed.items()}


def _group(title: str, keys: list[tuple[str, str]]) -> QWidget:
    group, layout = _titled(title)
    for key, name in keys:
        _add_line(layout, key, name)
    return group


def _titled(title: str) -> tuple[QWidget, QGridLayout]:
    group = QWidget()
    group.setAccessibleName(title)
    layout = QGridLayout(group)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(16)
    layout.setVerticalSpacing(8)
    layout.addWidget(plain_label(title, "ui_strong"), 0, 0, 1, 2)
    layout.setColumnStretch(0, 1)
    return group, layout


def _add_line(layout: QGridLayout, key: str, name: str) -> None:
    row = layout.rowCount()
    layout.addWidget(plain_label(name, "ui", wraps=True), row, 0)
    layout.addWidget(plain_label(key, "small_medium", "text_2"), row, 1, Qt.AlignmentFlag.AlignRight)
