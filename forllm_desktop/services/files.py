"""The folders whose files may be tagged: which there are, what they hold, and the text of their files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.files import FileFolder
from forllm_desktop.domain.found_files import FolderStatus, FoundFile, ReadFile, shown_name
from forllm_desktop.events import Events
from forllm_desktop.files.patterns import Rules, checked_patterns, combined, usable_patterns
from forllm_desktop.files.reading import read_content, read_file, read_in_folder
from forllm_desktop.files.skipped import GROUPS
from forllm_desktop.llm.tokens import estimate_text
from forllm_desktop.services.news import change
from forllm_desktop.storage import file_folders as rows
from forllm_desktop.storage import settings as settings_rows
from forllm_desktop.storage.database import Database, Session

INDEX_FILE = "files.db"
"""Name of the index in the data folder; it can be deleted at any time."""


class FilesService:
    """Folders are indexed by a process of their own, between `start` and `stop`.

    Everything that reads (`complete`, `read`, `read_path`, `read_bytes`, `status`) may be called from any
    thread; reading a file takes as long as its disk, and a PDF up to half a minute, so never in the window's.
    """

    def __init__(
        self, database: Database, events: Events, data_folder: Path, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._events = events
        self._data_folder = data_folder
        self._clock = clock

    # -- folders

    def folders(self) -> Sequence[FileFolder]:
        """List the folders in the order they were added."""
        with self._database.read() as session:
            return rows.folders(session)

    def folder(self, folder_id: int) -> FileFolder:
        """Return a folder. Raises NotFound."""
        with self._database.read() as session:
            return _existing(session, folder_id)

    def add_folder(
        self, path: str, *, is_recursive: bool = True, allow: Sequence[str] = (), block: Sequence[str] = ()
    ) -> FileFolder:
        """Let the files of a folder be found and read. Raises InvalidInput."""
        full = _checked_folder(path)
        allowed, blocked = checked_patterns("allow", allow), checked_patterns("block", block)
        with change(self._database, self._events) as (session, news):
            _require_new(session, full)
            folder = FileFolder(
                folder_id=rows.new_number(session),
                path=full,
                is_recursive=is_recursive,
                allow=allowed,
                block=blocked,
                added_at=self._clock(),
            )
            session.add(folder)
            news.tell(self._events.files_changed)
        return folder

    def edit_folder(
        self,
        folder_id: int,
        *,
        is_recursive: bool | None = None,
        allow: Sequence[str] | None = None,
        block: Sequence[str] | None = None,
    ) -> FileFolder:
        """Change what of a folder is found; None leaves as it is. Raises NotFound, InvalidInput."""
        allowed = None if allow is None else checked_patterns("allow", allow)
        blocked = None if block is None else checked_patterns("block", block)
        with change(self._database, self._events) as (session, news):
            folder = _existing(session, folder_id)
            folder.is_recursive = folder.is_recursive if is_recursive is None else is_recursive
            folder.allow = folder.allow if allowed is None else allowed
            folder.block = folder.block if blocked is None else blocked
            news.tell(self._events.files_changed)
        return folder

    def remove_folder(self, folder_id: int) -> FileFolder:
        """Forget a folder; nothing on the disk changes. Returns it, for `restore`. Raises NotFound."""
        with change(self._database, self._events) as (session, news):
            folder = _existing(session, folder_id)
            session.delete(folder)
            news.tell(self._events.files_changed)
        return folder

    def restore(self, folder: FileFolder) -> FileFolder:
        """Bring a removed folder back under its number, so that tags find it again. Raises InvalidInput."""
        with change(self._database, self._events) as (session, news):
            if (present := session.get(FileFolder, folder.folder_id)) is not None:
                return present
            _require_new(session, folder.path)
            restored = FileFolder(
                folder_id=folder.folder_id,
                path=folder.path,
                is_recursive=folder.is_recursive,
                allow=folder.allow,
                block=folder.block,
                added_at=folder.added_at,
            )
            session.add(restored)
            news.tell(self._events.files_changed)
        return restored

    def always_skipped(self) -> Mapping[str, Sequence[str]]:
        """Return what is skipped in every folder, in groups with a title."""
        return GROUPS

    # -- the index

    def start(self) -> None:
        """Begin to index what there is, in a process that ends with this one."""

    def stop(self) -> None:
        """End the process that indexes."""

    def status(self) -> dict[int, FolderStatus]:
        """Return how far each folder is indexed, by its number."""
        return {folder.folder_id: FolderStatus(folder.folder_id) for folder in self.folders()}

    def reindex(self, folder_id: int | None = None) -> None:
        """Look through a folder anew, or through all. Raises NotFound."""

    def complete(self, typed: str, most: int = 20) -> list[FoundFile]:
        """Return the indexed files that fit what was typed, the best first; the newest for nothing typed."""
        return []

    # -- reading

    def read(self, folder_id: int, path: str) -> ReadFile:
        """Return the text of a file of a folder; `path` is relative to it, as of a FoundFile.

        Raises InvalidInput("file") when it lies outside, its folder's patterns skip it, it cannot be read, is
        no text or has more tokens than the settings allow; NotFound when the folder is no longer indexed.
        """
        with self._database.read() as session:
            folder = _existing(session, folder_id)
            rules = _rules(session, folder)
        return self._measured(read_in_folder(folder.path, path, rules, self._data_folder))

    def read_path(self, path: str | Path) -> ReadFile:
        """Return the text of a file that the user picked, wherever it lies. Raises InvalidInput("file")."""
        return self._measured(read_file(path))

    def read_bytes(self, name: str, content: bytes) -> ReadFile:
        """Return the text of bytes that came as a file, pasted for instance. Raises InvalidInput("file")."""
        return self._measured(read_content(name, content))

    def _measured(self, file: ReadFile) -> ReadFile:
        """Return the file with its tokens. Raises InvalidInput when they are more than one file may have."""
        tokens = estimate_text(file.text)
        with self._database.read() as session:
            most = settings_rows.load(session).file_tokens
        if tokens > most:
            raise InvalidInput(
                "file",
                f"{file.name} is too long",
                f"It has about {tokens:,} tokens; one file may have {most:,} (Settings, Files).",
            )
        return replace(file, tokens=tokens)


def _existing(session: Session, folder_id: int) -> FileFolder:
    folder = session.get(FileFolder, folder_id)
    if folder is None:
        raise NotFound("The folder is not indexed any more", "Add it again in the settings, under Files.")
    return folder


def _rules(session: Session, folder: FileFolder) -> Rules:
    settings = settings_rows.load(session)
    return combined(
        usable_patterns(settings.files_allow.splitlines()),
        usable_patterns(settings.files_block.splitlines()),
        folder.allow,
        folder.block,
        is_recursive=folder.is_recursive,
    )


def _require_new(session: Session, path: str) -> None:
    if rows.folder_at(session, path) is not None:
        raise InvalidInput("path", "This folder is indexed already", shown_name(path))


def _checked_folder(path: str) -> str:
    """Return the full path of a folder that can be listed. Raises InvalidInput."""
    if not path.strip():
        raise InvalidInput("path", "No folder is named", "Choose one.")
    try:
        full = Path(path).expanduser().absolute()
        str(full).encode()
        next(full.iterdir(), None)
    except UnicodeEncodeError as error:
        raise InvalidInput(
            "path", "The name of the folder is no text", f"{shown_name(path)}. Rename it first."
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InvalidInput(
            "path", "The folder cannot be read", f"{shown_name(path)}: {reason}. Choose another one."
        ) from error
    return str(full)
