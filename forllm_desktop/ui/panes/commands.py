"""Commands of a row: the same things to do by context menu and by key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import theme


@dataclass(frozen=True)
class Command:
    """One thing to do: its word, keys (the first is shown), icon, and what it opens if it is a submenu."""

    word: str
    run: Callable[[], object] = lambda: None
    keys: tuple[str, ...] = ()
    icon: str = ""
    is_enabled: bool = True
    below: tuple["Command", ...] = ()
    is_checked: bool | None = None


SEPARATOR = Command("")


def fill(menu: QMenu, commands: Sequence[Command]) -> None:
    """Put commands into a menu, in their order."""
    for command in commands:
        if command is SEPARATOR:
            menu.addSeparator()
        elif command.below:
            below = menu.addMenu(icon(command.icon), command.word)
            fill(below, command.below)
        else:
            menu.addAction(_action(command, menu))


def take_key(event: QKeyEvent, commands: Sequence[Command]) -> None:
    """Accept a key that one of the commands has, and do what it means unless it is only asked for."""
    pressed = QKeySequence(event.keyCombination())
    for command in commands:
        if command.is_enabled and any(QKeySequence(key) == pressed for key in command.keys):
            event.accept()
            if event.type() == event.Type.KeyPress:
                command.run()
            return


def _action(command: Command, menu: QMenu) -> QAction:
    action = QAction(command.word, menu)
    action.setEnabled(command.is_enabled)
    if command.is_checked is not None:
        action.setCheckable(True)
        action.setChecked(command.is_checked)
    if command.icon:
        action.setIcon(icon(command.icon, "danger" if command.icon == "trash" else "text_2"))
    if command.keys:
        # Shown only: the tree answers the key itself, as long as it has the focus.
        action.setShortcut(QKeySequence(command.keys[0]))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setShortcutVisibleInContextMenu(True)
    action.triggered.connect(lambda: command.run())
    return action


def short(name: str) -> str:
    """Return a name as it fits into a menu, with no letter taken for a menu key."""
    cut = QFontMetrics(theme().font("ui")).elidedText(name, Qt.TextElideMode.ElideRight, theme().px(240))
    return cut.replace("&", "&&")
