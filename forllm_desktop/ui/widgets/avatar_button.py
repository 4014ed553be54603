"""The avatar of a persona as a button: its menu chooses the colour or a picture."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFocusEvent, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.tokens import AVATAR_COLOURS
from forllm_desktop.ui.widgets.avatar import paint_persona
from forllm_desktop.ui.widgets.focus_ring import SPACE, comes_by_keyboard, paint_focus_ring

SIDE = 40


class AvatarButton(QAbstractButton):
    """Shows a persona as it looks now.

    colour_chosen(name)         one of the avatar colours; empty: the one of its number
    picture_wanted()            a file is to be chosen
    picture_removed()
    """

    colour_chosen = Signal(str)
    picture_wanted = Signal()
    picture_removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._persona_id, self._name = 0, ""
        self._shows_focus = False
        self._menu = QMenu(self)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip("Colour and picture")
        self.setAccessibleName("Colour and picture")
        self.clicked.connect(self._open)
        portraits().changed.connect(self.update)
        look().changed.connect(self.updateGeometry)

    def show_persona(self, persona_id: int, name: str) -> None:
        """Show a persona; 0 is one that is not made yet and has no menu."""
        self._persona_id, self._name = persona_id, name
        self.setEnabled(bool(persona_id))
        self.update()

    def sizeHint(self) -> QSize:
        side = theme().px(SIDE) + 2 * SPACE
        return QSize(side, side)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = comes_by_keyboard(event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, side = QPainter(self), theme().px(SIDE)
        box = QRectF(SPACE, (self.height() - side) / 2, side, side)
        paint_persona(painter, box, self._persona_id, self._name)
        if self.hasFocus() and self._shows_focus:
            paint_focus_ring(painter, box, side / 2)

    def _open(self) -> None:
        self._menu.clear()
        chosen = portraits().colour(self._persona_id).name().upper()
        for name, value in AVATAR_COLOURS.items():
            action = QAction(_swatch(value), name.capitalize(), self._menu)
            action.setCheckable(True)
            action.setChecked(value == chosen)
            action.triggered.connect(lambda _=False, name=name: self.colour_chosen.emit(name))
            self._menu.addAction(action)
        self._menu.addSeparator()
        picture = QAction(icon("file"), "Choose a picture…", self._menu)
        picture.triggered.connect(lambda _=False: self.picture_wanted.emit())
        self._menu.addAction(picture)
        remove = QAction(icon("x"), "Remove picture", self._menu)
        remove.setEnabled(portraits().picture(self._persona_id, theme().px(SIDE)) is not None)
        remove.triggered.connect(lambda _=False: self.picture_removed.emit())
        self._menu.addAction(remove)
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))


def _swatch(value: str) -> QIcon:
    side = theme().px(16)
    made = QPixmap(side, side)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(value))
    painter.drawEllipse(0, 0, side, side)
    painter.end()
    return QIcon(made)
