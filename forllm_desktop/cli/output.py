"""What the commands print: text for people, or exactly one JSON document."""

import json
import re
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.queue import Job
from forllm_desktop.services.job_view import JobView

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def print_json(document: object) -> None:
    """Print the one JSON document of a command; where the output is not Unicode, in ASCII."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(document, indent=2)
    sys.stdout.write(text + "\n")


def say(text: str, file: TextIO | None = None) -> None:
    """Print a line for people, without what a terminal would take for a command."""
    print(shown(text), file=file)


def shown(text: str) -> str:
    """Return a text in which control characters, save line breaks and tabs, are replaced.

    Names, replies and what servers say may hold escape sequences, which move the cursor, rename the window
    or type for the user.
    """
    return _CONTROLS.sub("\ufffd", text.replace("\r", ""))


def print_error(error: ForllmError, *, as_json: bool) -> None:
    """Print a failure: JSON to standard output, words to standard error."""
    if as_json:
        document = {"title": error.title, "message": error.message}
        if isinstance(error, InvalidInput) and error.field != "arguments":
            document["field"] = error.field
        print_json({"error": document})
    else:
        words = f"{error.title}. {error.message}" if error.message else error.title
        say(f"forllm: {words}", sys.stderr)


def print_table(rows: Sequence[Sequence[object]], heads: Sequence[str]) -> None:
    """Print rows in columns; line breaks in cells become spaces."""
    cells = [list(heads), *([shown(" ".join(str(cell).split())) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def job_document(view: JobView) -> dict[str, Any]:
    """Describe a request as every command prints it; its persona was used or, before it starts, will be."""
    job = view.job
    return {
        "id": job.request_id,
        "kind": job.request_type,
        "status": job.status,
        "title": view.title,
        "persona": view.persona,
        "persona_version": view.version or None,
        "persona_is": "used" if not view.is_ahead else "will_be_used",
        "persona_reason": view.why or None,
        "model": job.llm_model,
        "server": view.server,
        "post": job.post_id_to_respond_to,
        "after": job.parent_request_id,
        "chain": view.chain or None,
        "reply": view.reply,
        "wait_reason": job.wait_reason,
        "not_before": job.not_before.isoformat() if job.not_before else None,
        "error": _error(job),
    }


def _error(job: Job) -> dict[str, str] | None:
    if job.error_title is None:
        return None
    return {"title": job.error_title, "message": job.error_message or "", "kind": job.error_kind or ""}
