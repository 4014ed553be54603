"""The Personas page in a window, and a worker with a scripted backend where one is needed."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QMenu, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.persona import Persona
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.pages.personas import PersonasPage
from forllm_desktop.ui.tabs import CentreTabs
from forllm_desktop.worker import assembly
from forllm_desktop.worker.thread import WorkerThread
from tests.scripted_backend import ScriptedBackend, ScriptedBackends

W = TypeVar("W", bound=QWidget)
INSTRUCTIONS = "You are Ada, a strict tutor. You answer {{user}} in {{subforum}}."


class PersonasUser:
    """What a user sees and does on the page, by the names of its controls."""

    def __init__(self, page: PersonasPage, window: MainWindow, qtbot: QtBot) -> None:
        self.page = page
        self._window = window
        self._qtbot = qtbot

    def find(self, kind: type[W], name: str) -> W:
        """Return the visible control whose name begins like this."""
        for widget in self.page.findChildren(kind):
            if widget.isVisible() and widget.accessibleName().startswith(name):
                return widget
        raise LookupError(f"no visible {kind.__name__} “{name}”")

    def sees(self, kind: type[QWidget], name: str) -> bool:
        return any(
            w.isVisible() and w.accessibleName().startswith(name) for w in self.page.findChildren(kind)
        )

    def type(self, field: str, text: str) -> None:
        """Replace what a field holds, key by key."""
        widget = self._field(field)
        widget.setFocus()
        widget.selectAll()
        if not text:
            QTest.keyClick(widget, Qt.Key.Key_Backspace)
        elif text.isascii():
            QTest.keyClicks(widget, text)
        else:
            # The test keyboard knows no other letters; this is what an input method does.
            event = QInputMethodEvent()
            event.setCommitString(text)
            QApplication.sendEvent(widget, event)
        self.rest()

    def text(self, field: str) -> str:
        widget = self._field(field)
        return widget.toPlainText() if isinstance(widget, QPlainTextEdit) else widget.text()

    def _field(self, name: str) -> QLineEdit | QPlainTextEdit:
        return self.find(QPlainTextEdit if name == "Instructions" else QLineEdit, name)

    def press(self, name: str) -> None:
        button = self.find(QAbstractButton, name)
        assert button.isEnabled(), name
        button.click()
        self.rest()

    def can_press(self, name: str) -> bool:
        return self.find(QAbstractButton, name).isEnabled()

    def key(self, keys: str) -> None:
        QTest.keySequence(QApplication.focusWidget() or self._window, keys)
        self.rest()

    def choose(self, word: str) -> None:
        """Choose an entry of the menu that is open."""
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        action = next(action for action in menu.actions() if word in action.text())
        action.trigger()
        menu.close()
        self.rest()

    def open(self, persona: Persona, version: int = 0) -> None:
        self.page.show_persona(persona.persona_id, version)
        self.rest()

    def problem(self, field: str) -> str:
        return self.page._editor.form.problem(field)

    def versions(self) -> list[str]:
        return [row.name for row in self.page._versions._model.rows]

    def rest(self) -> None:
        """Wait until nothing is read, checked or compared any more."""
        QCoreApplication.processEvents()
        self._qtbot.waitUntil(lambda: not self.page.is_busy)


@pytest.fixture
def ada(workspace: Workspace) -> Persona:
    """Return a persona with two versions."""
    made = workspace.personas.create("Ada", INSTRUCTIONS, "Physics tutor", tags=["physics"])
    text = INSTRUCTIONS.replace("strict", "patient")
    return workspace.personas.change(made.persona_id, instructions=text, note="Kinder")


@pytest.fixture
def user(desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot) -> PersonasUser:
    """Return a user before the page."""
    desk.show_page("personas")
    page = window.findChild(CentreTabs).current()
    assert isinstance(page, PersonasPage)
    made = PersonasUser(page, window, qtbot)
    made.rest()
    return made


@pytest.fixture
def start_worker(
    workspace: Workspace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[ScriptedBackend], WorkerThread]]:
    """Return a function that starts a real worker thread over a scripted backend."""
    workers: list[WorkerThread] = []

    def start(backend: ScriptedBackend) -> WorkerThread:
        monkeypatch.setattr(assembly, "Backends", lambda *_parts: ScriptedBackends(backend))
        worker = WorkerThread(lambda: assembly.make_queue_loop(workspace))
        worker.listen_to(workspace.events)
        workers.append(worker)
        worker.start()
        return worker

    yield start
    assert all(worker.stop() for worker in workers)
