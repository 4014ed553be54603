"""The table of the queue: hover actions, keys, context menu."""

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.ui import queue_words
from forllm_desktop.ui.delegates.queue_row import QueueDelegate, action_rects, menu_actions
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.item_models.queue_table import ROW_ROLE, Column, QueueTable
from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.theme import look, theme

_WIDTHS = {
    Column.STATE: 112,
    Column.PERSONA: 144,
    Column.MODEL: 128,
    Column.TOKENS: 112,
    Column.PROGRESS: 232,
    Column.ASKED: 96,
}
_HIDDEN_FIRST = (Column.TOKENS, Column.MODEL, Column.PERSONA)
"""Columns that go when there is no room, the first one first; state, request and reason stay."""
_LEAST_TITLE, _LEAST_PROGRESS = 200, 96
_GOOD_PROGRESS = 144
"""The time goes before the reason gets less room than this."""
_CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_STATE_ICON = 48
"""Width of the state where there is room for its icon alone."""


class FilteredQueue(QSortFilterProxyModel):
    """The rows of one filter."""

    def __init__(self, table: QueueTable, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = queue_words.FILTERS[0]
        self.setSourceModel(table)

    def show_only(self, name: str) -> None:
        """Show the rows of this filter of `queue_words.FILTERS`."""
        self._name = name
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex | QPersistentModelIndex) -> bool:
        row: QueueRow = self.sourceModel().index(source_row, 0).data(ROW_ROLE)
        return self._name in queue_words.filters_of(row.job)


class QueueView(QTableView):
    """Shows requests; every action is there by pointer, key and menu.

    acted(action, row)    "open", "details", "cancel", "retry", "skip" or "cancel_batch" on a QueueRow
    """

    acted = Signal(str, object)

    def __init__(self, rows: FilteredQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painter = QueueDelegate(self)
        self.setModel(rows)
        self.setItemDelegate(self._painter)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setAccessibleName("Requests")
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setSectionsClickable(False)
        head.setHighlightSections(False)
        head.setSectionResizeMode(Column.REQUEST, QHeaderView.ResizeMode.Stretch)
        self.doubleClicked.connect(lambda index: self.act("open", index.data(ROW_ROLE)))
        look().changed.connect(self._measure)
        portraits().changed.connect(self.viewport().update)
        self._measure()

    def act(self, action: str, row: QueueRow | None) -> None:
        """Do something with a row, if it offers it."""
        if row is not None and action in [offered[0] for offered in menu_actions(row)]:
            self.acted.emit(action, row)

    def current_row(self) -> QueueRow | None:
        """Return the selected request."""
        index = self.currentIndex()
        return index.data(ROW_ROLE) if index.isValid() else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, row = event.key(), self.current_row()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.act("open", row)
        elif key == Qt.Key.Key_Space:
            self.act("details", row)
        elif key == Qt.Key.Key_Delete and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.act("cancel_batch", row)
        elif key == Qt.Key.Key_Delete:
            self.act("cancel", row)
        elif key == Qt.Key.Key_R and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.act("retry", row)
        elif key == Qt.Key.Key_R and event.modifiers() == _CTRL_SHIFT:
            self.act("skip", row)
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(event.position().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(QPoint(-1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        action = self._action_at(event.position().toPoint())
        if action and event.button() is Qt.MouseButton.LeftButton:
            self.act(action, index.data(ROW_ROLE))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        if index.isValid():
            self.setCurrentIndex(index)
        row = self.current_row()
        if row is not None:
            self._menu(row).popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _menu(self, row: QueueRow) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        keys = {
            "open": "Return",
            "details": "Space",
            "cancel": "Del",
            "retry": "Ctrl+R",
            "cancel_batch": "Shift+Del",
            "skip": "Ctrl+Shift+R",
        }
        for name, word, icon_name in menu_actions(row):
            action = QAction(icon(icon_name), f"{word}\t{keys[name]}", menu)
            action.triggered.connect(lambda _=False, name=name: self.act(name, row))
            menu.addAction(action)
        return menu

    def _hover(self, at: QPoint) -> None:
        index = self.indexAt(at)
        row, action = index.row() if index.isValid() else -1, self._action_at(at)
        if (row, action) != (self._painter.hovered, self._painter.hovered_action):
            self._painter.hovered, self._painter.hovered_action = row, action
            self.setToolTip("")
            self.viewport().update()

    def _action_at(self, at: QPoint) -> str:
        index = self.indexAt(at)
        if not index.isValid() or index.column() != self._painter.last_column:
            return ""
        rects = action_rects(self.visualRect(index), index.data(ROW_ROLE))
        return next((name for name, box in rects if box.contains(at)), "")

    def _measure(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme().row(28))
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, theme().px(width))
        self._fit()

    def _fit(self) -> None:
        """Give the title room: hide columns, then narrow the reason, at last the state."""
        px, widths = theme().px, dict(_WIDTHS)
        room = self.viewport().width() - px(sum(widths.values()) + _LEAST_TITLE)
        for column in _HIDDEN_FIRST:
            room = self._hide(column, room < 0, room)
        spare = px(widths[Column.PROGRESS] - _GOOD_PROGRESS)
        room = self._hide(Column.ASKED, room + spare < 0, room)
        self._painter.last_column = Column.PROGRESS if self.isColumnHidden(Column.ASKED) else Column.ASKED
        usual, least = px(widths[Column.PROGRESS]), px(_LEAST_PROGRESS)
        self.setColumnWidth(Column.PROGRESS, max(least, usual + min(room, 0)))
        is_tight = room + usual - least < 0
        self.setColumnWidth(Column.STATE, px(_STATE_ICON if is_tight else widths[Column.STATE]))

    def _hide(self, column: Column, is_hidden: bool, room: int) -> int:
        """Hide a column or show it; returns the room there is then."""
        self.setColumnHidden(column, is_hidden)
        return room + (theme().px(_WIDTHS[column]) if is_hidden else 0)
