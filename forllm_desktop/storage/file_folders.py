"""Selects over the folders whose files may be tagged."""

from collections.abc import Sequence

from sqlalchemy import func, select

from forllm_desktop.domain.files import FileFolder
from forllm_desktop.storage import settings as settings_rows
from forllm_desktop.storage.database import Session

LAST_FOLDER = "lastFileFolder"
"""Key of the settings row with the highest number a folder ever had."""


def folders(session: Session) -> Sequence[FileFolder]:
    """List the folders in the order they were added."""
    return session.scalars(select(FileFolder).order_by(FileFolder.folder_id)).all()


def folder_at(session: Session, path: str) -> FileFolder | None:
    """Return the folder with this path."""
    return session.scalars(select(FileFolder).where(FileFolder.path == path)).first()


def new_number(session: Session) -> int:
    """Return a number that no folder ever had: tags in old texts name folders by it."""
    row = settings_rows.row(session, LAST_FOLDER)
    highest = session.scalar(select(func.max(FileFolder.folder_id))) or 0
    number = max(highest, int(row.value or 0)) + 1
    row.value = str(number)
    return number
