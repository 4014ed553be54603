"""The GGUF files for the built-in engine: those found on this machine and those the user picked."""

import json
from dataclasses import dataclass
from pathlib import Path

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.llm.gguf_files import find_gguf_files
from forllm_desktop.llm.gguf_header import check_is_gguf, read_gguf_header
from forllm_desktop.llm.streams import without_surrogates
from forllm_desktop.storage import settings as rows
from forllm_desktop.storage.database import Session

PICKED_FILES = "pickedModelFiles"
"""Key of the settings row that holds the paths of the picked files, as JSON."""


@dataclass(frozen=True)
class GgufFile:
    """A model file. `size` is in bytes, None when the file is gone; `name` is what a user knows it by.

    A path that holds bytes that are no text is shown with marks in their places; such a file is refused in
    words when it is used.
    """

    path: str
    name: str
    size: int | None
    is_picked: bool


def files(picked_paths: list[str]) -> list[GgufFile]:
    """List picked files, then found ones, each once. Reads the disk, so the window calls it in a thread."""
    listed = [_described(path, is_picked=True) for path in picked_paths]
    known = {str(Path(path).resolve()) for path in picked_paths}
    found = [str(path) for path in find_gguf_files() if str(path.resolve()) not in known]
    return listed + sorted(
        (_described(path, is_picked=False) for path in found), key=lambda file: file.name.casefold()
    )


def checked_path(path: str | Path) -> str:
    """Return the full path of a file that is a GGUF file. Raises InvalidInput."""
    full = str(Path(path).expanduser().absolute())
    try:
        check_is_gguf(full)
    except ForllmError as error:
        raise InvalidInput("path", error.title, error.message) from error
    return full


def picked(session: Session) -> list[str]:
    """Return the picked paths in the order they were picked."""
    try:
        stored = json.loads(rows.values(session).get(PICKED_FILES) or "[]")
    except ValueError:
        return []
    return [path for path in stored if isinstance(path, str)] if isinstance(stored, list) else []


def pick(session: Session, path: str) -> None:
    """Add a path to the picked ones, once."""
    paths = [known for known in picked(session) if known != path]
    rows.row(session, PICKED_FILES).value = json.dumps([*paths, path], ensure_ascii=False)


def drop(session: Session, path: str) -> None:
    """Take a path off the picked ones."""
    paths = [known for known in picked(session) if known != path]
    rows.row(session, PICKED_FILES).value = json.dumps(paths, ensure_ascii=False)


def _described(path: str, *, is_picked: bool) -> GgufFile:
    try:
        size = Path(path).stat().st_size
    except OSError:
        return GgufFile(path, Path(path).name, None, is_picked)
    return GgufFile(without_surrogates(path), without_surrogates(_name(path)), size, is_picked)


def _name(path: str) -> str:
    """Return the name of the file, or of the model where the file is named by a hash, as Ollama's are."""
    name = Path(path).name
    if name.casefold().endswith(".gguf"):
        return name
    try:
        header = read_gguf_header(path)
    except ForllmError:
        return name
    return " ".join(part for part in (header.name or name, header.quant) if part)
