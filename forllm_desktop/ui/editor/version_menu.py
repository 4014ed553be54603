"""A menu of the versions of a persona, the newest first."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.persona_card import VersionEntry
from forllm_desktop.ui import words

MOST = 30
"""Versions shown; older ones are in the list of versions on the Personas page."""
_NOTE = 48
"""Characters of a version's note that are shown."""


class VersionMenu(QMenu):
    """Reads the versions when it opens; `used` is the one that is marked.

    chosen(version)
    """

    chosen = Signal(int)

    def __init__(
        self,
        title: str,
        versions: Callable[[], Sequence[VersionEntry]],
        used: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title.replace("&", "&&"), parent)
        self._read = versions
        self._used = used
        self.setAccessibleName(title)
        # A submenu without a row is not offered at all.
        self.addAction(QAction("…", self))
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        now = utc_now()
        entries = self._read()
        for entry in entries[:MOST]:
            number = entry.version.version
            action = QAction(described(entry, words.clock(entry.version.created_at, now)), self)
            action.setCheckable(True)
            action.setChecked(number == self._used)
            action.triggered.connect(lambda _=False, number=number: self.chosen.emit(number))
            self.addAction(action)
        if len(entries) > MOST:
            older = QAction(f"{len(entries) - MOST:,} older ones: on the Personas page", self)
            older.setEnabled(False)
            self.addAction(older)


def described(entry: VersionEntry, when: str) -> str:
    """Return a version as a row: its number, when it was made, and its note or what it changed."""
    about = " ".join(entry.version.note.split()) or ", ".join(entry.changed)
    about = about if len(about) <= _NOTE else f"{about[: _NOTE - 1]}…"
    return "   ".join(filter(None, (f"v{entry.version.version}", when, about))).replace("&", "&&")
