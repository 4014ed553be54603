"""Finds text that is cut, widgets that cover their neighbours or stick out, and controls without a name."""

import re
from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QFocusFrame,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPushButton,
    QScrollArea,
    QSplitterHandle,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QStyleOptionToolButton,
    QTabBar,
    QToolButton,
    QWidget,
)

OVERLAYS = {
    "PromptDrawer",
    "TitleLine",
    "Chip",
    "OrderSwitch",
    "SearchPanel",
    "_Host",
    "_Drawer",
    "_Scrim",
    "FocusRing",
    "_NameEdit",
    "NameEdit",
}
"""Widgets that lie over others by design: the sidebar as a drawer, the search panel, chips over a thread."""


def problems_of(window: QWidget) -> list[str]:
    """Return what is wrong with the visible widgets of a window, a sentence each."""
    found = []
    for widget in [window, *window.findChildren(QWidget)]:
        if widget.isVisible() and widget.width() and widget.height():
            found += [f"{path_of(widget)}: {problem}" for problem in _problems(widget)]
    return found


def path_of(widget: QWidget) -> str:
    """Name a widget by its class, its name and its parents."""
    names, parent = [], widget.parentWidget()
    while parent is not None and len(names) < 3:
        names.append(type(parent).__name__)
        parent = parent.parentWidget()
    own = widget.accessibleName() or widget.objectName()
    return f"{type(widget).__name__} “{own[:50]}” in {' < '.join(names)}"


def _problems(widget: QWidget) -> Iterator[str]:
    yield from _cut_text(widget)
    yield from _sticking_out(widget)
    yield from _collisions(widget)
    if isinstance(widget, QScrollArea) and widget.horizontalScrollBar().maximum() > 0:
        yield f"scrolls sideways by {widget.horizontalScrollBar().maximum()} px"
    if _needs_a_name(widget) and not widget.accessibleName():
        yield "has no name for a screen reader"


def _needs_a_name(widget: QWidget) -> bool:
    """Say whether a widget is a control; what Qt puts inside of its own controls is named by them."""
    is_inner = widget.objectName().startswith(("qt_", "ScrollLeft", "ScrollRight"))
    is_control = isinstance(widget, QAbstractButton | QAbstractItemView | QComboBox | QLineEdit)
    takes_keys = widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not isinstance(
        widget, QMainWindow | QMenu
    )
    has_text = isinstance(widget, QAbstractButton | QLabel) and bool(widget.text())
    return (
        (is_control or takes_keys) and not is_inner and not has_text and not isinstance(widget, QHeaderView)
    )


# -- text


def _cut_text(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel):
        yield from _cut_label(widget)
    elif isinstance(widget, QPushButton) and type(widget).paintEvent is QPushButton.paintEvent:
        option = QStyleOptionButton()
        widget.initStyleOption(option)
        room = widget.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, widget)
        yield from _too_small(widget, widget.text(), room.size(), _beside_icon(widget))
    elif isinstance(widget, QToolButton) and type(widget).paintEvent is QToolButton.paintEvent:
        option = QStyleOptionToolButton()
        widget.initStyleOption(option)
        if widget.text() and widget.toolButtonStyle() is not Qt.ToolButtonStyle.ToolButtonIconOnly:
            yield from _too_small(widget, widget.text(), widget.size() - QSize(4, 4), _beside_icon(widget))
        elif widget.iconSize().width() > widget.width() or widget.iconSize().height() > widget.height():
            yield f"its icon of {widget.iconSize().width()} px has {widget.width()} x {widget.height()} px"
    elif isinstance(widget, QLineEdit):
        option = QStyleOptionFrame()
        widget.initStyleOption(option)
        room = widget.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, widget)
        room = room.marginsRemoved(widget.textMargins())
        shown = "" if widget.text() else widget.placeholderText()
        yield from _too_small(widget, shown or "x", room.size())
    elif isinstance(widget, QHeaderView) and widget.orientation() is Qt.Orientation.Horizontal:
        needed = QFontMetrics(widget.font()).height()
        if needed > widget.height():
            yield f"its heads need {needed} px of height, they have {widget.height()}"
        yield from _cut_heads(widget)
    elif isinstance(widget, QComboBox):
        combo = QStyleOptionComboBox()
        widget.initStyleOption(combo)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = widget.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, combo, part, widget)
        yield from _too_small(widget, widget.currentText(), room.size())


def _cut_label(label: QLabel) -> Iterator[str]:
    # A label that shortens its text by design keeps the whole: what it shows is in its own class's text.
    shown = QLabel.text(label)
    if not shown or label.pixmap():
        return
    room = label.contentsRect().size() - QSize(2 * label.margin(), 2 * label.margin())
    metrics = QFontMetrics(label.font())
    if not label.wordWrap():
        yield from _too_small(label, shown, room)
        return
    # Qt breaks lines after these two as well, so that a path needs no more than its longest name.
    pieces = re.split(r"[\s\u200b]|(?<=[/-])", shown)
    longest = max((metrics.horizontalAdvance(piece) for piece in pieces), default=0)
    if longest > room.width():
        yield f"the longest word of “{shown[:40]}” needs {longest} px, it has {room.width()}"
    flags = Qt.TextFlag.TextWordWrap
    needed = metrics.boundingRect(QRect(0, 0, room.width(), 100_000), flags, shown).height()
    if needed > room.height():
        yield f"“{shown[:40]}” needs {needed} px of height, it has {room.height()}"


def _cut_heads(heads: QHeaderView) -> Iterator[str]:
    for column in range(heads.count()):
        text = str(heads.model().headerData(column, Qt.Orientation.Horizontal) or "")
        needed, room = QFontMetrics(heads.font()).horizontalAdvance(text), heads.sectionSize(column)
        if not heads.isSectionHidden(column) and needed > room - 16:
            yield f"its head “{text}” needs {needed} px, it has {room - 16}"


def _too_small(widget: QWidget, text: str, room: QSize, beside: int = 0) -> Iterator[str]:
    """Compare what a text of one line needs with the room; cut on purpose means the tooltip has it all."""
    if not text:
        return
    size = QFontMetrics(widget.font()).size(Qt.TextFlag.TextShowMnemonic, text)
    if size.width() + beside > room.width() and text.replace("&", "") not in widget.toolTip():
        yield f"“{text[:40]}” needs {size.width() + beside} px, it has {room.width()}"
    if QFontMetrics(widget.font()).ascent() > room.height():
        yield f"“{text[:40]}” needs {size.height()} px of height, it has {room.height()}"


def _beside_icon(button: QAbstractButton) -> int:
    return 0 if button.icon().isNull() else button.iconSize().width() + 4


# -- places


def _sticking_out(widget: QWidget) -> Iterator[str]:
    parent = widget.parentWidget()
    if parent is None or widget.isWindow() or _scrolls(parent) or isinstance(widget, QFocusFrame):
        return
    place = widget.geometry()
    if not parent.rect().contains(place) and type(widget).__name__ not in OVERLAYS:
        yield f"{_named(place)} sticks out of {parent.width()} x {parent.height()}"


def _collisions(widget: QWidget) -> Iterator[str]:
    """Look at the children of a widget."""
    if isinstance(widget, QAbstractScrollArea | QTabBar | QComboBox | QLineEdit | QMainWindow) or _scrolls(
        widget
    ):
        return
    children = [
        child
        for child in widget.children()
        if isinstance(child, QWidget) and child.isVisible() and not child.isWindow() and not _floats(child)
    ]
    for place, one in enumerate(children):
        for other in children[place + 1 :]:
            shared = one.geometry().intersected(other.geometry())
            if shared.width() > 0 and shared.height() > 0:
                yield f"{type(one).__name__} and {type(other).__name__} share {_named(shared)}"


def _floats(widget: QWidget) -> bool:
    is_overlay = type(widget).__name__ in OVERLAYS or isinstance(widget, QFocusFrame | QSplitterHandle)
    return is_overlay or widget.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def _scrolls(widget: QWidget) -> bool:
    """Say whether a widget is the moving inside of a scroll area, or holds editors of an item view."""
    parent = widget.parentWidget()
    return isinstance(parent, QAbstractScrollArea | QAbstractItemView | QTabBar) or isinstance(
        widget, QTabBar
    )


def _named(place: QRect) -> str:
    corner: QPoint = place.topLeft()
    return f"{place.width()} x {place.height()} px at {corner.x()}, {corner.y()}"
