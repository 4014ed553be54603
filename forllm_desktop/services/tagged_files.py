"""The files that tags in a text name: read when the post is stored, and never again."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from pathlib import Path

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.files import AttachedFile, FileFolder
from forllm_desktop.domain.found_files import ReadFile
from forllm_desktop.domain.tags import FileTag, file_tags
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.storage.database import Database


class TaggedFiles:
    """Turns the file tags of a text into files of a post. May be called from any thread."""

    def __init__(
        self, database: Database, attachments: AttachmentService, read: Callable[[int, str], ReadFile]
    ) -> None:
        self._database = database
        self._attachments = attachments
        self._read = read

    def of_text(
        self, text: str, files: Sequence[AttachedFile], had: Sequence[AttachedFile] = ()
    ) -> list[AttachedFile]:
        """Return the files of a post with this text: the attached ones of `files`, and those of its tags.

        A file that its tag brought here before, be it in `files` or in `had`, stays as it was read then.
        Raises InvalidInput for one that cannot be read.
        """
        by_tag = {tag: self.known(tag, [*files, *had]) for tag in self.tags_of(text)}
        read = {tag: self._read_file(tag) for tag, known in by_tag.items() if known is None}
        tagged = [known or self._keep(tag, read[tag]) for tag, known in by_tag.items()]
        paths = {file.path for file in tagged}
        kept = [file for file in files if file.path is None or file.path in paths]
        present = {file.path for file in kept}
        return [*kept, *(file for file in tagged if file.path not in present)]

    def tags_of(self, text: str) -> list[FileTag]:
        """Return the file tags of a text, each file once: folders may lie in each other."""
        by_place: dict[Hashable, FileTag] = {}
        for tag in file_tags(text):
            place = self._place(tag)
            # Nobody knows where a folder was that is not indexed any more.
            by_place.setdefault(tag if place == tag.path else place, tag)
        return list(by_place.values())

    def known(self, tag: FileTag, files: Sequence[AttachedFile]) -> AttachedFile | None:
        """Return the file that this tag brought here before."""
        place = self._place(tag)
        for file in files:
            # The folder may not be indexed any more; its path is unknown then.
            is_below = place == tag.path and file.path and Path(file.path).as_posix().endswith(f"/{place}")
            if file.path is not None and (file.path == place or is_below):
                return file
        return None

    def _place(self, tag: FileTag) -> str:
        with self._database.read() as session:
            folder = session.get(FileFolder, tag.folder_id)
        place = str(Path(folder.path, tag.path)) if folder is not None else tag.path
        # A name on a Linux disk need not be text, but what is stored must be.
        return place.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    def _read_file(self, tag: FileTag) -> ReadFile:
        try:
            return self._read(tag.folder_id, tag.path)
        except ForllmError as error:
            raise InvalidInput("text", error.title, error.message) from error

    def _keep(self, tag: FileTag, read: ReadFile) -> AttachedFile:
        try:
            return self._attachments.add_read(replace(read, name=tag.label), path=self._place(tag))
        except InvalidInput as error:
            raise InvalidInput("text", error.title, error.message) from error
