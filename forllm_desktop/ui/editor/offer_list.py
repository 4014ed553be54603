"""The list beside the caret: rows of personas or files, inside the window, without the keyboard's focus."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCursor,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from forllm_desktop.domain.tags import PersonaTag
from forllm_desktop.ui.editor.offers import Offer
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.avatar import paint_persona

WIDTH, MOST_ROWS = 360, 6
"""Width in px at 100 %, and the rows that are seen without scrolling."""
_EDGE, _PAD = 4, 8
_NOWHERE = QModelIndex()
_OFFER = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


class OfferList(QWidget):
    """A child of the window, so that it works on Wayland; its keys are those of the field it belongs to.

    chosen(offer)    a row was clicked
    """

    chosen = Signal(object)

    def __init__(self, field: QWidget) -> None:
        super().__init__(field.window())
        self._field = field
        self._model = _Rows(self)
        self._list = QListView()
        self._list.setModel(self._model)
        self._list.setItemDelegate(_RowDelegate(self._list))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setMouseTracking(True)
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self._list.viewport().setAutoFillBackground(False)
        self._list.entered.connect(self._point_at)
        self._pointer = QPoint()
        self._list.clicked.connect(lambda index: self.chosen.emit(index.data(_OFFER)))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        layout.addWidget(self._list)
        self.hide()

    @property
    def current(self) -> Offer | None:
        """The highlighted row; None when none is."""
        index = self._list.currentIndex()
        return index.data(_OFFER) if index.isValid() else None

    @property
    def offers(self) -> list[Offer]:
        """What is shown."""
        return list(self._model.offers) if self.isVisible() else []

    def show_offers(self, name: str, offers: Sequence[Offer], place: QRect, *, highlights: bool) -> None:
        """Show rows beside a place in the window; with `highlights` the first one is ready for Enter."""
        self._list.setAccessibleName(name)
        self._pointer = QCursor.pos()
        was_shown = self.isVisible()
        self._model.show_offers(offers)
        self._list.setCurrentIndex(self._model.index(0, 0) if highlights else _NOWHERE)
        self._list.scrollToTop()
        window = self._field.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        # Once is enough for Qt, however often it is said.
        window.installEventFilter(self)
        self.setGeometry(self._beside(place, len(offers)))
        self.show()
        self.raise_()
        if not was_shown:
            self._say(f"{name}: {len(offers)}. Down goes through them")
        elif highlights:
            self._say(offers[0].spoken)

    def step(self, by: int) -> None:
        """Highlight the next row or the one before, from end to end."""
        row, count = self._list.currentIndex().row(), self._model.rowCount()
        row = (0 if by > 0 else count - 1) if row < 0 else (row + by) % count
        self._list.setCurrentIndex(self._model.index(row, 0))
        self._say(f"{self._model.offers[row].spoken}, {row + 1} of {count}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.hide()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("line_strong"), 1))
        painter.setBrush(theme().colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)

    def _beside(self, place: QRect, rows: int) -> QRect:
        """Return where the list lies: below the place, or above where there is more room."""
        window = self._field.window()
        width = min(theme().px(WIDTH), window.width() - 16)
        wanted = min(rows, MOST_ROWS) * row_height() + 2 * _EDGE
        above, below = place.top() - 12, window.height() - place.bottom() - 12
        is_above = below < wanted and above > below
        height = min(wanted, max(above if is_above else below, row_height() + 2 * _EDGE))
        top = place.top() - 4 - height if is_above else place.bottom() + 4
        left = max(8, min(place.left() - _EDGE - _PAD, window.width() - width - 8))
        return QRect(QPoint(left, max(8, top)), QSize(width, height))

    def _point_at(self, index: QModelIndex) -> None:
        # A list that opens under a pointer that rests is not pointed at.
        if QCursor.pos() != self._pointer:
            self._list.setCurrentIndex(index)

    def _say(self, words: str) -> None:
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._field, words))


def row_height() -> int:
    """Return the height of a row in px."""
    now = theme()
    return max(44, now.line_height("ui_medium") + now.line_height("small") + 8)


class _Rows(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.offers: Sequence[Offer] = ()

    def show_offers(self, offers: Sequence[Offer]) -> None:
        self.beginResetModel()
        self.offers = offers
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.offers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        offer = self.offers[index.row()]
        if role == _OFFER:
            return offer
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return offer.spoken
        return offer.name if role == Qt.ItemDataRole.DisplayRole else None


class _RowDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme().px(120), row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        offer: Offer = index.data(_OFFER)
        now = theme()
        box: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.colour("accent_soft"))
            painter.drawRoundedRect(box, 6, 6)
        inner = box.adjusted(_PAD, 0, -_PAD, 0)
        side = now.px(20)
        picture = QRect(inner.left(), inner.center().y() - side // 2 + 1, side, side)
        _paint_picture(painter, picture, offer)
        words = inner.adjusted(side + now.px(10), 0, 0, 0)
        upper, lower = now.line_height("ui_medium"), now.line_height("small") if offer.line else 0
        top = box.top() + (box.height() - upper - lower) // 2
        taken = _paint_word(painter, QRect(words.left(), top, words.width(), upper), offer.word)
        _write(
            painter,
            QRect(words.left(), top, words.width() - taken, upper),
            offer.name,
            "ui_medium",
            "text",
            Qt.TextElideMode.ElideMiddle,
        )
        line = QRect(words.left(), top + upper, words.width(), lower)
        is_path = offer.tag is not None and not isinstance(offer.tag, PersonaTag)
        how = Qt.TextElideMode.ElideLeft if is_path else Qt.TextElideMode.ElideRight
        _write(painter, line, " ".join(offer.line.split()), "small", "text_3", how)
        painter.restore()


def _paint_picture(painter: QPainter, box: QRect, offer: Offer) -> None:
    if isinstance(offer.tag, PersonaTag):
        paint_persona(painter, QRectF(box), offer.tag.persona_id, offer.name)
        return
    side = theme().px(16)
    icon = QRect(box.center().x() - side // 2 + 1, box.center().y() - side // 2 + 1, side, side)
    paint_icon(painter, icon, "file-text" if offer.tag else "folder-simple", "text_2")


def _paint_word(painter: QPainter, box: QRect, word: str) -> int:
    """Write a word at the right; returns the room it takes."""
    if not word:
        return 0
    width = QFontMetrics(theme().font("small")).horizontalAdvance(word)
    _write(painter, QRect(box.right() - width, box.top(), width + 1, box.height()), word, "small", "text_3")
    return width + theme().px(8)


def _write(
    painter: QPainter,
    box: QRect,
    text: str,
    font: str,
    colour: str,
    how: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    painter.setFont(theme().font(font))
    painter.setPen(theme().colour(colour))
    shown = QFontMetrics(painter.font()).elidedText(text, how, box.width() + 1)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(box, align | Qt.TextFlag.TextDontClip, shown)
