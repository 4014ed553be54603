"""The token meter at the foot of the composer: how much of the window the prompt would take, by its parts."""

from typing import NamedTuple

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from forllm_desktop.domain.xray import SOURCES, Reason, Xray
from forllm_desktop.ui import words
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard
from forllm_desktop.ui.widgets.tips import plain_tip
from forllm_desktop.ui.widgets.token_bar import ANSWER, COLOURS, WORDS, Portion, TokenBar, hatch

HEIGHT, WIDTH = 6, 176
"""Height of the bar, and its width where there is room, in px at 100 %."""
FULL = 0.9
"""Share of the room for the prompt from which on the number is a warning."""
_GAP, _SIDE = 12, 8


class Entry(NamedTuple):
    """A part of the legend."""

    source: str
    words: str


def legend(xray: Xray) -> list[Entry]:
    """Return the parts that take room, with their tokens."""
    sizes = [(source, tokens) for source, tokens in xray.sizes.items() if tokens and source in SOURCES]
    entries = [Entry(source, f"{WORDS.get(source, source)} {tokens:,}") for source, tokens in sizes]
    return [*entries, Entry(ANSWER, f"answer {xray.answer:,}")] if xray.answer else entries


def total(xray: Xray) -> tuple[str, str]:
    """Return how full the window is, and the colour of the words; a tilde marks an estimate."""
    about = "" if xray.is_exact else "~"
    if xray.over:
        return f"{about}{words.counted(xray.over, 'token')} too many", "danger"
    said = f"{about}{xray.total:,} of {xray.window:,}"
    dropped = sum(left.reason is Reason.NO_ROOM for left in xray.left_out)
    if dropped:
        return f"{words.counted(dropped, 'post')} left out · {said}", "warn"
    is_full = xray.total >= FULL * (xray.window - xray.answer)
    return said, "warn" if is_full else "text_2"


def spoken(xray: Xray) -> str:
    """Return all of it in words, for the tooltip and for screen readers."""
    lines = [f"{total(xray)[0]}{'' if xray.over else ' tokens'}", *(entry.words for entry in legend(xray))]
    if xray.error is not None and not xray.is_exact:
        lines.append(f"estimated, ± {max(1, round(xray.error * 100))} %")
    return ", ".join(lines)


class Meter(QWidget):
    """Takes one line; the legend gives way to the number, and is in the tooltip then.

    opened()    the prompt itself is to be shown
    """

    opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.xray: Xray | None = None
        self._entries: list[Entry] = []
        self._total, self._colour = "", "text_2"
        self._has_ring = False
        self._bar = TokenBar(self)
        self._bar.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.choose: QPushButton = push_button("Choose…", "link", small=True, parent=self)
        self.choose.setAccessibleDescription("Show what would be sent, to leave posts or files out")
        self.choose.clicked.connect(self.opened)
        self.choose.hide()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Size of the prompt")
        look().changed.connect(self._fit)

    def show_prompt(self, xray: Xray | None) -> None:
        """Show the sizes of a prompt; None while they are not known."""
        self.xray = xray
        self._entries = legend(xray) if xray is not None else []
        self._total, self._colour = total(xray) if xray is not None else ("", "text_2")
        if xray is not None:
            parts = [Portion(source, tokens) for source, tokens in xray.sizes.items() if tokens]
            self._bar.show_parts(parts, xray.answer, xray.window, is_exact=xray.is_exact)
            said = spoken(xray)
            self.setAccessibleDescription(f"{said}. Enter shows the prompt")
            self.setToolTip(plain_tip(said.replace(", ", "\n")))
        self._bar.setVisible(xray is not None)
        self._fit()

    @property
    def words(self) -> str:
        """The number that is shown."""
        return self._total

    def sizeHint(self) -> QSize:
        return QSize(theme().px(WIDTH), max(theme().px(16), theme().line_height("small")))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(80), self.sizeHint().height())

    # -- keys and pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.xray is not None:
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._has_ring = comes_by_keyboard(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._has_ring = False
        self.update()

    # -- looks

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(now.font("small"))
        painter.setPen(now.colour(self._colour))
        box = self._total_box()
        shown = QFontMetrics(painter.font()).elidedText(
            self._total, Qt.TextElideMode.ElideRight, box.width() + 1
        )
        painter.drawText(box, _RIGHT, shown)
        left = self._bar.geometry().right() + 1 + now.px(_GAP)
        for entry, width in self._shown():
            _paint_entry(painter, QRect(left, 0, width, self.height()), entry)
            left += width + now.px(_GAP)
        if self._has_ring:
            painter.setPen(QPen(now.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _fit(self) -> None:
        now = theme()
        self.setFixedHeight(self.sizeHint().height())
        is_over = self.xray is not None and self.xray.over > 0
        wanted = QFontMetrics(now.font("small")).horizontalAdvance(self._total) + now.px(8)
        self.choose.setVisible(is_over and wanted + self.choose.sizeHint().width() <= self.width())
        room = self._total_box().left() - now.px(_GAP)
        width = max(0, min(now.px(WIDTH), room))
        if self._shown_width() > self.width() and not self._shown():
            width = max(0, room)
        height = now.px(HEIGHT)
        self._bar.setGeometry(0, (self.height() - height + 1) // 2, width, height)
        if self.choose.isVisibleTo(self):
            size = self.choose.sizeHint()
            height = min(size.height(), self.height())
            self.choose.setMinimumHeight(0)
            self.choose.setGeometry(self.width() - size.width(), 0, size.width(), height)
        self.updateGeometry()
        self.update()

    def _total_box(self) -> QRect:
        width = QFontMetrics(theme().font("small")).horizontalAdvance(self._total) + 1
        right = self.width()
        if self.choose.isVisibleTo(self):
            right -= self.choose.sizeHint().width() + theme().px(4)
        return QRect(max(0, right - width), 0, min(width, right), self.height())

    def _shown(self) -> list[tuple[Entry, int]]:
        """Return the legend with the width of each part; nothing when not all of it has room."""
        metrics, now = QFontMetrics(theme().font("small")), theme()
        sized = [
            (entry, now.px(_SIDE) + 6 + metrics.horizontalAdvance(entry.words) + 1) for entry in self._entries
        ]
        return sized if self._shown_width() <= self.width() else []

    def _shown_width(self) -> int:
        """Return the width that bar, legend and number need together."""
        metrics, now = QFontMetrics(theme().font("small")), theme()
        parts = sum(
            now.px(_SIDE) + 7 + metrics.horizontalAdvance(entry.words) + now.px(_GAP)
            for entry in self._entries
        )
        return now.px(WIDTH) + 2 * now.px(_GAP) + parts + (self.width() - self._total_box().left())


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _paint_entry(painter: QPainter, box: QRect, entry: Entry) -> None:
    now, side = theme(), theme().px(_SIDE)
    mark = QRectF(box.left(), round((box.height() - side) / 2), side, side)
    if entry.source == ANSWER:
        hatch(painter, mark, "line_strong")
        painter.setPen(QPen(now.colour("line_strong"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(mark.adjusted(0.5, 0.5, -0.5, -0.5), 1, 1)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour(COLOURS.get(entry.source, "meter_other")))
        painter.drawRoundedRect(mark, 1, 1)
    painter.setPen(now.colour("text_2"))
    words = box.adjusted(side + 6, 0, 2, 0)
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, entry.words)
