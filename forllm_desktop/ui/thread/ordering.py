"""The switch at the end of a topic's title: posts below what they answer, or in order of time."""

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from forllm_desktop.ui.thread.keeper import Keeper
from forllm_desktop.ui.widgets.segmented import Segmented

_THREADED, _FLAT = "threaded", "flat"


class OrderSwitch(Segmented):
    """Floats above the page, in room that the title leaves."""


class Ordering(QObject):
    """Keeps the switch and the order of the page the same.

    chosen(is_flat)    the user chose another order
    """

    chosen = Signal(bool)

    def __init__(self, keeper: Keeper, page: QWidget) -> None:
        super().__init__(page)
        self._keeper = keeper
        self._switch = OrderSwitch("Order of the posts", {_THREADED: "Threaded", _FLAT: "Flat"}, page)
        self._switch.chosen.connect(lambda order: self.choose(order == _FLAT))
        self._switch.choose(_THREADED)

    @property
    def is_flat(self) -> bool:
        """Say whether the posts stand in order of time."""
        return self._keeper.source.thread.is_flat

    def choose(self, is_flat: bool) -> None:
        """Show another order, as the user wants it."""
        self.put(is_flat)
        self.chosen.emit(is_flat)

    def put(self, is_flat: bool) -> None:
        """Show this order."""
        self._switch.choose(_FLAT if is_flat else _THREADED)
        if is_flat != self.is_flat:
            self._keeper.arrange(is_flat=is_flat)

    def place(self, corner: QPoint) -> None:
        """Put the switch at the end of the title, to scroll away with it; `corner` is where the view is."""
        view, size = self._keeper.view, self._switch.sizeHint()
        style, line = view.writer.style, view.document().firstBlock().layout().lineAt(0)
        top = view.decorations.box(view.document().firstBlock()).top() - view.offset
        middle = top + (line.height() if line.isValid() else size.height()) / 2
        y = corner.y() + round(middle - size.height() / 2)
        right = corner.x() + round(style.head_right)
        self._switch.setGeometry(right - size.width(), y, size.width(), size.height())
        self._switch.raise_()
        self._switch.setVisible(bool(view.writer.slots) and not style.is_narrow and y >= corner.y())
