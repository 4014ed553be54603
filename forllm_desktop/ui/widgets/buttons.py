"""Buttons in the few kinds there are, each with its accessible name."""

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard

GAP = 4
"""Between an icon and its words, in px, beside the 4 of Qt's style."""
_GIVES_BACK = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)


def push_button(
    text: str, kind: str = "", icon_name: str = "", *, small: bool = False, parent: QWidget | None = None
) -> QPushButton:
    """Return a button with words. `kind`: "" (a border), "primary", "quiet", "link", "danger" or "delete"."""
    button = PushButton(text, parent)
    button.setProperty("kind", kind)
    button.setProperty("size", "small" if small else "")
    button.setCursor(Qt.CursorShape.ArrowCursor)
    button.setAccessibleName(text.replace("&", ""))
    if icon_name:
        button.setIcon(icon(icon_name, "on_accent" if kind in ("primary", "delete") else "text_2"))
    return button


def icon_button(
    name: str, icon_name: str, *, shortcut: str = "", checkable: bool = False, parent: QWidget | None = None
) -> QToolButton:
    """Return a button with an icon alone; its name is the tooltip and the accessible name."""
    button = _IconButton(parent)
    button.setIcon(icon(icon_name))
    button.setIconSize(_square(16))
    button.setToolTip(f"{name} ({shortcut})" if shortcut else name)
    button.setAccessibleName(name)
    button.setCheckable(checkable)
    button.setFixedSize(_square(28))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def action_button(action: QAction, *, with_text: bool = False, parent: QWidget | None = None) -> QToolButton:
    """Return a tool button that shows and triggers an action."""
    button = _ActionButton(parent)
    button.setDefaultAction(action)
    button.setAccessibleName(action.text().replace("&", ""))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if with_text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFont(theme().font("ui_medium"))
    return button


class ByKeyboard:
    """What buttons share: a ring around the one with the focus, only if a key brought the focus there."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        # A window that comes back to the front, or a menu that closed, leaves it as it was.
        if event.reason() not in _GIVES_BACK:
            self._show_ring(comes_by_keyboard(event))
        super().focusInEvent(event)  # pyright: ignore[reportAttributeAccessIssue]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._show_ring(False)
        super().mousePressEvent(event)  # pyright: ignore[reportAttributeAccessIssue]

    def _show_ring(self: Any, is_shown: bool) -> None:
        if bool(self.property("ring")) != is_shown:
            self.setProperty("ring", is_shown)
            self.style().unpolish(self)
            self.style().polish(self)


class PushButton(ByKeyboard, QPushButton):
    """Its icon grows and shrinks with the text size."""

    def __init__(self, text: str, parent: QWidget | None) -> None:
        super().__init__(text, parent)
        look().changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setIconSize(QSize(theme().px(16) + GAP, theme().px(16)))


class _ActionButton(ByKeyboard, QToolButton):
    """Its icon grows and shrinks with the text size."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        look().changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setIconSize(_square(16))


class _IconButton(ByKeyboard, QToolButton):
    """Grows and shrinks with the text size, whatever sizes it was given."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._scale = theme().scale
        look().changed.connect(self._fit)

    def _fit(self) -> None:
        factor, self._scale = theme().scale / self._scale, theme().scale
        self.setFixedSize(self.minimumSize() * factor)
        self.setIconSize(self.iconSize() * factor)


def _square(side: int) -> QSize:
    return QSize(theme().px(side), theme().px(side))
