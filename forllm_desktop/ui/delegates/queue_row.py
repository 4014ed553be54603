"""Paints the rows of the queue table."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.services.running import Progress
from forllm_desktop.ui import queue_words, words
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.item_models.queue_table import PROGRESS_ROLE, ROW_ROLE, Column
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.avatar import paint_persona
from forllm_desktop.ui.widgets.pill import paint_pill

PAD = 8
_SKIP = ("skip", "Skip what failed", "skip-forward")
Index = QModelIndex | QPersistentModelIndex


def row_actions(row: QueueRow) -> list[tuple[str, str, str]]:
    """Return what a row offers on hover, from the left: id, word, icon.

    A trial has no post; what opens is its persona, unless it was never saved. "retry" and "skip" of a blocked
    row are meant for the request that blocks it.
    """
    offered = [("open", "Open", "arrow-square-out")] if row.post_id else []
    if row.writing is not None:
        offered = [("open", "Open", "magic-wand")]
    if row.is_trial and row.persona_id:
        offered = [("open", "Open the persona", "users")]
    if row.job.status in (JobStatus.ERROR, JobStatus.CANCELLED):
        skip = [_SKIP] if row.can_skip else []
        return [("retry", "Retry", "arrow-clockwise"), *skip, *offered]
    if row.blocked_by:
        offered = [("retry", "Try again what blocks it", "arrow-clockwise"), _SKIP, *offered]
    return [*offered, ("cancel", "Cancel", "x")] if row.job.is_open else offered


def menu_actions(row: QueueRow) -> list[tuple[str, str, str]]:
    """Return what the menu of a row offers, as `row_actions` does: also its details and its whole batch."""
    offered = [*row_actions(row), ("details", "Details", "info")]
    if row.job.batch_id and row.job.is_open:
        offered.append(("cancel_batch", "Cancel the whole batch", "prohibit"))
    return offered


def action_rects(cell: QRect, row: QueueRow) -> list[tuple[str, QRect]]:
    """Return where the actions of a hovered row are, at the right end of its last cell."""
    side = theme().px(24)
    actions = row_actions(row)
    left, top = cell.right() - PAD - side * len(actions), cell.center().y() - side // 2
    return [(action[0], QRect(left + side * at, top, side, side)) for at, action in enumerate(actions)]


class QueueDelegate(QStyledItemDelegate):
    """One painter for all columns. `hovered` is the row under the pointer; -1 when there is none.

    `last_column` is where a hovered row shows what can be done with it.
    """

    hovered = -1
    last_column = Column.ASKED
    hovered_action = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, theme().row(28))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: QueueRow = index.data(ROW_ROLE)
        cell: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        painter.fillRect(cell, theme().colour(self._ground(option, index)))
        painter.setPen(theme().colour("line"))
        painter.drawLine(cell.bottomLeft(), cell.bottomRight())
        if index.column() == self.last_column and index.row() == self.hovered:
            self._paint_actions(painter, cell, row)
        else:
            self._paint_cell(painter, cell, row, index)
        painter.restore()

    def _ground(self, option: QStyleOptionViewItem, index: Index) -> str:
        state = option.state  # type: ignore[attr-defined]
        if state & QStyle.StateFlag.State_Selected:
            return "accent_soft" if state & QStyle.StateFlag.State_Active else "selected_inactive"
        return "hover" if index.row() == self.hovered else "surface"

    def _paint_cell(self, painter: QPainter, cell: QRect, row: QueueRow, index: Index) -> None:
        text = index.data(Qt.ItemDataRole.DisplayRole) or ""
        match Column(index.column()):
            case Column.STATE:
                left = QPointF(cell.left() + 2 * PAD, cell.center().y() + 0.5)
                paint_pill(
                    painter,
                    left,
                    words.state_look(row.job, is_blocked=bool(row.blocked_by)),
                    room=cell.width() - 2 * PAD,
                )
            case Column.REQUEST:
                self._paint_title(painter, cell, row, text)
            case Column.PERSONA:
                self._paint_persona(painter, cell, row)
            case Column.TOKENS:
                _write(painter, cell, text, "text_2", Qt.AlignmentFlag.AlignRight)
            case Column.PROGRESS:
                self._paint_progress(painter, cell, row, text, index)
            case _:
                _write(painter, cell, text, "text_2")

    def _paint_title(self, painter: QPainter, cell: QRect, row: QueueRow, text: str) -> None:
        side = theme().px(18)
        box = QRectF(cell.left() + PAD, cell.center().y() - side / 2 + 0.5, side, side)
        if row.persona_id:
            paint_persona(painter, box, row.persona_id, row.persona)
        elif row.writing is not None:
            paint_icon(painter, box.adjusted(1, 1, -1, -1).toRect(), "magic-wand", "text_3")
        _write(painter, cell.adjusted(side + 8, 0, 0, 0), text, "text")

    def _paint_persona(self, painter: QPainter, cell: QRect, row: QueueRow) -> None:
        version = f" v{row.version}" if row.version else ""
        room = cell.width() - 2 * PAD - QFontMetrics(theme().font("ui")).horizontalAdvance(version)
        used = _write(painter, cell, row.persona, "warn" if row.is_refused else "text", room=room)
        _write(painter, cell.adjusted(used, 0, 0, 0), version, "text_3")

    def _paint_progress(self, painter: QPainter, cell: QRect, row: QueueRow, text: str, index: Index) -> None:
        running: Progress | None = index.data(PROGRESS_ROLE)
        if running is not None and running.fraction is not None:
            bar = QRectF(cell.left() + PAD, cell.center().y() - 1.5, theme().px(48), 4)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("neutral_soft"))
            painter.drawRoundedRect(bar, 2, 2)
            bar.setWidth(bar.width() * running.fraction)
            painter.setBrush(theme().colour("accent"))
            painter.drawRoundedRect(bar, 2, 2)
            cell = cell.adjusted(theme().px(48) + 8, 0, 0, 0)
        is_odd = row.job.is_parked or bool(queue_words.shortened(row.job))
        colour = "danger" if row.job.status == JobStatus.ERROR else "warn" if is_odd else "text_2"
        _write(painter, cell, text, colour)

    def _paint_actions(self, painter: QPainter, cell: QRect, row: QueueRow) -> None:
        icons = {action[0]: action[2] for action in row_actions(row)}
        for name, box in action_rects(cell, row):
            if name == self.hovered_action:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().colour("pressed"))
                painter.drawRoundedRect(box, 4, 4)
            side = theme().px(16)
            inner = QRect(box.center().x() - side // 2 + 1, box.center().y() - side // 2 + 1, side, side)
            paint_icon(painter, inner, icons[name], "text")


def _write(
    painter: QPainter,
    cell: QRect,
    text: str,
    colour: str,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    room: int | None = None,
) -> int:
    """Write one line into a cell, shortened to fit; returns its width in px."""
    painter.setFont(theme().font("ui"))
    painter.setPen(theme().colour(colour))
    box = cell.adjusted(PAD, 0, -PAD, 0)
    metrics = QFontMetrics(painter.font())
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() if room is None else room)
    painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
    return metrics.horizontalAdvance(shown)
