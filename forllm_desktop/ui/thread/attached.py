"""The files of a post as rows below its text: what they are called, how large they are, and their notes."""

from collections.abc import Collection, Sequence

from forllm_desktop.domain.files import AttachedFile, ShownFile
from forllm_desktop.ui import file_words, words
from forllm_desktop.ui.thread.bidi import isolated
from forllm_desktop.ui.thread.specs import Block, Kind, Run, Style

SHOWN = 8
"""Files of a post that are shown before the others are asked for."""
_LINK = "act:file:"
_NAME, _NOTE = 56, 200
"""Longest name and note of a row, in characters."""


def file_blocks(files: Sequence[ShownFile], opened: Collection[str] = ()) -> list[Block]:
    """Return a row for each file; many only when `opened` holds "files"."""
    shown = files if "files" in opened or len(files) <= SHOWN + 1 else files[:SHOWN]
    blocks = [_row(place, file, is_last=place + 1 == len(files)) for place, file in enumerate(shown)]
    if len(shown) < len(files):
        more = words.counted(len(files) - len(shown), "more file")
        blocks.append(Block(Kind.NOTE, (Run(f"Show {more}", link="act:files"),)))
    return blocks


def file_of(target: str) -> int | None:
    """Return which file of its post a link means, counted from 0; None when it means another thing."""
    place = target.removeprefix(_LINK)
    return int(place) if place != target and place.isdecimal() else None


def with_files(text: str, files: Sequence[AttachedFile]) -> str:
    """Return a post's text with the names of its files below, as it is copied."""
    return f"{text}\n\n{file_words.mention(files)}" if files else text


def _row(place: int, shown: ShownFile, *, is_last: bool) -> Block:
    file, facts = shown.file, shown.facts
    runs = [Run(isolated(_shortened(file.name)), link=f"{_LINK}{place}")]
    told = file_words.tokens(facts) or "no longer stored"
    # A number and its word stay together where a row is broken.
    runs.append(Run("   " + told.replace(" ", "\u00a0"), Style.META))
    if file.note:
        note = file.note if len(file.note) <= _NOTE else f"{file.note[: _NOTE - 1].rstrip()}…"
        runs.append(Run(f"   {isolated(note)}", Style.META))
    return Block(Kind.FILE, tuple(runs), level=int(is_last), place=file_words.icon_of(facts))


def _shortened(name: str) -> str:
    """Return a name without its middle where it is long: its ending says what it is."""
    if len(name) <= _NAME:
        return name
    end = _NAME // 3
    return f"{name[: _NAME - end - 1].rstrip()}…{name[-end:].lstrip()}"
