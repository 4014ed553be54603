"""How the personas look: their colours and pictures, in one object that every avatar is painted from."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, QRect, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPixmap

from forllm_desktop.events import Events
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.tokens import avatar_colour

_KEPT = 256
"""Sides in px to which a picture is made smaller once; every size is scaled from that."""


class Portraits(QObject):
    """Colours and pictures by persona. One per application, see `portraits()`; the desk lets it `follow`.

    changed()    a persona looks different now; whoever paints avatars paints them anew
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._personas: PersonaService | None = None
        self._colours: dict[int, str] = {}
        self._pngs: dict[int, bytes] = {}
        self._images: dict[int, QImage | None] = {}
        self._scaled: dict[tuple[int, int], QPixmap] = {}

    def follow(self, personas: PersonaService, events: Events) -> None:
        """Show the personas of this service from now on, as they change."""
        self._personas = personas
        events.personas_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Read again how the personas look."""
        if self._personas is not None:
            self.show(self._personas.colours(), self._personas.pictures())

    def show(self, colours: Mapping[int, str], pictures: Mapping[int, bytes]) -> None:
        """Let the personas look like this from now on; `pictures` are PNG."""
        colours = dict(colours)
        pngs = dict(pictures)
        if (colours, pngs) == (self._colours, self._pngs):
            return
        differing = {id for id in {*pngs, *self._pngs} if pngs.get(id) != self._pngs.get(id)}
        self._colours, self._pngs = colours, pngs
        self._images = {id: image for id, image in self._images.items() if id not in differing}
        self._scaled = {key: made for key, made in self._scaled.items() if key[0] not in differing}
        self.changed.emit()

    def colour(self, persona_id: int) -> QColor:
        """Return the ground of a persona's circle."""
        return QColor(avatar_colour(self._colours.get(persona_id), persona_id))

    def picture(self, persona_id: int, side: int) -> QPixmap | None:
        """Return the round picture of a persona, `side` device px wide; None for one without."""
        if persona_id not in self._pngs:
            return None
        key = (persona_id, side)
        if key not in self._scaled:
            image = self._image(persona_id)
            if image is None:
                return None
            self._scaled[key] = _round(image, side)
        return self._scaled[key]

    def _image(self, persona_id: int) -> QImage | None:
        if persona_id not in self._images:
            image = QImage.fromData(self._pngs[persona_id])
            self._images[persona_id] = None if image.isNull() else _square(image)
        return self._images[persona_id]


def _square(image: QImage) -> QImage:
    """Return the middle of a picture as a square of at most `_KEPT` px."""
    side = min(image.width(), image.height())
    cut = image.copy(QRect((image.width() - side) // 2, (image.height() - side) // 2, side, side))
    if side <= _KEPT:
        return cut
    smooth = Qt.TransformationMode.SmoothTransformation
    return cut.scaled(_KEPT, _KEPT, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)


def _round(image: QImage, side: int) -> QPixmap:
    made = QPixmap(side, side)
    made.fill(Qt.GlobalColor.transparent)
    smooth = Qt.TransformationMode.SmoothTransformation
    scaled = image.scaled(side, side, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(scaled))
    painter.drawEllipse(0, 0, side, side)
    painter.end()
    return made


_portraits: list[Portraits] = []


def portraits() -> Portraits:
    """Return the application's portraits."""
    if not _portraits:
        _portraits.append(Portraits())
    return _portraits[0]
