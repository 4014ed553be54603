"""The actions of the window: names, keys, and the sheet that lists them."""

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from forllm_desktop.ui.actions import MENU_KEY, MENUS, SEPARATOR, Actions, in_words, key_of
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
    shown = {label.text() for label in sheet.findChildren(QLabel)}
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
