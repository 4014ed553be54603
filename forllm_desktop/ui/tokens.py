"""The colours of the look: light and dark tokens, accents, avatars."""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Tokens:
    """The colours by name, as `#RRGGBB`; every text colour keeps 4.5:1 on every ground it may stand on."""

    window: str
    surface: str
    raised: str
    sunken: str
    hover: str
    pressed: str
    selected_inactive: str
    neutral_soft: str
    line: str
    line_strong: str
    control: str
    text: str
    text_2: str
    text_3: str
    disabled: str
    accent: str
    accent_hover: str
    accent_pressed: str
    accent_text: str
    accent_soft: str
    accent_line: str
    ok: str
    ok_soft: str
    warn: str
    warn_soft: str
    danger: str
    danger_soft: str
    danger_fill: str
    ins: str
    del_: str
    find: str
    meter_persona: str
    meter_thread: str
    meter_other: str
    meter_files: str
    meter_post: str
    on_accent: str = "#FFFFFF"


LIGHT = Tokens(
    window="#F4F4F6", surface="#FFFFFF", raised="#FFFFFF", sunken="#F7F7F9", hover="#ECECF0",
    pressed="#E3E3E8", selected_inactive="#E6E7EC", neutral_soft="#E6E7EC", line="#E4E4E9",
    line_strong="#CDCED6", control="#82868F", text="#1C1E23", text_2="#4C515B", text_3="#60656F",
    disabled="#A3A7B0", accent="#3E63DD", accent_hover="#3556C7", accent_pressed="#2D4BB0",
    accent_text="#3354C0", accent_soft="#E8EDFC", accent_line="#B4C3F5", ok="#1B7044", ok_soft="#E2F3E9",
    warn="#835500", warn_soft="#FAEFD6", danger="#B3262B", danger_soft="#FCE9E8", danger_fill="#C4343A",
    ins="#D8F0E1", del_="#FADEDD", find="#FFE9A8", meter_persona="#3E63DD", meter_thread="#7F9AEB",
    meter_other="#B9C7F5", meter_files="#2F8F8B", meter_post="#3A3F4A",
)  # fmt: skip
DARK = Tokens(
    window="#18191C", surface="#202125", raised="#292B30", sunken="#1A1B1E", hover="#2D2F35",
    pressed="#34363D", selected_inactive="#33353C", neutral_soft="#303239", line="#2F3137",
    line_strong="#43464E", control="#7D828C", text="#E9EAED", text_2="#B4B8C1", text_3="#9BA0AA",
    disabled="#5F636C", accent="#3E63DD", accent_hover="#4A6BE0", accent_pressed="#3556C7",
    accent_text="#9DB2FF", accent_soft="#26304F", accent_line="#40528C", ok="#6CCB95", ok_soft="#1C3328",
    warn="#E3B354", warn_soft="#392F19", danger="#F48E90", danger_soft="#422427", danger_fill="#C4343A",
    ins="#1F4231", del_="#55282B", find="#5A4A16", meter_persona="#5B7FF0", meter_thread="#8EA6F3",
    meter_other="#4A5A94", meter_files="#3FA39E", meter_post="#D5D7DC",
)  # fmt: skip

ACCENTS: MappingProxyType[str, tuple[str, str, str, str, str]] = MappingProxyType(
    {
        "blue": ("#3E63DD", "#3354C0", "#9DB2FF", "#E8EDFC", "#26304F"),
        "teal": ("#0B7A75", "#0A6B67", "#63CFC6", "#E2EFEE", "#1A3C3D"),
        "green": ("#2F7D47", "#296C3E", "#7BCB93", "#E6EFE9", "#22392C"),
        "amber": ("#9A5B00", "#845000", "#E8B45A", "#F3EBE0", "#45321A"),
        "rose": ("#C03A6B", "#A8305C", "#F79CBB", "#F7E7ED", "#50283A"),
        "violet": ("#7C4FC4", "#6B42AE", "#C3A8F5", "#EFEAF8", "#3C2F55"),
        "graphite": ("#565B66", "#4A4F59", "#BCC1CB", "#EBEBED", "#303238"),
    }
)
"""Accents by name: fill, text on light, text on dark, soft ground on light, soft ground on dark."""

AVATAR_COLOURS: MappingProxyType[str, str] = MappingProxyType(
    {
        "blue": "#3F6FAE",
        "teal": "#1B7A78",
        "green": "#3C7B49",
        "olive": "#786818",
        "clay": "#A4522D",
        "rose": "#B0416A",
        "plum": "#8A57A5",
        "steel": "#5F6C84",
        "slate": "#646872",
    }
)
"""Grounds of avatars by name; white initials keep 5.1:1 on each of them."""


def avatar_colour(chosen: str | None, number: int) -> str:
    """Return the ground of an avatar: the one chosen by name or value, else the one of a number from 1."""
    known = tuple(AVATAR_COLOURS.values())
    if chosen is not None and chosen in AVATAR_COLOURS:
        return AVATAR_COLOURS[chosen]
    if chosen and chosen.upper() in known:
        return chosen.upper()
    return known[(number - 1) % len(known)]
