"""The messages of a prompt, one row each; Enter opens the full text of one in its place."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QListView, QWidget

from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.diff_view import DiffView
from forllm_desktop.ui.xray.changes import ChangeKind, compared_texts, may_be_compared
from forllm_desktop.ui.xray.full_text import FullText, OpenMessage
from forllm_desktop.ui.xray.model import XrayModel
from forllm_desktop.ui.xray.row_delegate import RowDelegate, row_height
from forllm_desktop.ui.xray.rows import Row, RowKind

MOST_ROWS = 8
"""Rows that are shown without scrolling where the list is not tall."""
MOST_OPEN = 12
"""Messages that are open at once; the one opened first closes then."""
OPEN_LINES = (3, 14)
"""Lines of an open message that are shown, at least and at most."""
_COUNTED = 20_000
"""Characters of a text that are looked at to know its height: more fill every height there is."""


class MessageList(QListView):
    """As high as its rows, up to a limit, unless it `fills` its place.

    pointed(row)              the pointer, or else the keyboard, is at a row; -1: at none
    opened(row)               the full text of a row was opened
    post_requested(post_id)   the post of a row is to be shown
    menu_requested(row, at)   what can be done with a row is wanted, at a global position
    copied(row)               the text of a row is to be copied
    """

    pointed = Signal(int)
    opened = Signal(int)
    post_requested = Signal(int)
    menu_requested = Signal(int, QPoint)
    copied = Signal(int)

    def __init__(self, *, fills: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fills = fills
        self._model = XrayModel(self)
        self._delegate = RowDelegate(self)
        self._open: list[_Opened] = []
        self._diffing = Latest("changes of a message", self)
        self._diffed: DiffView | None = None
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Messages of the prompt")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.viewport().setAutoFillBackground(False)
        self.doubleClicked.connect(self._open_clicked)
        self.selectionModel().currentChanged.connect(lambda now, _before: self.pointed.emit(now.row()))
        self._diffing.done.connect(self._show_diff)
        look().changed.connect(self._fit)
        self._model.rowsInserted.connect(lambda *_: self._fit())
        self._model.rowsRemoved.connect(lambda *_: self._fit())

    @property
    def rows(self) -> list[Row]:
        """What is shown."""
        return list(self._model.rows)

    @property
    def is_busy(self) -> bool:
        """Say whether a text is still being put in or compared."""
        texts = (opened.message.inside for opened in self._open)
        return self._diffing.is_busy or any(isinstance(t, FullText) and not t.is_filled for t in texts)

    def show_parts(self, rows: Sequence[Row]) -> None:
        """Show these messages; those that are open stay open with their new texts."""
        current = self.currentIndex().row()
        if len(rows) != self._part_count():
            self._close_from(0)
        self._model.show_parts(rows)
        for opened in self._open:
            if isinstance(opened.message.inside, FullText) and opened.row < len(rows):
                opened.message.inside.show_text(rows[opened.row].text)
        if not self.currentIndex().isValid() and 0 <= current < len(rows):
            self.setCurrentIndex(self._model.index(current, 0))
        self._fit()

    def show_section(self, name: str, rows: Sequence[Row]) -> None:
        """Show a section below the messages; see `XrayModel`."""
        self._close_from(self._part_count())
        self._model.show_section(name, rows)
        self._fit()

    def light(self, parts: range) -> None:
        """Let the rows of some parts stand out."""
        if self._delegate.lit != parts:
            self._delegate.lit = parts
            self.viewport().update()

    def row(self, at: int) -> Row | None:
        """Return a row."""
        return self._model.rows[at] if 0 <= at < len(self._model.rows) else None

    def full_text(self, at: int) -> FullText | None:
        """Return the open text of a row."""
        opened = self._opened_at(at)
        inside = opened.message.inside if opened is not None else None
        return inside if isinstance(inside, FullText) else None

    def toggle(self, at: int) -> None:
        """Open a row or close it: the text of a message, the entries of a section, or show its post."""
        row, opened = self.row(at), self._opened_at(at)
        if row is None:
            return
        if opened is not None:
            self._close(opened)
            self._fit()
        elif row.kind is RowKind.HEAD:
            self.open_section(row.section, is_open=not self._model.is_open(row.section))
        elif row.kind is RowKind.LEFT_OUT and row.post_id is not None:
            self.post_requested.emit(row.post_id)
        else:
            self.open(at)

    def open_section(self, name: str, *, is_open: bool = True) -> None:
        """Show the entries of a section or fold them away."""
        head = self._model.first_of(name)
        if not is_open:
            self._close_from(head)
        self._model.fold(name, is_open=is_open)
        self._fit()
        self.setCurrentIndex(self._model.index(head, 0))
        self.scrollTo(self._model.index(head, 0))

    def open(self, at: int, *, takes_focus: bool = True) -> None:
        """Open the full text of a message in its place."""
        row, opened = self.row(at), self._opened_at(at)
        if row is None or not row.opens:
            return
        if opened is None:
            if len(self._open) >= MOST_OPEN:
                self._close(self._open[0])
            index = QPersistentModelIndex(self._model.index(at, 0))
            message = OpenMessage(self._inside(row), row_height(), lambda: self._leave(index))
            opened = _Opened(index, message)
            self._open.append(opened)
            self.setIndexWidget(self._model.index(at, 0), message)
            self._fit()
        self.setCurrentIndex(self._model.index(at, 0))
        self.scrollTo(self._model.index(at, 0))
        if takes_focus:
            opened.message.setFocus()
        self.opened.emit(at)

    def stop(self) -> None:
        """End what runs."""
        self._diffing.stop()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        if self._fills:
            hint.setHeight(MOST_ROWS * row_height() + max(self._delegate.heights.values(), default=0))
        return hint

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self.currentIndex().row()
        row = self.row(at)
        has_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and has_control:
            if row is not None and row.post_id is not None:
                self.post_requested.emit(row.post_id)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.toggle(at)
        elif event.key() == Qt.Key.Key_C and has_control:
            self.copied.emit(at)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if index.isValid():
            self.setCurrentIndex(index)
            at = event.globalPos()
            if not by_mouse:
                at = self.viewport().mapToGlobal(self.visualRect(index).topLeft() + QPoint(24, row_height()))
            self.menu_requested.emit(index.row(), at)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self._model.index(0, 0))
        self.pointed.emit(self.currentIndex().row())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.pointed.emit(-1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.pointed.emit(self.indexAt(event.position().toPoint()).row())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        row = self.row(index.row())
        if event.button() is Qt.MouseButton.LeftButton and row is not None and row.kind is RowKind.HEAD:
            self.toggle(index.row())

    def leaveEvent(self, event) -> None:
        super().leaveEvent(event)
        self.pointed.emit(self.currentIndex().row() if self.hasFocus() else -1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width() and self._open:
            self._fit()

    # -- steps

    def _part_count(self) -> int:
        return sum(row.kind is RowKind.PART for row in self._model.rows)

    def _open_clicked(self, index: QModelIndex) -> None:
        row = self.row(index.row())
        # A click alone has opened a section already.
        if row is not None and row.kind is not RowKind.HEAD:
            self.toggle(index.row())

    def _inside(self, row: Row) -> QWidget:
        change = row.change
        if change is not None and change.kind is ChangeKind.CHANGED and may_be_compared(change):
            view = self._diffed = DiffView(f"What changed, {row.label}")
            view.setStyleSheet("background: transparent;")
            view.show_text("Comparing …")
            self._diffing.ask(lambda: compared_texts(change))
            return view
        text = FullText(f"Full text, {row.role}")
        text.show_text(row.text)
        return text

    def _show_diff(self, stretches: object) -> None:
        if any(opened.message.inside is self._diffed for opened in self._open) and self._diffed is not None:
            assert isinstance(stretches, list)
            self._diffed.show_stretches(stretches)

    def _opened_at(self, at: int) -> "_Opened | None":
        return next((opened for opened in self._open if opened.row == at), None)

    def _leave(self, index: QPersistentModelIndex) -> None:
        """Close a message and take the keyboard back."""
        at = index.row()
        opened = self._opened_at(at)
        if opened is not None:
            self._close(opened)
        self._fit()
        self.setCurrentIndex(self._model.index(at, 0))
        self.setFocus()

    def _close(self, opened: "_Opened") -> None:
        self._open.remove(opened)
        opened.message.hide()
        if opened.index.isValid():
            self.setIndexWidget(self._model.index(opened.row, 0), None)  # type: ignore[arg-type]

    def _close_from(self, first: int) -> None:
        for opened in [opened for opened in self._open if opened.row >= first]:
            self._close(opened)

    def _open_height(self, text: str) -> int:
        """Return how much higher an open row is."""
        metrics = QFontMetrics(theme().font("code"))
        columns = max(20, (self.viewport().width() - 48) // max(1, metrics.horizontalAdvance("n")))
        seen = text[:_COUNTED]
        least, most = OPEN_LINES
        lines = sum(len(line) // columns + 1 for line in seen.split("\n"))
        return min(max(least, lines), most) * theme().line_height("code") + 28

    def _fit(self) -> None:
        rows = self._model.rows
        heights = {opened.row: self._open_height(rows[opened.row].text) for opened in self._open}
        self._delegate.heights = heights
        if not self._fills:
            wanted = min(len(self._model.rows), MOST_ROWS) * row_height() + sum(heights.values())
            self.setFixedHeight(max(wanted, 1))
        self.updateGeometry()
        self.scheduleDelayedItemsLayout()


@dataclass(eq=False)
class _Opened:
    """An open row; `index` follows it when rows above it come and go."""

    index: QPersistentModelIndex
    message: OpenMessage

    @property
    def row(self) -> int:
        return self.index.row()
