"""Lets personas be dropped on the posts of a thread: the post under the pointer is ringed."""

from typing import Protocol

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from forllm_desktop.ui.item_models.persona_list import dragged_personas
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.thread.view import ThreadView
from forllm_desktop.ui.thread.writer import Slot

_EDGE, _STEP, _PAUSE = 40, 24, 40
"""Px from the top and the bottom in which a drag scrolls, px per step, milliseconds between two."""


class PostHandler(Protocol):
    """Takes personas that are dropped on a post."""

    def hover_post(self, data: QMimeData, post_id: int, place: QRect) -> bool:
        """Say what a drop would do; False when it would be refused. `place` is the post on the screen."""
        ...

    def leave(self) -> None:
        """Take back what was said."""
        ...

    def drop_post(self, data: QMimeData, post_id: int) -> bool:
        """Do it; False when that is refused."""
        ...


class PostDrops(QObject):
    """Filters the events of a view's viewport; everything but dragged personas passes."""

    def __init__(self, view: ThreadView, handler: PostHandler) -> None:
        super().__init__(view)
        self._view = view
        self._handler = handler
        self._ring = _Ring(view.viewport())
        self._scrolling = 0
        self._timer = QTimer(self, interval=_PAUSE)
        self._timer.timeout.connect(self._scroll)
        view.viewport().setAcceptDrops(True)
        view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragLeaveEvent):
            self._leave()
            return True
        if not isinstance(event, QDropEvent) or not dragged_personas(event.mimeData()):
            return False
        post = self._post_at(event.position())
        if event.type() == QEvent.Type.Drop:
            self._drop(event, post)
        else:
            self._hover(event, post)
        return True

    def _hover(self, event: QDropEvent, post: Slot | None) -> None:
        self._scroll_near_edges(event.position().toPoint())
        is_taken = False
        if post is None:
            self._ring.hide()
            self._handler.leave()
        else:
            place = self._place(post)
            viewport = self._view.viewport()
            on_screen = QRect(viewport.mapToGlobal(place.topLeft()), place.size())
            is_taken = self._handler.hover_post(event.mimeData(), post.key, on_screen)
            self._ring.show_around(place, is_shown=is_taken)
        # Enter has to be accepted all the same, or the moves that follow would not come.
        if is_taken or isinstance(event, QDragEnterEvent):
            event.acceptProposedAction()
        elif isinstance(event, QDragMoveEvent):
            event.ignore()

    def _drop(self, event: QDropEvent, post: Slot | None) -> None:
        self._leave()
        if post is not None and self._handler.drop_post(event.mimeData(), post.key):
            event.acceptProposedAction()
        else:
            event.ignore()

    def _leave(self) -> None:
        self._ring.hide()
        self._timer.stop()
        self._handler.leave()

    def _post_at(self, point: QPointF) -> Slot | None:
        """Return the post at a point of the viewport; None beside posts, and for answers yet to come."""
        view = self._view
        y = point.y() + view.offset
        for slot in view.visible():
            entry = view.scene.entry(slot.key)
            if view.top_of(slot) - theme().px(8) <= y <= view.bottom_of(slot) + theme().px(8):
                is_post = entry is not None and entry.post is not None and not entry.is_deleted
                return slot if is_post else None
        return None

    def _place(self, slot: Slot) -> QRect:
        """Return where a post is in the viewport, cut to what can be seen."""
        view, px = self._view, theme().px
        left = round(view.writer.style.post_left(slot.depth)) - px(8)
        top, bottom = round(view.top_of(slot)) - px(6), round(view.bottom_of(slot)) + px(6)
        whole = QRect(left, top - view.offset, view.viewport().width() - left - px(8), bottom - top)
        return whole.intersected(view.viewport().rect().adjusted(1, 1, -1, -1))

    # -- scrolling

    def _scroll_near_edges(self, point: QPoint) -> None:
        height, edge = self._view.viewport().height(), theme().px(_EDGE)
        self._scrolling = -_STEP if point.y() < edge else _STEP if point.y() > height - edge else 0
        if self._scrolling and not self._timer.isActive():
            self._timer.start()
        elif not self._scrolling:
            self._timer.stop()

    def _scroll(self) -> None:
        bar = self._view.verticalScrollBar()
        bar.setValue(bar.value() + self._scrolling)
        self._ring.hide()


class _Ring(QWidget):
    """A frame over the post on which would be dropped."""

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_around(self, place: QRect, *, is_shown: bool) -> None:
        self.setGeometry(place)
        self.setVisible(is_shown)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("accent_text"), 2))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 6, 6)
