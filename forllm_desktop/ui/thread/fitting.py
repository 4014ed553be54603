"""Fits the head line of a post into the width there is: one line, and the state always on it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF

from forllm_desktop.ui.thread.style import Style
from forllm_desktop.ui.thread.typeset import Head

_LEAST_MODEL, _LEAST_AUTHOR = 96, 56
"""Px at 100 % that a shortened name keeps."""


def fitted(head: Head, style: Style, depth: int, reserved: float = 0.0) -> Head:
    """Return a head line that fits beside `reserved` px.

    The model's name is shortened in its middle, since its size and quantization stand at its end; then
    whom it answers, then the author's name; then what follows the state and the details go.
    """
    room = style.head_right - style.text_left(depth) - reserved
    excess = _width(head, style) - room
    if excess <= 0:
        return head
    if any(mark.short for mark in head.marks):
        head = head._replace(marks=tuple(one._replace(word=one.short or one.word) for one in head.marks))
        excess = _width(head, style) - room
    if head.shortens >= 0 and excess > 0:
        small, details = QFontMetricsF(style.font("small")), list(head.details)
        name = details[head.shortens]
        least = max(small.horizontalAdvance(name) - excess, style.px(_LEAST_MODEL))
        details[head.shortens] = small.elidedText(name, Qt.TextElideMode.ElideMiddle, least)
        head = head._replace(details=tuple(details))
    excess = _width(head, style) - room
    if head.to and excess > 0:
        small = QFontMetricsF(style.font("small"))
        least = max(small.horizontalAdvance(head.to) - excess, style.px(_LEAST_AUTHOR))
        head = head._replace(to=small.elidedText(head.to, Qt.TextElideMode.ElideRight, least))
    excess = _width(head, style) - room
    if excess > 0:
        strong = QFontMetricsF(style.font("ui_strong"))
        least = max(strong.horizontalAdvance(head.author) - excess, style.px(_LEAST_AUTHOR))
        head = head._replace(author=strong.elidedText(head.author, Qt.TextElideMode.ElideRight, least))
    if _width(head, style) > room:
        head = head._replace(tail="")
    while head.details and _width(head, style) > room:
        head = head._replace(details=head.details[:-1])
    return head


def _width(head: Head, style: Style) -> float:
    """Return how wide a head line is, as `Typesetter.write_head` writes it."""
    small = QFontMetricsF(style.font("small"))
    gap = small.horizontalAdvance(" ") + style.px(5)
    texts = [
        *([f"to {head.to}"] if head.to else []),
        *head.details,
        *(["edited"] if head.is_edited else []),
        *([head.tail] if head.tail else []),
    ]
    width = QFontMetricsF(style.font("ui_strong")).horizontalAdvance(head.author)
    width += sum(gap + small.horizontalAdvance(text) for text in texts)
    for mark in (*head.marks, *([head.state] if head.state is not None else [])):
        width += small.horizontalAdvance(" ") + style.px(24)
        width += QFontMetricsF(style.font("small_medium")).horizontalAdvance(mark.word)
    return width + style.px(4)
