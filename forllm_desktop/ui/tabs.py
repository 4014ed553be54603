"""The tabs of the centre: topics and pages by key, with one group that can be split off beside the first."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSplitter, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button

REMEMBERED = 10
"""Closed tabs that can be reopened."""


class TabBar(QTabBar):
    """The row of tabs of a group.

    close_requested(key)
    other_side_requested(key)
    """

    close_requested = Signal(str)
    other_side_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Open topics and pages")
        self.setMovable(True)
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setUsesScrollButtons(True)
        self.setIconSize(QSize(16, 16))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def add(self, key: str, title: str, icon_name: str) -> int:
        """Add a tab at the end and return its index."""
        index = self.addTab("")
        self.setTabData(index, key)
        if icon_name:
            self.setTabIcon(index, icon(icon_name))
        close = icon_button("Close this tab", "x", shortcut="Ctrl+W", parent=self)
        close.setFixedSize(QSize(20, 20))
        close.setIconSize(QSize(12, 12))
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(lambda: self.close_requested.emit(key))
        self.setTabButton(index, QTabBar.ButtonPosition.RightSide, close)
        self.name(index, title)
        return index

    def name(self, index: int, title: str) -> None:
        """Give a tab another title."""
        # A tab's text is no markup, but an & in it would mark a key.
        self.setTabText(index, title.replace("&", "&&"))
        self.setTabToolTip(index, title)
        button = self.tabButton(index, QTabBar.ButtonPosition.RightSide)
        if button is not None:
            button.setAccessibleName(f"Close “{title}”")

    def index_of(self, key: str) -> int:
        """Return where the tab with this key is; -1 when it is not here."""
        return next((i for i in range(self.count()) if self.tabData(i) == key), -1)

    def open_keys(self) -> list[str]:
        """Return the keys in their order."""
        return [self.tabData(index) for index in range(self.count())]

    def tabSizeHint(self, index: int) -> QSize:
        hint = super().tabSizeHint(index)
        return QSize(min(hint.width(), theme().px(224)), theme().row(36))

    def minimumTabSizeHint(self, index: int) -> QSize:
        return QSize(theme().px(112), theme().row(36))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and index >= 0:
            self.close_requested.emit(self.tabData(index))
        else:
            super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.tabAt(event.pos())
        if index < 0:
            return
        key, menu = self.tabData(index), QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Close").triggered.connect(lambda: self.close_requested.emit(key))
        menu.addAction("Close the others").triggered.connect(lambda: self._close_others(key))
        menu.addSeparator()
        menu.addAction("Show on the other side").triggered.connect(
            lambda: self.other_side_requested.emit(key)
        )
        menu.popup(event.globalPos())

    def _close_others(self, key: str) -> None:
        for other in self.open_keys():
            if other != key:
                self.close_requested.emit(other)


class TabGroup(QWidget):
    """One row of tabs above the page of the current one.

    activated()    it has the focus, or its current tab changed
    """

    activated = Signal()

    def __init__(self, corner: list[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = TabBar(self)
        self._head = QWidget(self)
        self._head.setObjectName("tab_head")
        self._stack = QStackedWidget(self)
        self._pages: dict[str, QWidget] = {}
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 8, 0)
        head.setSpacing(4)
        head.addWidget(self.bar, 1)
        for action in corner:
            button = icon_button(action.text().replace("&", ""), "x")
            button.setDefaultAction(action)
            button.setAccessibleName(action.text().replace("&", ""))
            head.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head)
        layout.addWidget(self._stack, 1)
        self.bar.currentChanged.connect(self._show_current)
        look().changed.connect(self._fit)
        self._fit()

    def page(self, key: str) -> QWidget | None:
        """Return the page with this key."""
        return self._pages.get(key)

    def current(self) -> QWidget | None:
        """Return the shown page."""
        return self._pages.get(self.current_key())

    def current_key(self) -> str:
        """Return the key of the shown page; empty when there is none."""
        index = self.bar.currentIndex()
        return self.bar.tabData(index) if index >= 0 else ""

    def put(self, key: str, page: QWidget, title: str, icon_name: str) -> None:
        """Add a page at the end."""
        self._pages[key] = page
        self._stack.addWidget(page)
        self.bar.add(key, title, icon_name)

    def show_page(self, key: str) -> None:
        """Make a page the current one."""
        self.bar.setCurrentIndex(self.bar.index_of(key))
        self._show_current()

    def take(self, key: str) -> QWidget:
        """Remove a page and return it."""
        page = self._pages.pop(key)
        self._stack.removeWidget(page)
        self.bar.removeTab(self.bar.index_of(key))
        return page

    def _show_current(self) -> None:
        page = self.current()
        if page is not None:
            self._stack.setCurrentWidget(page)
            self.activated.emit()

    def _fit(self) -> None:
        self._head.setFixedHeight(theme().row(36))
        self.bar.updateGeometry()


class CentreTabs(QWidget):
    """All tabs. Pages are made by key when they are first shown, and closed by key.

    current_changed(key)    another page is shown, empty when there is none
    changed()               tabs were opened, closed, moved, or the split changed
    """

    current_changed = Signal(str)
    changed = Signal()

    def __init__(
        self,
        make_page: Callable[[str], tuple[QWidget, str, str] | None],
        empty: QWidget,
        corner: list[QAction],
        parent: QWidget | None = None,
    ) -> None:
        """`make_page` returns the page of a key with its title and icon, or None when there is no such page;
        `corner` are the actions at the right end of the first row of tabs."""
        super().__init__(parent)
        self._make_page = make_page
        self._closed: list[str] = []
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        self._groups = [TabGroup(corner, self), TabGroup([], self)]
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
        """Return the pages of all tabs."""
        return [page for group in self._groups for key in group.bar.open_keys() if (page := group.page(key))]

    def open(self, key: str, *, replacing: str = "") -> QWidget | None:
        """Show the page of a key, made if it is not open; instead of the tab `replacing` if that is open."""
        group = self._group_of(key)
        if group is None:
            made = self._make_page(key)
            if made is None:
                return None
            group = self._group_of(replacing) or self._active
            place = group.bar.index_of(replacing)
            group.put(key, *made)
            if place >= 0:
                group.bar.moveTab(group.bar.count() - 1, place)
                self._drop(group, replacing)
        group.show_page(key)
        self._settle()
        return group.page(key)

    def close_tab(self, key: str) -> None:
        """Close a tab; it can be reopened."""
        group = self._group_of(key)
        if group is None:
            return
        self._closed = [*self._closed, key][-REMEMBERED:]
        self._drop(group, key)
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
                self._move(key, self._groups[1], self._groups[0])
            self.open(shown)
        elif self._groups[0].bar.count() > 1:
            self.move_to_other_side(self.current_key())

    def move_to_other_side(self, key: str) -> None:
        """Move a tab to the other group."""
        source = self._group_of(key)
        if source is None:
            return
        target = self._groups[1] if source is self._groups[0] else self._groups[0]
        self._move(key, source, target)
        if not self._groups[0].bar.count():
            for other in self._groups[1].bar.open_keys():
                self._move(other, self._groups[1], self._groups[0])
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
                made = self._make_page(key) if self._group_of(key) is None else None
                if made is not None:
                    group.put(key, *made)
            group.show_page(shown)
        if not self._groups[0].bar.count():
            for key in self._groups[1].bar.open_keys():
                self._move(key, self._groups[1], self._groups[0])
        current = state["current"]
        if self._group_of(current) is not None:
            self.open(current)
        self._settle()
        if self.is_split and len(state["sizes"]) == 2 and all(state["sizes"]):
            self._split.setSizes(state["sizes"])

    def _group_of(self, key: str) -> TabGroup | None:
        return next((group for group in self._groups if group.page(key) is not None), None)

    def _activate(self, group: TabGroup) -> None:
        self._active = group
        self.current_changed.emit(self.current_key())

    def _move(self, key: str, source: TabGroup, target: TabGroup) -> None:
        bar = source.bar
        index = bar.index_of(key)
        title, icon_now = bar.tabToolTip(index), bar.tabIcon(index)
        page = source.take(key)
        target.put(key, page, title, "")
        target.bar.setTabIcon(target.bar.index_of(key), icon_now)

    def _drop(self, group: TabGroup, key: str) -> None:
        page = group.take(key)
        page.hide()
        page.deleteLater()

    def _settle(self) -> None:
        """Show what there is: one group, two, or the empty pane."""
        was_hidden = self._groups[1].isHidden()
        self._groups[1].setVisible(self.is_split)
        if was_hidden and self.is_split:
            half = self._split.width() // 2
            self._split.setSizes([half, half])
        if not self._active.bar.count():
            self._active = self._groups[0]
        if not self._groups[0].bar.count() and self.is_split:
            for key in self._groups[1].bar.open_keys():
                self._move(key, self._groups[1], self._groups[0])
            self._groups[1].hide()
        self._stack.setCurrentIndex(int(bool(self._groups[0].bar.count())))
        self.current_changed.emit(self.current_key())
        self.changed.emit()
