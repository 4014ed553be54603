"""A combo box with a caret that can be seen, rows as in menus, and heads for groups."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QStandardItem,
    QStandardItemModel,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QStylePainter,
    QWidget,
)

from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.tips import plain_tip

IS_HEAD = Qt.ItemDataRole.UserRole + 1
NOTE = Qt.ItemDataRole.UserRole + 2
LEAST = 96
"""Least width in px at 100 %; a text that is longer is shortened."""


class ComboBox(QComboBox):
    """Use `currentData()` for the value. A wheel turned over it scrolls the page, not the choice."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        # The list opens below the box instead of over it.
        self.setStyleSheet("QComboBox { combobox-popup: 0; padding-right: 24px; }")
        self.setItemDelegate(_Rows(self))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMaxVisibleItems(14)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.view().setAccessibleName(name)
        self.currentTextChanged.connect(self._tell_on_hover)
        self._dress()
        look().changed.connect(self._dress)

    def add(self, text: str, value: object, note: str = "") -> None:
        """Add a choice; `note` is shown in grey at the right of its row."""
        self.addItem(text, value)
        self.setItemData(self.count() - 1, note, NOTE)
        words = f"{text}, {note}" if note else text
        self.setItemData(self.count() - 1, words, Qt.ItemDataRole.AccessibleTextRole)

    def add_head(self, text: str) -> None:
        """Add the head of a group, which cannot be chosen."""
        head = QStandardItem(text)
        head.setFlags(Qt.ItemFlag.NoItemFlags)
        head.setData(True, IS_HEAD)
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        model.appendRow(head)

    def choose(self, value: object) -> bool:
        """Show the choice with a value; returns False when there is none."""
        for row in range(self.count()):
            if not self.itemData(row, IS_HEAD) and self.itemData(row) == value:
                self.setCurrentIndex(row)
                return True
        self.setCurrentIndex(-1)
        return False

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def showPopup(self) -> None:
        self.view().setMinimumWidth(max(self.width(), self.view().sizeHintForColumn(0) + 24))
        super().showPopup()

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), theme().px(LEAST)), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_on_hover()

    def paintEvent(self, event: QPaintEvent) -> None:
        # Qt's own would cut a text that is too long instead of shortening it.
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        words = option.currentText  # pyright: ignore[reportAttributeAccessIssue]
        if self.currentIndex() < 0 and self.placeholderText():
            words = self.placeholderText()
            option.palette.setBrush(  # pyright: ignore[reportAttributeAccessIssue]
                QPalette.ColorRole.ButtonText,
                option.palette.placeholderText(),  # pyright: ignore[reportAttributeAccessIssue]
            )
        option.currentText = self._shortened(words)  # pyright: ignore[reportAttributeAccessIssue]
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        side = theme().px(14)
        box = QRect(self.width() - side - 8, (self.height() - side) // 2, side, side)
        paint_icon(painter, box, "caret-down", "text_2" if self.isEnabled() else "disabled")

    def _shortened(self, words: str) -> str:
        option, part = QStyleOptionComboBox(), QStyle.SubControl.SC_ComboBoxEditField
        self.initStyleOption(option)
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width()
        return self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, room)

    def _tell_on_hover(self) -> None:
        words = self.currentText()
        self.setToolTip(plain_tip(words) if self._shortened(words) != words else "")

    def _dress(self) -> None:
        self.setFont(theme().font("ui"))


class _Rows(QStyledItemDelegate):
    """Paints a row of the list."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        now = theme()
        words = option.fontMetrics.horizontalAdvance(str(index.data()))
        note = option.fontMetrics.horizontalAdvance(str(index.data(NOTE) or ""))
        return QSize(words + note + (24 if note else 0) + 16, now.row(24 if index.data(IS_HEAD) else 28))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        now = theme()
        row: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_head = bool(index.data(IS_HEAD))
        if state & QStyle.StateFlag.State_Selected and not is_head:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.colour("accent_soft"))
            painter.drawRoundedRect(row, 6, 6)
        words = row.adjusted(8, 0, -8, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        note = index.data(NOTE)
        if note:
            painter.setFont(now.font("small"))
            painter.setPen(now.colour("text_3"))
            painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, note)
            words.setRight(words.right() - painter.fontMetrics().horizontalAdvance(note) - 12)
        painter.setFont(now.font("caption" if is_head else "ui"))
        painter.setPen(now.colour("text_3" if is_head else "text"))
        text = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideMiddle, words.width()
        )
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()
