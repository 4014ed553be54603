"""Tags on the page: what a click on one opens, what its tip says, and which have lost their persona."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.tags import file_tags
from forllm_desktop.ui.thread.specs import Block, Run, Style


def persona_of(target: str) -> int:
    """Return the persona that a link leads to; 0 when it is no persona's tag."""
    kind, _, number = target.partition(":")
    return int(number) if kind == "persona" and number.isdecimal() else 0


def file_place(target: str, files: Sequence[AttachedFile]) -> int | None:
    """Return which file of a post a tag stands for, counted from 0; None when the post has it no longer."""
    for tag in file_tags(f"[#x]({target})"):
        for place, file in enumerate(files):
            if file.path is not None and f"/{PurePath(file.path).as_posix()}".endswith(f"/{tag.path}"):
                return place
    return None


def has_persona_tag(text: str) -> bool:
    """Say whether a text may have a tag of a persona; quick, and sometimes wrong."""
    return "](persona:" in text


def tip_of(target: str, names: Mapping[int, str]) -> str:
    """Return what a tag says on hover; "" for other links. `names` are those of the personas there are."""
    if target.startswith("folder:"):
        return "The text of this file as it was when this was posted"
    persona_id = persona_of(target)
    if not persona_id:
        return ""
    return f"Open {names[persona_id]}" if persona_id in names else "This persona is deleted"


def with_lost_struck(blocks: Sequence[Block], names: Mapping[int, str]) -> list[Block]:
    """Return blocks in which the tags of personas that are not in `names` are struck out."""
    return [_marked(block, names) for block in blocks]


def _marked(block: Block, names: Mapping[int, str]) -> Block:
    if block.rows:
        rows = tuple(tuple(_runs(cell, names) for cell in row) for row in block.rows)
        return block if rows == block.rows else block._replace(rows=rows)
    runs = _runs(block.runs, names)
    return block if runs == block.runs else block._replace(runs=runs)


def _runs(runs: tuple[Run, ...], names: Mapping[int, str]) -> tuple[Run, ...]:
    return tuple(
        run._replace(style=run.style | Style.STRIKE)
        if Style.TAG in run.style and persona_of(run.link) and persona_of(run.link) not in names
        else run
        for run in runs
    )
