"""The files that go with posts: stored once for each content, with the name and note each post gives them."""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.files import (
    FILES_LIMIT,
    AttachedFile,
    FileFacts,
    PostFile,
    ShownFile,
    StoredFile,
    checked_file_name,
    checked_file_note,
)
from forllm_desktop.domain.forum import Post, storable
from forllm_desktop.domain.found_files import ReadFile
from forllm_desktop.llm.tokens import CHARACTERS_PER_TOKEN
from forllm_desktop.services.files import FilesService
from forllm_desktop.storage import files as rows
from forllm_desktop.storage.database import Database, Session

CLEANED_AT_ONCE, CLEANED_BYTES = 16, 4_000_000
"""Files and bytes of one step of the cleaning; one file of any size is one too."""


class AttachmentService:
    """Stores files and tells what posts have. Everything may be called from any thread.

    What is added is kept from then on: at least until the app is started again, and as long as a post or a
    draft has it.
    """

    def __init__(
        self, database: Database, files: FilesService, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._started = clock()
        self._held: set[str] = set()
        self._lock = threading.Lock()

    # -- adding

    def add_path(self, path: Path | str, note: str = "") -> AttachedFile:
        """Store what a file the user picked holds now; a PDF takes a while. Raises InvalidInput."""
        return self.add_read(self._files.read_path(path), note)

    def add_bytes(self, name: str, content: bytes) -> AttachedFile:
        """Store a content under a name. Raises InvalidInput when it is no text that can be sent."""
        return self.add_read(self._files.read_bytes(name, content))

    def add_text(self, name: str, text: str) -> AttachedFile:
        """Store a text as a file. Raises InvalidInput when it is too long."""
        return self.add_bytes(name, storable(text).encode())

    def add_read(self, read: ReadFile, note: str = "", path: str | None = None) -> AttachedFile:
        """Store what was read of a file; `path` says where a tagged one is. Raises InvalidInput."""
        digest = hashlib.sha256(read.content).hexdigest()
        file = AttachedFile(digest, checked_file_name(read.name), checked_file_note(note), path)
        with self._database.write() as session:
            # Inside the transaction: no cleaning can come between.
            self.hold([file])
            if not rows.known(session, [digest]):
                session.add(
                    StoredFile(
                        digest=digest,
                        size=len(read.content),
                        encoding=read.encoding,
                        text=read.text,
                        content=read.content,
                        stored_at=self._clock(),
                    )
                )
        return file

    def attach(self, session: Session, post: Post, files: Sequence[AttachedFile]) -> None:
        """Give a post these files, in this order, instead of those it has. Raises InvalidInput.

        A step of the transaction that makes or changes the post.
        """
        checked = self.checked(session, files)
        had = rows.of_posts(session, [post.post_id])
        if had:
            self.hold(map(_attached, had))
            rows.forget_of_post(session, post.post_id)
        session.add_all(
            PostFile(
                post_id=post.post_id,
                position=position,
                digest=file.digest,
                name=file.name,
                note=file.note,
                path=file.path,
            )
            for position, file in enumerate(checked)
        )
        session.flush()

    def checked(self, session: Session, files: Sequence[AttachedFile]) -> list[AttachedFile]:
        """Return files as they will be stored with a post. Raises InvalidInput, as for a lost content."""
        if len(files) > FILES_LIMIT:
            raise InvalidInput(
                "file",
                "These are too many files",
                f"A post can have {FILES_LIMIT}; these are {len(files):,}.",
            )
        stored = rows.known(session, {file.digest for file in files})
        for file in files:
            if file.digest not in stored:
                raise InvalidInput(
                    "file",
                    f"The content of “{checked_file_name(file.name)}” is not stored",
                    "Attach it again.",
                )
        return [
            replace(file, name=checked_file_name(file.name), note=checked_file_note(file.note))
            for file in files
        ]

    # -- reading

    def of_post(self, post_id: int) -> list[AttachedFile]:
        """List the files of a post in their order; also of a deleted one."""
        return self.of_posts([post_id]).get(post_id, [])

    def of_posts(self, post_ids: Collection[int]) -> dict[int, list[AttachedFile]]:
        """Return the files of several posts by post; posts without any are left out."""
        found: dict[int, list[AttachedFile]] = {}
        with self._database.read() as session:
            for row in rows.of_posts(session, post_ids):
                found.setdefault(row.post_id, []).append(_attached(row))
        return found

    def texts(self, digests: Collection[str]) -> dict[str, StoredFile]:
        """Return stored files with their texts by digest; reading `content` of one raises, see `content`."""
        with self._database.read() as session:
            return {file.digest: file for file in rows.stored(session, digests)}

    def shown(self, *, topic_id: int = 0, post_ids: Collection[int] = ()) -> dict[int, list[ShownFile]]:
        """Return the files of a topic, or of some posts, by post with their sizes, in two queries."""
        with self._database.read() as session:
            found = rows.of_topic(session, topic_id) if topic_id else rows.of_posts(session, post_ids)
            facts = _facts(session, {row.digest for row in found})
        shown: dict[int, list[ShownFile]] = {}
        for row in found:
            shown.setdefault(row.post_id, []).append(ShownFile(_attached(row), facts.get(row.digest)))
        return shown

    def facts(self, digests: Collection[str]) -> dict[str, FileFacts]:
        """Return how large stored files are by digest, without their texts."""
        with self._database.read() as session:
            return _facts(session, digests)

    def content(self, digest: str) -> bytes:
        """Return the bytes of a file as they were stored. Raises NotFound."""
        with self._database.read() as session:
            found = rows.content(session, digest)
        if found is None:
            raise NotFound("The file is not stored any more", "Attach it again.")
        return found

    # -- what nothing needs

    def hold(self, files: Iterable[AttachedFile]) -> None:
        """Keep the contents of these files until the app ends, whatever becomes of posts and drafts."""
        with self._lock:
            self._held.update(file.digest for file in files)

    def clean(self) -> int:
        """Remove some contents that nothing has needed since the app was started; returns how many.

        One short transaction; call it again until it returns 0.
        """
        with self._database.write() as session:
            with self._lock:
                held = set(self._held)
            # As many more as are held: these may be the oldest.
            unneeded = rows.unneeded(session, self._started, CLEANED_AT_ONCE + len(held))
            return rows.remove(session, _first([found for found in unneeded if found[0] not in held]))


def _facts(session: Session, digests: Collection[str]) -> dict[str, FileFacts]:
    return {
        digest: FileFacts(size, tokens_of(characters), encoding)
        for digest, size, characters, encoding in rows.sizes(session, digests)
    }


def tokens_of(characters: int) -> int:
    """Estimate the tokens of a text of this length, for any model."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def _first(unneeded: Sequence[tuple[str, int]]) -> list[str]:
    """Return the digests of as many files as one step removes."""
    chosen, size = [], 0
    for digest, bytes_ in unneeded[:CLEANED_AT_ONCE]:
        size += bytes_
        if chosen and size > CLEANED_BYTES:
            break
        chosen.append(digest)
    return chosen


def _attached(row: PostFile) -> AttachedFile:
    return AttachedFile(row.digest, row.name, row.note, row.path)
