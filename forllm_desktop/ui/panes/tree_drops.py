"""What may be dropped where on the forum tree, and how the target is marked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QRect, Qt

from forllm_desktop.domain.forum_tree import AssignedPersona
from forllm_desktop.ui.item_models.forum_rows import TreeRow
from forllm_desktop.ui.item_models.forum_tree import SUBFORUM_MIME, TOPICS_MIME, ForumTreeModel

if TYPE_CHECKING:
    from forllm_desktop.ui.panes.forum_view import ForumTreeView


@dataclass(frozen=True)
class Hover:
    """What a drop on a row would mean: whether it may be, and whose avatars the row would have then."""

    is_allowed: bool = True
    coming: tuple[AssignedPersona, ...] = ()


class DropHandler(Protocol):
    """Takes drops of a kind the tree does not know by itself, such as personas; see `drop_handlers`."""

    def wants(self, data: QMimeData, row: TreeRow) -> bool:
        """Say whether `data` is for this handler. Called for every move of the pointer: be quick."""
        ...

    def hover(self, data: QMimeData, row: TreeRow, place: QRect, modifiers: Qt.KeyboardModifier) -> Hover:
        """Say what a drop on this row would do, or why nothing; `place` is the row on the screen."""
        ...

    def leave(self) -> None:
        """Take back what `hover` said: the pointer left, or the drag has ended."""
        ...

    def drop(self, data: QMimeData, row: TreeRow, modifiers: Qt.KeyboardModifier) -> bool:
        """Do it; False when that is refused."""
        ...


@dataclass(frozen=True)
class DropPlace:
    """Where a drop would land now: on the ringed row `target`, or at the line `line_y` above `row`."""

    target: QModelIndex
    row: int = -1
    line_y: int | None = None
    handler: DropHandler | None = None


class TreeDrops:
    """Finds the place for what is dragged over a view."""

    def __init__(self, view: "ForumTreeView", model: ForumTreeModel) -> None:
        self._view = view
        self._model = model
        self.handlers: list[DropHandler] = []

    def place_at(self, data: QMimeData, point: QPoint) -> DropPlace | None:
        """Return where `data` would land at a point of the viewport; None when it may not be."""
        index = self._view.indexAt(point)
        if data.hasFormat(TOPICS_MIME):
            return self._for_topics(data, index)
        if data.hasFormat(SUBFORUM_MIME):
            return self._between(data, index, point.y())
        if not index.isValid():
            return None
        row = self._model.row(index)
        wanting = next((handler for handler in self.handlers if handler.wants(data, row)), None)
        return DropPlace(index, handler=wanting) if wanting else None

    def drop(self, data: QMimeData, place: DropPlace, modifiers: Qt.KeyboardModifier) -> bool:
        """Do what a drop at a place means; False when it was refused."""
        if place.handler is not None:
            return place.handler.drop(data, self._model.row(place.target), modifiers)
        return self._model.dropMimeData(data, Qt.DropAction.MoveAction, place.row, 0, place.target)

    def _for_topics(self, data: QMimeData, index: QModelIndex) -> DropPlace | None:
        subforum = self._model.subforum_index(self._model.subforum_id(index))
        if not self._model.canDropMimeData(data, Qt.DropAction.MoveAction, -1, 0, subforum):
            return None
        return DropPlace(subforum)

    def _between(self, data: QMimeData, index: QModelIndex, y: int) -> DropPlace | None:
        if not self._model.canDropMimeData(data, Qt.DropAction.MoveAction, -1, 0, QModelIndex()):
            return None
        if not index.isValid():
            row = self._model.rowCount()
            top, bottom = self._block(row - 1)
            return DropPlace(QModelIndex(), row, bottom)
        row = (index.parent() if self._model.is_topic(index) else index).row()
        top, bottom = self._block(row)
        is_before = y < (top + bottom) / 2
        return DropPlace(QModelIndex(), row if is_before else row + 1, top if is_before else bottom)

    def _block(self, row: int) -> tuple[int, int]:
        """Return from where to where a subforum and its shown topics reach, in px of the viewport."""
        first = self._model.index(row, 0)
        last = first
        if self._view.isExpanded(first) and self._model.rowCount(first):
            last = self._model.index(self._model.rowCount(first) - 1, 0, first)
        return self._view.visualRect(first).top(), self._view.visualRect(last).bottom() + 1
