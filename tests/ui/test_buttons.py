"""Buttons: their icons follow the text size, and their ring follows the keyboard."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.ui.theme import ColourScheme, Look
from forllm_desktop.ui.widgets.buttons import action_button, icon_button, push_button
from forllm_desktop.ui.widgets.quiet_bar import QuietBar


@pytest.fixture
def buttons(started_look: Look, qtbot: QtBot) -> Iterator[list[QAbstractButton]]:
    """Return one button of each kind, on one shown widget."""
    whole = QWidget()
    qtbot.addWidget(whole)
    action = QAction("Find", whole)
    made = [push_button("Add", "", "plus"), icon_button("Close", "x"), action_button(action)]
    row = QHBoxLayout(whole)
    for button in made:
        row.addWidget(button)
    whole.show()
    whole.activateWindow()
    qtbot.waitExposed(whole)
    yield made
    whole.close()


def test_icons_follow_the_text_size_while_the_app_runs(
    buttons: list[QAbstractButton], started_look: Look
) -> None:
    before = [button.iconSize().height() for button in buttons]
    started_look.apply(ColourScheme.LIGHT, "blue", 2.0)
    assert [button.iconSize().height() for button in buttons] == [2 * height for height in before]


def test_a_message_leaves_room_for_its_icon_at_any_text_size(started_look: Look, qtbot: QtBot) -> None:
    bar = QuietBar()
    qtbot.addWidget(bar)
    before = bar.layout().contentsMargins().left()
    started_look.apply(ColourScheme.LIGHT, "blue", 2.0)
    assert bar.layout().contentsMargins().left() == 2 * before


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_ring_shows_after_keys_and_not_after_the_mouse(
    buttons: list[QAbstractButton], qtbot: QtBot, place: int
) -> None:
    button = buttons[place]
    button.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not button.property("ring")
    button.clearFocus()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert button.property("ring")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not button.property("ring")


def test_a_window_that_comes_back_does_not_make_a_ring(buttons: list[QAbstractButton]) -> None:
    buttons[1].setFocus(Qt.FocusReason.ActiveWindowFocusReason)
    assert not buttons[1].property("ring")
