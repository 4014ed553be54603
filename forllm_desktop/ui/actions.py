"""All actions of the window with their names and keys: menus, tool bar and the keyboard sheet use these."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from forllm_desktop.ui.icons import icon


@dataclass(frozen=True)
class Spec:
    """One action: its name in the menu, its keys (the first is shown), its icon; a switch stays on."""

    id: str
    name: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    is_switch: bool = False


SEPARATOR = Spec("", "")

MENUS: dict[str, tuple[Spec, ...]] = {
    "&Forum": (
        Spec("new_topic", "&New topic", ("Ctrl+N",), "note-pencil"),
        Spec("new_subforum", "New &subforum", ("Ctrl+Shift+N",), "plus"),
        Spec("new_persona", "New &persona", (), "users"),
        Spec("ask", "&Ask", ("Ctrl+Shift+A",), "chat-centered-text"),
        Spec("generate", "&Generate a persona…", ("Ctrl+Shift+G",), "magic-wand"),
        SEPARATOR,
        Spec("open_trash", "&Trash", (), "trash"),
        Spec("settings", "S&ettings", ("Ctrl+,",), "gear-six"),
        Spec("open_data_folder", "Open &data folder", (), "folder-simple"),
        SEPARATOR,
        Spec("quit", "&Quit", ("Ctrl+Q",)),
    ),
    "&Edit": (
        Spec("undo", "&Undo", ("Ctrl+Z",), "arrow-counter-clockwise"),
        SEPARATOR,
        Spec("find", "&Find in page", ("Ctrl+F",), "magnifying-glass"),
        Spec("search", "&Search everything", ("Ctrl+K",), "magnifying-glass"),
    ),
    "&View": (
        Spec("show_sidebar", "Si&debar", ("Ctrl+B",), "msc.layout-sidebar-left", is_switch=True),
        Spec("show_queue", "&Queue panel", ("Ctrl+J",), "msc.layout-panel", is_switch=True),
        Spec(
            "show_personas", "&Personas panel", ("Ctrl+Shift+B",), "msc.layout-sidebar-right", is_switch=True
        ),
        Spec("split", "&Tabs beside each other", ("Ctrl+\\",), "msc.split-horizontal", is_switch=True),
        SEPARATOR,
        Spec("larger_text", "&Larger text", ("Ctrl++", "Ctrl+=")),
        Spec("smaller_text", "S&maller text", ("Ctrl+-",)),
        Spec("usual_text", "&Usual text size", ("Ctrl+0",)),
        SEPARATOR,
        Spec("full_screen", "&Full screen", ("F11",), is_switch=True),
    ),
    "&Go": (
        Spec("next_unread", "Next &unread", ("N",)),
        Spec("open_queue", "&Queue", ("Ctrl+Shift+J",), "queue"),
        Spec("open_personas", "Per&sonas", ("Ctrl+Shift+M",), "users"),
        Spec("open_templates", "&Templates", (), "magic-wand"),
        SEPARATOR,
        Spec("next_tab", "&Next tab", ("Ctrl+Tab", "Ctrl+PgDown")),
        Spec("previous_tab", "&Previous tab", ("Ctrl+Shift+Tab", "Ctrl+PgUp")),
        Spec("close_tab", "&Close tab", ("Ctrl+W",), "x"),
        Spec("reopen_tab", "&Reopen closed tab", ("Ctrl+Shift+T",)),
        SEPARATOR,
        Spec("next_pane", "Next p&ane", ("F6",)),
        Spec("previous_pane", "Previous pan&e", ("Shift+F6",)),
    ),
    "&Queue": (
        Spec("pause", "&Pause the queue", ("Ctrl+Shift+P",), "pause"),
        Spec("try_again", "&Try servers again now", (), "arrow-clockwise"),
    ),
    "&Help": (
        Spec("shortcuts", "&Keyboard", ("F1",), "keyboard"),
        Spec("open_log", "Open the &log", (), "file-text"),
        Spec("about", "&About FORLLM", (), "info"),
    ),
}

OPENED_PAGES = {
    "about": "about", "open_personas": "personas", "open_queue": "queue", "open_templates": "templates",
    "open_trash": "trash", "settings": "settings", "shortcuts": "keyboard",
}  # fmt: skip
"""The pages that actions open."""

MENU_KEY = "F10"
"""Opens the menu, as a tap on Alt does."""


class Actions(QObject):
    """The window's actions by id.

    keys_changed(id)    the user gave an action other keys
    """

    keys_changed = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._specs = {spec.id: spec for spec in _specs()}
        self._by_id = {id: _made(spec, window) for id, spec in self._specs.items()}
        window.addActions(list(self._by_id.values()))

    def __getitem__(self, id: str) -> QAction:
        return self._by_id[id]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._by_id.values())

    def is_usual(self, id: str) -> bool:
        """Say whether an action has the keys it came with."""
        return self._by_id[id].shortcuts() == _sequences(self._specs[id].keys)

    def usual_keys(self, id: str) -> tuple[str, ...]:
        """Return the keys that an action came with."""
        return self._specs[id].keys

    def set_key(self, id: str, key: str) -> None:
        """Give an action one key; an empty one takes its keys away."""
        _put_keys(self._by_id[id], _sequences([key] if key else []))
        self.keys_changed.emit(id)

    def reset_keys(self, id: str) -> None:
        """Give an action back the keys it came with."""
        _put_keys(self._by_id[id], _sequences(self._specs[id].keys))
        self.keys_changed.emit(id)

    def owner_of(self, key: str) -> str:
        """Return the id of the action that has a key; empty when none has it."""
        wanted = QKeySequence(key)
        return next((id for id, action in self._by_id.items() if wanted in action.shortcuts()), "")

    def changed_keys(self) -> dict[str, list[str]]:
        """Return the keys that are not the usual ones, by id, for `restore_keys`."""
        portable = QKeySequence.SequenceFormat.PortableText
        return {
            id: [key.toString(portable) for key in action.shortcuts()]
            for id, action in self._by_id.items()
            if not self.is_usual(id)
        }

    def restore_keys(self, keys: Any) -> None:
        """Use the keys of an earlier run, without those that would mean two things."""
        if not isinstance(keys, dict):
            return
        known = {id: list(chosen) for id, chosen in keys.items() if id in self._by_id and _are_keys(chosen)}
        # All are taken away first: two actions may have changed their keys with each other.
        for id in known:
            _put_keys(self._by_id[id], [])
        for id, chosen in known.items():
            _put_keys(self._by_id[id], _sequences(key for key in chosen if not self.owner_of(key)))
            self.keys_changed.emit(id)

    def menu(self, title: str, parent: QWidget) -> QMenu:
        """Return one of the menus, by its title in `MENUS`."""
        menu = QMenu(title, parent)
        for spec in MENUS[title]:
            if spec is SEPARATOR:
                menu.addSeparator()
            else:
                menu.addAction(self._by_id[spec.id])
        return menu


def in_words(action: QAction) -> str:
    """Return the name of an action without the mark of its menu key."""
    return action.text().replace("&", "")


def key_of(action: QAction) -> str:
    """Return the first key of an action as people read it; empty when it has none."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def _specs() -> Iterator[Spec]:
    return (spec for specs in MENUS.values() for spec in specs if spec is not SEPARATOR)


def _made(spec: Spec, parent: QWidget) -> QAction:
    action = QAction(spec.name, parent)
    action.setObjectName(spec.id)
    action.setCheckable(spec.is_switch)
    if spec.icon:
        action.setIcon(icon(spec.icon))
    _put_keys(action, _sequences(spec.keys))
    if spec.id == "quit":
        action.setMenuRole(QAction.MenuRole.QuitRole)
    elif spec.id == "settings":
        action.setMenuRole(QAction.MenuRole.PreferencesRole)
    elif spec.id == "about":
        action.setMenuRole(QAction.MenuRole.AboutRole)
    return action


def _put_keys(action: QAction, keys: list[QKeySequence]) -> None:
    action.setShortcuts(keys)
    name = in_words(action)
    action.setToolTip(f"{name} ({key_of(action)})" if keys else name)


def _are_keys(kept: object) -> bool:
    return isinstance(kept, list) and all(isinstance(key, str) for key in kept)


def _sequences(keys: Iterable[str]) -> list[QKeySequence]:
    return [QKeySequence(key) for key in keys]
