"""Where an open file really lies, as the system tells it: links may be exchanged while it is opened."""

import os
import sys
from contextlib import suppress

_PATH_OF_DESCRIPTOR = 50
"""F_GETPATH of macOS (sys/fcntl.h)."""


def path_of_descriptor(descriptor: int, opened_as: str) -> str:
    """Return the path without links of an open file.

    Where no system call tells it, the name is resolved once more and must lead to the same file. Raises
    OSError when it does not, or when the file was deleted.
    """
    if not os.fstat(descriptor).st_nlink:
        raise FileNotFoundError(opened_as)
    if sys.platform == "darwin":
        import fcntl

        return os.fsdecode(fcntl.fcntl(descriptor, _PATH_OF_DESCRIPTOR, bytes(1024)).rstrip(b"\0"))
    if sys.platform == "linux":
        with suppress(OSError):  # there may be no /proc
            return os.readlink(f"/proc/self/fd/{descriptor}")
    resolved = os.path.realpath(opened_as, strict=True)
    if not os.path.samestat(os.stat(resolved), os.fstat(descriptor)):
        raise FileNotFoundError(opened_as)
    return resolved
