"""The files of a post that is still being written: what it would have if it were posted now."""

import os
import threading
from collections.abc import Callable, Hashable

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.files import AttachedFile, FileFolder, checked_file_name
from forllm_desktop.domain.found_files import ReadFile
from forllm_desktop.domain.tags import FileTag
from forllm_desktop.domain.xray import DraftQuestion
from forllm_desktop.prompting.material import TurnFile
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.services.tagged_files import TaggedFiles
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Database

KEPT = 32
"""Files whose texts are remembered, so that each is read once and not after every key."""


class DraftedFiles:
    """Reads what tags name without storing it. May be called from any thread, but never from the window's."""

    def __init__(
        self, database: Database, attachments: AttachmentService, read: Callable[[int, str], ReadFile]
    ) -> None:
        self._database = database
        self._attachments = attachments
        self._tagged = TaggedFiles(database, attachments, read)
        self._read = read
        self._seen: dict[Hashable, TurnFile | None] = {}
        self._lock = threading.Lock()

    def of_draft(self, draft: DraftQuestion) -> list[AttachedFile | TurnFile]:
        """Return the files in their order, as `TaggedFiles.of_text` would store them.

        Files that cannot be read are left out; the reason is told when the post is handed in.
        """
        tags = self._tagged.tags_of(draft.text)
        if not tags:
            return [file for file in draft.files if file.path is None]
        had = self._attachments.of_post(draft.edits) if draft.edits is not None else []
        known = {tag: self._tagged.known(tag, [*draft.files, *had]) for tag in tags}
        found = [known[tag] or self._text_of(tag) for tag in tags]
        paths = {file.path for file in found if isinstance(file, AttachedFile)}
        kept = [file for file in draft.files if file.path is None or file.path in paths]
        return [*kept, *(file for file in found if file is not None and file not in kept)]

    def _text_of(self, tag: FileTag) -> TurnFile | None:
        key = self._state(tag)
        with self._lock:
            if key in self._seen:
                return self._seen[key]
        try:
            text = TurnFile(checked_file_name(tag.label), self._read(tag.folder_id, tag.path).text)
        except ForllmError:
            text = None
        with self._lock:
            while len(self._seen) >= KEPT:
                del self._seen[next(iter(self._seen))]
            self._seen[key] = text
        return text

    def _state(self, tag: FileTag) -> Hashable:
        """Return all that decides what reading the file gives: the file, and what may be read."""
        with self._database.read() as session:
            folder = session.get(FileFolder, tag.folder_id)
            now = setting_rows.load(session)
        rules = (now.file_tokens, now.files_allow, now.files_block)
        if folder is None:
            return (tag, rules)
        try:
            facts = os.stat(os.path.join(folder.path, tag.path))
        except (OSError, ValueError):
            return (tag, rules, folder.path)
        own = (folder.path, folder.is_recursive, tuple(folder.allow), tuple(folder.block))
        return (tag, rules, own, facts.st_mtime_ns, facts.st_size)
