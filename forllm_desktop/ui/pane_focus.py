"""Moves the keyboard from pane to pane."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def focus_next(panes: Sequence[QWidget], by: int) -> None:
    """Give the keyboard to the next (`by` 1) or previous (-1) of the panes that can be seen."""
    seen = [pane for pane in panes if pane.isVisible()]
    focus = QApplication.focusWidget()
    here = next((i for i, pane in enumerate(seen) if focus and pane.isAncestorOf(focus)), -by)
    if seen:
        focus_first(seen[(here + by) % len(seen)])


def focus_first(pane: QWidget) -> None:
    """Give the keyboard to the first part of a pane that takes it."""
    for widget in (pane, *pane.findChildren(QWidget)):
        takes_keys = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if takes_keys and widget.isVisible() and widget.isEnabled():
            (widget.focusProxy() or widget).setFocus(Qt.FocusReason.TabFocusReason)
            return
