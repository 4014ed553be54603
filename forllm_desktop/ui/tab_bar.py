"""The row of tabs of the centre: by key, with close buttons, a menu, middle click and reordering."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QTabBar, QToolButton, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.tips import plain_tip


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
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        look().changed.connect(self._fit)
        self._fit()

    def add(self, key: str, title: str, icon_name: str) -> int:
        """Add a tab at the end and return its index."""
        index = self.addTab("")
        self.setTabData(index, key)
        if icon_name:
            self.setTabIcon(index, icon(icon_name))
        close = icon_button("Close this tab", "x", parent=self)
        close.setProperty("kind", "close")
        _fit_close(close)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(lambda: self.close_requested.emit(key))
        self.setTabButton(index, QTabBar.ButtonPosition.RightSide, close)
        self.name(index, title)
        return index

    def name(self, index: int, title: str) -> None:
        """Give a tab another title."""
        # A tab's text is no markup, but an & in it would mark a key.
        self.setTabText(index, title.replace("&", "&&"))
        self.setTabToolTip(index, plain_tip(title))
        button = self.tabButton(index, QTabBar.ButtonPosition.RightSide)
        if button is not None:
            button.setAccessibleName(f"Close “{title}”")

    def title(self, index: int) -> str:
        """Return the title of a tab as it was given."""
        return self.tabText(index).replace("&&", "&")

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

    def _fit(self) -> None:
        # Left to itself a bar that is laid out before its first tab can end up with no height at all.
        self.setFixedHeight(theme().row(36))
        self.setIconSize(QSize(theme().px(16), theme().px(16)))
        for index in range(self.count()):
            close = self.tabButton(index, QTabBar.ButtonPosition.RightSide)
            if isinstance(close, QToolButton):
                _fit_close(close)

    def _close_others(self, key: str) -> None:
        for other in self.open_keys():
            if other != key:
                self.close_requested.emit(other)


def _fit_close(button: QToolButton) -> None:
    button.setFixedSize(QSize(theme().px(20), theme().px(20)))
    button.setIconSize(QSize(theme().px(12), theme().px(12)))
