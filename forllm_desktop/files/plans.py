"""What the process that indexes is told to do: the folders with their rules, as JSON lines."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from forllm_desktop.files.patterns import Rules


@dataclass(frozen=True)
class FolderPlan:
    """A folder to be indexed, and what of it."""

    folder_id: int
    path: str
    rules: Rules = field(default_factory=Rules)


def plans_message(plans: Sequence[FolderPlan], never: str) -> dict[str, Any]:
    """Return the message that says which folders there are; `never` is a folder to be left out of all."""
    return {"plans": [asdict(plan) for plan in plans], "never": never}


def plans_from(message: dict[str, Any]) -> list[FolderPlan]:
    """Return the folders of such a message."""
    return [
        FolderPlan(
            plan["folder_id"],
            plan["path"],
            Rules(
                tuple(plan["rules"]["allow"]), tuple(plan["rules"]["block"]), plan["rules"]["is_recursive"]
            ),
        )
        for plan in message["plans"]
    ]


def reindex_message(folder_id: int | None) -> dict[str, Any]:
    """Return the message that lets a folder be looked through anew, or all of them."""
    return {"reindex": folder_id}


def used_message(folder_id: int, path: str, when: float) -> dict[str, Any]:
    """Return the message that a file was used; `when` is in seconds since 1970."""
    return {"used": [folder_id, path, when]}


def written(message: dict[str, Any]) -> bytes:
    """Return a message as a line."""
    return json.dumps(message).encode() + b"\n"


def fingerprint(plan: FolderPlan) -> str:
    """Return what a folder's index depends on; where it differs, the folder is looked through anew."""
    return json.dumps(asdict(plan), sort_keys=True)
