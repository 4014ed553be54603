"""One file in the composer: its name, its size, its note, and a cross to take it away."""

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QSizePolicy, QWidget

from forllm_desktop.domain.files import NOTE_LIMIT, AttachedFile, FileFacts
from forllm_desktop.ui import file_words
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard
from forllm_desktop.ui.widgets.tips import plain_tip

_ICON, _PAD, _CROSS, _GAP = 14, 6, 20, 6
_NAME, _NOTE, _EDITOR, _LEAST_EDITOR = 240, 200, 220, 120
"""Most px at 100 % of a name and of a note; those of the field that a note is typed in, usual and least."""
_ALT = Qt.KeyboardModifier.AltModifier
_OWN_KEYS = (
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_F2,
)
_KEYS = "Enter: write a note. Delete: remove. Alt with left or right: move."


class AttachmentChip(QAbstractButton):
    """Shows one file, or one that is being read; every wish is only announced.

    note_changed(note)       the user typed another note
    remove_wished()
    moved(step)              one place earlier (-1) or later (1) is wished
    walked(step)             the focus is to go to a neighbour
    dragged(position)        it is dragged to this place, in its own coordinates
    menu_wished(position)    in global coordinates
    """

    note_changed = Signal(str)
    remove_wished = Signal()
    moved = Signal(int)
    walked = Signal(int)
    dragged = Signal(QPoint)
    menu_wished = Signal(QPoint)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._file: AttachedFile | None = None
        self._facts: FileFacts | None = None
        self._start = QPoint()
        self._is_dragged = False
        self._has_ring = False
        self._cross = icon_button("Remove", "x", parent=self)
        # One stop for each file: Delete does what the cross does.
        self._cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._cross.clicked.connect(self.remove_wished)
        self._editor: QLineEdit | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(self.edit_note)
        look().changed.connect(self._fit)
        self._fit()

    @property
    def name(self) -> str:
        """What the file is called."""
        return self._name

    @property
    def file(self) -> AttachedFile | None:
        """The file; None while it is being read."""
        return self._file

    @property
    def facts(self) -> FileFacts | None:
        """How large it is, if that is known."""
        return self._facts

    @property
    def is_dragged(self) -> bool:
        """Say whether it is being dragged now."""
        return self._is_dragged

    def show_file(self, file: AttachedFile, facts: FileFacts | None) -> None:
        """Show a file."""
        self._file, self._facts, self._name = file, facts, file.name
        self._fit()

    def tell_place(self, place: int, count: int) -> None:
        """Say to screen readers which of how many files this is."""
        said = [self._name, file_words.tokens(self._facts) if self._file else "is being read"]
        if self._file is not None and self._file.note:
            said.append(f"note: {self._file.note}")
        self.setAccessibleName(", ".join(one for one in (*said, f"file {place} of {count}") if one))

    def edit_note(self) -> None:
        """Open the field for the note."""
        if self._file is None or self._editor is not None:
            return
        editor = self._editor = QLineEdit(self._file.note, self)
        editor.setMaxLength(NOTE_LIMIT)
        editor.setPlaceholderText("Note for the model")
        editor.setAccessibleName(f"Note on {self._name}")
        editor.setFont(theme().font("small"))
        editor.setStyleSheet("QLineEdit { min-height: 0; border-radius: 4px; padding: 0 4px; }")
        editor.editingFinished.connect(self._take_note)
        editor.installEventFilter(self)
        editor.selectAll()
        self._fit()
        editor.show()
        editor.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- keys and mouse

    def event(self, event: QEvent) -> bool:
        # The window has some of these keys too, for other things.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, is_alt = event.key(), bool(event.modifiers() & _ALT)
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key)  # type: ignore[arg-type]
        if step is not None:
            step = -step if self.isRightToLeft() else step
            (self.moved if is_alt else self.walked).emit(step)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wished.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.edit_note()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._show_ring(False)
        self._start = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        if self.isDown() and not self._is_dragged:
            self._is_dragged = (place - self._start).manhattanLength() >= QApplication.startDragDistance()
            if self._is_dragged:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._is_dragged:
            self.dragged.emit(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_dragged:
            self._is_dragged = False
            self.unsetCursor()
            self.setDown(False)
            self.update()
            return
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu_wished.emit(self.mapToGlobal(self.rect().bottomLeft()) if by_key else event.globalPos())

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._show_ring(comes_by_keyboard(event) or event.reason() == Qt.FocusReason.OtherFocusReason)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._show_ring(False)
        super().focusOutEvent(event)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        # Neither the composer nor a shortcut gets these keys while a note is written.
        ends = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if watched is not self._editor or not isinstance(event, QKeyEvent) or event.key() not in ends:
            return False
        if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self._close_editor(gives_focus=True)
        elif event.type() == QEvent.Type.KeyPress:
            self._take_note()
        event.accept()
        return True

    def _show_ring(self, is_shown: bool) -> None:
        self._has_ring = is_shown
        self.update()

    def _take_note(self) -> None:
        if self._editor is not None:
            note = self._editor.text()
            self._close_editor(gives_focus=self._editor.hasFocus())
            if self._file is not None and note.strip() != self._file.note:
                self.note_changed.emit(note)

    def _close_editor(self, *, gives_focus: bool) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            editor.hide()
            editor.deleteLater()
            if gives_focus:
                self.setFocus(Qt.FocusReason.OtherFocusReason)
            self._fit()

    # -- how it looks

    def sizeHint(self) -> QSize:
        px = theme().px
        width = px(_PAD) + px(_ICON) + px(_GAP) + self._name_width() + self._cross.width() + px(4)
        if self._told():
            width += px(_GAP) + _wide("small", self._told())
        if self._editor is not None:
            width += px(_GAP) + px(_EDITOR)
        elif self._file is not None and self._file.note:
            width += px(_GAP) + min(_wide("small", self._file.note), px(_NOTE))
        return QSize(width, theme().row(24, "small"))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(120), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_children()

    def paintEvent(self, event: QPaintEvent) -> None:
        now, px = theme(), theme().px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 2 if self._has_ring else 1
        painter.setPen(QPen(now.colour("accent_text" if self._has_ring else "line_strong"), width))
        is_active = self.underMouse() or self.is_dragged
        painter.setBrush(now.colour("hover" if is_active else "window"))
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 4, 4)
        name, told, note = self._columns()
        side = px(_ICON)
        square = QRect(px(_PAD), (self.height() - side) // 2, side, side)
        icon_name = file_words.icon_of(self._facts) if self._file else "clock"
        paint_icon(painter, square, icon_name, "text_2")
        middle, right = Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideRight
        _write(painter, name, self._name, "small_medium", "text", middle)
        _write(painter, told, self._told(), "small", "text_3", right)
        if self._file is not None and self._editor is None:
            _write(painter, note, self._file.note, "small", "text_2", right)

    def _columns(self) -> tuple[QRect, QRect, QRect]:
        """Return the places of the name, of what is told, and of the note; in need they give way backwards.

        A note that is being written has room before everything else.
        """
        px, height = theme().px, self.height()
        gap, left = px(_GAP), px(_PAD) + px(_ICON) + px(_GAP)
        room = max(0, self.width() - self._cross.width() - px(2) - left)
        note = min(px(_LEAST_EDITOR), room * 3 // 5) if self._editor is not None else 0
        name = min(self._name_width(), max(0, room - note - gap if note else room))
        told = _wide("small", self._told()) if self._told() else 0
        told = told if name + gap + told + (gap + note if note else 0) <= room else 0
        x = left + name + gap
        told_at = QRect(x, 0, told, height)
        x += told + gap if told else 0
        return QRect(left, 0, name, height), told_at, QRect(x, 0, max(0, left + room - x), height)

    def _name_width(self) -> int:
        return min(_wide("small_medium", self._name), theme().px(_NAME))

    def _told(self) -> str:
        return file_words.tokens(self._facts) if self._file is not None else "reading…"

    def _fit(self) -> None:
        side = min(theme().px(_CROSS), theme().row(24, "small") - 4)
        self._cross.setFixedSize(side, side)
        self._cross.setIconSize(QSize(theme().px(12), theme().px(12)))
        reads = self._file is None
        word = "Stop reading" if reads else "Remove"
        self._cross.setToolTip(plain_tip(f"{word} {self._name}"))
        self._cross.setAccessibleName(f"{word} {self._name}")
        if self._file is not None:
            self.setToolTip(plain_tip(f"{file_words.about(self._file, self._facts)}\n{_KEYS}"))
        self.updateGeometry()
        self._place_children()
        self.update()

    def _place_children(self) -> None:
        self._cross.move(
            self.width() - self._cross.width() - theme().px(2), (self.height() - self._cross.height()) // 2
        )
        if self._editor is not None:
            place = self._columns()[2]
            self._editor.setGeometry(place.adjusted(0, 2, 0, -2))


def _is_own(event: QKeyEvent) -> bool:
    return event.key() in _OWN_KEYS and not event.modifiers() & ~_ALT


def _wide(font: str, text: str) -> int:
    return QFontMetrics(theme().font(font)).horizontalAdvance(text) + 1


def _write(
    painter: QPainter, place: QRect, text: str, font: str, colour: str, elide: Qt.TextElideMode
) -> None:
    painter.setFont(theme().font(font))
    painter.setPen(theme().colour(colour))
    shown = QFontMetrics(theme().font(font)).elidedText(text, elide, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
