"""A layout that puts widgets side by side and goes on in the next line when there is no room."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Lines of widgets, each as wide as it wants to be; `gap` is in px in both directions.

    With `ends_right` the last widget of the last line stands at its right end, if it is not alone there.
    """

    def __init__(self, parent: QWidget | None = None, gap: int = 8, *, ends_right: bool = False) -> None:
        super().__init__(parent)
        self._ends_right = ends_right
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        around = self.contentsMargins()
        inner = width - around.left() - around.right()
        return self._place(QRect(0, 0, inner, 0), moves=False) + around.top() + around.bottom()

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect.marginsRemoved(self.contentsMargins()), moves=True)

    def sizeHint(self) -> QSize:
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + self._gap * max(0, len(shown) - 1)
        around = self.contentsMargins()
        return QSize(width, max((size.height() for size in shown), default=0)).grownBy(around)

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        return size.grownBy(self.contentsMargins())

    def _place(self, rect: QRect, *, moves: bool) -> int:
        """Go through the lines; returns the height they take."""
        x, y, line = rect.x(), rect.y(), 0
        rows: list[list[tuple[QLayoutItem, QRect]]] = [[]]
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            width = min(size.width(), rect.width())
            if x > rect.x() and x + width > rect.x() + rect.width():
                x, y, line = rect.x(), y + line + self._gap, 0
                rows.append([])
            rows[-1].append((item, QRect(QPoint(x, y), QSize(width, size.height()))))
            x, line = x + width + self._gap, max(line, size.height())
        if moves:
            if self._ends_right and len(rows[-1]) > 1:
                rows[-1][-1][1].moveRight(rect.right())
            for row in rows:
                tall = max((box.height() for _, box in row), default=0)
                for item, box in row:
                    item.setGeometry(box.translated(0, (tall - box.height()) // 2))
        return y + line - rect.y()
