"""The About page: which version runs, on what, and where things lie."""

import platform
import sqlite3
from pathlib import Path

import PySide6
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QFormLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop import __version__, paths
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.grounds import on_surface
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.wrap_row import WrapRow


class AboutPage(QScrollArea):
    """Facts for people and for bug reports.

    folder_requested()    the data folder is to be opened
    log_requested()       the log is to be opened
    """

    folder_requested = Signal()
    log_requested = Signal()

    def __init__(self, data_folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("About FORLLM")
        self._facts = _facts(data_folder)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(32, 24, 32, 24)
        layout.setSpacing(16)
        layout.addWidget(_picture())
        layout.addWidget(plain_label("FORLLM Desktop", "title"))
        layout.addWidget(
            plain_label(
                "A forum for your local language models. Ask now; it is answered by morning.", wraps=True
            )
        )
        layout.addLayout(self._table())
        layout.addLayout(self._buttons())
        layout.addStretch()
        self.setWidget(page)
        on_surface(page)

    def copy_facts(self) -> None:
        """Put the facts into the clipboard."""
        lines = [f"{name}: {value}" for name, value in self._facts]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _table(self) -> QFormLayout:
        table = QFormLayout()
        table.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        table.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        table.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        table.setHorizontalSpacing(24)
        table.setVerticalSpacing(4)
        for name, value in self._facts:
            shown = plain_label(value, "ui", wraps=True)
            shown.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            table.addRow(plain_label(name, "ui", "text_3"), shown)
        return table

    def _buttons(self) -> WrapRow:
        row = WrapRow(line_spacing=8)
        for name, icon_name, step in (
            ("Copy these facts", "copy", self.copy_facts),
            ("Open data folder", "folder-simple", self.folder_requested),
            ("Open the log", "file-text", self.log_requested),
        ):
            button = push_button(name, icon_name=icon_name)
            button.clicked.connect(step)
            row.add(button)
        return row


def _facts(data_folder: Path) -> list[tuple[str, str]]:
    return [
        ("Version", __version__),
        ("Python", platform.python_version()),
        ("PySide6", PySide6.__version__),
        ("SQLite", sqlite3.sqlite_version),
        ("System", platform.platform()),
        ("Display", QGuiApplication.platformName()),
        ("Data folder", str(data_folder)),
        ("Licence", "MIT"),
    ]


def _picture() -> QLabel:
    side = theme().px(48)
    picture = QLabel()
    picture.setAccessibleName("The icon of FORLLM")
    picture.setPixmap(QIcon(str(paths.resources_dir() / "forllm.svg")).pixmap(QSize(side, side)))
    return picture
