"""Fixtures for tests of the whole window."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from forllm_desktop.services.workspace import Workspace, open_workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.icons import load_icons
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.theme import ColourScheme, Look, start_look


@pytest.fixture
def started_look(qapp: QApplication) -> Iterator[Look]:
    """Return the application's look, at 100 % and as the system again after the test."""
    look = start_look(qapp)
    yield look
    # Closed windows are deleted first: a new style sheet is worked out for every widget that lives.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    look.apply(ColourScheme.SYSTEM, "blue", 1.0)


@pytest.fixture
def workspace(tmp_path: Path, database_path: Path) -> Iterator[Workspace]:
    """Return an open data folder without a worker."""
    opened = open_workspace(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def window(started_look: Look, qtbot: QtBot) -> MainWindow:
    """Return the frame of a window of 1440 x 900."""
    made = MainWindow()
    qtbot.addWidget(made, before_close_func=lambda window: setattr(window, "_may_close", True))
    made.resize(1440, 900)
    return made


@pytest.fixture
def desk(window: MainWindow, workspace: Workspace, qtbot: QtBot) -> Iterator[Desk]:
    """Return the desk of a shown window whose user was welcomed before."""
    workspace.settings.remember("welcome_skipped", True)
    yield from shown_desk(window, workspace, qtbot)


@pytest.fixture
def first_desk(window: MainWindow, workspace: Workspace, qtbot: QtBot) -> Iterator[Desk]:
    """Return the desk of a window that is shown for the first time."""
    yield from shown_desk(window, workspace, qtbot)


def shown_desk(window: MainWindow, workspace: Workspace, qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(window, workspace)
    load_icons()
    window.show()
    qtbot.waitExposed(window)
    yield made
    made.flush()
    made.close()
