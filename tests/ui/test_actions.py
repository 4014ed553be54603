"""The actions of the window: names, keys, and the sheet that lists them."""

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QKeySequenceEdit, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.actions import MENU_KEY, MENUS, SEPARATOR, Actions, in_words, key_of
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.pages.shortcuts import ShortcutsPage
from forllm_desktop.ui.theme import Look


def specs():
    return [spec for specs in MENUS.values() for spec in specs if spec is not SEPARATOR]


@pytest.mark.parametrize(
    ("id", "key"),
    [
        ("new_topic", "Ctrl+N"), ("new_subforum", "Ctrl+Shift+N"), ("search", "Ctrl+K"), ("find", "Ctrl+F"),
        ("settings", "Ctrl+,"), ("shortcuts", "F1"), ("undo", "Ctrl+Z"), ("next_unread", "N"),
    ],
)  # fmt: skip
def test_keys_that_people_expect(window: MainWindow, id: str, key: str) -> None:
    assert QKeySequence(key) in window.actions_by_id[id].shortcuts()


def test_no_key_means_two_things() -> None:
    keys = Counter(QKeySequence(key).toString() for spec in specs() for key in (*spec.keys,))
    assert MENU_KEY not in keys
    assert [key for key, count in keys.items() if count > 1] == []


def test_no_two_entries_of_a_menu_have_the_same_letter() -> None:
    for title, entries in MENUS.items():
        letters = [spec.name[spec.name.index("&") + 1].casefold() for spec in entries if "&" in spec.name]
        assert len(set(letters)) == len(letters), title
    assert len({title[title.index("&") + 1] for title in MENUS}) == len(MENUS)


def test_every_action_is_in_a_menu_and_does_something(window: MainWindow, desk: object) -> None:
    for spec in specs():
        action = window.actions_by_id[spec.id]
        assert action.associatedObjects(), spec.id
        assert in_words(action)
        is_heard = action.receivers("2triggered(bool)") or action.receivers("2toggled(bool)")
        assert is_heard, f"nothing happens on {spec.id}"


def test_the_sheet_lists_every_key(window: MainWindow, started_look: Look, qtbot: QtBot) -> None:
    sheet = ShortcutsPage(window.actions_by_id)
    qtbot.addWidget(sheet)
    shown = {part.text() for part in (*sheet.findChildren(QLabel), *sheet.findChildren(QPushButton))}
    for spec in specs():
        if spec.keys:
            action = window.actions_by_id[spec.id]
            assert in_words(action) in shown
            assert key_of(action) in shown
    assert "J" in shown


def test_a_tooltip_names_the_key(window: MainWindow) -> None:
    assert window.actions_by_id["new_topic"].toolTip() == "New topic (Ctrl+N)"
    assert window.actions_by_id["about"].toolTip() == "About FORLLM"


def test_actions_are_made_once_per_window(window: MainWindow) -> None:
    assert isinstance(window.actions_by_id, Actions)
    assert len({action.objectName() for action in window.actions_by_id}) == len(specs())


# -- other keys

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def sheet(desk: Desk, window: MainWindow) -> ShortcutsPage:
    """Return the keyboard sheet of the window."""
    desk.show_page("keyboard")
    page = desk._tabs.current()
    assert isinstance(page, ShortcutsPage)
    return page


def press(sheet: ShortcutsPage, qtbot: QtBot, id: str, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
    """Change the key of an action with the keyboard alone."""
    button = sheet._rows[id].findChild(QPushButton)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(button, Qt.Key.Key_Space)
    edit = sheet._rows[id].findChild(QKeySequenceEdit)
    qtbot.keyClick(edit, key, modifiers)


def button_of(sheet: ShortcutsPage, id: str) -> str:
    return sheet._rows[id].findChild(QPushButton).text()


def test_a_key_is_changed_on_the_sheet_and_survives_a_restart(
    sheet: ShortcutsPage, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    press(sheet, qtbot, "new_topic", Qt.Key.Key_O, CTRL)
    assert button_of(sheet, "new_topic") == "Ctrl+O"
    assert window.actions_by_id["new_topic"].shortcuts() == [QKeySequence("Ctrl+O")]
    assert window.actions_by_id["new_topic"].toolTip() == "New topic (Ctrl+O)"
    assert sheet._rows["new_topic"].findChild(QPushButton).hasFocus()
    again = MainWindow()
    qtbot.addWidget(again, before_close_func=lambda window: setattr(window, "_may_close", True))
    Desk(again, workspace)
    assert again.actions_by_id["new_topic"].shortcuts() == [QKeySequence("Ctrl+O")]
    assert again.actions_by_id["search"].shortcuts() == [QKeySequence("Ctrl+K")]


def test_a_key_that_means_something_else_is_refused_in_words(
    sheet: ShortcutsPage, window: MainWindow, qtbot: QtBot
) -> None:
    press(sheet, qtbot, "new_topic", Qt.Key.Key_K, CTRL)
    assert sheet._rows["new_topic"]._error.text().startswith("Ctrl+K means “Search everything”")
    assert window.actions_by_id["new_topic"].shortcuts() == [QKeySequence("Ctrl+N")]
    edit = sheet._rows["new_topic"].findChild(QKeySequenceEdit)
    qtbot.keyClick(edit, Qt.Key.Key_J)
    assert "Next post" in sheet._rows["new_topic"]._error.text()
    qtbot.keyClick(edit, Qt.Key.Key_Escape)
    assert button_of(sheet, "new_topic") == "Ctrl+N"
    assert not sheet._rows["new_topic"]._error.isVisible()


def test_a_key_is_taken_away_and_given_back(sheet: ShortcutsPage, window: MainWindow, qtbot: QtBot) -> None:
    press(sheet, qtbot, "larger_text", Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier)
    assert window.actions_by_id["larger_text"].shortcuts() == []
    assert button_of(sheet, "larger_text") == "no key"
    row = sheet._rows["larger_text"]
    assert row._reset.isVisible()
    row._reset.click()
    assert QKeySequence("Ctrl+=") in window.actions_by_id["larger_text"].shortcuts()
    assert not row._reset.isVisible()


def test_a_usual_key_that_was_given_away_does_not_come_back_twice(
    sheet: ShortcutsPage, window: MainWindow, qtbot: QtBot
) -> None:
    press(sheet, qtbot, "new_topic", Qt.Key.Key_O, CTRL)
    press(sheet, qtbot, "about", Qt.Key.Key_N, CTRL)
    sheet._rows["new_topic"]._reset.click()
    assert "About FORLLM" in sheet._rows["new_topic"]._error.text()
    assert window.actions_by_id["new_topic"].shortcuts() == [QKeySequence("Ctrl+O")]


def test_two_actions_may_change_their_keys_with_each_other(window: MainWindow) -> None:
    actions = window.actions_by_id
    actions.restore_keys({"new_topic": ["Ctrl+K"], "search": ["Ctrl+N"]})
    assert (actions.owner_of("Ctrl+K"), actions.owner_of("Ctrl+N")) == ("new_topic", "search")
    assert actions.changed_keys() == {"new_topic": ["Ctrl+K"], "search": ["Ctrl+N"]}
    assert window.toolbar.search.toolTip() == "Search (Ctrl+N)"


@pytest.mark.parametrize(
    "kept",
    [[], {"new_topic": 5, "gone": ["E"]}, {"new_topic": ["Ctrl+K", 3]}, {"new_topic": ["Ctrl+K"]}],
)
def test_keys_that_were_kept_wrongly_change_nothing_else(window: MainWindow, kept: object) -> None:
    window.actions_by_id.restore_keys(kept)
    assert window.actions_by_id["search"].shortcuts() == [QKeySequence("Ctrl+K")]
    assert QKeySequence("Ctrl+K") not in window.actions_by_id["new_topic"].shortcuts()
