"""The tool bar: menu, New topic, Ask, the search field, the state pill, the pane switches."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from forllm_desktop.ui.actions import Actions, in_words, key_of
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import action_button, icon_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.state_pill import Shown, StatePill

SEARCH_WIDTH = 400
SEARCH_LEAST = 176
SEARCH_ICON = 32
"""Widths of the search field in px at 100 %; below the least it is an icon."""
BREATH = 32
"""Space that is left free beside a search field, in px at 100 %."""


@dataclass(frozen=True)
class _Step:
    """How the tool bar is shortened: words or icons, the pill, and the buttons that are left to the menu."""

    has_words: bool
    pill: Shown
    dropped: tuple[str, ...] = ()
    search: int = SEARCH_ICON


_STEPS = (
    _Step(True, Shown.ALL, search=SEARCH_LEAST + BREATH),
    _Step(False, Shown.ALL, search=SEARCH_LEAST + BREATH),
    _Step(False, Shown.WORD),
    _Step(False, Shown.DOT),
    _Step(False, Shown.DOT, ("ask",)),
    _Step(False, Shown.DOT, ("ask", "new_topic")),
    _Step(False, Shown.DOT, ("ask", "new_topic", "show_personas")),
    _Step(False, Shown.DOT, ("ask", "new_topic", "show_personas", "show_queue")),
)
"""The first one with this much room for the search field is taken."""


class SearchButton(QWidget):
    """Looks like a search field and opens the search panel, which has the real one.

    pressed()
    """

    pressed = Signal()

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = plain_label("Search topics, posts, personas, commands", "ui", "text_3", elides=True)
        self._key = plain_label(key, "caption", "text_3")
        self._picture = icon_button("Search", "magnifying-glass")
        self._picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self._picture)
        self._layout.addWidget(self._words, 1)
        self._layout.addWidget(self._key)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Search topics, posts, personas and commands")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().changed.connect(self._fit)
        self._fit()
        self.set_key(key)

    def set_key(self, key: str) -> None:
        """Name the key that does the same."""
        self._key.setText(key)
        self.setToolTip(f"Search ({key})" if key else "Search")

    def set_width(self, width: int) -> None:
        """Be so wide; too narrow for words, it is an icon alone."""
        has_words = width >= theme().px(SEARCH_LEAST)
        self._words.setVisible(has_words)
        self._key.setVisible(width >= theme().px(SEARCH_LEAST + 64))
        self.setFixedWidth(width if has_words else theme().px(SEARCH_ICON))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        has_focus = self.hasFocus()
        inset = 1.0 if has_focus else 0.5
        painter.setPen(QPen(now.colour("accent_text" if has_focus else "line_strong"), 2 * inset))
        painter.setBrush(now.colour("surface"))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(inset, inset, -inset, -inset), 6, 6)

    def _fit(self) -> None:
        now = theme()
        self.setFixedHeight(now.row(28))
        self._layout.setContentsMargins(2, 1, now.px(8), 1)
        self._layout.setSpacing(2)
        self._picture.setFixedSize(QSize(now.px(28), now.row(28) - 4))
        self._picture.setIconSize(QSize(now.px(16), now.px(16)))


class ToolBar(QWidget):
    """The row at the top of the window; what does not fit becomes shorter, never cut."""

    def __init__(self, actions: Actions, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._menu = menu
        self.is_bare = False
        self._menu_button = icon_button("Menu", "list", shortcut="F10")
        self._wide = {id: _worded_button(actions, id) for id in ("new_topic", "ask")}
        self.search = SearchButton(key_of(actions["search"]))
        self.pill = StatePill()
        self._panes = {id: _pane_button(actions, id) for id in _PANE_ICONS}
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self._menu_button)
        for button in self._wide.values():
            self._layout.addWidget(button)
        self._layout.addStretch(1)
        self._layout.addWidget(self.search)
        self._layout.addStretch(1)
        self._layout.addWidget(self.pill)
        for button in self._panes.values():
            self._layout.addWidget(button)
        self._menu_button.clicked.connect(self.pop_up_menu)
        self.search.pressed.connect(actions["search"].trigger)
        actions.keys_changed.connect(lambda _id: self.search.set_key(key_of(actions["search"])))
        self.pill.changed.connect(self._arrange)
        look().changed.connect(self._fit)
        self._fit()

    def pop_up_menu(self) -> None:
        """Show the menu below its button, with its first entry chosen."""
        self._menu.popup(self._menu_button.mapToGlobal(QPoint(0, self._menu_button.height() + 4)))
        self._menu.setActiveAction(self._menu.actions()[0])

    def set_bare(self, is_bare: bool) -> None:
        """Show the menu and the pill alone, as long as there is nothing to search or fold."""
        self.is_bare = is_bare
        self.search.setVisible(not is_bare)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("window"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme().colour("line"))

    def _arrange(self, *_text: str) -> None:
        """Give what is left to the search field; when that is too little, drop words, then buttons."""
        px = theme().px
        beside = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        alone = Qt.ToolButtonStyle.ToolButtonIconOnly
        room = 0
        for step in _STEPS:
            self.pill.set_shown(step.pill)
            for button in self._wide.values():
                button.setToolButtonStyle(beside if step.has_words else alone)
            for id, button in (self._wide | self._panes).items():
                button.setVisible(not self.is_bare and id not in step.dropped)
            room = self.width() - self._taken()
            if room >= (0 if self.is_bare else px(step.search)):
                break
        self.search.set_width(max(0, min(room - px(BREATH), px(SEARCH_WIDTH))))

    def _taken(self) -> int:
        widgets = [self._menu_button, *self._wide.values(), self.pill, *self._panes.values()]
        margins = self._layout.contentsMargins()
        shown = [widget for widget in widgets if not widget.isHidden()]
        widths = sum(max(widget.sizeHint().width(), widget.minimumWidth()) for widget in shown)
        return widths + self._layout.spacing() * (len(shown) + 1) + margins.left() + margins.right()

    def _fit(self) -> None:
        now = theme()
        self.setFixedHeight(max(44, now.row(28) + 16, now.px(28) + 16))
        self._layout.setContentsMargins(now.px(12), 0, now.px(12), 1)
        self._layout.setSpacing(now.px(8))
        for button in (self._menu_button, *self._panes.values()):
            button.setFixedSize(QSize(now.px(28), now.px(28)))
        for button in self._wide.values():
            button.setIconSize(QSize(now.px(16), now.px(16)))
            button.setMinimumHeight(now.row(28))
            button.setFont(now.font("ui_medium"))
        for button in (self._menu_button, *self._panes.values()):
            button.setIconSize(QSize(now.px(18), now.px(18)))
        self._arrange()


def _worded_button(actions: Actions, id: str) -> QToolButton:
    button = action_button(actions[id], with_text=True)
    # Qt leaves 4 px between icon and words, too few.
    button.setText(f" {in_words(actions[id])}")
    return button


def _pane_button(actions: Actions, id: str) -> QToolButton:
    button = icon_button(in_words(actions[id]), "list")
    button.setDefaultAction(actions[id])
    button.setAccessibleName(in_words(actions[id]))
    button.setProperty("kind", "pane")
    filled, off = f"{_PANE_ICONS[id]}", f"{_PANE_ICONS[id]}-off"

    def show(is_on: bool) -> None:
        actions[id].setIcon(icon(filled if is_on else off))

    actions[id].toggled.connect(show)
    show(actions[id].isChecked())
    return button


_PANE_ICONS = {
    "show_sidebar": "msc.layout-sidebar-left",
    "show_queue": "msc.layout-panel",
    "show_personas": "msc.layout-sidebar-right",
}
