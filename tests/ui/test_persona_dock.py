"""The personas dock by mouse and keys: what it shows, asks for and changes; where it stands in the window."""

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.panes.personas import PersonaDock
from forllm_desktop.ui.tabs import CentreTabs
from tests.builders import a_subforum, a_topic

TEXT = Qt.ItemDataRole.DisplayRole
SELECT = QItemSelectionModel.SelectionFlag.Select


class Dock:
    """The dock of a shown window, with three personas beside the fallback."""

    def __init__(self, window: MainWindow, workspace: Workspace) -> None:
        self.window, self.workspace = window, workspace
        self.ids = {
            name: workspace.personas.create(name, "Be yourself.", f"{name}'s line").persona_id
            for name in ("Ada", "Nonna", "Skeptic")
        }
        self.dock = window.findChild(PersonaDock)
        self.view = self.dock.findChild(PersonaListView)
        self.model = self.view.model()
        self.model.refresh()

    def select(self, *names: str) -> None:
        self.view.clearSelection()
        for name in names:
            index = self.model.index_of(self.ids.get(name, 1))
            self.view.selectionModel().setCurrentIndex(index, SELECT)

    def names(self) -> list[str]:
        return [self.model.index(row, 0).data(TEXT) for row in range(self.model.rowCount())]

    def run(self, *path: str) -> None:
        commands = self.dock.commands()
        for word in path[:-1]:
            commands = next(command.below for command in commands if command.word == word)
        command = next(command for command in commands if command.word == path[-1])
        assert command.is_enabled
        command.run()

    def enabled(self) -> list[str]:
        return [command.word for command in self.dock.commands() if command.word and command.is_enabled]

    def card(self, name: str):
        return self.workspace.personas.card(self.ids[name])

    def said(self) -> str:
        return self.window.bar.accessibleName() if self.window.bar.isVisible() else ""

    def undo(self) -> None:
        self.window.actions_by_id["undo"].trigger()


@pytest.fixture
def dock(desk: Desk, window: MainWindow, workspace: Workspace) -> Dock:
    return Dock(window, workspace)


def test_the_dock_lists_everybody(dock: Dock) -> None:
    assert dock.names() == ["Ada", "Assistant", "Nonna", "Skeptic"]
    assert dock.dock.isVisible()


def test_the_filter_hides_the_others_and_says_when_nobody_is_left(dock: Dock, qtbot: QtBot) -> None:
    field = dock.dock.findChild(QLineEdit)
    qtbot.keyClicks(field, "nonna's")
    assert dock.names() == ["Nonna"]
    qtbot.keyClicks(field, "xyz")
    assert not dock.view.isVisible()
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert dock.view.isVisible()
    qtbot.keyClicks(field, "s")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert dock.view.currentIndex().data(TEXT) == "Ada"


def test_several_are_deleted_by_key_and_come_back(dock: Dock, qtbot: QtBot) -> None:
    dock.select("Ada", "Assistant", "Nonna")
    qtbot.keyClick(dock.view, Qt.Key.Key_Delete)
    assert dock.said() == "2 personas deleted", "the fallback stays"
    qtbot.waitUntil(lambda: dock.names() == ["Assistant", "Skeptic"])
    dock.undo()
    qtbot.waitUntil(lambda: len(dock.names()) == 4)


def test_the_fallback_cannot_be_deleted(dock: Dock, qtbot: QtBot) -> None:
    dock.select("Assistant")
    assert "Delete" not in dock.enabled()
    qtbot.keyClick(dock.view, Qt.Key.Key_Delete)
    assert len(dock.workspace.personas.cards()) == 4


def test_personas_are_assigned_by_menu(dock: Dock) -> None:
    place = a_subforum(dock.workspace.forum, "R&D").subforum_id
    dock.select("Ada", "Skeptic")
    dock.run("Assign to", "R&&D")
    assert dock.said() == "Ada and Skeptic are assigned to R&D"
    assert dock.card("Ada").subforum_ids == (place,)
    dock.run("Assign to", "R&&D")
    assert dock.said() == "Ada and Skeptic are assigned to R&D", "nothing new to take back"
    dock.undo()
    assert dock.card("Skeptic").subforum_ids == ()


def test_a_persona_is_asked_in_the_topic_that_is_shown(dock: Dock, desk: Desk) -> None:
    ws = dock.workspace
    topic, _ = a_topic(ws.forum)
    dock.select("Skeptic")
    assert "Ask in this topic" not in dock.enabled()
    desk.show_topic(topic.topic_id)
    dock.run("Ask in this topic")
    assert dock.said() == "No model is set up. Choose one in Settings, Servers."
    server = ws.models.server_at("http://127.0.0.1:9", "Ollama", ServerKind.OLLAMA)
    ws.models.use(ModelChoice(server.server_id, "tiny"))
    dock.run("Ask in this topic")
    assert dock.said() == "Skeptic will answer in “Why is the sky blue?”, now assigned to Physics"
    assert [job.llm_persona for job in ws.queue.jobs() if job.is_open] == [dock.ids["Skeptic"]]
    dock.undo()
    assert not [job for job in ws.queue.jobs() if job.is_open]
    assert dock.card("Skeptic").subforum_ids == ()


def test_the_global_default_is_set_and_taken_back(dock: Dock) -> None:
    dock.select("Ada")
    dock.run("Make global default")
    assert dock.said() == "Ada is the global default"
    dock.model.refresh()
    dock.run("No global default")
    assert dock.workspace.personas.global_default() is None
    dock.undo()
    assert dock.workspace.personas.global_default() == dock.ids["Ada"]


def test_a_persona_is_switched_off_and_on(dock: Dock) -> None:
    dock.select("Nonna")
    dock.run("Switch off")
    dock.model.refresh()
    assert not dock.card("Nonna").is_active
    assert "Make global default" not in dock.enabled()
    dock.run("Switch on")
    assert dock.card("Nonna").is_active


def test_a_copy_is_selected(dock: Dock) -> None:
    dock.select("Ada")
    dock.run("Duplicate")
    assert dock.view.currentIndex().data(TEXT) == "Ada (2)"


@pytest.mark.parametrize("by_key", [True, False])
def test_the_menu_opens_by_key_and_by_mouse(dock: Dock, qtbot: QtBot, by_key: bool) -> None:
    dock.select("Ada")
    viewport = dock.view.viewport()
    point = dock.view.visualRect(dock.view.currentIndex()).center()
    if by_key:
        reason = QContextMenuEvent.Reason.Keyboard
        QApplication.sendEvent(viewport, QContextMenuEvent(reason, point, viewport.mapToGlobal(point)))
    else:
        qtbot.mouseClick(viewport, Qt.MouseButton.RightButton, pos=point)
    menu = next(menu for menu in dock.dock.findChildren(QMenu) if menu.isVisible())
    assert [action.text() for action in menu.actions() if action.text()][-3:] == [
        "Delete", "New persona", "Generate a persona…",
    ]  # fmt: skip
    menu.close()


def test_enter_opens_the_page_and_the_dock_makes_room(dock: Dock, window: MainWindow, qtbot: QtBot) -> None:
    tabs = window.findChild(CentreTabs)
    dock.select("Nonna")
    qtbot.keyClick(dock.view, Qt.Key.Key_Return)
    assert tabs.current_key() == "page:personas"
    assert any(field.text() == "Nonna" for field in tabs.current().findChildren(QLineEdit))
    assert not dock.dock.isVisible()
    tabs.close_tab("page:personas")
    assert dock.dock.isVisible()
    buttons = {button.accessibleName(): button for button in dock.dock.findChildren(QToolButton)}
    qtbot.mouseClick(buttons["New persona"], Qt.MouseButton.LeftButton)
    assert tabs.current_key() == "page:personas"


# -- in the window


def test_the_switch_folds_the_dock_and_it_stays_so(
    dock: Dock, window: MainWindow, workspace: Workspace, desk: Desk
) -> None:
    window.actions_by_id["show_personas"].trigger()
    assert not dock.dock.isVisible()
    assert window.panes.state()["personas"] is False
    window.panes.restore(window.panes.state())
    assert not dock.dock.isVisible()
    window.actions_by_id["show_personas"].trigger()
    assert dock.dock.isVisible()


def test_a_state_from_before_there_was_a_dock_shows_it(desk: Desk, window: MainWindow) -> None:
    window.panes.restore({"sidebar": False, "queue": True, "sizes": {"sidebar": 300, "queue": 200}})
    assert window.panes.shows_personas
    assert not window.panes.shows_sidebar


def test_a_tight_window_has_the_dock_as_a_drawer_at_the_right(
    dock: Dock, window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(960, 700)
    assert window.panes.is_tight
    assert not window.panes.is_narrow
    assert not dock.dock.isVisible()
    window.actions_by_id["show_personas"].trigger()
    assert dock.dock.isVisible()
    right = dock.dock.mapTo(window, QPoint(dock.dock.width(), 0)).x()
    assert right == window.width()
    qtbot.keyClick(window.panes, Qt.Key.Key_Escape)
    assert not dock.dock.isVisible()
    assert not window.actions_by_id["show_personas"].isChecked()
    window.resize(1440, 900)
    assert dock.dock.isVisible()


def test_one_drawer_closes_the_other(dock: Dock, window: MainWindow) -> None:
    window.resize(700, 600)
    window.actions_by_id["show_sidebar"].trigger()
    window.actions_by_id["show_personas"].trigger()
    assert window.panes.shows_personas
    assert not window.panes.shows_sidebar
    assert not window.actions_by_id["show_sidebar"].isChecked()


def test_twice_the_text_size_makes_the_dock_a_drawer(
    dock: Dock, window: MainWindow, workspace: Workspace
) -> None:
    workspace.settings.change(text_size=200)
    assert not dock.dock.isVisible()
    window.actions_by_id["show_personas"].trigger()
    assert dock.dock.isVisible()


def test_every_button_of_the_dock_has_a_name(dock: Dock) -> None:
    assert all(button.accessibleName() for button in dock.dock.findChildren(QToolButton))
    assert dock.view.accessibleName() == "Personas"
