"""Fonts, colours and lengths of a thread page: the theme at the page's own zoom."""

from PySide6.QtGui import QColor, QFont

from forllm_desktop.ui.theme import Theme

PAGE_WIDTH = 2400
"""Width of the document in px at 100 %. Right edges are margins, so that a resize costs nothing at once."""
DEEPEST = 8
"""Levels beyond this one are not indented any further."""
SWITCH = 190
"""Room in px at 100 % for the switch beside the title; its size is that of the window's text."""
NARROW = 520
"""Below this width in px at 100 % the levels move closer and the avatars go."""

ZOOMS = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
"""Text sizes of a page, as factors of that of the window."""


def next_zoom(zoom: float, *, larger: bool) -> float:
    """Return the next larger or smaller text size."""
    steps = [one for one in ZOOMS if (one > zoom + 0.01 if larger else one < zoom - 0.01)]
    return zoom if not steps else steps[0] if larger else steps[-1]


class Style:
    """How a page looks at one time: a theme, a zoom and the width there is, all in px of the screen."""

    def __init__(self, theme: Theme, zoom: float = 1.0, width: int = 900) -> None:
        self.theme = theme
        self.zoom = zoom
        self.scale = theme.scale * zoom
        self.width = width
        self.is_narrow = width < NARROW * self.scale
        self._fonts: dict[tuple[str, float], QFont] = {}

    def px(self, length: float) -> float:
        """Return a length given in px at 100 %."""
        return length * self.scale

    def colour(self, token: str) -> QColor:
        """Return a colour by the name of its token."""
        return self.theme.colour(token)

    def font(self, name: str, factor: float = 1.0) -> QFont:
        """Return a font of the type table at the page's zoom, `factor` times larger."""
        key = (name, factor)
        if key not in self._fonts:
            font = QFont(self.theme.font(name))
            font.setPointSizeF(font.pointSizeF() * self.zoom * factor)
            if name == "code":
                # Arrows must not become ligatures, and spaces must keep their width.
                font.setStyleStrategy(QFont.StyleStrategy.PreferNoShaping)
            self._fonts[key] = font
        return self._fonts[key]

    @property
    def document_width(self) -> float:
        """Width of the document: wider than any window."""
        return self.px(PAGE_WIDTH)

    @property
    def avatar(self) -> float:
        """Side of an avatar; 0 when there is no room for them."""
        return 0.0 if self.is_narrow else self.px(24)

    @property
    def step(self) -> float:
        """Indent of one level."""
        return self.px(14 if self.is_narrow else 32)

    @property
    def left(self) -> float:
        """Where the page's text begins: the title, and the avatars of the first level."""
        return self.px(20 if self.is_narrow else 32)

    def post_left(self, depth: int) -> float:
        """Left edge of a post: that of its avatar."""
        return self.left + self.step * min(depth, DEEPEST)

    def text_left(self, depth: int) -> float:
        """Left edge of a post's text."""
        return self.post_left(depth) + (0.0 if self.is_narrow else self.px(32))

    def text_right(self, depth: int) -> float:
        """Right edge of a post's text: at most 720 px of post, and never beyond the window."""
        right = min(self.head_right, self.post_left(depth) + self.px(720))
        return max(right, self.text_left(depth) + self.px(120))

    @property
    def head_right(self) -> float:
        """Right edge of the actions, common to all posts."""
        return max(
            min(self.width - self.px(16 if self.is_narrow else 32), self.left + self.px(920)), self.px(160)
        )

    @property
    def title_right(self) -> float:
        """Right edge of the title: beside it is the switch between threaded and flat."""
        return self.head_right - (0 if self.is_narrow else self.theme.px(SWITCH))

    def rail(self, depth: int) -> float:
        """Where the rail of a post on this level runs."""
        return self.post_left(depth) + self.px(2 if self.is_narrow else 12)
