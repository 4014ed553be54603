"""The page of a subforum, by mouse and by keyboard."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.item_models.persona_list import persona_mime
from forllm_desktop.ui.pages.subforum import SubforumPage
from forllm_desktop.ui.widgets.persona_menu import PersonaMenu


class Place:
    """A subforum "Physics", with Ada and Skeptic to choose from; Emmy is the global default."""

    def __init__(self, workspace: Workspace) -> None:
        self.ws = workspace
        self.id = workspace.forum.create_subforum("Physics", "How things move").subforum_id
        self.ada, self.skeptic, self.emmy = (
            workspace.personas.create(name, f"You are {name}.", f"{name} in a line").persona_id
            for name in ("Ada", "Skeptic", "Emmy")
        )
        workspace.personas.set_global_default(self.emmy)

    def members(self) -> list[tuple[str, bool]]:
        return [(m.card.name, m.is_default) for m in self.ws.personas.members(self.id)]


@pytest.fixture
def place(workspace: Workspace) -> Place:
    return Place(workspace)


@pytest.fixture
def page(place: Place, desk: Desk, qtbot: QtBot) -> SubforumPage:
    desk.show_page(f"subforum:{place.id}")
    shown = desk._tabs.current()
    assert isinstance(shown, SubforumPage)
    return shown


def button(page: SubforumPage, name: str) -> QPushButton:
    return next(b for b in page.findChildren(QPushButton) if b.accessibleName() == name and b.isVisible())


def rows(page: SubforumPage) -> list[str]:
    model = page._members._model
    model.refresh()
    role = Qt.ItemDataRole.AccessibleTextRole
    return [model.index(row, 0).data(role) for row in range(model.rowCount())]


def said(desk: Desk) -> str:
    return desk._window.bar.accessibleName() if desk._window.bar.isVisible() else ""


def undo(desk: Desk) -> None:
    desk._actions["undo"].trigger()


# -- who answers


def test_an_empty_subforum_says_who_answers_instead(page, place):
    members = page._members
    assert members._body.currentWidget() is members._empty
    assert members._empty._line.text() == "The global default Emmy answers when nobody is chosen."
    place.ws.personas.set_global_default(None)
    members._model.refresh()
    assert members._empty._line.text().startswith("The fallback Assistant answers when nobody is chosen")


def test_assign_by_mouse_with_undo(page, place, desk, qtbot):
    qtbot.mouseClick(button(page, "Assign"), Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, PersonaMenu)
    assert [a.text() for a in menu.personas()] == ["Ada", "Assistant", "Emmy", "Skeptic"]
    menu.personas()[0].trigger()
    menu.close()
    assert rows(page) == ["Ada, version 1"]
    assert said(desk) == "Ada is assigned to Physics"
    undo(desk)
    assert place.members() == []


def test_the_default_is_made_and_unmade_by_button_and_by_key(page, place, desk, qtbot):
    place.ws.personas.assign(place.id, [place.ada, place.skeptic])
    rows(page)
    qtbot.mouseClick(button(page, "Make Ada the default"), Qt.MouseButton.LeftButton)
    assert rows(page) == ["Ada, version 1, default of this subforum", "Skeptic, version 1"]
    assert page._members._why.text() == "Ada answers when nobody is chosen: the default of Physics."
    page._members._list.setFocus()
    qtbot.keyClick(page._members._list, Qt.Key.Key_D)
    assert said(desk) == "Physics has no default now"
    assert place.members() == [("Ada", False), ("Skeptic", False)]
    assert page._members._why.text() == (
        "Physics has no default: the global default Emmy answers when nobody is chosen."
    )
    undo(desk)
    assert place.members()[0] == ("Ada", True)


def test_removing_the_default_says_that_there_is_none_now(page, place, desk, qtbot):
    place.ws.personas.assign(place.id, place.ada, default=True)
    rows(page)
    page._members._list.setFocus()
    qtbot.keyClick(page._members._list, Qt.Key.Key_Delete)
    assert said(desk) == "Ada is no longer assigned to Physics; Physics has no default now"
    assert rows(page) == []
    undo(desk)
    assert place.members() == [("Ada", True)]


def test_a_default_that_is_switched_off_is_named(page, place):
    place.ws.personas.assign(place.id, place.ada, default=True)
    place.ws.personas.set_active(place.ada, False)
    assert rows(page) == ["Ada, version 1, default, off"]
    assert page._members._why.text().startswith("Ada, the default of Physics, is switched off: the global")


def test_enter_opens_the_persona_and_the_menu_offers_all(page, place, qtbot):
    place.ws.personas.assign(place.id, place.ada)
    rows(page)
    page._members._list.setFocus()
    with qtbot.waitSignal(page.persona_requested) as wished:
        qtbot.keyClick(page._members._list, Qt.Key.Key_Return)
    assert wished.args == [place.ada, 0]
    page._members._pop_up(QPoint(), True)
    menu = QApplication.activePopupWidget()
    assert [a.text() for a in menu.actions() if a.text()] == ["Open", "Make default", "Assign…", "Remove"]
    menu.close()


def dropped(page: SubforumPage, data: QMimeData, modifiers=Qt.KeyboardModifier.NoModifier) -> bool:
    actions, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(50, 50), actions, data, left, modifiers)
    QApplication.sendEvent(page, enter)
    if not enter.isAccepted():
        return False
    drop = QDropEvent(QPointF(50, 50), actions, data, left, modifiers)
    QApplication.sendEvent(page, drop)
    return drop.isAccepted()


def test_personas_are_dropped_onto_the_page(page, place, desk):
    data = persona_mime([place.skeptic, place.ada])
    enter = QDragEnterEvent(
        QPoint(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(page, enter)
    assert page._members._why.text() == "Drop to assign 2 personas here; with Shift as the default."
    assert dropped(page, data)
    assert place.members() == [("Skeptic", False), ("Ada", False)]
    assert dropped(page, persona_mime([place.ada]), Qt.KeyboardModifier.ShiftModifier)
    assert place.members()[0] == ("Ada", True)
    other = QMimeData()
    other.setText("Ada")
    assert not dropped(page, other)


# -- the name


def test_name_and_description_are_changed_in_place_with_undo(page, place, desk, qtbot):
    name, description = page.findChild(QLineEdit), page.findChild(QPlainTextEdit)
    name.setFocus()
    name.selectAll()
    qtbot.keyClicks(name, "Mechanics")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert place.ws.forum.subforum(place.id).name == "Mechanics"
    qtbot.waitUntil(lambda: desk._window.windowTitle().startswith("Mechanics"))
    description.setFocus()
    description.setPlainText("Levers")
    name.setFocus()
    assert place.ws.forum.subforum(place.id).description == "Levers"
    undo(desk)
    undo(desk)
    stored = place.ws.forum.subforum(place.id)
    assert (stored.name, stored.description) == ("Physics", "How things move")
    assert (name.text(), description.toPlainText()) == ("Physics", "How things move")


def test_a_name_that_is_taken_stays_as_typed_with_the_reason(page, place, qtbot):
    place.ws.forum.create_subforum("Cooking")
    name = page.findChild(QLineEdit)
    name.setText("cooking")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert name.text() == "cooking"
    assert page._names._reason.isVisible()
    qtbot.keyClick(name, Qt.Key.Key_Escape)
    assert name.text() == "Physics"
    assert not page._names._reason.isVisible()


def test_the_tree_opens_the_page_and_a_deleted_subforum_closes_it(place, desk, qtbot):
    desk._sidebar.show_subforum(place.id)
    view = desk._sidebar._view
    qtbot.keyClick(view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk._tabs.current_key() == f"subforum:{place.id}"
    words = [command.word for command in desk._sidebar._commands.commands()]
    assert "Subforum settings…" in words
    place.ws.forum.delete_subforum(place.id)
    qtbot.waitUntil(lambda: desk._tabs.current_key() == "")
