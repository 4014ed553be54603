"""Opens files safely: only what is a file, of a size that fits, and of a folder only what lies inside it."""

import os
import re
import stat
import sys
from pathlib import Path

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.found_files import ReadFile, shown_name, shown_size
from forllm_desktop.files.decoding import decoded
from forllm_desktop.files.kinds import is_pdf
from forllm_desktop.files.patterns import Rules
from forllm_desktop.files.pdf_process import pdf_text
from forllm_desktop.files.real_path import path_of_descriptor

LARGEST = 32_000_000
"""Bytes of a file that is opened at all."""
CHUNK = 1 << 20

_DRIVE_OR_SHARE = re.compile(r"[A-Za-z]:[\\/]|\\\\|//")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?", re.IGNORECASE)
"""Names that are devices in every folder of Windows."""
_ONLY_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# A pipe without a writer would hold the opener up; a terminal must not become the one of this process.
_CAREFULLY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_NOT_A_LINK = getattr(os, "O_NOFOLLOW", 0)


def read_content(name: str, content: bytes) -> ReadFile:
    """Return the text of a file's bytes. Raises InvalidInput when they hold none."""
    shown = shown_name(name)
    if len(content) > LARGEST:
        raise _too_large(shown, len(content))
    if not content:
        raise InvalidInput("file", f"{shown} is empty", "There is nothing to send.")
    if is_pdf(content):
        return ReadFile(shown, content, _checked(shown, pdf_text(content, shown)), "pdf")
    found = decoded(content, shown)
    return ReadFile(shown, content, _checked(shown, found.text), found.encoding)


def read_file(path: str | Path) -> ReadFile:
    """Return the text of a file wherever it lies. Raises InvalidInput in words when it cannot be read."""
    name = os.path.basename(path) or str(path)
    try:
        full = os.path.abspath(os.path.expanduser(path))
        content = _content(full, name, _CAREFULLY)[0]
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    return read_content(name, content)


def read_in_folder(folder: str, path: str, rules: Rules, never: Path | None = None) -> ReadFile:
    """Return the text of a file of a folder; `path` is relative to it, with `/`.

    After resolving links it must lie inside, at a place that the rules do not skip, and not inside `never`.
    It is checked again once the file is open: links may have been exchanged meanwhile. Raises InvalidInput.
    """
    parts = _parts(path)
    name = parts[-1]
    try:
        root = os.path.realpath(folder, strict=True)
        resolved = os.path.realpath(os.path.join(root, *parts), strict=True)
        _require_inside(root, resolved, name, never)
        _require_allowed(rules, path, name)
        _require_allowed(rules, _relative(root, resolved), name)
        content, opened = _content(resolved, name, _CAREFULLY | _NOT_A_LINK)
    except (OSError, ValueError) as error:
        if not os.path.isdir(folder):
            raise _folder_missing(folder) from error
        raise _unreadable(name, error) from error
    _require_inside(root, opened, name, never)
    _require_allowed(rules, _relative(root, opened), name)
    return read_content(name, content)


def _parts(path: str) -> list[str]:
    """Return the names on the way to a file. Raises InvalidInput for what leads outside or nowhere."""
    is_windows = sys.platform == "win32"
    parts = re.split(r"[\\/]" if is_windows else "/", path)
    name = shown_name(parts[-1] or path)
    if _DRIVE_OR_SHARE.match(path) or path.startswith("/") or (is_windows and path.startswith("\\")):
        raise _outside(name)
    if ".." in parts:
        raise _outside(name)
    if is_windows and any(":" in part or _DEVICES.fullmatch(part.rstrip(" .")) for part in parts):
        raise InvalidInput("file", f"{name} is no file", "It names a device or a part of a file.")
    if not path or "\0" in path or any(part in ("", ".") for part in parts):
        raise InvalidInput("file", "This names no file", shown_name(path))
    return parts


def _content(path: str, name: str, flags: int) -> tuple[bytes, str]:
    """Return the bytes of a file and its real path once it was open. Raises OSError, InvalidInput."""
    _require_file(os.stat(path), name)  # before it is opened: to open a device can do things
    descriptor = os.open(path, _ONLY_READ | flags)
    with open(descriptor, "rb", buffering=0) as file:
        state = os.fstat(descriptor)
        _require_file(state, name)
        opened = path_of_descriptor(descriptor, path)
        content = bytearray()
        while len(content) <= LARGEST and (chunk := file.read(CHUNK)):
            content += chunk
    if len(content) > LARGEST:
        raise _too_large(shown_name(name), len(content))
    return bytes(content), opened


def _require_file(state: os.stat_result, name: str) -> None:
    shown, mode = shown_name(name), state.st_mode
    if stat.S_ISDIR(mode):
        raise InvalidInput("file", f"{shown} is a folder", "Choose a file in it.")
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        what = kinds.get(stat.S_IFMT(mode), "a device")
        raise InvalidInput("file", f"{shown} is no file", f"It is {what}, which has no end.")
    if state.st_size > LARGEST:
        raise _too_large(shown, state.st_size)


def _require_inside(root: str, path: str, name: str, never: Path | None) -> None:
    if path == root or not Path(path).is_relative_to(root):
        raise _outside(shown_name(name))
    if never is not None and Path(path).is_relative_to(os.path.realpath(never)):
        raise InvalidInput("file", f"{shown_name(name)} belongs to FORLLM", "Its own files are not sent.")


def _require_allowed(rules: Rules, path: str, name: str) -> None:
    if rules.skips(path):
        where = "" if rules.is_recursive or "/" not in path else " Its subfolders are not included."
        raise InvalidInput(
            "file",
            f"{shown_name(name)} is not among the files that may be read",
            f"The patterns of its folder skip it.{where} Change them in the settings, under Files.",
        )


def _relative(root: str, path: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _checked(name: str, text: str) -> str:
    if not text.strip():
        raise InvalidInput("file", f"{name} is empty", "It has nothing but space; there is nothing to send.")
    return text


def _outside(name: str) -> InvalidInput:
    return InvalidInput(
        "file",
        f"{name} lies outside its folder",
        "Only files inside indexed folders can be read. Add the folder it lies in, or attach the file.",
    )


def _too_large(name: str, size: int) -> InvalidInput:
    return InvalidInput(
        "file",
        f"{name} is too large",
        f"It has {shown_size(size)}; files of up to {shown_size(LARGEST)} can be read.",
    )


def _folder_missing(folder: str) -> InvalidInput:
    return InvalidInput(
        "file",
        "The folder of this file is missing",
        f"{shown_name(folder)} was removed, renamed, or its drive is not there.",
    )


def _unreadable(name: str, error: OSError | ValueError) -> InvalidInput:
    shown = shown_name(name)
    if isinstance(error, FileNotFoundError):
        return InvalidInput("file", f"{shown} is gone", "It was moved, renamed or deleted.")
    if isinstance(error, PermissionError):
        return InvalidInput("file", f"{shown} cannot be read", "You have no permission to read it.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InvalidInput("file", f"{shown} cannot be read", f"{reason.rstrip('.')}.")
