"""The main window: a frame that is shown at once, and the places that the desk fills afterwards."""

import sys
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QIcon, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from forllm_desktop import paths
from forllm_desktop.ui.actions import MENU_KEY, MENUS, Actions
from forllm_desktop.ui.panes.layout import PaneLayout
from forllm_desktop.ui.theme import ColourScheme, look, theme
from forllm_desktop.ui.toolbar import ToolBar
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from forllm_desktop.ui.widgets.status_line import StatusLine

APP_TITLE = "FORLLM"


class MainWindow(QMainWindow):
    """Tool bar, panes, status line. Nothing of it needs the database, whose import takes longer than it.

    first_frame_shown()    the frame is on the screen
    close_requested()      the user closed the window; it stays until `close_for_good`
    """

    first_frame_shown = Signal()
    close_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._has_painted = False
        self._may_close = False
        self._alt_alone = False
        self._worn: tuple[str, str, int, str] | None = None
        self.actions_by_id = Actions(self)
        self.menu = QMenu("Menu", self)
        self.menus = {title: self.actions_by_id.menu(title, self) for title in MENUS}
        self.toolbar = ToolBar(self.actions_by_id, self.menu)
        self.bar = QuietBar()
        self.centre = _Centre()
        self.panes = PaneLayout(self.centre)
        self.status = StatusLine()
        self._body = QStackedWidget()
        self._lay_out()
        self._fill_menus()
        self._connect()
        self.setWindowTitle(APP_TITLE)
        self.setWindowIcon(QIcon(str(paths.resources_dir() / "forllm.svg")))
        self.setMinimumSize(480, 360)
        self.resize(1440, 900)

    # -- what fills it

    def show_welcome(self, page: QWidget) -> None:
        """Let a page fill the window, without sidebar and panes."""
        self._body.addWidget(page)
        self._body.setCurrentWidget(page)
        self.toolbar.set_bare(True)

    def end_welcome(self) -> None:
        """Show the panes again."""
        page = self._body.currentWidget()
        if page is not None and page is not self.panes:
            self._body.setCurrentWidget(self.panes)
            self._body.removeWidget(page)
            page.deleteLater()
        self.toolbar.set_bare(False)

    def wear(self, scheme: str, accent: str, text_size: int, reduce_motion: str) -> None:
        """Put these options of the look onto the application, if it does not wear them already."""
        wanted = (scheme, accent, text_size, reduce_motion)
        if wanted != self._worn:
            self._worn = wanted
            look().apply(ColourScheme(scheme), accent, text_size / 100, reduce_motion=reduce_motion == "on")

    def name(self, title: str) -> None:
        """Put what is shown into the title bar."""
        self.setWindowTitle(f"{title} – {APP_TITLE}" if title else APP_TITLE)

    # -- closing and coming back

    def close_for_good(self) -> None:
        """Close without asking anybody."""
        self._may_close = True
        self.close()

    def geometry_text(self) -> str:
        """Return place and size as text, for `restore_geometry`."""
        return bytes(self.saveGeometry().toBase64().data()).decode()

    def restore_geometry(self, text: Any) -> None:
        """Come back to a place and size; a text that says nothing is ignored."""
        if isinstance(text, str):
            self.restoreGeometry(QByteArray.fromBase64(text.encode("ascii", "ignore")))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            event.accept()
        else:
            event.ignore()
            self.close_requested.emit()

    # -- keys of the menu, and the first frame

    def pop_up_menu(self) -> None:
        """Show the menu."""
        self.toolbar.pop_up_menu()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowDeactivate:
            self._alt_alone = False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._alt_alone = event.key() == Qt.Key.Key_Alt
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Alt and self._alt_alone and sys.platform != "darwin":
            self.pop_up_menu()
        self._alt_alone = False
        super().keyReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            QTimer.singleShot(0, self, self.first_frame_shown.emit)

    def _lay_out(self) -> None:
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._body.addWidget(self.panes)
        for widget in (self.toolbar, self.bar, self._body, self.status):
            layout.addWidget(widget, int(widget is self._body))
        self.setCentralWidget(whole)

    def _fill_menus(self) -> None:
        for menu in self.menus.values():
            self.menu.addMenu(menu)
            if sys.platform == "darwin":
                self.menuBar().addMenu(menu)
        opens = QAction("Menu", self)
        opens.setShortcut(MENU_KEY)
        opens.triggered.connect(self.pop_up_menu)
        self.addAction(opens)

    def _connect(self) -> None:
        actions = self.actions_by_id
        actions["full_screen"].toggled.connect(self._fill_screen)
        actions["show_sidebar"].triggered.connect(self.panes.show_sidebar)
        actions["show_queue"].triggered.connect(self.panes.show_queue)
        actions["show_personas"].triggered.connect(self.panes.show_personas)
        self.panes.folded.connect(self.check_switches)
        look().changed.connect(self.update)
        self.check_switches()

    def check_switches(self) -> None:
        """Let the pane switches say what can be seen."""
        self.actions_by_id["show_sidebar"].setChecked(self.panes.shows_sidebar)
        self.actions_by_id["show_queue"].setChecked(self.panes.shows_queue)
        self.actions_by_id["show_personas"].setChecked(self.panes.shows_personas)

    def _fill_screen(self, is_full: bool) -> None:
        if is_full:
            self.showFullScreen()
        else:
            self.showNormal()


class _Centre(QStackedWidget):
    """The white page in the middle, also before anything is on it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().colour("surface"))
