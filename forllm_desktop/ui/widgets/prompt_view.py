"""The messages of a prompt, one row each; Enter opens the full text of one in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.token_bar import COLOURS

_NOWHERE = QModelIndex()
_ROW = Qt.ItemDataRole.UserRole + 1
FIRST_WORDS = 300
"""Characters of a message that its row looks at."""
MOST_ROWS = 8
"""Rows that are shown without scrolling."""
OPEN_LINES = (3, 14)
"""Lines of an open message that are shown, at least and at most."""
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class PromptRow:
    """A message or a part of one: where it comes from, its role, its text, its size in tokens."""

    source: str
    role: str
    text: str
    tokens: int
    is_exact: bool = False

    @property
    def size(self) -> str:
        """The size in words: "~114" while it is an estimate."""
        return f"{self.tokens:,}" if self.is_exact else f"~{self.tokens:,}"


class PromptView(QListView):
    """As high as its rows, up to a limit.

    pointed(row)    the pointer, or else the keyboard, is at a row; -1: at none
    """

    pointed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Rows(self)
        self._delegate = _RowDelegate(self)
        self._open_row = -1
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Messages of the prompt")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.viewport().setAutoFillBackground(False)
        self.doubleClicked.connect(lambda index: self.toggle(index.row()))
        self.selectionModel().currentChanged.connect(lambda now, _before: self.pointed.emit(now.row()))
        look().changed.connect(self._fit)

    @property
    def rows(self) -> list[PromptRow]:
        """What is shown."""
        return list(self._model.rows)

    def show_rows(self, rows: Sequence[PromptRow]) -> None:
        """Show these messages; one that is open stays open with its new text."""
        open_row, current = self._open_row, self.currentIndex().row()
        if len(rows) != len(self._model.rows):
            self._close()
            open_row = -1
        self._model.show_rows(rows)
        if open_row >= 0:
            editor = self.indexWidget(self._model.index(open_row, 0))
            if isinstance(editor, _OpenMessage):
                editor.show_text(rows[open_row].text)
        elif 0 <= current < len(rows):
            self.setCurrentIndex(self._model.index(current, 0))
        self._fit()

    def light(self, row: int) -> None:
        """Let a row stand out; -1: none."""
        if self._delegate.lit != row:
            self._delegate.lit = row
            self.viewport().update()

    def toggle(self, row: int) -> None:
        """Open the full text of a message in its place, or close it."""
        was_open = self._open_row
        self._close()
        if 0 <= row < len(self._model.rows) and row != was_open:
            self._open_row = self._delegate.open_row = row
            message = _OpenMessage(self._model.rows[row], self.toggle_open)
            self.setIndexWidget(self._model.index(row, 0), message)
            message.setFocus()
        self._model.layoutChanged.emit()
        self._fit()
        self.scrollTo(self._model.index(max(0, row), 0))

    def toggle_open(self) -> None:
        """Close what is open and take the keyboard back."""
        self.toggle(self._open_row)
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.toggle(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self._model.index(0, 0))
        self.pointed.emit(self.currentIndex().row())

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self.pointed.emit(-1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.pointed.emit(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, event) -> None:
        super().leaveEvent(event)
        self.pointed.emit(self.currentIndex().row() if self.hasFocus() else -1)

    def _close(self) -> None:
        if self._open_row >= 0:
            self.indexWidget(self._model.index(self._open_row, 0)).hide()
            self.setIndexWidget(self._model.index(self._open_row, 0), None)  # type: ignore[arg-type]
        self._open_row = self._delegate.open_row = -1

    def _fit(self) -> None:
        rows, height = len(self._model.rows), row_height()
        wanted = min(rows, MOST_ROWS) * height
        if self._open_row >= 0:
            wanted += self._delegate.open_height(self._model.rows[self._open_row].text)
        self.setFixedHeight(max(wanted, 1))
        self.scheduleDelayedItemsLayout()


def row_height() -> int:
    """Return the height of a closed row in px."""
    return theme().row(28)


class _Rows(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[PromptRow] = []

    def show_rows(self, rows: Sequence[PromptRow]) -> None:
        if len(rows) != len(self.rows):
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()
            return
        changed = [at for at, (old, new) in enumerate(zip(self.rows, rows, strict=True)) if old != new]
        self.rows = list(rows)
        for at in changed:
            self.dataChanged.emit(self.index(at, 0), self.index(at, 0))

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(row.text[:FIRST_WORDS].split()) or "empty, so it is not sent"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.role}, {row.source}, {row.size} tokens: {' '.join(row.text[:FIRST_WORDS].split())}"
        return row if role == _ROW else None


class _RowDelegate(QStyledItemDelegate):
    lit = -1
    open_row = -1

    def open_height(self, text: str) -> int:
        """Return how much higher an open row is."""
        least, most = OPEN_LINES
        lines = min(max(least, text.count("\n") + len(text) // 80 + 1), most)
        return lines * theme().line_height("code") + 24

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: PromptRow = index.data(_ROW)
        more = self.open_height(row.text) if index.row() == self.open_row else 0
        return QSize(theme().px(120), row_height() + more)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: PromptRow = index.data(_ROW)
        now = theme()
        whole: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        box = QRect(whole.left(), whole.top(), whole.width(), row_height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.row() == self.lit:
            painter.fillRect(box, now.colour("hover"))
        painter.fillRect(QRect(whole.left(), whole.top(), whole.width(), 1), now.colour("line"))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.drawRoundedRect(QRectF(box).adjusted(1, 2, -1, -1), 4, 4)
        side = now.px(8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour(COLOURS.get(row.source, "meter_other")))
        painter.drawEllipse(QRectF(box.left() + 2, box.center().y() - side / 2 + 1, side, side))
        left = box.left() + side + 8
        metrics = QFontMetrics(now.font("small"))
        right = box.right() - metrics.horizontalAdvance(row.size)
        role = QFontMetrics(now.font("small_medium")).horizontalAdvance("assistant") + now.px(16)
        words = QRect(left + role, box.top(), max(0, right - 12 - left - role), box.height())
        _write(painter, QRect(left, box.top(), role, box.height()), row.role, "small_medium", "text_2")
        _write(painter, words, str(index.data()), "small", "text_2")
        _write(
            painter, QRect(right, box.top(), box.right() - right, box.height()), row.size, "small", "text_2"
        )
        painter.restore()


class _OpenMessage(QWidget):
    """The full text of a message below its row, as plain text; Esc or a click on the row closes it."""

    def __init__(self, row: PromptRow, close) -> None:
        super().__init__()
        self._close = close
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName(f"Full text, {row.role}")
        self._text.setFont(theme().font("code"))
        self._text.setTabChangesFocus(True)
        self._text.setFrameShape(QFrame.Shape.NoFrame)
        self._text.setStyleSheet("background: transparent;")
        self._text.viewport().setAutoFillBackground(False)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme().px(8) + 16, row_height() + 4, 8, 12)
        layout.addWidget(self._text)
        self.setFocusProxy(self._text)
        self.show_text(row.text)

    def show_text(self, text: str) -> None:
        if text != self._text.toPlainText():
            self._text.setPlainText(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("line"), 1))
        painter.setBrush(theme().colour("sunken"))
        ground = QRectF(self.rect()).adjusted(theme().px(8) + 8.5, row_height() + 0.5, -0.5, -8.5)
        painter.drawRoundedRect(ground, 8, 8)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._close()


def _write(painter: QPainter, box: QRect, text: str, font: str, colour: str) -> None:
    painter.setFont(theme().font(font))
    painter.setPen(theme().colour(colour))
    shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 1)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(box, align | Qt.TextFlag.TextDontClip, shown)
