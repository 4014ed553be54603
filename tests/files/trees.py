"""Folders with files in them, made on the spot."""

from collections.abc import Collection
from pathlib import Path

from forllm_desktop.files.finding import find
from forllm_desktop.files.indexer import index_once
from forllm_desktop.files.patterns import Rules
from forllm_desktop.files.plans import FolderPlan


def plant(root: Path, *paths: str) -> Path:
    """Make files, with the folders they lie in; a path that ends with a slash is a folder."""
    for path in paths:
        place = root / path
        if path.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(path, encoding="utf-8", errors="surrogateescape")
    return root


def indexed(index: Path, root: Path, rules: Rules | None = None, never: str = "") -> list[str]:
    """Bring an index of one folder up to date; returns all files in it, sorted."""
    index_once(index, [FolderPlan(1, str(root), rules or Rules())], never, None, lambda _line: None)
    return known(index)


def known(index: Path, folder_ids: Collection[int] = (1,)) -> list[str]:
    """Return all files of an index, sorted."""
    return sorted(match.path for match in find(index, "", 10_000, folder_ids))
