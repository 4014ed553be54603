"""What is typed at a place and not sent: kept a moment after the last key, and given back later."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.files import AttachedFile, from_stored_form
from forllm_desktop.services.drafts import DraftService
from forllm_desktop.ui import words

SAVE_AFTER = 600
"""Milliseconds without a key before a draft is saved."""


@dataclass(frozen=True)
class Unsent:
    """What is typed: the post's text as it is stored, the title of a new topic, and the files."""

    text: str = ""
    title: str = ""
    files: tuple[AttachedFile, ...] = ()


class Keeper(QObject):
    """Keeps the draft of one place at a time; `typed` tells what is in the fields now.

    saved(words)     a draft was kept, for the status line: "Draft saved 23:18"
    failed(error)    it could not be kept; it is tried again
    """

    saved = Signal(str)
    failed = Signal(object)

    def __init__(self, drafts: DraftService, typed: Callable[[], Unsent], parent: QObject) -> None:
        super().__init__(parent)
        self._drafts, self._typed = drafts, typed
        self._key = ""
        self._is_saved = True
        self.timer = QTimer(self, interval=SAVE_AFTER, singleShot=True)
        self.timer.timeout.connect(self._save_quietly)

    @property
    def is_untouched(self) -> bool:
        """Say whether nothing was typed at this place that is not sent."""
        return self._is_saved and self._drafts.draft(self._key) is None

    def found(self, key: str) -> Unsent | None:
        """Return what was typed at a place and not sent."""
        draft = self._drafts.draft(key)
        if draft is None:
            return None
        return Unsent(draft.content, draft.title, from_stored_form(draft.files))

    def go_to(self, key: str) -> None:
        """Keep what is typed as the draft of this place from now on; nothing is typed there yet."""
        self.timer.stop()
        self._key, self._is_saved = key, True

    def note_change(self) -> None:
        """Something is different in the fields: save it soon."""
        self._is_saved = False
        self.timer.start()

    def flush(self) -> None:
        """Save the draft now. Raises what the store raises."""
        self.timer.stop()
        if self._key and not self._is_saved:
            typed = self._typed()
            self._drafts.save(self._key, typed.text, typed.title, typed.files)
            self._is_saved = True
            self.saved.emit(f"Draft saved {words.clock(utc_now(), utc_now())}")

    def forget(self, key: str, *, is_shown: bool = True) -> None:
        """Forget what was posted. It is stored by now, so a failure must not look like one of posting.

        Without `is_shown` the fields hold another text, which is kept.
        """
        if is_shown:
            self.timer.stop()
            self._is_saved = True
        try:
            self._drafts.discard(key)
        except ForllmError as error:
            self.failed.emit(error)

    def _save_quietly(self) -> None:
        try:
            self.flush()
        except ForllmError as error:
            self.failed.emit(error)
            self.timer.start()
