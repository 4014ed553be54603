"""Patterns as in .gitignore files: which files of a folder may be found and read."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.files.skipped import skips_file, skips_folder

if TYPE_CHECKING:
    import pathspec

LONGEST_PATTERN = 500
MOST_PATTERNS = 1000
MOST_STARS = 4
"""Stars within one part of a path: each multiplies the time that a name can take to be compared."""


@dataclass(frozen=True)
class Rules:
    """What decides about a file of one folder, in the words of its patterns.

    `allow` names the only files, all when it is empty. `block` adds to what is always skipped; the last
    pattern that matches decides, and one that begins with `!` takes something back.
    """

    allow: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    is_recursive: bool = True

    def skips_folder(self, path: str) -> bool:
        """Say whether a folder, given relative to the indexed one, is skipped. Its parents are not asked."""
        if not self.is_recursive:
            return True
        blocked = _decides(self.block, f"{path}/")
        return skips_folder(_name(path)) if blocked is None else blocked

    def skips_file(self, path: str) -> bool:
        """Say whether a file is skipped. Its folders are not asked."""
        blocked = _decides(self.block, path)
        if skips_file(_name(path)) if blocked is None else blocked:
            return True
        return bool(self.allow) and not _decides(self.allow, path)

    def skips(self, path: str) -> bool:
        """Say whether a file is skipped, by itself or with one of the folders it lies in."""
        parts = path.split("/")
        above = ("/".join(parts[:length]) for length in range(1, len(parts)))
        return any(map(self.skips_folder, above)) or self.skips_file(path)


def combined(
    allow: Sequence[str],
    block: Sequence[str],
    folder_allow: Sequence[str],
    folder_block: Sequence[str],
    *,
    is_recursive: bool,
) -> Rules:
    """Return the rules of a folder: its own allow list stands for the global one, block lists add up."""
    return Rules(tuple(folder_allow or allow), (*block, *folder_block), is_recursive)


def checked_patterns(field: str, lines: Sequence[str]) -> list[str]:
    """Return the lines that are patterns. Raises InvalidInput that names the first line that is none."""
    if len(lines) > MOST_PATTERNS:
        raise InvalidInput(field, "There are too many patterns", f"At most {MOST_PATTERNS:,} lines fit.")
    kept = []
    for number, line in enumerate(lines, start=1):
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            _check(field, number, pattern)
            kept.append(pattern)
    return kept


def usable_patterns(lines: Sequence[str]) -> list[str]:
    """Return the lines that are patterns, and leave out those that are none."""
    kept = []
    for line in lines:
        try:
            kept += checked_patterns("block", [line])
        except InvalidInput:
            continue
    return kept[:MOST_PATTERNS]


def _check(field: str, number: int, pattern: str) -> None:
    reason = ""
    if len(pattern) > LONGEST_PATTERN:
        reason = f"It has {len(pattern):,} characters; at most {LONGEST_PATTERN} fit."
    elif not pattern.isprintable():
        reason = "It has characters that cannot be seen."
    elif _has_too_many_stars(pattern):
        reason = f"Between two slashes at most {MOST_STARS} stars may stand, and ** as often."
    else:
        reason = _reason_against(pattern)
    if reason:
        shown = pattern if len(pattern) <= 60 else f"{pattern[:59]}…"
        raise InvalidInput(field, f"Line {number} is no pattern: {shown}", reason)


def _has_too_many_stars(pattern: str) -> bool:
    parts = pattern.split("/")
    return parts.count("**") > MOST_STARS or any(
        part.count("*") > MOST_STARS for part in parts if part != "**"
    )


def _reason_against(pattern: str) -> str:
    """Return why a pattern cannot be used; empty when it can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            compiled = _compiled((pattern,))
    except (ValueError, FutureWarning, re.error, RecursionError) as error:
        is_bracket = isinstance(error, re.error | FutureWarning)
        return "Something in its brackets is wrong." if is_bracket else "It names nothing."
    return "" if any(one.include is not None for one in compiled.patterns) else "It names nothing."


def _decides(patterns: tuple[str, ...], path: str) -> bool | None:
    """Return what the last pattern that matches says; None when none does."""
    if not patterns:
        return None
    # A dot of a regular expression does not match a line break, which a name may hold.
    return _compiled(patterns).check_file(path.replace("\n", "\ufffd")).include


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> "pathspec.GitIgnoreSpec":
    import pathspec  # late: a start needs none

    return pathspec.GitIgnoreSpec.from_lines(patterns)


def _name(path: str) -> str:
    return path.rpartition("/")[2]
