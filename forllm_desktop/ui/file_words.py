"""How files are spoken of: their sizes, what kind they are, and what can be told of one in all."""

from collections.abc import Sequence

from forllm_desktop.domain.files import AttachedFile, FileFacts
from forllm_desktop.domain.found_files import shown_size
from forllm_desktop.ui import words


def tokens(facts: FileFacts | None) -> str:
    """Return how much of a window a file takes: "~1,204 tokens"; empty when nothing is known of it."""
    return f"~{words.counted(facts.tokens, 'token')}" if facts is not None else ""


def mention(files: Sequence[AttachedFile]) -> str:
    """Return a line that names files, for copies of a post: "Files: notes.md (from the attic), log.txt"."""
    named = (f"{file.name} ({file.note})" if file.note else file.name for file in files)
    return f"{'Files' if len(files) > 1 else 'File'}: {', '.join(named)}"


def kind(facts: FileFacts) -> str:
    """Return what a file was read as: "PDF", "text, UTF-8"."""
    return "PDF" if facts.encoding == "pdf" else f"text, {facts.encoding.upper()}"


def in_full(facts: FileFacts | None) -> str:
    """Return the size and the kind of a file; of a PDF also what the text is."""
    if facts is None:
        return "Not stored any more"
    told = f"{tokens(facts)} · {shown_size(facts.size)} · {kind(facts)}"
    if facts.encoding != "pdf":
        return told
    return f"{told}. Below is the text that was taken out of the PDF: it is all that models read of it."


def icon_of(facts: FileFacts | None) -> str:
    """Return the icon of a file."""
    return "file-pdf" if facts is not None and facts.encoding == "pdf" else "file-text"


def about(file: AttachedFile, facts: FileFacts | None) -> str:
    """Return all that can be told of a file, in lines, for a tooltip."""
    told = [file.name]
    if facts is not None:
        told.append(f"{tokens(facts)}, {shown_size(facts.size)}, {kind(facts)}")
    if file.path:
        told.append(f"from {file.path}")
    if file.note:
        told.append(file.note)
    return "\n".join(told)
