"""Reads the few options that the first frame needs, without SQLAlchemy: its import takes too long."""

import sqlite3
from contextlib import closing
from pathlib import Path


def first_look(path: Path, keys: tuple[str, ...]) -> dict[str, str]:
    """Return these options as stored; nothing for what is missing, and nothing at all from a file that is no
    database or one in use by an upgrade: the window opens in any case, and says later what is wrong."""
    if not path.is_file():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.1)) as file:
            marks = ", ".join("?" * len(keys))
            rows = file.execute(f"SELECT key, value FROM settings WHERE key IN ({marks})", keys).fetchall()
    except sqlite3.Error:
        return {}
    return {key: value for key, value in rows if value is not None}
