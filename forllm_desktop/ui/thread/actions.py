"""The actions of a post: which there are, how they are painted as labels, and where the mouse meets them."""

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.style import Style


class Act(Enum):
    """What can be done with a post: word, icon, key."""

    REPLY = ("Reply", "arrow-bend-up-left", "R")
    ASK = ("Ask", "chat-centered-text", "A")
    EDIT = ("Edit", "pencil-simple", "E")
    COPY = ("Copy as Markdown", "copy", "C")
    STOP = ("Stop", "stop", "S")
    CANCEL = ("Cancel", "x", "S")
    RETRY = ("Retry", "arrow-clockwise", "T")
    SKIP = ("Skip", "skip-forward", "X")
    REMOVE = ("Remove", "trash", "Del")
    QUEUE = ("Show in the queue", "queue", "Q")
    FOLD = ("Fold or unfold replies", "caret-down", "F")
    PERSONA = ("Open the persona", "users", "P")
    AGAIN = ("Ask again with a version", "clock-counter-clockwise", "V")
    EDITS = ("Earlier texts", "clock-counter-clockwise", "H")
    SENT = ("What was sent", "eye", "W")
    LEAVE_OUT = ("Leave out of prompts", "scissors", "M")
    PIN = ("Pin into prompts", "push-pin", "I")
    AS_USUAL = ("As usual in prompts", "arrow-counter-clockwise", "O")
    MORE = ("More", "dots-three", "Menu")

    @property
    def word(self) -> str:
        """The words of a menu or a label."""
        return self.value[0]

    @property
    def icon(self) -> str:
        """The icon's name."""
        return self.value[1]

    @property
    def key(self) -> str:
        """The key that does it while the thread has the focus."""
        return self.value[2]


_WORDED = {Act.REPLY, Act.ASK, Act.STOP, Act.CANCEL, Act.RETRY, Act.SKIP, Act.REMOVE}
_URGENT = {Act.STOP, Act.CANCEL, Act.RETRY, Act.SKIP, Act.REMOVE}


def possible(entry: Entry) -> list[Act]:
    """List what can be done with a post now, in the order of its menu."""
    if entry.is_deleted:
        return [Act.FOLD] if entry.replies else []
    job, acts = entry.job, []
    if entry.post is not None:
        acts += [Act.REPLY, Act.ASK]
        if job is None or not job.is_open:
            acts.append(Act.EDIT)
        acts.append(Act.COPY)
    if job is not None:
        if job.is_open:
            # Of a blocked one, what is tried again or skipped is the request that blocks it.
            acts += [Act.RETRY, Act.SKIP] if entry.blocked_by is not None else []
            acts.append(Act.STOP if entry.is_running else Act.CANCEL)
        elif job.status in (JobStatus.ERROR, JobStatus.CANCELLED):
            acts += [Act.RETRY, Act.SKIP] if entry.can_skip else [Act.RETRY]
    if not entry.is_running and not (entry.post is None and job is not None and job.is_open):
        acts.append(Act.REMOVE)
    if job is not None:
        acts += [Act.QUEUE, Act.SENT]
    if entry.replies:
        acts.append(Act.FOLD)
    if entry.is_by_persona:
        acts += [Act.PERSONA, Act.AGAIN]
    if entry.post is not None and entry.post.edited is not None:
        acts.append(Act.EDITS)
    return acts + _rules(entry)


RULES = {
    Act.LEAVE_OUT: PromptRule.LEFT_OUT,
    Act.PIN: PromptRule.PINNED,
    Act.AS_USUAL: PromptRule.AUTO,
}
"""The rule that an action gives a post."""


def _rules(entry: Entry) -> list[Act]:
    """List the rules that a post can be given: all but the one it has."""
    post = entry.post
    return [act for act, rule in RULES.items() if rule != post.prompt_rule] if post is not None else []


def labelled(entry: Entry, *, is_marked: bool) -> list[Act]:
    """List the actions that are painted on a head line, from left to right.

    Stop, Cancel, Retry, Skip and Remove of what is being written, waits or failed are always there, the
    others only on the hovered and the current post (`is_marked`).
    """
    acts = possible(entry)
    job = entry.job
    urgent: list[Act] = []
    if job is not None and job.is_open:
        urgent = [act for act in acts if act in (Act.RETRY, Act.SKIP, Act.STOP, Act.CANCEL)]
    elif job is not None and job.status == JobStatus.ERROR:
        urgent = [act for act in acts if act in (Act.RETRY, Act.SKIP, Act.REMOVE)]
    elif entry.post is not None and entry.post.is_incomplete:
        urgent = [act for act in acts if act in (Act.RETRY, Act.SKIP)]
    if not is_marked:
        return urgent
    usual = [act for act in (Act.REPLY, Act.ASK, Act.EDIT, Act.COPY) if act in acts]
    return [*usual, Act.MORE, *urgent] if acts else []


@dataclass(frozen=True)
class Label:
    """An action painted at a place of the document."""

    key: int
    act: Act
    rect: QRectF
    is_worded: bool = False


def lay_out(
    key: int, acts: list[Act], style: Style, middle: float, right: float, room_from: float
) -> list[Label]:
    """Place labels on a line so that they end at `right`.

    Where there is too little room, Reply and Ask lose their words, then the actions go, from the left; what
    stops, cancels or retries stays.
    """
    metrics = QFontMetricsF(style.font("ui_medium"))
    height = max(style.px(24), metrics.height() + 4)
    room = right - room_from - style.px(16)
    worded = {act for act in acts if act in _WORDED}
    while _width(acts, worded, metrics, style) > room:
        if worded & {Act.REPLY, Act.ASK}:
            worded -= {Act.REPLY, Act.ASK}
        elif len(acts) > 1 and any(act not in _URGENT for act in acts):
            acts = [*acts]
            acts.remove(next(act for act in acts if act not in _URGENT))
        else:
            worded = set()
            break
    labels: list[Label] = []
    edge = right
    for act in reversed(acts):
        is_worded = act in worded
        width = _width([act], worded, metrics, style)
        labels.append(Label(key, act, QRectF(edge - width, middle - height / 2, width, height), is_worded))
        edge -= width + style.px(18 if is_worded else 12)
    return labels[::-1]


def _width(acts: list[Act], worded: set[Act], metrics: QFontMetricsF, style: Style) -> float:
    words = sum(style.px(7) + metrics.horizontalAdvance(act.word) for act in acts if act in worded)
    gaps = sum(style.px(18 if act in worded else 12) for act in acts[1:])
    return words + gaps + style.px(16) * len(acts)


def paint(painter: QPainter, labels: list[Label], style: Style, hovered: QPointF | None) -> None:
    """Paint labels; the one under the mouse gets a ground."""
    side = style.px(16)
    painter.setFont(style.font("ui_medium"))
    for label in labels:
        is_hovered = hovered is not None and grown(label, style).contains(hovered)
        if is_hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.colour("hover"))
            painter.drawRoundedRect(grown(label, style), style.px(6), style.px(6))
        rect = label.rect
        box = QRect(round(rect.left()), round(rect.center().y() - side / 2), round(side), round(side))
        colour = "text" if is_hovered else "text_2"
        paint_icon(painter, box, label.act.icon, colour)
        if label.is_worded:
            painter.setPen(style.colour("text"))
            text = rect.adjusted(side + style.px(7), 0, style.px(4), 0)
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, label.act.word)


def grown(label: Label, style: Style) -> QRectF:
    """Return where the mouse meets a label: a little around it."""
    return label.rect.adjusted(-style.px(6), -style.px(1), style.px(6), style.px(1))
