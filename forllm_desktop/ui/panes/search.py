"""The search panel (Ctrl+K): commands, subforums, topics, posts and personas by what is typed."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QListView, QVBoxLayout, QWidget

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.search import Hit, HitKind
from forllm_desktop.services.search import Found, SearchService
from forllm_desktop.ui.delegates.search_row import SearchRowDelegate, row_height
from forllm_desktop.ui.item_models.search_results import Entry, EntryKind, SearchResults, near_first_hit
from forllm_desktop.ui.panes.search_worker import SearchWorker
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.search_field import SearchField

WIDTH, MOST_HEIGHT = 640, 520
"""Size in px at 100 %."""
WAIT = 120
"""Milliseconds without a key before a search starts."""
PER_GROUP = 6

_ICONS = {
    HitKind.SUBFORUM: "chats-teardrop",
    HitKind.TOPIC: "file-text",
    HitKind.POST: "chat-centered-text",
    HitKind.PERSONA: "users",
}


class SearchPanel(QWidget):
    """A child of the window, laid over its search field; it closes when the focus goes elsewhere.

    topic_requested(id), post_requested(id), persona_requested(id), subforum_requested(id)
    persona_asked(id)          the persona is to answer (Ctrl+Enter, or a click with Ctrl)
    command_requested(name)    the object name of the action; whoever gets it triggers the action
    closed()                   it was closed, with or without a choice
    """

    topic_requested = Signal(int)
    post_requested = Signal(int)
    persona_requested = Signal(int)
    persona_asked = Signal(int)
    subforum_requested = Signal(int)
    command_requested = Signal(str)
    closed = Signal()

    def __init__(self, search: SearchService, parent: QWidget) -> None:
        super().__init__(parent)
        self._search = search
        self._commands: list[QAction] = []
        self._before: QWidget | None = None
        self._goes_when_found = self._asks_when_found = False
        self._field = SearchField("Search topics, posts, personas, commands")
        self._model = SearchResults(self)
        self._list = QListView()
        self._nothing = plain_label("", "ui", "text_3", wraps=True)
        self._timer = QTimer(self, singleShot=True, interval=WAIT)
        self._worker = SearchWorker(partial(search.search, limit=PER_GROUP), self)

        self.setAccessibleName("Search")
        self._list.setModel(self._model)
        self._list.setItemDelegate(SearchRowDelegate(self._list))
        self._list.setAccessibleName("Search results")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setMouseTracking(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setContentsMargins(16, 16, 16, 16)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 8, 1, 8)
        layout.setSpacing(4)
        around = QVBoxLayout()
        around.setContentsMargins(8, 0, 8, 0)
        around.addWidget(self._field)
        layout.addLayout(around)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._nothing)
        self.hide()

        self._field.installEventFilter(self)
        self._field.textChanged.connect(self._search_soon)
        self._timer.timeout.connect(self._start_search)
        self._worker.found.connect(self._show_found)
        self._list.entered.connect(self._list.setCurrentIndex)
        self._list.clicked.connect(self._click)
        look().changed.connect(self._fit)
        worker = self._worker
        QApplication.instance().aboutToQuit.connect(worker.stop)  # pyright: ignore[reportOptionalMemberAccess]

    def set_commands(self, actions: Sequence[QAction]) -> None:
        """Offer these actions, each with an object name; those disabled at the time are left out."""
        self._commands = list(actions)

    def open_below(self, anchor: QWidget) -> None:
        """Open over a widget, with an empty field and the recent topics."""
        self._before = QApplication.focusWidget()
        self._anchor_at = anchor.mapTo(self.window(), QPoint(anchor.width() // 2, 0))
        self._field.clear()
        self._timer.stop()
        self._show_recent()
        self.show()
        self.raise_()
        self._fit()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_panel(self) -> None:
        """Close and give the focus back."""
        if not self.isVisible():
            return
        self._timer.stop()
        self._worker.stop()
        self._goes_when_found = False
        had_focus = self._field.hasFocus()
        self.hide()
        if had_focus and self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self._before = None
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._take_key(event)
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            QTimer.singleShot(0, self, self._close_if_left)
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("line_strong"), 1))
        painter.setBrush(theme().colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)

    # -- searching

    def _search_soon(self) -> None:
        self._goes_when_found = False
        self._timer.start()

    def _start_search(self) -> None:
        if self._field.text().strip():
            self._worker.ask(self._field.text())
        else:
            self._show_recent()

    def _show_recent(self) -> None:
        recent = [_entry(hit) for hit in self._search.recent_topics(PER_GROUP + 2)]
        self._show([("Recent topics", recent)])
        self._nothing.setText("Nothing here yet. Type to find a command.")

    def _show_found(self, typed: str, found: object) -> None:
        if not self.isVisible() or typed != self._field.text() or not isinstance(found, Found):
            return
        words = name_key(typed).split()
        self._nothing.setText(f"Nothing found for “{typed.strip()}”. Try fewer words.")
        self._show(
            [
                ("Commands", self._matching_commands(words)),
                ("Subforums", [_entry(hit) for hit in found.subforums]),
                ("Topics", [_entry(hit) for hit in found.topics]),
                ("Posts", [_entry(hit) for hit in found.posts]),
                ("Personas", [_entry(hit) for hit in found.personas]),
            ]
        )
        if self._goes_when_found:
            self._open(self._list.currentIndex(), asks=self._asks_when_found)

    def _matching_commands(self, words: list[str]) -> list[Entry]:
        found = []
        for action in self._commands:
            name = action.text().replace("&", "")
            if action.isEnabled() and all(word in name_key(name) for word in words):
                keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                found.append(Entry(EntryKind.COMMAND, action.objectName(), name, keys, icon="caret-right"))
        return found[:PER_GROUP]

    def _show(self, groups: Sequence[tuple[str, Sequence[Entry]]]) -> None:
        self._model.show_groups(groups)
        first = self._model.next_result(-1, 1)
        self._list.setVisible(first >= 0)
        self._nothing.setVisible(first < 0)
        if first >= 0:
            self._list.setCurrentIndex(self._model.index(first, 0))
            self._list.scrollToTop()
        self._fit()

    def _fit(self) -> None:
        """Be as wide as planned or as the window allows, and as high as the rows."""
        if not self.isVisible():
            return
        window, now = self.window(), theme()
        width = min(now.px(WIDTH), window.width() - 32)
        left = max(16, min(self._anchor_at.x() - width // 2, window.width() - width - 16))
        top = max(0, self._anchor_at.y() - 8)
        rows = sum(row_height(self._model.entry(row)) for row in range(self._model.rowCount()))
        body = rows or max(now.px(64), self._nothing.heightForWidth(width - 2))
        height = 8 + self._field.sizeHint().height() + 4 + body + 8
        self.setGeometry(left, top, width, min(height, now.px(MOST_HEIGHT), window.height() - top - 16))

    # -- choosing

    def _take_key(self, event: QKeyEvent) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        key = Qt.Key(event.key())
        if key in steps:
            row = self._model.next_result(self._list.currentIndex().row(), steps[key])
            if row >= 0:
                self._list.setCurrentIndex(self._model.index(row, 0))
                # The head above the first result is shown with it.
                self._list.scrollTo(self._model.index(max(0, row - 1), 0))
                self._list.scrollTo(self._model.index(row, 0))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            asks = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if self._timer.isActive() or self._worker.is_busy:
                self._goes_when_found, self._asks_when_found = True, asks
                if self._timer.isActive():
                    self._timer.stop()
                    self._start_search()
            else:
                self._open(self._list.currentIndex(), asks=asks)
        elif key == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            return False
        return True

    def _click(self, index: QModelIndex) -> None:
        held = QApplication.keyboardModifiers()
        self._open(index, asks=bool(held & Qt.KeyboardModifier.ControlModifier))

    def _open(self, index: QModelIndex, *, asks: bool = False) -> None:
        self._goes_when_found = False
        if not index.isValid() or index.row() >= self._model.rowCount():
            return
        entry = self._model.entry(index.row())
        if entry.kind is EntryKind.HEAD:
            return
        self.close_panel()
        match entry.kind:
            case EntryKind.COMMAND:
                self.command_requested.emit(entry.key)
            case EntryKind.SUBFORUM:
                self.subforum_requested.emit(entry.key)
            case EntryKind.TOPIC:
                self.topic_requested.emit(entry.key)
            case EntryKind.POST:
                self.post_requested.emit(entry.key)
            case EntryKind.PERSONA:
                (self.persona_asked if asks else self.persona_requested).emit(entry.key)

    def _close_if_left(self) -> None:
        focus = QApplication.focusWidget()
        if focus is not None and focus is not self and not self.isAncestorOf(focus):
            self.close_panel()


def _entry(hit: Hit) -> Entry:
    entry = Entry(EntryKind(hit.kind.value), hit.id, hit.text, hit.where, hit.marks, _ICONS[hit.kind])
    return near_first_hit(entry)
