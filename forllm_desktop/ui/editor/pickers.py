"""The pickers of the composer: what they look like, and the one for who answers."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.icons import paint_icon
from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.avatar import paint_persona
from forllm_desktop.ui.widgets.buttons import ByKeyboard


class Picker(ByKeyboard, QPushButton):
    """A quiet button with a picture, a word and a caret; pressing it opens a menu."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._word = ""
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setProperty("kind", "quiet")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._open)

    def set_word(self, word: str) -> None:
        """Show what is picked."""
        self._word = word
        self.setAccessibleName(f"{self._name}: {word}")
        self.setToolTip(f"{self._name}: {word}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        words = min(QFontMetrics(theme().font("ui_medium")).horizontalAdvance(self._word), theme().px(160))
        return QSize(words + theme().px(20 + 12) + 28, theme().row(28))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(64), theme().row(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        now, painter = theme(), QPainter(self)
        side, middle = now.px(16), self.height() // 2
        self._paint_picture(painter, QRect(8, middle - side // 2, side, side))
        caret = now.px(12)
        paint_icon(
            painter,
            QRect(self.width() - 6 - caret, middle - caret // 2, caret, caret),
            "caret-down",
            "text_2",
        )
        left, right = 8 + side + 6, self.width() - 6 - caret - 4
        painter.setFont(now.font("ui_medium"))
        painter.setPen(now.colour("text" if self.isEnabled() else "disabled"))
        metrics = QFontMetrics(painter.font())
        word = metrics.elidedText(self._word, Qt.TextElideMode.ElideMiddle, right - left)
        painter.drawText(QRect(left, 0, right - left, self.height()), Qt.AlignmentFlag.AlignVCenter, word)

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        raise TypeError("a picker paints its own picture")

    def _fill(self) -> None:
        raise TypeError("a picker fills its own menu")

    def _open(self) -> None:
        self._fill()
        self._menu.popup(self._place())

    def _place(self) -> QPoint:
        """Return where the menu goes: above the button."""
        return self.mapToGlobal(self.rect().topLeft()) - QPoint(0, self._menu.sizeHint().height() + 4)


class PersonaPicker(Picker):
    """Picks who answers; without a choice it is the one who answers by default, and it says so."""

    def __init__(self, personas: PersonaService, parent: QWidget | None = None) -> None:
        super().__init__("Persona that answers", parent)
        self._personas = personas
        self._subforum_id = 0
        self._shown = (1, "")
        portraits().changed.connect(self.update)
        self.chosen: int | None = None

    def show_subforum(self, subforum_id: int) -> None:
        """Offer the personas of a subforum and forget the choice made elsewhere."""
        if subforum_id != self._subforum_id:
            self._subforum_id, self.chosen = subforum_id, None
        self.refresh()

    def refresh(self) -> None:
        """Read again who would answer."""
        choices = self._personas.choices(self._subforum_id)
        if self.chosen not in [choice.persona_id for choice in choices]:
            self.chosen = None
        answering = next(
            (c for c in choices if c.persona_id == self.chosen),
            next((c for c in choices if c.is_default), None),
        )
        if answering is not None:
            self._shown = (answering.persona_id, answering.name)
            self.set_word(answering.name)

    def choose(self, persona_id: int | None) -> None:
        """Let this persona answer; None is the default one."""
        self.chosen = persona_id
        self.refresh()

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        paint_persona(painter, QRectF(box), *self._shown)

    def _fill(self) -> None:
        self._menu.clear()
        for choice in self._personas.choices(self._subforum_id):
            words = f"{choice.name}   {choice.note}" if choice.note else choice.name
            action = QAction(_portrait(choice.persona_id, choice.name), words.replace("&", "&&"), self._menu)
            action.setCheckable(True)
            action.setChecked(choice.persona_id == self._shown[0])
            wanted = None if choice.is_default else choice.persona_id
            action.triggered.connect(lambda _=False, wanted=wanted: self.choose(wanted))
            self._menu.addAction(action)


def _portrait(persona_id: int, name: str) -> QIcon:
    side = theme().px(16)
    pixmap = QPixmap(side * 2, side * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_persona(painter, QRectF(0, 0, side, side), persona_id, name)
    painter.end()
    return QIcon(pixmap)
