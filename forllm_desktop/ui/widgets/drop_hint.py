"""The card beside a drop target that says what a drop would do. It lies inside the window, on Wayland too."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from forllm_desktop.ui.drop_plans import DropPlan, Key
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.avatar import paint_persona

_WIDTH, _PAD, _AVATAR, _GAP, _LINE_GAP = 294, 12, 20, 8, 4
_SHOWN = 6
"""How many of those who are dragged are named; the others are counted."""


class DropHint(QWidget):
    """Child of the window; takes neither pointer nor keyboard. Hidden until `show_plan`."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._plan: DropPlan | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    @property
    def plan(self) -> DropPlan | None:
        """What is said now; None when nothing is."""
        return self._plan if self.isVisible() else None

    def show_plan(self, plan: DropPlan, place: QRect, *, is_inside: bool = False) -> None:
        """Say what a plan does, beside a target at `place` on the screen, or inside of a large one."""
        self._plan = plan
        self.setAccessibleName(f"{plan.title}. {plan.sentence}")
        self.resize(self.sizeHint())
        self.move(self._beside(place, is_inside=is_inside))
        self.show()
        self.raise_()
        self.update()

    def leave(self) -> None:
        """Say nothing any more."""
        self._plan = None
        self.hide()

    def sizeHint(self) -> QSize:
        now, plan = theme(), self._plan
        if plan is None:
            return QSize()
        px, width = now.px, now.px(_WIDTH)
        height = px(_PAD) + now.line_height("ui_strong") + px(_GAP)
        height += self._rows() * self._row_height()
        if plan.line:
            height += px(_GAP) * 2 + self._line_height(width)
        if plan.keys:
            height += px(_LINE_GAP) + len(plan.keys) * self._row_height()
        return QSize(min(width, self._window.width() - 16), height + px(_PAD))

    def paintEvent(self, event: QPaintEvent) -> None:
        plan, now = self._plan, theme()
        if plan is None:
            return
        px = now.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(now.colour("line_strong"), 1))
        painter.setBrush(now.colour("raised"))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        left, right, y = px(_PAD), self.width() - px(_PAD), px(_PAD)
        title = now.line_height("ui_strong")
        _write(painter, QRect(left, y, right - left, title), plan.title, "ui_strong", "text")
        y = self._paint_people(painter, plan, left, right, y + title + px(_GAP))
        if plan.line:
            y += px(_GAP)
            painter.fillRect(1, y, self.width() - 2, 1, now.colour("line"))
            y += px(_GAP)
            height = self._line_height(self.width())
            painter.setFont(now.font("ui"))
            painter.setPen(now.colour("danger" if plan.refusal else "text_3"))
            painter.drawText(QRect(left, y, right - left, height), _WRAPPED, plan.line)
            y += height
        y += px(_LINE_GAP)
        for key in plan.keys:
            self._paint_key(painter, key, left, right, y)
            y += self._row_height()

    # -- parts

    def _paint_people(self, painter: QPainter, plan: DropPlan, left: int, right: int, y: int) -> int:
        px, height, side = theme().px, self._row_height(), theme().px(_AVATAR)
        shown = plan.people[:_SHOWN]
        for person in shown:
            # The name may take half of the row; what it does not need is the note's.
            room = right - left - side - 2 * px(_GAP)
            wanted = QFontMetrics(theme().font("ui")).horizontalAdvance(person.name) + 1
            note = QFontMetrics(theme().font("small")).horizontalAdvance(person.note)
            note = min(note, room - min(wanted, room // 2))
            avatar = QRectF(left, y + (height - side) / 2, side, side)
            paint_persona(painter, avatar, person.persona_id, person.name)
            name = QRect(left + side + px(_GAP), y, room - note, height)
            _write(painter, name, person.name, "ui", "text")
            _write(painter, QRect(right - note, y, note, height), person.note, "small", "text_3")
            y += height
        if len(plan.people) > len(shown):
            words = f"and {len(plan.people) - len(shown)} more"
            _write(painter, QRect(left, y, right - left, height), words, "ui", "text_3")
            y += height
        return y

    def _paint_key(self, painter: QPainter, key: Key, left: int, right: int, y: int) -> None:
        now, px = theme(), theme().px
        height = self._row_height()
        width = self._key_width()
        cap = QRectF(left, y + 3, width, height - 6)
        painter.setPen(QPen(now.colour("accent_text" if key.is_down else "line_strong"), 1))
        painter.setBrush(now.colour("accent_soft") if key.is_down else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(now.font("caption"))
        painter.setPen(now.colour("accent_text" if key.is_down else "text_2"))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key.name)
        colour = "text_3" if key.name == "Esc" else "text"
        words = QRect(left + width + px(_GAP), y, right - left - width - px(_GAP), height)
        _write(painter, words, key.words, "small", colour)

    # -- measures

    def _rows(self) -> int:
        people = len(self._plan.people) if self._plan else 0
        return min(people, _SHOWN) + (people > _SHOWN)

    def _row_height(self) -> int:
        return theme().row(28)

    def _key_width(self) -> int:
        metrics = QFontMetrics(theme().font("caption"))
        return metrics.horizontalAdvance("Shift") + theme().px(12)

    def _line_height(self, width: int) -> int:
        room = QRect(0, 0, width - 2 * theme().px(_PAD), 10_000)
        line = self._plan.line if self._plan else ""
        return QFontMetrics(theme().font("ui")).boundingRect(room, _WRAPPED, line).height()

    def _beside(self, place: QRect, *, is_inside: bool) -> QPoint:
        """Return where the card lies: at the right of the target, else at its left, always in the window."""
        window = self._window
        target = QRect(window.mapFromGlobal(place.topLeft()), place.size())
        px = theme().px
        if is_inside:
            x, y = target.right() - self.width() - px(16), target.top() + px(32)
        else:
            x, y = target.right() + px(12), target.top() - px(22)
            if x + self.width() > window.width():
                x = target.left() - self.width() - px(12)
        x = max(8, min(x, window.width() - self.width() - 8))
        y = max(8, min(y, window.height() - self.height() - 8))
        return QPoint(x, y)


_WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)


def _write(painter: QPainter, rect: QRect, text: str, font: str, colour: str) -> None:
    painter.setFont(theme().font(font))
    painter.setPen(theme().colour(colour))
    shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, rect.width() + 1)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(rect, align | Qt.TextFlag.TextSingleLine | Qt.TextFlag.TextDontClip, shown)
