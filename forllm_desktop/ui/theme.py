"""Colours, type and measures of the whole window: one object that widgets and delegates paint from."""

from dataclasses import replace
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from forllm_desktop.ui.stylesheet import stylesheet
from forllm_desktop.ui.tokens import ACCENTS, DARK, LIGHT, Tokens

STYLE = "Fusion"
"""Qt's style that the style sheet builds upon."""

# Size as a factor of the interface font, and weight.
_TYPE: dict[str, tuple[float, QFont.Weight]] = {
    "display": (1.85, QFont.Weight.DemiBold),
    "title": (1.54, QFont.Weight.DemiBold),
    "heading": (1.23, QFont.Weight.DemiBold),
    "reading": (1.08, QFont.Weight.Normal),
    "ui": (1.0, QFont.Weight.Normal),
    "ui_medium": (1.0, QFont.Weight.Medium),
    "ui_strong": (1.0, QFont.Weight.DemiBold),
    "small": (0.92, QFont.Weight.Normal),
    "small_medium": (0.92, QFont.Weight.Medium),
    "caption": (0.85, QFont.Weight.Medium),
    "code": (0.92, QFont.Weight.Normal),
}


class ColourScheme(StrEnum):
    """Light, dark, or as the system."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme:
    """The look at one time. `scale` is the text size setting (1.0 = 100 %); lengths are px at 100 %."""

    def __init__(self, tokens: Tokens, *, is_dark: bool, scale: float, base_points: float) -> None:
        self.tokens = tokens
        self.is_dark = is_dark
        self.scale = scale
        self._base_points = base_points * scale
        self._colours: dict[str, QColor] = {}
        self._fonts: dict[str, QFont] = {}
        self._heights: dict[str, int] = {}

    def colour(self, name: str) -> QColor:
        """Return a colour by the name of its token."""
        if name not in self._colours:
            self._colours[name] = QColor(getattr(self.tokens, name))
        return self._colours[name]

    def font(self, name: str) -> QFont:
        """Return a font by its name in the type table, such as "ui" or "code". Digits are tabular."""
        if name not in self._fonts:
            factor, weight = _TYPE[name]
            font = (
                QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
                if name == "code"
                else QFont(QApplication.font().family())
            )
            font.setPointSizeF(self._base_points * factor)
            font.setWeight(weight)
            if name != "code":
                font.setFeature(QFont.Tag("tnum"), 1)
            self._fonts[name] = font
        return self._fonts[name]

    def px(self, length: float) -> int:
        """Return a length given in px at 100 % text size."""
        return round(length * self.scale)

    def row(self, least: int, font: str = "ui", lines: int = 1) -> int:
        """Return the height of a row: at least `least` px, and never less than its text needs."""
        return max(least, lines * self.line_height(font) + 8)

    def line_height(self, font: str) -> int:
        """Return the height of a line of text in px."""
        if font not in self._heights:
            self._heights[font] = QFontMetrics(self.font(font)).height()
        return self._heights[font]


class Look(QObject):
    """Holds the present theme and puts it onto the application. One per application, see `look()`.

    changed()    colours or sizes are different now; whoever caches them reads them anew
    """

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._base_points = app.font().pointSizeF()
        if self._base_points <= 0:
            self._base_points = 9.75
        self._scheme = ColourScheme.SYSTEM
        self._accent = "blue"
        self._scale = 1.0
        self.reduces_motion = False
        self.theme = self._made()
        app.styleHints().colorSchemeChanged.connect(self._follow_system)

    def apply(self, scheme: ColourScheme, accent: str, scale: float, *, reduce_motion: bool = False) -> None:
        """Use these settings from now on; `scale` 1.0 is the system's text size."""
        self._scheme, self._accent, self._scale = scheme, accent, scale
        self.reduces_motion = reduce_motion
        hints = self._app.styleHints()
        wanted = {ColourScheme.LIGHT: Qt.ColorScheme.Light, ColourScheme.DARK: Qt.ColorScheme.Dark}
        hints.setColorScheme(wanted.get(scheme, Qt.ColorScheme.Unknown))
        self._put_on()

    def _follow_system(self) -> None:
        if self._scheme is ColourScheme.SYSTEM:
            self._put_on()

    def _put_on(self) -> None:
        self.theme = self._made()
        self._app.setFont(self.theme.font("ui"))
        self._app.setPalette(palette(self.theme))
        self._app.setStyleSheet(stylesheet(self.theme))
        self.changed.emit()

    def _made(self) -> Theme:
        is_dark = self._scheme is ColourScheme.DARK or (
            self._scheme is ColourScheme.SYSTEM
            and self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        )
        tokens = with_accent(DARK if is_dark else LIGHT, self._accent, is_dark=is_dark)
        return Theme(tokens, is_dark=is_dark, scale=self._scale, base_points=self._base_points)


_looks: list[Look] = []


def start_look(app: QApplication, *, has_style: bool = False) -> Look:
    """Make the application's look. Called once, before the first widget; `has_style` if it has `STYLE`."""
    if not has_style:
        app.setStyle(STYLE)
    for former in _looks:
        # Else it would go on following the system too.
        former.setParent(None)
    _looks[:] = [Look(app)]
    return _looks[0]


def look() -> Look:
    """Return the application's look."""
    return _looks[0]


def theme() -> Theme:
    """Return the theme to paint with now."""
    return _looks[0].theme


def with_accent(tokens: Tokens, accent: str, *, is_dark: bool) -> Tokens:
    """Return tokens with another accent; an unknown name leaves them as they are."""
    if accent not in ACCENTS or accent == "blue":
        return tokens
    fill, on_light, on_dark, soft_light, soft_dark = ACCENTS[accent]
    text, soft = (on_dark, soft_dark) if is_dark else (on_light, soft_light)
    return replace(
        tokens,
        accent=fill,
        accent_hover=QColor(fill).darker(112).name().upper(),
        accent_pressed=QColor(fill).darker(122).name().upper(),
        accent_text=text,
        accent_soft=soft,
        accent_line=mixed(soft, text, 0.35),
        meter_persona=fill if not is_dark else text,
    )


def mixed(ground: str, over: str, share: float) -> str:
    """Return a colour that is `share` (0 to 1) of `over` on `ground`."""
    a, b = QColor(ground), QColor(over)
    return QColor(
        round(a.red() + (b.red() - a.red()) * share),
        round(a.green() + (b.green() - a.green()) * share),
        round(a.blue() + (b.blue() - a.blue()) * share),
    ).name()


def palette(of: Theme) -> QPalette:
    """Return the palette that Qt's own painting uses."""
    roles = QPalette.ColorRole
    made = QPalette()
    for role, token in {
        roles.Window: "window",
        roles.Base: "surface",
        roles.AlternateBase: "sunken",
        roles.Button: "raised" if of.is_dark else "surface",
        roles.Text: "text",
        roles.WindowText: "text",
        roles.ButtonText: "text",
        roles.PlaceholderText: "text_3",
        roles.Highlight: "accent_soft",
        roles.HighlightedText: "text",
        roles.Link: "accent_text",
        roles.LinkVisited: "accent_text",
        roles.Accent: "accent",
        roles.Mid: "line",
        roles.Light: "raised",
        roles.Midlight: "hover",
        roles.Dark: "line_strong",
        roles.Shadow: "line_strong",
        roles.ToolTipBase: "text",
        roles.ToolTipText: "surface",
        roles.BrightText: "danger",
    }.items():
        made.setColor(role, of.colour(token))
    made.setColor(QPalette.ColorGroup.Inactive, roles.Highlight, of.colour("selected_inactive"))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, of.colour("disabled"))
    return made
