"""The versions of a persona: read, compared, brought back."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QListView, QTextEdit
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.persona import Persona, PersonaOptions
from forllm_desktop.domain.word_diff import counts, word_diff
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.editor.persona_picker import PersonaPicker
from forllm_desktop.ui.item_models.version_list import Role
from forllm_desktop.ui.main_window import MainWindow
from tests.builders import a_model_reply, a_topic
from tests.ui.personas.conftest import INSTRUCTIONS, PersonasUser


def marked(view: QTextEdit) -> list[tuple[str, bool, bool]]:
    """Return the pieces of a text with whether they are underlined and struck."""
    found, block = [], view.document().begin()
    while block.isValid():
        at = block.begin()
        while not at.atEnd():
            style = at.fragment().charFormat()
            found.append((at.fragment().text(), style.fontUnderline(), style.fontStrikeOut()))
            at += 1
        block = block.next()
    return found


def test_rows_say_what_who_when_and_how_much(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    _, post = a_topic(workspace.forum)
    for _ in range(2):
        a_model_reply(workspace.database, post, llm_persona_id=ada.persona_id, persona_version=1)
    user.open(ada)
    model = user.page._versions._model
    rows = [model.index(at, 0) for at in range(model.rowCount())]
    assert [index.data(Role.ROW).title for index in rows] == ["Kinder", "First version"]
    assert rows[0].data(Role.LINE) == "You · now"
    assert rows[1].data(Role.LINE) == "You · now · used by 2 posts"
    assert "v1, First version, You" in rows[1].data(Qt.ItemDataRole.AccessibleTextRole)


def test_two_versions_are_compared_word_by_word(user: PersonasUser, ada: Persona) -> None:
    user.open(ada)
    pane = user.page._versions
    assert pane._title.text() == "v1 → v2"
    pieces = marked(pane._view)
    assert ("strict", False, True) in pieces
    assert ("patient", True, False) in pieces
    new = INSTRUCTIONS.replace("strict", "patient")
    assert counts(word_diff(INSTRUCTIONS, new)) == (1, 1)
    assert (pane._came.text(), pane._went.text()) == ("+1 word", "−1 word")


def test_changed_options_are_said_in_words(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    workspace.personas.change(
        ada.persona_id,
        name="Ada L",
        options=PersonaOptions(temperature=0.5, max_reply_tokens=2000, think=True),
    )
    user.open(ada)
    user.page._versions.select(3, 2)
    lines = user.page._versions._options.text().splitlines()
    assert lines == [
        "Name: “Ada” → “Ada L”",
        "Temperature: as the settings → 0.5",
        "Longest reply: as the settings → 2,000",
        "Thinking: as the settings → on",
    ]


def test_one_version_is_read_or_compared_with_the_present(user: PersonasUser, ada: Persona) -> None:
    user.open(ada, 1)
    pane = user.page._versions
    assert pane._view.toPlainText() == INSTRUCTIONS
    user.press("What to show of the version: To the present")
    assert pane._title.text() == "v1 → v2"
    user.press("What to show of the version: Text")
    assert pane._view.toPlainText() == INSTRUCTIONS


def test_long_texts_are_compared_in_a_thread(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    workspace.settings.change(context_window=65_536)
    long = " ".join(f"word{number}" for number in range(3_000))
    for text in (long, long.replace("word7 ", "WORD ")):
        workspace.personas.change(ada.persona_id, instructions=text)
    user.open(ada)
    user.page._versions.select(4, 3)
    assert "comparing" in user.page._versions._title.text()
    user.rest()
    assert (user.page._versions._came.text(), user.page._versions._went.text()) == ("+1 word", "−1 word")


def test_what_is_typed_is_the_top_row(user: PersonasUser, ada: Persona) -> None:
    user.open(ada)
    user.type("Instructions", "Something else")
    assert user.versions() == ["Draft", "v2", "v1"]
    user.press("Compare")
    assert user.page._versions._title.text() == "v2 → Draft"
    user.type("Instructions", "Something else entirely")
    assert "entirely" in user.page._versions._view.toPlainText()
    user.press("Discard")
    assert user.versions() == ["v2", "v1"]


def test_an_old_version_comes_back_as_a_new_one(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    user.open(ada, 1)
    user.press("Restore v1 as new")
    newest = workspace.personas.versions(ada.persona_id)[0]
    assert (newest.version.version, newest.version.note) == (3, "Back to v1")
    assert user.text("Instructions") == INSTRUCTIONS
    assert user.versions() == ["v3", "v2", "v1"]
    assert not user.can_press("Restore v3 as new")


def test_a_restore_keeps_what_is_typed(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    user.open(ada, 1)
    user.type("In one line", "typed")
    user.press("Restore v1 as new")
    assert user.text("In one line") == "typed"
    assert user.sees(type(user.find(QListView, "Versions")), "Versions")
    user.press("Save anyway as v4")
    assert workspace.personas.persona(ada.persona_id).description == "typed"


def test_versions_by_keyboard(user: PersonasUser, ada: Persona) -> None:
    user.open(ada)
    view = user.find(QListView, "Versions")
    view.setFocus()
    user.page._versions.select(2)
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert [row.name for row in user.page._versions._selected()] == ["v2", "v1"]
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert [row.name for row in user.page._versions._selected()] == ["v2"]


def test_panes_without_room_become_drawers(
    user: PersonasUser, ada: Persona, window: MainWindow, qtbot
) -> None:
    user.open(ada)
    assert user.sees(QListView, "Versions")
    window.resize(900, 700)
    qtbot.waitUntil(lambda: not user.sees(QListView, "Versions"))
    user.press("Versions")
    view = user.find(QListView, "Versions")
    qtbot.waitUntil(view.hasFocus)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not user.sees(QListView, "Versions")
    window.resize(560, 700)
    qtbot.waitUntil(lambda: not user.sees(QListView, "Personas"))
    user.press("Personas")
    assert user.sees(QListView, "Personas")


def test_a_version_is_asked_again_in_the_topic_shown_last(
    user: PersonasUser, ada: Persona, workspace: Workspace, desk: Desk, window: MainWindow, qtbot: QtBot
) -> None:
    user.open(ada, 1)
    assert not user.sees(QAbstractButton, "Ask again")
    topic, _ = a_topic(workspace.forum)
    workspace.personas.assign(topic.subforum_id, ada.persona_id)
    desk.show_topic(topic.topic_id)
    desk.show_page("personas")
    user.rest()
    user.press("Ask again with v1")
    picker = window.findChild(PersonaPicker)
    qtbot.waitUntil(lambda: picker.isVisible())
    assert (picker.persona_id, picker.version) == (ada.persona_id, 1)
