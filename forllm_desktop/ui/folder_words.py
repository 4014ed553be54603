"""The words for folders whose files may be tagged: how far they are indexed, and which files count."""

from datetime import datetime

from forllm_desktop.domain.files import FileFolder
from forllm_desktop.domain.found_files import FolderState, FolderStatus
from forllm_desktop.ui import words
from forllm_desktop.ui.words import counted


def status_words(status: FolderStatus, now: datetime) -> tuple[str, str]:
    """Return how far a folder is indexed, and the token of the words' colour."""
    match status.state:
        case FolderState.WAITING:
            return "Waits to be indexed", "text_3"
        case FolderState.INDEXING:
            return f"Indexing… {counted(status.files, 'file')} so far", "text_2"
        case FolderState.READY:
            return _ready(status, now), "text_3"
        case FolderState.MISSING:
            return "The folder is missing. It is indexed again when it comes back.", "warn"
        case FolderState.UNREADABLE:
            return "The folder cannot be read. Its permissions may have changed.", "warn"
        case _:
            return f"It could not be indexed. {status.message}".strip(), "danger"


def filter_words(folder: FileFolder) -> str:
    """Return which files of a folder count, in a few words."""
    said = ["with the folders in it" if folder.is_recursive else "without the folders in it"]
    if folder.allow:
        said.append(f"only {few_patterns(folder.allow)}")
    if folder.block:
        said.append(f"never {few_patterns(folder.block)}")
    return ", ".join(said)


def few_patterns(patterns: list[str]) -> str:
    """Return the first patterns of a list and how many more there are."""
    shown = " ".join(patterns[:3])
    return shown if len(patterns) <= 3 else f"{shown} and {len(patterns) - 3} more"


def _ready(status: FolderStatus, now: datetime) -> str:
    said = counted(status.files, "file")
    if status.indexed_at is not None:
        said += f", indexed {since(status.indexed_at, now)}"
    if status.is_watched:
        said += ", changes are noticed"
    elif status.message:
        said += f"; later changes are found every ten minutes ({status.message})"
    if status.errors:
        said += f"; {counted(status.errors, 'folder')} in it could not be read"
    return said


def since(moment: datetime, now: datetime) -> str:
    """Return when something was, in words that end a sentence: "just now", "2 min ago", "on 3 Nov 2026"."""
    passed = words.ago(moment, now)
    if passed == "now":
        return "just now"
    return f"{passed} ago" if passed.endswith((" min", " h", " day", " days")) else f"on {passed}"
