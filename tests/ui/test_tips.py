"""Tooltips show names of users, models and servers as they are, also where those look like markup."""

import pytest
from PySide6.QtGui import Qt, QTextDocumentFragment
from pytestqt.qtbot import QtBot

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.persona_picker import PersonaPicker
from forllm_desktop.ui.tab_bar import TabBar
from forllm_desktop.ui.theme import Look
from forllm_desktop.ui.widgets.choice_row import ChoiceRow
from forllm_desktop.ui.widgets.combo_box import ComboBox

ODD = 'R&D <img src="/etc/hostname"> <b>x</b>'


def shown(tip: str) -> str:
    """Return what a tooltip with this text shows."""
    return QTextDocumentFragment.fromHtml(tip).toPlainText() if Qt.mightBeRichText(tip) else tip


@pytest.fixture
def combo(qtbot: QtBot, started_look: Look) -> ComboBox:
    box = ComboBox("Topic")
    qtbot.addWidget(box)
    return box


def test_name_of_a_tab(qtbot: QtBot, started_look: Look) -> None:
    bar = TabBar()
    qtbot.addWidget(bar)
    bar.add("topic:1", ODD, "")
    assert shown(bar.tabToolTip(0)) == ODD
    assert bar.title(0) == ODD


def test_facts_of_a_choice(qtbot: QtBot, started_look: Look) -> None:
    row = ChoiceRow("A model")
    qtbot.addWidget(row)
    row.say(ODD, "")
    assert shown(row.toolTip()) == ODD


def test_words_that_a_box_shortens(combo: ComboBox) -> None:
    combo.addItem(ODD)
    combo.resize(40, 28)
    combo._tell_on_hover()
    assert shown(combo.toolTip()) == ODD


def test_who_is_picked(qtbot: QtBot, started_look: Look, workspace: Workspace) -> None:
    persona = workspace.personas.create(ODD, "You are odd.")
    subforum = workspace.forum.create_subforum("Physics")
    workspace.personas.assign(subforum.subforum_id, persona.persona_id, default=True)
    picker = PersonaPicker(workspace.personas)
    qtbot.addWidget(picker)
    picker.show_subforum(subforum.subforum_id)
    assert ODD in shown(picker.toolTip())
