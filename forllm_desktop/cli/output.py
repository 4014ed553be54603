"""What the commands print: text for people, or exactly one JSON document."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import Job
from forllm_desktop.services.workspace import Workspace


def print_json(document: object) -> None:
    """Print the one JSON document of a command."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def print_error(error: ForllmError, *, as_json: bool) -> None:
    """Print a failure: JSON to standard output, words to standard error."""
    if as_json:
        print_json({"error": {"title": error.title, "message": error.message}})
    else:
        words = f"{error.title}. {error.message}" if error.message else error.title
        print(f"forllm: {words}", file=sys.stderr)


def print_table(rows: Sequence[Sequence[object]], heads: Sequence[str]) -> None:
    """Print rows in columns; line breaks in cells become spaces."""
    cells = [list(heads), *([" ".join(str(cell).split()) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def job_document(workspace: Workspace, job: Job) -> dict[str, Any]:
    """Describe a request: its persona is the one that was used, or would be used now."""
    persona_id, reply = job.llm_persona, None
    if persona_id is None and job.post_id_to_respond_to is not None:
        topic = workspace.forum.topic(workspace.forum.post(job.post_id_to_respond_to).topic_id)
        persona_id = workspace.personas.resolve(topic.subforum_id).persona_id
    if job.reply_post_id is not None:
        reply = workspace.forum.post(job.reply_post_id).content or None
    servers = {server.server_id: server.name for server in workspace.models.servers()}
    return {
        "id": job.request_id,
        "status": job.status,
        "persona": workspace.personas.persona(persona_id).name if persona_id else None,
        "persona_version": job.persona_version,
        "model": job.llm_model,
        "server": servers.get(job.server_id or 0),
        "post": job.post_id_to_respond_to,
        "reply": reply,
        "wait_reason": job.wait_reason,
        "not_before": job.not_before.isoformat() if job.not_before else None,
        "error": _error(job),
    }


def _error(job: Job) -> dict[str, str] | None:
    if job.error_title is None:
        return None
    return {"title": job.error_title, "message": job.error_message or "", "kind": job.error_kind or ""}
