"""The tabs of the centre: topics and pages by key, with one group that can be split off beside the first."""

from typing import Any, Protocol

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from forllm_desktop.ui.tab_bar import TabBar
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import action_button

LEAST_SPLIT = 720
"""Width in px at 100 % below which two groups do not fit beside each other."""
REMEMBERED = 10
"""Closed tabs that can be reopened."""


class Pages(Protocol):
    """Knows the pages by key."""

    def describe(self, key: str) -> tuple[str, str] | None:
        """Return title and icon of a page; None when what it shows does not exist (any more)."""
        ...

    def make(self, key: str) -> QWidget:
        """Return a page that `describe` knows."""
        ...


class TabGroup(QWidget):
    """One row of tabs above the page of the current one; a page is made when it is first shown.

    activated()    it has the focus, or its current tab changed
    """

    activated = Signal()

    def __init__(self, pages: Pages, corner: list[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maker = pages
        self.bar = TabBar(self)
        self._head = QWidget(self)
        self._head.setObjectName("tab_head")
        self._stack = QStackedWidget(self)
        self._pages: dict[str, QWidget] = {}
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 8, 0)
        head.setSpacing(4)
        head.addWidget(self.bar, 1)
        self._corner = [action_button(action) for action in corner]
        for button in self._corner:
            head.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head)
        layout.addWidget(self._stack, 1)
        self.bar.currentChanged.connect(self._show_current)
        look().changed.connect(self._fit)
        self._fit()

    def has(self, key: str) -> bool:
        """Say whether there is a tab with this key."""
        return self.bar.index_of(key) >= 0

    def page(self, key: str) -> QWidget | None:
        """Return the page with this key; None when it was not shown yet, or is not here."""
        return self._pages.get(key)

    def current(self) -> QWidget | None:
        """Return the shown page."""
        return self._pages.get(self.current_key())

    def current_key(self) -> str:
        """Return the key of the shown page; empty when there is none."""
        index = self.bar.currentIndex()
        return self.bar.tabData(index) if index >= 0 else ""

    def add(self, key: str, title: str, icon_name: str) -> None:
        """Add a tab at the end."""
        with QSignalBlocker(self.bar):
            self.bar.add(key, title, icon_name)

    def show_page(self, key: str) -> None:
        """Make a page the current one."""
        self.bar.setCurrentIndex(self.bar.index_of(key))
        self._show_current()

    def move_to(self, other: "TabGroup", key: str) -> None:
        """Hand a tab with its page over to another group."""
        index, page = self.bar.index_of(key), self._pages.pop(key, None)
        title, picture = self.bar.title(index), self.bar.tabIcon(index)
        if page is not None:
            other._pages[key] = page
            other._stack.addWidget(page)
        self.bar.removeTab(index)
        other.add(key, title, "")
        other.bar.setTabIcon(other.bar.index_of(key), picture)

    def drop(self, key: str) -> None:
        """Close a tab."""
        page = self._pages.pop(key, None)
        self.bar.removeTab(self.bar.index_of(key))
        if page is not None:
            page.close()
            self._stack.removeWidget(page)
            page.deleteLater()

    def _show_current(self) -> None:
        key = self.current_key()
        if key and key not in self._pages:
            self._pages[key] = self._maker.make(key)
            self._stack.addWidget(self._pages[key])
        if key:
            self._stack.setCurrentWidget(self._pages[key])
            self.activated.emit()

    def _fit(self) -> None:
        self._head.setFixedHeight(theme().row(36))
        side = min(theme().px(28), theme().row(36) - 4)
        for button in self._corner:
            button.setFixedSize(QSize(side, side))
            button.setIconSize(QSize(theme().px(16), theme().px(16)))
        self.bar.updateGeometry()


class CentreTabs(QWidget):
    """All tabs, by key.

    current_changed(key)    another page is shown, empty when there is none
    changed()               tabs were opened, closed, moved, or the split changed
    """

    current_changed = Signal(str)
    changed = Signal()

    def __init__(
        self,
        pages: Pages,
        empty: QWidget,
        corner: list[QAction],
        parent: QWidget | None = None,
    ) -> None:
        """`empty` is shown without any tab; `corner` are actions at the right end of the first row."""
        super().__init__(parent)
        self._pages = pages
        self._closed: list[str] = []
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        self._groups = [TabGroup(pages, corner, self), TabGroup(pages, [], self)]
        self._active = self._groups[0]
        self._stack = QStackedWidget(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(self._split)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        for group in self._groups:
            self._split.addWidget(group)
            group.activated.connect(lambda group=group: self._activate(group))
            group.bar.close_requested.connect(self.close_tab)
            group.bar.other_side_requested.connect(self.move_to_other_side)
            group.bar.tabMoved.connect(self.changed)
        self._groups[1].hide()

    @property
    def is_split(self) -> bool:
        """Say whether two groups are shown beside each other."""
        return bool(self._groups[1].bar.count())

    def current(self) -> QWidget | None:
        """Return the page that is used."""
        return self._active.current()

    def current_key(self) -> str:
        """Return the key of the page that is used; empty when there is none."""
        return self._active.current_key()

    def open_keys(self) -> list[str]:
        """Return the keys of all tabs."""
        return [key for group in self._groups for key in group.bar.open_keys()]

    def pages(self) -> list[QWidget]:
        """Return the pages of all tabs that were shown so far."""
        return [page for group in self._groups for key in group.bar.open_keys() if (page := group.page(key))]

    def open(self, key: str, *, replacing: str = "") -> QWidget | None:
        """Show the page of a key, made if it is not open; instead of the tab `replacing` if that is open."""
        group = self._group_of(key)
        if group is None:
            described = self._pages.describe(key)
            if described is None:
                return None
            group = self._group_of(replacing) or self._active
            place = group.bar.index_of(replacing)
            group.add(key, *described)
            if place >= 0:
                group.bar.moveTab(group.bar.count() - 1, place)
                group.show_page(key)
                group.drop(replacing)
        group.show_page(key)
        self._settle()
        return group.page(key)

    def close_tab(self, key: str) -> None:
        """Close a tab; it can be reopened."""
        group = self._group_of(key)
        if group is None:
            return
        self._closed = [*self._closed, key][-REMEMBERED:]
        group.drop(key)
        self._settle()

    def forget(self, key: str) -> None:
        """Close a tab whose page no longer exists."""
        self.close_tab(key)
        self._closed = [other for other in self._closed if other != key]

    def reopen(self) -> None:
        """Open the tab that was closed last."""
        if self._closed:
            self.open(self._closed.pop())

    def rename(self, key: str, title: str) -> None:
        """Give a tab another title."""
        group = self._group_of(key)
        if group is not None:
            group.bar.name(group.bar.index_of(key), title)

    def step(self, by: int) -> None:
        """Show the tab so many places further."""
        keys = self.open_keys()
        if keys:
            self.open(keys[(keys.index(self.current_key()) + by) % len(keys)])

    def toggle_split(self) -> None:
        """Put the current tab beside the others, or all tabs into one group again."""
        if self.is_split:
            shown = self.current_key()
            for key in self._groups[1].bar.open_keys():
                self._groups[1].move_to(self._groups[0], key)
            self.open(shown)
        elif self._groups[0].bar.count() > 1:
            self.move_to_other_side(self.current_key())

    def move_to_other_side(self, key: str) -> None:
        """Move a tab to the other group."""
        source = self._group_of(key)
        if source is None:
            return
        target = self._groups[1] if source is self._groups[0] else self._groups[0]
        source.move_to(target, key)
        self._settle()
        self.open(key)

    def state(self) -> dict[str, Any]:
        """Return what is open, for `restore`."""
        return {
            "groups": [group.bar.open_keys() for group in self._groups],
            "shown": [group.current_key() for group in self._groups],
            "current": self.current_key(),
            "sizes": self._split.sizes(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Open what was open; what no longer exists is left out."""
        for group, keys, shown in zip(self._groups, state["groups"], state["shown"], strict=False):
            for key in keys:
                described = self._pages.describe(key) if self._group_of(key) is None else None
                if described is not None:
                    group.add(key, *described)
            group.show_page(shown)
        current = state["current"]
        if self._group_of(current) is not None:
            self.open(current)
        self._settle()
        if self.is_split and len(state["sizes"]) == 2 and all(state["sizes"]):
            self._split.setSizes(state["sizes"])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_groups()

    def _show_groups(self) -> None:
        """Show both groups beside each other, or without room for two the one that is used."""
        has_room = self.width() >= theme().px(LEAST_SPLIT)
        for group in self._groups:
            group.setVisible(bool(group.bar.count()) and (has_room or group is self._active))

    def _group_of(self, key: str) -> TabGroup | None:
        return next((group for group in self._groups if group.has(key)), None)

    def _activate(self, group: TabGroup) -> None:
        self._active = group
        self._show_groups()
        self.current_changed.emit(self.current_key())

    def _settle(self) -> None:
        """Show what there is: one group, two, or the empty pane. The first group is never the empty one."""
        first, second = self._groups
        if not first.bar.count():
            shown = second.current_key()
            for key in second.bar.open_keys():
                second.move_to(first, key)
            first.show_page(shown)
        if not self._active.bar.count():
            self._active = first
        was_hidden = second.isHidden()
        self._show_groups()
        if was_hidden and self.is_split:
            half = self._split.width() // 2
            self._split.setSizes([half, half])
        self._stack.setCurrentIndex(int(bool(first.bar.count())))
        self.current_changed.emit(self.current_key())
        self.changed.emit()
