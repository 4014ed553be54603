"""The child process that reads one PDF: `forllm --read-pdf`, with limits of time and memory.

A PDF can hold anything, also what takes for ever or fills the memory; so it is read where nothing else is.
Standard input is the file, standard output one line of JSON: {"text", "pages"} or {"problem", "pages"}.
"""

import json
import logging
import os
import sys
import threading
from contextlib import suppress
from io import BytesIO
from typing import Any

SECONDS = 30
MEMORY = 1_500_000_000
"""Bytes of address space. Python and pypdf take a tenth of it."""
MOST_TEXT = 20_000_000
"""Characters. More than any window holds."""


def main() -> int:
    """Read the PDF from standard input and write what it holds."""
    _limit()
    logging.disable(logging.CRITICAL)  # what pypdf thinks of a file is nobody's concern
    answers = os.dup(1)
    os.dup2(2, 1)
    content = sys.stdin.buffer.read()
    try:
        found = read(content)
    except MemoryError:
        found = {"problem": "memory"}
    except RecursionError:
        found = {"problem": "damaged"}
    with open(answers, "wb") as stream:
        stream.write(json.dumps(found).encode())
    return 0


def read(content: bytes) -> dict[str, Any]:
    """Return the text of a PDF, each page under its number, or what is wrong with it."""
    from pypdf import PdfReader, errors

    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            return {"problem": "encrypted"}
        pages, texts, size = len(reader.pages), [], 0
        for number, page in enumerate(reader.pages, start=1):
            text = page.extract_text().strip()
            if text:
                texts.append(f"[Page {number}]\n{text}")
            size += len(text)
            if size > MOST_TEXT:
                return {"problem": "long", "pages": pages}
    except errors.DependencyError:
        return {"problem": "encrypted"}
    except (MemoryError, RecursionError):
        raise
    except getattr(errors, "LimitReachedError", ()):  # of newer versions
        return {"problem": "memory"}
    except Exception as error:  # noqa: BLE001 - a damaged file can fail anywhere
        return {"problem": "damaged", "detail": f"{type(error).__name__}: {error}"[:300]}
    if not texts:
        return {"problem": "scanned" if pages else "damaged", "pages": pages}
    return {"text": "\n\n".join(texts).encode("utf-8", "replace").decode(), "pages": pages}


def _limit() -> None:
    """Let this process end by itself, whatever a file does to it and whoever started it."""
    timer = threading.Timer(SECONDS + 5, os._exit, (1,))
    timer.daemon = True
    timer.start()
    with suppress(AttributeError, OSError):
        os.nice(5)
    with suppress(ImportError, ValueError, OSError):  # there is no such thing on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
