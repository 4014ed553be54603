"""Reads and changes the options of the app, and keeps what the window remembers."""

import json
from collections.abc import Mapping
from typing import Any

from forllm_desktop.domain.settings import Settings, checked_option
from forllm_desktop.events import Events
from forllm_desktop.storage import settings as rows
from forllm_desktop.storage.database import Database

_WINDOW = "ui."
"""Keys that begin so hold the state of the window and no options."""
_PATTERNS = ("files_allow", "files_block")


class SettingsService:
    """All options as one snapshot."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events

    def current(self) -> Settings:
        """Return the options as stored; what is missing or no longer fits has its default."""
        with self._database.read() as session:
            return rows.load(session)

    def change(self, **options: Any) -> Settings:
        """Store options by name. Raises InvalidInput, with nothing changed, when one does not fit."""
        checked = {name: self.checked(name, value) for name, value in options.items()}
        with self._database.write() as session:
            for name, value in checked.items():
                rows.row(session, name).value = str(value)
            if "user_name" in checked:
                rows.name_user(session, checked["user_name"])
        self._events.settings_changed.emit()
        return self.current()

    def checked(self, name: str, value: Any) -> Any:
        """Return a value as it would be stored. Raises InvalidInput, of several lines for the wrong one."""
        checked = checked_option(name, value)
        if name in _PATTERNS and checked:
            # Its library is not needed for the first frame.
            from forllm_desktop.files.patterns import checked_patterns

            checked_patterns(name, checked.splitlines())
        return checked

    def remember(self, key: str, value: Any) -> None:
        """Keep a piece of the window's state that JSON can express; nothing is announced."""
        self.remember_all({key: value})

    def remember_all(self, state: Mapping[str, Any]) -> None:
        """Do what `remember` does for several pieces at once."""
        with self._database.write() as session:
            for key, value in state.items():
                rows.row(session, _WINDOW + key).value = json.dumps(value)

    def recall(self, key: str, default: Any = None) -> Any:
        """Return what was remembered under a key, or `default` when nothing usable was."""
        with self._database.read() as session:
            stored = rows.values(session).get(_WINDOW + key)
        try:
            return default if stored is None else json.loads(stored)
        except ValueError:
            return default
