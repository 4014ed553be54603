"""The lock of the data folder: held by the window and by every command that writes."""

import os
import sys
from pathlib import Path

from forllm_desktop.domain.errors import DataFolderBusy, ForllmError

FILE_NAME = "forllm.lock"


class FolderLock:
    """An operating-system lock on a data folder; it ends with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock or raise DataFolderBusy at once; ForllmError for a folder that cannot be used."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except (OSError, ValueError) as error:
            raise ForllmError(
                "The data folder cannot be used", f"{self.path.parent}: {error}. Choose another one."
            ) from error
        try:
            _lock(file)
        except OSError as error:
            os.close(file)
            raise DataFolderBusy(
                "FORLLM is already running",
                f"Another window or command holds {self.path.parent}. Close it, or choose another folder "
                "with --data-dir.",
            ) from error
        self._file = file

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
