"""What changed between two lists of block specs, so that only that is written again."""

from collections.abc import Sequence

from forllm_desktop.ui.thread.specs import Block, Run


def common_prefix(old: Sequence[Block], new: Sequence[Block]) -> int:
    """Return how many blocks at the beginning are the same."""
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        # Most are the same object, and this is all there is to compare then.
        if one is not other and one != other:
            return index
    return min(len(old), len(new))


def grown_text(old: Block, new: Block) -> tuple[str, Run] | None:
    """Return what to insert at the end of a block that only grew, and the run whose look it has.

    None if something else changed, or if more than one run is new: then the block is written again.
    """
    if not old.runs:
        is_same, tail = len(new.runs) == 1, ""
    elif len(new.runs) == len(old.runs):
        before, after = old.runs[-1], new.runs[-1]
        is_same = old.runs[:-1] == new.runs[:-1] and before._replace(text=after.text) == after
        tail = before.text
    else:
        is_same, tail = len(new.runs) == len(old.runs) + 1 and new.runs[:-1] == old.runs, ""
    if not is_same or old._replace(runs=new.runs) != new or not new.runs[-1].text.startswith(tail):
        return None
    added = new.runs[-1].text[len(tail) :]
    return (added, new.runs[-1]) if added else None
