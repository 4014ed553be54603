"""What a subforum sets itself about what is sent, on its page, by keyboard and mouse."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.pages.subforum import SubforumPage
from forllm_desktop.ui.pages.subforum_context import ContextPart


@pytest.fixture
def place(workspace: Workspace) -> int:
    return workspace.forum.create_subforum("Physics").subforum_id


@pytest.fixture
def part(place: int, desk: Desk) -> ContextPart:
    desk.show_page(f"subforum:{place}")
    page = desk._tabs.current()
    assert isinstance(page, SubforumPage)
    return page._context


def field(part: ContextPart, name: str) -> QLineEdit:
    return next(f for f in part.findChildren(QLineEdit) if f.accessibleName() == name)


def type_into(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def test_it_is_folded_as_long_as_all_is_as_in_the_settings(
    part: ContextPart, place: int, workspace: Workspace, desk: Desk
) -> None:
    assert not part._fold.is_open
    assert part._fold._summary.text() == "as in Settings"
    workspace.context.set_own(place, ambient_share=10)
    desk._tabs.close_tab(f"subforum:{place}")
    desk.show_page(f"subforum:{place}")
    page = desk._tabs.current()
    assert isinstance(page, SubforumPage)
    assert page._context._fold.is_open
    assert page._context._fold._summary.text() == "1 own value, the rest as in Settings"


def test_a_value_is_set_by_keyboard_and_taken_back_by_undo(
    part: ContextPart, place: int, workspace: Workspace, desk: Desk, qtbot: QtBot
) -> None:
    head = part._fold._head
    head.setFocus()
    qtbot.keyClick(head, Qt.Key.Key_Space)
    share = field(part, "Share of other threads")
    assert share.placeholderText() == "Settings: 25"
    type_into(qtbot, share, "10")
    assert workspace.context.own(place) == {"ambient_share": 10}
    assert "at most 10 %" in part._sentence.text()
    assert "10 %" in desk._window.bar.accessibleName()
    desk._actions["undo"].trigger()
    assert workspace.context.own(place) == {}
    assert share.text() == ""


def test_an_emptied_field_and_the_reset_leave_it_to_the_settings(
    part: ContextPart, place: int, workspace: Workspace, qtbot: QtBot
) -> None:
    part._fold.open()
    workspace.context.set_own(place, ambient_share=10, answer_tokens=500)
    share = field(part, "Share of other threads")
    assert share.text() == "10"
    type_into(qtbot, share, "")
    assert workspace.context.own(place) == {"answer_tokens": 500}
    reset = next(
        b
        for b in part.findChildren(QToolButton)
        if b.accessibleName() == "Room for the answer: as in Settings"
    )
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert workspace.context.own(place) == {}
    assert not reset.isVisible()


def test_what_does_not_fit_stays_as_typed_with_the_reason(
    part: ContextPart, place: int, workspace: Workspace, qtbot: QtBot
) -> None:
    part._fold.open()
    share = field(part, "Share of other threads")
    type_into(qtbot, share, "95")
    assert share.text() == "95"
    assert part._rows["ambient_share"]._error.text() == "It must be between 0 and 90."
    workspace.context.set_own(place, ambient_topics=2)
    assert share.text() == "95", "another option's change keeps it"
    type_into(qtbot, share, "90")
    assert workspace.context.own(place) == {"ambient_topics": 2, "ambient_share": 90}
    assert not part._rows["ambient_share"]._error.isVisible()


def test_a_change_of_the_settings_is_followed(part: ContextPart, workspace: Workspace, qtbot: QtBot) -> None:
    part._fold.open()
    workspace.settings.change(ambient_posts=40)
    posts = field(part, "Posts of other threads in all")
    assert posts.placeholderText() == "Settings: 40"
    posts.setFocus()
    qtbot.keyClick(posts, Qt.Key.Key_Up)
    assert posts.text() == "41", "the arrows count from what the settings say"
