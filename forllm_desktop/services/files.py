"""The folders whose files may be tagged: which there are, what they hold, and the text of their files."""

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.files import FileFolder
from forllm_desktop.domain.found_files import FolderState, FolderStatus, FoundFile, ReadFile, shown_name
from forllm_desktop.domain.settings import Settings
from forllm_desktop.events import Events
from forllm_desktop.files.finding import find, statuses
from forllm_desktop.files.index_process import IndexProcess
from forllm_desktop.files.patterns import Rules, checked_patterns, combined, usable_patterns
from forllm_desktop.files.plans import FolderPlan, plans_message, reindex_message, used_message
from forllm_desktop.files.skipped import GROUPS
from forllm_desktop.llm.tokens import estimate_text
from forllm_desktop.services.news import change
from forllm_desktop.storage import file_folders as rows
from forllm_desktop.storage import settings as settings_rows
from forllm_desktop.storage.database import Database, Session

INDEX_FILE = "files.db"
"""Name of the index in the data folder; it can be deleted at any time."""
_NO_FILES = ("/proc", "/sys", "/dev")


class FilesService:
    """Folders are indexed by a process of their own, between `start` and `stop`.

    Everything that reads (`complete`, `read`, `read_path`, `read_bytes`, `status`) may be called from any
    thread; reading a file takes as long as its disk, and a PDF up to half a minute, so never in the window's.
    What reads files is imported when the first is read: a start needs none of it.
    """

    def __init__(
        self, database: Database, events: Events, data_folder: Path, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._events = events
        self._data_folder = data_folder
        self._index = data_folder / INDEX_FILE
        self._clock = clock
        self._is_started = False
        self._process: IndexProcess | None = None
        self._told: dict[int, dict[str, Any]] = {}
        self._failure = ""
        self._lock = threading.Lock()

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
        self._tell_plans()
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
        self._tell_plans()
        return folder

    def remove_folder(self, folder_id: int) -> FileFolder:
        """Forget a folder; nothing on the disk changes. Returns it, for `restore`. Raises NotFound."""
        with change(self._database, self._events) as (session, news):
            folder = _existing(session, folder_id)
            session.delete(folder)
            news.tell(self._events.files_changed)
        self._tell_plans()
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
        self._tell_plans()
        return restored

    def always_skipped(self) -> Mapping[str, Sequence[str]]:
        """Return what is skipped in every folder, in groups with a title."""
        return GROUPS

    # -- the index

    def start(self) -> None:
        """Begin to index what there is, in a process that ends with this one; returns at once."""
        if self._is_started:
            return
        self._is_started = True
        self._events.settings_changed.connect(self._tell_plans)
        self._tell_plans()

    def stop(self) -> None:
        """End the process that indexes; what it was doing goes on at the next start."""
        if not self._is_started:
            return
        self._is_started = False
        self._events.settings_changed.disconnect(self._tell_plans)
        if self._process is not None:
            self._process.stop()
            self._process = None

    def status(self) -> dict[int, FolderStatus]:
        """Return how far each folder is indexed, by its number."""
        stored = statuses(self._index)
        return {
            folder.folder_id: self._live(
                stored.get(folder.folder_id, FolderStatus(folder.folder_id)),
                self._told.get(folder.folder_id, {}),
            )
            for folder in self.folders()
        }

    def reindex(self, folder_id: int | None = None) -> None:
        """Look through a folder anew, or through all, in the process that indexes. Raises NotFound."""
        if folder_id is not None:
            self.folder(folder_id)
        if self._failure:
            self._begin_anew()
        if self._process is not None:
            self._process.send(reindex_message(folder_id))

    def index_now(
        self,
        folder_id: int | None = None,
        tell: Callable[[FolderStatus], object] = lambda _status: None,
    ) -> None:
        """Look through a folder, or all, here and now, for commands; `tell` gets how far each is.

        Raises NotFound, NotPossible when a process indexes already, ForllmError.
        """
        if self._is_started:
            raise NotPossible("A process indexes already")
        if folder_id is not None:
            self.folder(folder_id)
        from forllm_desktop.files.indexer import index_once

        def told(line: dict[str, Any]) -> None:
            tell(FolderStatus(line["folder"], FolderState(line["state"]), line["files"]))

        try:
            index_once(self._index, self._plans(), str(self._data_folder), folder_id, told)
        except (OSError, sqlite3.Error) as error:
            raise ForllmError("The files could not be indexed", f"{self._index}: {error}.") from error

    def complete(self, typed: str, most: int = 20) -> list[FoundFile]:
        """Return the indexed files that fit what was typed, the best first; the newest for nothing typed.

        Takes some milliseconds, and at most 50 however many files there are.
        """
        places = {folder.folder_id: folder.path for folder in self.folders()}
        found: dict[str, FoundFile] = {}
        for match in find(self._index, typed, 2 * most, places):
            folder = places[match.folder_id]
            file = FoundFile(
                match.folder_id,
                match.path,
                shown_name(match.path.rpartition("/")[2]),
                shown_name(os.path.basename(folder) or folder),
                match.size,
            )
            # Where one indexed folder lies in another, a file is found in both.
            found.setdefault(os.path.join(folder, match.path), file)
        return list(found.values())[:most]

    def _live(self, stored: FolderStatus, told: dict[str, Any]) -> FolderStatus:
        """Return what is known of a folder, with what the process has told since it began to look at it."""
        if self._failure:
            return replace(stored, state=FolderState.FAILED, is_watched=False, message=self._failure)
        if self._process is None:
            return replace(stored, is_watched=False)
        if told.get("state") == FolderState.INDEXING:
            return replace(stored, state=FolderState.INDEXING, files=told["files"])
        return stored

    def _tell_plans(self) -> None:
        """Let the process know which folders there are now; it is started with the first of them."""
        with self._lock:  # folders may be added from several threads
            if not self._is_started:
                return
            plans = self._plans()
            message = plans_message(plans, str(self._data_folder))
            if self._process is not None:
                self._process.send(message)
            elif plans:
                self._process = IndexProcess(self._index, message, self._hear)

    def _begin_anew(self) -> None:
        """Start the process again after it had been given up."""
        self._failure = ""
        if self._process is not None:
            self._process.stop()
            self._process = None
        self._tell_plans()

    def _hear(self, message: dict[str, Any]) -> None:
        """Note what the process tells. Called from a thread of its own."""
        if "failed" in message:
            self._failure = message["failed"]
        elif "folder" in message:
            self._told[message["folder"]] = message
        self._events.files_changed.emit()

    def _plans(self) -> list[FolderPlan]:
        with self._database.read() as session:
            settings = settings_rows.load(session)
            return [
                FolderPlan(folder.folder_id, folder.path, _rules(settings, folder))
                for folder in rows.folders(session)
            ]

    # -- reading

    def read(self, folder_id: int, path: str) -> ReadFile:
        """Return the text of a file of a folder; `path` is relative to it, as of a FoundFile.

        Raises InvalidInput("file") when it lies outside, its folder's patterns skip it, it cannot be read, is
        no text or has more tokens than the settings allow; NotFound when the folder is no longer indexed.
        """
        from forllm_desktop.files.reading import read_in_folder

        with self._database.read() as session:
            folder = _existing(session, folder_id)
            rules = _rules(settings_rows.load(session), folder)
        file = self._measured(read_in_folder(folder.path, path, rules, self._data_folder))
        if self._process is not None:
            self._process.send(used_message(folder_id, path, self._clock().timestamp()))
        return file

    def read_path(self, path: str | Path) -> ReadFile:
        """Return the text of a file that the user picked, wherever it lies. Raises InvalidInput("file")."""
        from forllm_desktop.files.reading import read_file

        return self._measured(read_file(path))

    def read_bytes(self, name: str, content: bytes) -> ReadFile:
        """Return the text of bytes that came as a file, pasted for instance. Raises InvalidInput("file")."""
        from forllm_desktop.files.reading import read_content

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


def _rules(settings: Settings, folder: FileFolder) -> Rules:
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
    """Return the full path of a folder that can be listed and holds files of people. Raises InvalidInput."""
    if not path.strip():
        raise InvalidInput("path", "No folder is named", "Choose one.")
    try:
        full = Path(path).expanduser().absolute()
        if ".." in full.parts:
            full = full.resolve()
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
    _require_of_people(os.path.realpath(full))
    return str(full)


def _require_of_people(real: str) -> None:
    """Refuse the whole computer, and what the system only shows as files: secrets of programs lie there."""
    system_drive = f"{os.environ.get('SYSTEMDRIVE', '')}{os.sep}" if os.name == "nt" else os.sep
    if real == system_drive:
        raise InvalidInput(
            "path",
            "This is the whole computer",
            "Files of the system and of other people would be found too. Choose the folders that you need.",
        )
    if os.name != "nt" and any(Path(real).is_relative_to(place) for place in _NO_FILES):
        raise InvalidInput(
            "path", "There are no files in this folder", f"{real} shows what the system and its programs do."
        )
