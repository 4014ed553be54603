"""The rows that a prompt is listed in: its parts in order, what was left out, what changed; no widgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from forllm_desktop.domain.xray import LeftOut, Reason, Xray
from forllm_desktop.ui import words
from forllm_desktop.ui.xray.changes import ChangeKind, Changes, PartChange

REASONS = {
    Reason.NO_ROOM: "no room in the window",
    Reason.BY_HAND: "left out by hand",
    Reason.INCOMPLETE: "not finished",
    Reason.DELETED: "deleted",
    Reason.LIMIT: "more than the settings allow",
}
"""Why something was left out, in a few words."""
_CHANGED = {
    ChangeKind.SAME: "the same",
    ChangeKind.ADDED: "new",
    ChangeKind.REMOVED: "gone",
    ChangeKind.CHANGED: "changed",
}


class RowKind(IntEnum):
    """What a row is: a part of the prompt, the head of a section, or an entry of it."""

    PART = 0
    HEAD = 1
    LEFT_OUT = 2
    CHANGE = 3


LEFT_SECTION, CHANGES_SECTION = "left out", "changes"


@dataclass(frozen=True)
class Row:
    """One row. `role` is its first word, `label` who or what it is from, `text` all it has to say.

    `part` is its place among the parts of the prompt, -1 for what is none. `icon` stands where a part has
    the dot of its source. `begins` says that a message of the prompt begins with it.
    """

    kind: RowKind
    role: str = ""
    label: str = ""
    text: str = ""
    tokens: int = 0
    is_exact: bool = False
    source: str = ""
    icon: str = ""
    section: str = ""
    part: int = -1
    post_id: int | None = None
    is_pinned: bool = False
    reason: Reason | None = None
    change: PartChange | None = None
    begins: bool = True

    @property
    def size(self) -> str:
        """The size in words: "~114" while it is an estimate; empty where there is nothing to count."""
        if self.kind is RowKind.CHANGE and self.text == "":
            return ""
        return f"{self.tokens:,}" if self.is_exact else f"~{self.tokens:,}"

    @property
    def opens(self) -> bool:
        """Say whether there is more to see of it than fits into a row."""
        if self.kind is RowKind.PART:
            return bool(self.text)
        return self.change is not None and self.change.kind is not ChangeKind.SAME


def part_rows(xray: Xray) -> list[Row]:
    """Return a row for each part of a prompt."""
    rows, message = [], -2
    for at, part in enumerate(xray.parts):
        rows.append(
            Row(
                RowKind.PART,
                role="file" if part.source == "files" else part.role,
                label=part.label,
                text=part.text,
                tokens=part.tokens,
                is_exact=xray.is_exact,
                source=part.source,
                part=at,
                post_id=part.post_id,
                is_pinned=part.is_pinned,
                begins=part.message != message or part.message < 0,
            )
        )
        message = part.message
    return rows


def left_out_rows(left_out: Sequence[LeftOut]) -> list[Row]:
    """Return the head of what was left out, and a row for each; nothing when everything is in."""
    if not left_out:
        return []
    head = Row(
        RowKind.HEAD,
        role=f"What was left out ({len(left_out):,})",
        text=_reasons(left_out),
        tokens=sum(one.tokens for one in left_out),
        icon="scissors",
        section=LEFT_SECTION,
    )
    return [head, *(_left_out_row(one) for one in left_out)]


def change_rows(changes: Changes | None) -> list[Row]:
    """Return the head of what changed since the prompt before, and a row for each; nothing without one."""
    if changes is None:
        return []
    head = Row(
        RowKind.HEAD,
        role="Changes since the previous prompt",
        text=changes_words(changes),
        icon="git-diff",
        section=CHANGES_SECTION,
    )
    return [head, *(_change_row(change) for change in changes.items)]


def changes_words(changes: Changes) -> str:
    """Say in a few words what changed."""
    counts = [
        f"{changes.count(kind):,} {_CHANGED[kind]}"
        for kind in (ChangeKind.ADDED, ChangeKind.CHANGED, ChangeKind.REMOVED)
        if changes.count(kind)
    ]
    return ", ".join(counts) or "none"


def prefix_words(changes: Changes, xray: Xray) -> str:
    """Say how much of the beginning a server that keeps its work need not read again."""
    about = "" if xray.is_exact else "~"
    rest = max(0, xray.total - changes.same_tokens)
    if not changes.same_tokens:
        return "It begins differently from the previous prompt, so the server reads all of it anew."
    return (
        f"The first {about}{changes.same_tokens:,} tokens are those of the previous prompt; "
        f"a server that kept them reads {about}{rest:,} anew."
    )


def _left_out_row(one: LeftOut) -> Row:
    return Row(
        RowKind.LEFT_OUT,
        role=one.label,
        text=REASONS[one.reason],
        tokens=one.tokens,
        source=one.source,
        icon="scissors",
        section=LEFT_SECTION,
        post_id=one.post_id,
        reason=one.reason,
    )


def _change_row(change: PartChange) -> Row:
    shown = change.new or change.old
    icons = {ChangeKind.ADDED: "plus", ChangeKind.REMOVED: "minus", ChangeKind.CHANGED: "git-diff"}
    if change.kind is ChangeKind.SAME or shown is None:
        said = words.counted(change.count, "part is", "parts are")
        return Row(RowKind.CHANGE, role=f"{said} the same", section=CHANGES_SECTION, change=change)
    return Row(
        RowKind.CHANGE,
        role=_CHANGED[change.kind],
        label=shown.label,
        text=shown.text,
        tokens=shown.tokens,
        source=shown.source,
        icon=icons[change.kind],
        section=CHANGES_SECTION,
        post_id=shown.post_id,
        change=change,
    )


def _reasons(left_out: Sequence[LeftOut]) -> str:
    """Say why, the most frequent reason first."""
    counts: dict[Reason, int] = {}
    for one in left_out:
        counts[one.reason] = counts.get(one.reason, 0) + 1
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{number:,} {REASONS[reason]}" for reason, number in ordered)
