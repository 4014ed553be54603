"""The tool bar: menu, New topic, Ask, the search field, the state pill, the pane switches."""

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from forllm_desktop.ui.actions import Actions, in_words, key_of
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import action_button, icon_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.state_pill import StatePill

SEARCH_WIDTH = 400
SEARCH_LEAST = 176
"""Widths of the search field in px at 100 %; below the least it is an icon."""


class SearchButton(QWidget):
    """Looks like a search field and opens the search panel, which has the real one.

    pressed()
    """

    pressed = Signal()

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = plain_label("Search topics, posts, commands", "ui", "text_3", elides=True)
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
        self.setAccessibleName("Search topics, posts and commands")
        self.setToolTip(f"Search ({key})")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().changed.connect(self._fit)
        self._fit()

    def set_width(self, width: int) -> None:
        """Be so wide; too narrow for words, it is an icon alone."""
        has_words = width >= theme().px(SEARCH_LEAST)
        self._words.setVisible(has_words)
        self._key.setVisible(width >= theme().px(SEARCH_LEAST + 64))
        self.setFixedWidth(width if has_words else theme().px(32))

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
        self._wide = [_worded_button(actions, id) for id in ("new_topic", "ask")]
        self.search = SearchButton(key_of(actions["search"]))
        self.pill = StatePill()
        self._panes = [_pane_button(actions, id) for id in ("show_sidebar", "show_queue")]
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self._menu_button)
        for button in self._wide:
            self._layout.addWidget(button)
        self._layout.addStretch(1)
        self._layout.addWidget(self.search)
        self._layout.addStretch(1)
        self._layout.addWidget(self.pill)
        for button in self._panes:
            self._layout.addWidget(button)
        self._menu_button.clicked.connect(self.pop_up_menu)
        self.search.pressed.connect(actions["search"].trigger)
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
        for widget in (*self._wide, self.search, *self._panes):
            widget.setVisible(not is_bare)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("window"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme().colour("line"))

    def _arrange(self, *_text: str) -> None:
        """Give what is left to the search field; when that is too little, drop words from the left."""
        px = theme().px
        beside = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        alone = Qt.ToolButtonStyle.ToolButtonIconOnly
        for style, is_short in ((beside, False), (alone, False), (alone, True)):
            self.pill.set_short(is_short)
            for button in self._wide:
                button.setToolButtonStyle(style)
            room = self.width() - self._taken() - px(32)
            if room >= px(SEARCH_LEAST):
                break
        self.search.set_width(max(0, min(room, px(SEARCH_WIDTH))))

    def _taken(self) -> int:
        widgets = [self._menu_button, *self._wide, self.pill, *self._panes]
        margins = self._layout.contentsMargins()
        shown = [widget for widget in widgets if not widget.isHidden()]
        widths = sum(max(widget.sizeHint().width(), widget.minimumWidth()) for widget in shown)
        return widths + self._layout.spacing() * (len(shown) + 1) + margins.left() + margins.right()

    def _fit(self) -> None:
        now = theme()
        self.setFixedHeight(max(44, now.row(28) + 16, now.px(28) + 16))
        self._layout.setContentsMargins(now.px(12), 0, now.px(12), 1)
        self._layout.setSpacing(now.px(8))
        for button in (self._menu_button, *self._panes):
            button.setFixedSize(QSize(now.px(28), now.px(28)))
        for button in self._wide:
            button.setIconSize(QSize(now.px(16), now.px(16)))
            button.setMinimumHeight(now.row(28))
            button.setFont(now.font("ui_medium"))
        for button in (self._menu_button, *self._panes):
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


_PANE_ICONS = {"show_sidebar": "msc.layout-sidebar-left", "show_queue": "msc.layout-panel"}
