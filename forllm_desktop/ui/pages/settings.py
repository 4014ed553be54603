"""The Settings page: a list of sections, a column of options, and a field that filters all of them."""

from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QListWidget, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop import __version__
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.delegates.section_row import SectionRowDelegate
from forllm_desktop.ui.pages.settings_context import ContextSection
from forllm_desktop.ui.pages.settings_files import FoldersSection
from forllm_desktop.ui.pages.settings_models import ModelsSection
from forllm_desktop.ui.pages.settings_personas import PersonasSection
from forllm_desktop.ui.pages.settings_servers import ServersSection
from forllm_desktop.ui.pages.settings_skipped import SkippedPart
from forllm_desktop.ui.pages.settings_windows import WindowsSection
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.combo_box import ComboBox
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from forllm_desktop.ui.widgets.search_field import SearchField
from forllm_desktop.ui.widgets.settings_form import SettingsForm, options_of

LIST_WIDTH, COLUMN_WIDTH = 200, 640
LEAST_COLUMN = 400
"""Widths in px at 100 %; where the column would have less, a box above it replaces the list of sections."""
MARGIN, NARROW_MARGIN = 32, 12
WIDEST = 16_777_215
"""Qt's word for no limit."""
SECTIONS = {
    "Servers": "Servers and models",
    "Replies": "Replies",
    "Personas": "Personas",
    "Context": "What is sent",
    "Files": "Files",
    "Appearance": "Appearance",
    "Editor": "Editor",
    "Data": "About your data",
}


class _Filtered(Protocol):
    def filter(self, text: str) -> bool: ...


class SettingsPage(QWidget):
    """All options of the app. What is changed is stored at once and can be undone from the quiet bar.

    open_folder_requested()                   the user wants to see the data folder
    persona_requested(persona_id, version)    a persona is to be shown
    templates_requested()                     the templates of the generator are to be shown
    """

    open_folder_requested = Signal()
    persona_requested = Signal(int, int)
    templates_requested = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings = workspace.settings
        models, events = workspace.models, workspace.events
        self._search = SearchField("Search the settings")
        self._list = QListWidget()
        self._box = ComboBox("Section of the settings")
        self._is_narrow = False
        self._bar = QuietBar()
        self._scroll = QScrollArea()
        self._nothing = EmptyPane("magnifying-glass", "No setting found", "Try another word.")
        self._column = QWidget()
        self._sections: dict[str, _Section] = {}
        self._servers = ServersSection(models, events)
        self._models = ModelsSection(models, settings, events)
        self._windows = WindowsSection(workspace)
        self._personas = PersonasSection(workspace.personas, events)
        self._folders = FoldersSection(workspace.files, events)
        self._context = ContextSection(settings, events)
        forms = {
            name: SettingsForm(settings, events, options_of(name))
            for name in ("Servers", "Replies", "Files", "Appearance", "Editor")
        }
        data = _DataSection(workspace.folder)
        parts: dict[str, list[QWidget]] = {
            "Servers": [
                self._servers,
                self._models,
                self._windows,
                _Titled("Built-in engine and memory", forms["Servers"]),
            ],
            "Replies": [forms["Replies"]],
            "Personas": [self._personas],
            "Context": [self._context],
            "Files": [
                self._folders,
                _Titled("Files of all folders, and of posts", forms["Files"]),
                SkippedPart(workspace.files.always_skipped()),
            ],
            "Appearance": [forms["Appearance"]],
            "Editor": [forms["Editor"]],
            "Data": [data],
        }

        self._list.setAccessibleName("Sections of the settings")
        self._list.setItemDelegate(SectionRowDelegate(self._list))
        self._list.setMouseTracking(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.addItems(list(SECTIONS.values()))
        for name, title in SECTIONS.items():
            self._box.add(title, name)
        self._box.hide()
        column = QVBoxLayout(self._column)
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

        self._side = QWidget()
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 16, 0, 16)
        side.setSpacing(12)
        around = QVBoxLayout()
        around.setContentsMargins(12, 0, 12, 0)
        around.setSpacing(8)
        around.addWidget(self._box)
        around.addWidget(self._search)
        side.addLayout(around)
        side.addWidget(self._list, 1)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._bar)
        right.addWidget(self._scroll, 1)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.setSpacing(0)
        self._parts.addWidget(self._side)
        self._parts.addLayout(right, 1)

        data.open_requested.connect(self.open_folder_requested)
        self._list.currentRowChanged.connect(self._show_section)
        self._list.itemClicked.connect(self._leave_search)
        self._box.activated.connect(self._go_to_section)
        self._search.textChanged.connect(self._filter)
        for form in (*forms.values(), self._context):
            form.changed.connect(self._say_changed)
            form.failed.connect(self._bar.say_error)
        self._personas.persona_requested.connect(self.persona_requested)
        self._personas.templates_requested.connect(self.templates_requested)
        for section in (self._servers, self._models, self._windows, self._personas, self._folders):
            section.said.connect(self._say)
            section.failed.connect(self._bar.say_error)
        self._models.looked.connect(self._windows.offer)
        look().changed.connect(self._dress)
        self._dress()
        self._list.setCurrentRow(0)

    def show_section(self, name: str) -> None:
        """Show a section: one of SECTIONS."""
        self._search.clear()
        self._list.setCurrentRow(list(SECTIONS).index(name))

    def focus_search(self) -> None:
        """Let the user type what to look for."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, side = QPainter(self), self._side.geometry()
        painter.fillRect(self.rect(), theme().colour("surface"))
        painter.fillRect(side, theme().colour("window"))
        if self._is_narrow:
            painter.fillRect(0, side.bottom(), side.width(), 1, theme().colour("line"))
        else:
            painter.fillRect(side.right(), 0, 1, side.height(), theme().colour("line"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _dress(self) -> None:
        self._list.setStyleSheet("QListWidget { background: transparent; border: none; }")
        self._fit()

    def _fit(self) -> None:
        """Put the sections beside the column, or where that is too narrow above it."""
        px = theme().px
        self._is_narrow = is_narrow = self.width() < px(LIST_WIDTH + LEAST_COLUMN)
        ways = QBoxLayout.Direction
        self._parts.setDirection(ways.TopToBottom if is_narrow else ways.LeftToRight)
        self._list.setVisible(not is_narrow)
        self._box.setVisible(is_narrow)
        least = 0 if is_narrow else px(LIST_WIDTH)
        self._side.setMinimumWidth(least)
        self._side.setMaximumWidth(least or WIDEST)
        margin = NARROW_MARGIN if is_narrow else MARGIN
        self._column.layout().setContentsMargins(margin, 24, margin, 32)  # pyright: ignore[reportOptionalMemberAccess]
        self._column.setMaximumWidth(px(COLUMN_WIDTH) + 2 * margin)

    def _show_section(self, row: int) -> None:
        if row < 0 or self._search.text().strip():
            return
        shown = list(SECTIONS)[row]
        self._box.setCurrentIndex(row)
        self._nothing.hide()
        for name, section in self._sections.items():
            section.filter("")
            section.setVisible(name == shown)
        self._scroll.verticalScrollBar().setValue(0)

    def _leave_search(self) -> None:
        self._search.clear()

    def _go_to_section(self, row: int) -> None:
        self._search.clear()
        self._list.setCurrentRow(row)

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
        layout.addWidget(plain_label(title, "heading", wraps=True))
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
