"""The Settings page: a list of sections, a column of options, and a field that filters all of them."""

from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop import __version__
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.events import Events
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui.delegates.section_row import SectionRowDelegate
from forllm_desktop.ui.pages.settings_models import ModelsSection
from forllm_desktop.ui.pages.settings_servers import ServersSection
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from forllm_desktop.ui.widgets.search_field import SearchField
from forllm_desktop.ui.widgets.settings_form import SettingsForm, options_of

LIST_WIDTH, COLUMN_WIDTH = 200, 640
SECTIONS = {
    "Servers": "Servers and models",
    "Replies": "Replies",
    "Appearance": "Appearance",
    "Editor": "Editor",
    "Data": "About your data",
}


class _Filtered(Protocol):
    def filter(self, text: str) -> bool: ...


class SettingsPage(QWidget):
    """All options of the app. What is changed is stored at once and can be undone from the quiet bar.

    open_folder_requested()    the user wants to see the data folder
    """

    open_folder_requested = Signal()

    def __init__(
        self,
        settings: SettingsService,
        models: ModelsService,
        events: Events,
        data_folder: Path,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._search = SearchField("Search the settings")
        self._list = QListWidget()
        self._bar = QuietBar()
        self._scroll = QScrollArea()
        self._nothing = EmptyPane("magnifying-glass", "No setting found", "Try another word.")
        self._column = QWidget()
        self._sections: dict[str, _Section] = {}
        self._servers = ServersSection(models, events)
        self._models = ModelsSection(models, settings, events)
        forms = {
            name: SettingsForm(settings, events, options_of(name))
            for name in ("Servers", "Replies", "Appearance", "Editor")
        }
        data = _DataSection(data_folder)
        parts: dict[str, list[QWidget]] = {
            "Servers": [self._servers, self._models, _Titled("Built-in engine and memory", forms["Servers"])],
            "Replies": [forms["Replies"]],
            "Appearance": [forms["Appearance"]],
            "Editor": [forms["Editor"]],
            "Data": [data],
        }

        self._list.setAccessibleName("Sections of the settings")
        self._list.setItemDelegate(SectionRowDelegate(self._list))
        self._list.setMouseTracking(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.addItems(list(SECTIONS.values()))
        column = QVBoxLayout(self._column)
        column.setContentsMargins(32, 24, 32, 32)
        column.setSpacing(32)
        for name, title in SECTIONS.items():
            self._sections[name] = _Section(title, parts[name])
            column.addWidget(self._sections[name])
        column.addWidget(self._nothing)
        column.addStretch()
        self._nothing.hide()
        self._scroll.setWidget(self._column)
        self._scroll.setWidgetResizable(True)
        # The page itself paints the ground.
        self._column.setAutoFillBackground(False)
        self._scroll.viewport().setAutoFillBackground(False)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)

        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 16, 0, 16)
        left.setSpacing(12)
        around = QHBoxLayout()
        around.setContentsMargins(12, 0, 12, 0)
        around.addWidget(self._search)
        left.addLayout(around)
        left.addWidget(self._list, 1)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._bar)
        right.addWidget(self._scroll, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._left)
        layout.addLayout(right, 1)

        data.open_requested.connect(self.open_folder_requested)
        self._list.currentRowChanged.connect(self._show_section)
        self._list.itemClicked.connect(self._leave_search)
        self._search.textChanged.connect(self._filter)
        for form in forms.values():
            form.changed.connect(self._say_changed)
            form.failed.connect(self._bar.say_error)
        for section in (self._servers, self._models):
            section.said.connect(self._say)
            section.failed.connect(self._bar.say_error)
        look().changed.connect(self._dress)
        self._dress()
        self._list.setCurrentRow(0)

    def show_section(self, name: str) -> None:
        """Show a section: "Servers", "Replies", "Appearance", "Editor" or "Data"."""
        self._search.clear()
        self._list.setCurrentRow(list(SECTIONS).index(name))

    def focus_search(self) -> None:
        """Let the user type what to look for."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, left = QPainter(self), self._left.width()
        painter.fillRect(self.rect(), theme().colour("surface"))
        painter.fillRect(0, 0, left, self.height(), theme().colour("window"))
        painter.fillRect(left - 1, 0, 1, self.height(), theme().colour("line"))

    def _dress(self) -> None:
        self._left.setFixedWidth(theme().px(LIST_WIDTH))
        self._column.setMaximumWidth(theme().px(COLUMN_WIDTH) + 64)
        self._list.setStyleSheet("QListWidget { background: transparent; border: none; }")

    def _show_section(self, row: int) -> None:
        if row < 0 or self._search.text().strip():
            return
        shown = list(SECTIONS)[row]
        self._nothing.hide()
        for name, section in self._sections.items():
            section.filter("")
            section.setVisible(name == shown)
        self._scroll.verticalScrollBar().setValue(0)

    def _leave_search(self) -> None:
        self._search.clear()

    def _filter(self, text: str) -> None:
        if not text.strip():
            self._list.setCurrentRow(max(0, self._list.currentRow()))
            self._show_section(self._list.currentRow())
            return
        self._list.clearSelection()
        found = [section.filter(text) for section in self._sections.values()]
        self._nothing.setVisible(not any(found))

    def _say_changed(self, label: str, name: str, before: object) -> None:
        self._say(f"{label}: changed", partial(self._settings.change, **{name: before}))

    def _say(self, sentence: str, undo: object) -> None:
        if callable(undo):
            self._bar.say(sentence, icon="check", action="Undo", on_action=lambda: self._take_back(undo))
        else:
            self._bar.say(sentence)

    def _take_back(self, undo: object) -> None:
        try:
            undo()  # pyright: ignore[reportCallIssue]
        except ForllmError as error:
            self._bar.say_error(error)


class _Section(QWidget):
    """A section's title and its parts; shows of itself what a filter matches."""

    def __init__(self, title: str, parts: list[QWidget]) -> None:
        super().__init__()
        self._title = title
        self._parts = parts
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        layout.addWidget(plain_label(title, "title"))
        for part in parts:
            layout.addWidget(part)

    def filter(self, text: str) -> bool:
        """Show what a text is about and return whether anything is; the title stands for all parts."""
        if text.casefold().strip() in self._title.casefold():
            text = ""
        found = [self._filter_part(part, text) for part in self._parts]
        self.setVisible(any(found))
        return any(found)

    def _filter_part(self, part: "QWidget | _Filtered", text: str) -> bool:
        matches = part.filter(text)  # pyright: ignore[reportAttributeAccessIssue]
        part.setVisible(matches)  # pyright: ignore[reportAttributeAccessIssue]
        return matches


class _Titled(QWidget):
    """A form below a heading."""

    def __init__(self, title: str, form: SettingsForm) -> None:
        super().__init__()
        self._title = title
        self._form = form
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(plain_label(title, "heading"))
        layout.addWidget(form)

    def filter(self, text: str) -> bool:
        return self._form.filter("" if text.casefold() in self._title.casefold() else text)


class _DataSection(QWidget):
    """Where everything lies.

    open_requested()    the button
    """

    open_requested = Signal()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        path = plain_label(str(folder), "code", "text", wraps=True)
        path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        button = push_button("Open the data folder", "", "folder-simple")
        button.setMinimumSize(QSize(0, 0))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        words = (
            "Your forum is one database file with its backups, in a folder of your own. API keys are in "
            "the system's keyring instead."
        )
        layout.addWidget(plain_label(words, "ui", "text_2", wraps=True))
        layout.addWidget(path)
        layout.addSpacing(4)
        layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addSpacing(16)
        layout.addWidget(plain_label(f"FORLLM Desktop {__version__}", "small", "text_3"))
        button.clicked.connect(self.open_requested)

    def filter(self, text: str) -> bool:
        own = "open data folder database backup version about"
        return all(word in own for word in text.casefold().split())
