"""A row that goes on in the next line where there is no room: words at the left, controls beside or below."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from forllm_desktop.ui.theme import theme


class WrapRow(QLayout):
    """Widgets beside each other, in as many lines as they need; a line that has no taker begins left."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 8, line_spacing: int = 4) -> None:
        # Given to the constructor a parent would be asked for its size before the fields are there.
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._least: list[int] = []
        self._line_spacing = line_spacing
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)
        if parent is not None:
            parent.setLayout(self)

    def add(self, widget: QWidget, least: int = 0) -> None:
        """Add a widget. With `least`, px at 100 %, it takes what is left of its line, and never less."""
        self.addWidget(widget)
        self._least[-1] = least

    # -- Qt's questions

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self._least.append(0)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        if not 0 <= index < len(self._items):
            return None
        del self._least[index]
        return self._items.pop(index)

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), moves=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, moves=True)

    def sizeHint(self) -> QSize:
        shown = [at for at, item in enumerate(self._items) if not item.isEmpty()]
        width = sum(self._wanted(at) for at in shown) + self.spacing() * max(0, len(shown) - 1)
        margins = self.contentsMargins()
        width += margins.left() + margins.right()
        return QSize(width, self.heightForWidth(width))

    def minimumSize(self) -> QSize:
        shown = [item.minimumSize() for item in self._items if not item.isEmpty()]
        width = max((size.width() for size in shown), default=0)
        height = max((size.height() for size in shown), default=0)
        margins = self.contentsMargins()
        return QSize(width + margins.left() + margins.right(), height + margins.top() + margins.bottom())

    # -- placing

    def _arrange(self, rect: QRect, *, moves: bool) -> int:
        """Place everything if it `moves`; returns the height."""
        margins = self.contentsMargins()
        inner = rect.marginsRemoved(margins)
        top = inner.top()
        for line in self._lines(inner.width()):
            widths = self._widths(line, inner.width())
            heights = [_height(self._items[at], width) for at, width in zip(line, widths, strict=True)]
            left, tallest = inner.left(), max(heights)
            for at, width, height in zip(line, widths, heights, strict=True):
                if moves:
                    place = QRect(left, top + (tallest - height) // 2, width, height)
                    self._items[at].setGeometry(place)
                left += width + self.spacing()
            top += tallest + self._line_spacing
        used = top - inner.top() - self._line_spacing
        return max(0, used) + margins.top() + margins.bottom()

    def _lines(self, room: int) -> list[list[int]]:
        lines: list[list[int]] = []
        used = 0
        for at, item in enumerate(self._items):
            if item.isEmpty():
                continue
            wanted = self._wanted(at)
            if not lines or used + self.spacing() + wanted > room:
                lines.append([at])
                used = wanted
            else:
                lines[-1].append(at)
                used += self.spacing() + wanted
        return lines

    def _widths(self, line: list[int], room: int) -> list[int]:
        """Return the widths in a line: what is left goes to those that take it."""
        widths = [min(self._wanted(at), room) for at in line]
        takers = [place for place, at in enumerate(line) if self._least[at]]
        left = room - sum(widths) - self.spacing() * (len(line) - 1)
        for place in takers:
            widths[place] += left // len(takers)
        return widths

    def _wanted(self, at: int) -> int:
        item = self._items[at]
        if self._least[at]:
            return max(theme().px(self._least[at]), item.minimumSize().width())
        return item.sizeHint().width()


def _height(item: QLayoutItem, width: int) -> int:
    return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
