"""A list of two-line rows in groups, for what has a handful of entries."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFrame, QListView, QWidget

from forllm_desktop.ui.delegates.two_line_row import RowRole, TwoLineRowDelegate
from forllm_desktop.ui.theme import look
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard

_KEY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Row:
    """An entry with its key; without a key it is the caption of those below."""

    key: str
    title: str
    line: str = ""
    mark: str = ""


class RowView(QListView):
    """Texts are plain, whatever they say.

    chosen(key)    another row was selected, by the user or by `choose`
    """

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._told = ""
        self._items = QStandardItemModel(self)
        self._delegate = TwoLineRowDelegate(self)
        self.setModel(self._items)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.selectionModel().currentChanged.connect(self._tell)
        look().changed.connect(self.scheduleDelayedItemsLayout)

    @property
    def rows(self) -> list[Row]:
        """What is shown, from the top."""
        return list(self._rows)

    @property
    def key(self) -> str:
        """The key of the selected row; empty when none is."""
        return str(self.currentIndex().data(_KEY) or "")

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; the selection stays where its key still is."""
        if list(rows) == self._rows:
            return
        if [row.key for row in rows] == [row.key for row in self._rows]:
            for at, row in enumerate(rows):
                _fill(self._items.item(at), row)
        else:
            kept = self._told
            self._items.clear()
            for row in rows:
                item = QStandardItem()
                _fill(item, row)
                self._items.appendRow(item)
            self._select(kept)
        self._rows = list(rows)

    def choose(self, key: str) -> None:
        """Select the row with a key."""
        self._select(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._delegate.shows_focus = True
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._delegate.shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._delegate.shows_focus = False
        super().mousePressEvent(event)

    def _select(self, key: str) -> None:
        for at in range(self._items.rowCount()):
            index = self._items.index(at, 0)
            if key and index.data(_KEY) == key:
                self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
                return

    def _tell(self, now: QModelIndex) -> None:
        key = str(now.data(_KEY) or "")
        if key and key != self._told:
            self._told = key
            self.chosen.emit(key)


def _fill(item: QStandardItem, row: Row) -> None:
    item.setText(row.title)
    item.setData(row.key, _KEY)
    item.setData(row.line, RowRole.LINE)
    item.setData(row.mark, RowRole.MARK)
    item.setData(not row.key, RowRole.CAPTION)
    words = ", ".join(filter(None, (row.title, row.line, row.mark)))
    item.setData(words, Qt.ItemDataRole.AccessibleTextRole)
    if not row.key:
        item.setFlags(Qt.ItemFlag.NoItemFlags)
