"""The headings of a persona as a list to check, reorder and extend; the name's heading stays first."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from forllm_desktop.domain.generation import DEFAULT_HEADINGS, HEADING_LIMIT, HEADINGS_LIMIT, NAME_HEADING
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.checks import paint_check_box

Pair = tuple[str, bool]
Index = QModelIndex | QPersistentModelIndex


class HeadingsEdit(QWidget):
    """A list, a field that adds to it, and a button for the usual headings.

    edited()    the user changed something
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._list = _List()
        self._new = QLineEdit()
        self._add = push_button("Add", small=True)
        self._reset = push_button("The eight usual ones", "quiet", small=True)
        self._list.setAccessibleName("Headings")
        self._list.setAccessibleDescription("Space checks, Alt+Up and Alt+Down move, Del removes an own one")
        self._new.setAccessibleName("Another heading")
        self._new.setPlaceholderText("Another heading")
        self._new.setMaxLength(HEADING_LIMIT)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._new, 1)
        row.addWidget(self._add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._list)
        layout.addLayout(row)
        layout.addWidget(self._reset, alignment=Qt.AlignmentFlag.AlignLeft)
        self._list.edited.connect(self._note)
        self._new.returnPressed.connect(self._take_new)
        self._add.clicked.connect(self._take_new)
        self._reset.clicked.connect(self._use_usual)
        self.setFocusProxy(self._list)
        self.show_headings([(heading, True) for heading in DEFAULT_HEADINGS])

    def headings(self) -> list[Pair]:
        """Return all headings in their order, each with whether it is wanted."""
        items = [self._list.item(row) for row in range(self._list.count())]
        return [(item.text(), item.checkState() is Qt.CheckState.Checked) for item in items]

    def show_headings(self, pairs: Sequence[Pair]) -> None:
        """Show these headings, the name's first."""
        rest = [pair for pair in pairs if pair[0] != NAME_HEADING]
        self._list.fill([(NAME_HEADING, True), *rest])
        self._note_default()

    def _take_new(self) -> None:
        typed = " ".join(self._new.text().replace("#", " ").split()).rstrip(":").strip()
        known = {heading.casefold(): row for row, (heading, _) in enumerate(self.headings())}
        if not typed or len(known) >= HEADINGS_LIMIT:
            return
        if typed.casefold() in known:
            self._list.item(known[typed.casefold()]).setCheckState(Qt.CheckState.Checked)
        else:
            self._list.append(typed, is_checked=True)
        self._new.clear()
        self._note()

    def _use_usual(self) -> None:
        self.show_headings([(heading, True) for heading in DEFAULT_HEADINGS])
        self._list.setFocus()
        self.edited.emit()

    def _note(self) -> None:
        self._note_default()
        self.edited.emit()

    def _note_default(self) -> None:
        self._reset.setEnabled(self.headings() != [(heading, True) for heading in DEFAULT_HEADINGS])


class _List(QListWidget):
    """edited()    a heading was checked, moved or removed by the user"""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(_Rows(self))
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.itemChanged.connect(lambda _item: self.edited.emit())
        look().changed.connect(self._fit)

    def fill(self, pairs: Sequence[Pair]) -> None:
        self.blockSignals(True)
        self.clear()
        self.blockSignals(False)
        for heading, is_checked in pairs:
            self.append(heading, is_checked=is_checked)

    def append(self, heading: str, *, is_checked: bool) -> None:
        self.blockSignals(True)
        item = QListWidgetItem(heading)
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if heading != NAME_HEADING:
            flags |= Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsDragEnabled
        item.setFlags(flags)
        item.setCheckState(Qt.CheckState.Checked if is_checked else Qt.CheckState.Unchecked)
        self.addItem(item)
        self.blockSignals(False)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, item = self.currentRow(), self.currentItem()
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in steps:
            self._move(row, row + steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Delete and item is not None and item.text() not in DEFAULT_HEADINGS:
            self.takeItem(row)
            self._fit()
            self.edited.emit()
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        super().dropEvent(event)
        names = [self.item(row).text() for row in range(self.count())]
        if names and names[0] != NAME_HEADING and NAME_HEADING in names:
            self.insertItem(0, self.takeItem(names.index(NAME_HEADING)))
        self.edited.emit()

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        if self.currentRow() < 0:
            self.setCurrentRow(0)

    def _move(self, row: int, to: int) -> None:
        if row < 1 or not 1 <= to < self.count():
            return
        self.insertItem(to, self.takeItem(row))
        self.setCurrentRow(to)
        self.edited.emit()

    def _fit(self) -> None:
        self.setFixedHeight(self.count() * _row_height() + 2)


class _Rows(QStyledItemDelegate):
    """Paints a check box and the heading; the name's heading cannot be changed."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme().px(120), _row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        now, rect = theme(), option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
        if has_focus or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(now.colour("accent_text"), 1) if has_focus else Qt.PenStyle.NoPen)
            painter.setBrush(now.colour("hover"))
            painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        is_fixed = index.data() == NAME_HEADING
        is_checked = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.Checked
        paint_check_box(painter, QRectF(_box(rect)), is_checked=is_checked, is_enabled=not is_fixed)
        painter.setFont(now.font("ui"))
        painter.setPen(now.colour("text" if is_checked else "text_3"))
        words = rect.adjusted(now.px(28), 0, -4, 0)
        shown = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, words.width()
        )
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
        painter.restore()

    def editorEvent(self, event: QEvent, model, option: QStyleOptionViewItem, index: Index) -> bool:
        is_release = event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent)
        if is_release and index.flags() & Qt.ItemFlag.ItemIsUserCheckable:
            rect = option.rect  # type: ignore[attr-defined]
            if event.position().x() <= rect.left() + theme().px(28):  # type: ignore[attr-defined]
                is_checked = (
                    Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.Checked
                )
                value = Qt.CheckState.Unchecked if is_checked else Qt.CheckState.Checked
                return model.setData(index, value.value, Qt.ItemDataRole.CheckStateRole)
            return False
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            return False
        return super().editorEvent(event, model, option, index)


def _row_height() -> int:
    return theme().row(26)


def _box(rect: QRect) -> QRect:
    side = theme().px(16)
    return QRect(rect.left() + 4, rect.top() + (rect.height() - side) // 2, side, side)
