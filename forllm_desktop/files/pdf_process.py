"""Reads a PDF in a process of its own, and puts into words why it could not be read."""

import json
import subprocess
from typing import Any

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.paths import own_command

WITHIN = 40.0
"""Seconds for all of it, the start of the process included; its own limit is shorter."""
_NO_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)

_PROBLEMS = {
    "encrypted": ("is encrypted", "Save it without a password, and try again."),
    "damaged": ("is damaged", "It is no PDF that can be read. Open it in a PDF viewer and save it anew."),
    "memory": ("needs too much memory to be read", "Save its text as a text file instead."),
    "long": ("is too long", "Its text has more than 20 million characters. Split it."),
    "slow": (
        "takes too long to be read",
        "It was given up after half a minute. Save its text instead.",
    ),
    "unstartable": ("cannot be read here", "The process that reads PDFs could not be started."),
}


def pdf_text(content: bytes, name: str) -> str:
    """Return the text of a PDF, page by page. Takes up to `WITHIN` seconds. Raises InvalidInput in words."""
    found = _ask(content)
    if (text := found.get("text")) is not None:
        return text
    problem = found.get("problem", "damaged")
    if problem == "scanned":
        pages = found.get("pages", 0)
        count = "page has" if pages == 1 else f"{pages:,} pages have"
        title, message = (
            "has no text in it",
            f"Its {count} pictures only, it is probably scanned. Run text recognition (OCR) on it first.",
        )
    else:
        title, message = _PROBLEMS[problem]
    raise InvalidInput("file", f"{name} {title}", message)


def _ask(content: bytes) -> dict[str, Any]:
    try:
        ended = subprocess.run(
            [*own_command(), "--read-pdf"],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WITHIN,
            check=False,
            creationflags=_NO_CONSOLE,
        )
    except subprocess.TimeoutExpired:
        return {"problem": "slow"}
    except OSError:
        return {"problem": "unstartable"}
    try:
        return json.loads(ended.stdout)
    except ValueError:
        # It was ended: by its limit of time (SIGXCPU), or because it crashed.
        return {"problem": "slow" if ended.returncode in (-24, 1) else "damaged"}
