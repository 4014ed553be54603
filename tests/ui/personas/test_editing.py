"""Editing a persona: what is typed is checked at once, saved as a version, and never lost."""

import time

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.persona import Persona, PersonaOptions, PersonaVersion
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.pages.personas import PersonasPage
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from tests.builders import a_subforum
from tests.ui.personas.conftest import INSTRUCTIONS, PersonasUser


def test_a_new_persona_is_made_by_keys_alone(user: PersonasUser, workspace: Workspace) -> None:
    user.page.start_persona()
    for keys in ("Grace", "\t", "Finds the moth"):
        QTest.keyClicks(user.page.focusWidget(), keys) if keys != "\t" else user.key("Tab")
    user.find(QPlainTextEdit, "Instructions").setFocus()
    QTest.keyClicks(user.page.focusWidget(), "You are Grace. Find the fault.")
    user.rest()
    user.key("Ctrl+S")
    grace = workspace.personas.find("grace")[0]
    assert (grace.name, grace.description, grace.version) == ("Grace", "Finds the moth", 1)
    assert grace.prompt_instructions == "You are Grace. Find the fault."
    assert user.page._work.persona_id == grace.persona_id
    assert workspace.drafts.draft("persona:new") is None


def test_a_change_becomes_a_version_with_its_note(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    user.open(ada)
    assert not user.can_press("Save")
    user.type("Instructions", "You are Ada, and brief.")
    user.type("What changed", "Shorter")
    user.press("Save as v3")
    newest = workspace.personas.versions(ada.persona_id)[0]
    assert (newest.version.version, newest.version.note, newest.changed) == (3, "Shorter", ("instructions",))
    assert user.versions() == ["v3", "v2", "v1"]
    assert user.text("What changed") == ""


def test_an_unchanged_save_makes_no_version(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    user.open(ada)
    user.key("Ctrl+S")
    user.type("In one line", "Physics  tutor ")
    user.key("Ctrl+S")
    assert workspace.personas.persona(ada.persona_id).version == 2
    assert user.text("In one line") == "Physics tutor"


def test_options_and_tags_are_saved(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    model = workspace.models.choose("tiny", "http://127.0.0.1:9")
    user.open(ada)
    user.press("Sampling")
    user.type("Temperature", "0,7")
    user.type("Longest reply", "900")
    user.press("Thinking: Off")
    user.type("Tags", "physics, tutor, Physics")
    box = user.page._editor.form._model
    box.setCurrentIndex(box.findText("tiny"))
    box.activated.emit(box.currentIndex())
    user.rest()
    user.press("Save as v3")
    saved = workspace.personas.persona(ada.persona_id)
    options = saved.options
    assert (options.temperature, options.max_reply_tokens, options.think) == (0.7, 900, False)
    assert (options.model, saved.tags) == (model, ["physics", "tutor"])


def test_tags_alone_make_no_version(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    user.open(ada)
    user.type("Tags", "calm")
    user.press("Save")
    saved = workspace.personas.persona(ada.persona_id)
    assert (saved.tags, saved.version) == (["calm"], 2)


@pytest.mark.parametrize(
    ("field", "typed", "name", "words"),
    [
        ("Name", "  ", "name", "needs a name"),
        ("Name", "ASSISTANT", "name", "Another persona has this name."),
        ("Name", "A\u200bda", "name", "cannot be seen"),
        ("Tags", "x" * 41, "tags", "too long"),
    ],
)
def test_what_is_wrong_with_a_field_is_said_below_it(
    user: PersonasUser, ada: Persona, field: str, typed: str, name: str, words: str
) -> None:
    user.open(ada)
    user.type(field, typed)
    assert words in user.problem(name)
    assert not user.can_press("Save")
    user.key("Ctrl+S")
    user.press("Discard")
    assert not user.problem(name)


@pytest.mark.parametrize(
    ("field", "typed"), [("Temperature", "warm"), ("Temperature", "3"), ("Longest reply", "0")]
)
def test_numbers_are_checked(user: PersonasUser, ada: Persona, field: str, typed: str) -> None:
    user.open(ada)
    user.press("Sampling")
    user.type(field, typed)
    assert user.problem("temperature" if field == "Temperature" else "max_reply_tokens")
    assert not user.can_press("Save")


def test_a_new_persona_is_not_scolded_before_anything_is_typed(user: PersonasUser) -> None:
    user.page.start_persona()
    user.rest()
    assert not user.problem("name")
    assert not user.page._editor.form.instructions.messages
    assert not user.can_press("Save as v1")
    user.type("Name", "x")
    user.type("Name", "")
    assert user.problem("name")


def test_instructions_say_what_is_odd_and_offer_the_cure(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    user.open(ada)
    text = user.find(QPlainTextEdit, "Instructions")
    text.setPlainText("It is {{time}}.\nYou are \u200b{{mood}} Ada.\x07 Bye.")
    user.rest()
    messages = " ".join(user.page._editor.form.instructions.messages)
    for part in ("U+0007", "ZERO WIDTH SPACE", "{{mood}}", "caching"):
        assert part.casefold() in messages.casefold()
    assert not user.can_press("Save")
    user.press("Remove: Control")
    assert user.can_press("Save")
    user.press("Remove: Zero")
    user.press("Remove: {{mood}}")
    user.press("Move to the end")
    assert user.text("Instructions") == "You are  Ada. Bye.\n\nIt is {{time}}."
    assert not user.page._editor.form.instructions.messages
    text.undo()
    assert user.text("Instructions").startswith("It is {{time}}.")
    assert workspace.personas.persona(ada.persona_id).version == 2


def test_instructions_too_long_for_the_smallest_window_cannot_be_saved(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    user.open(ada)
    room = workspace.personas.room()
    user.find(QPlainTextEdit, "Instructions").setPlainText("word " * room)
    user.rest()
    assert "too many" in user.page._editor.form.instructions.messages[0]
    assert not user.can_press("Save")
    assert f"of {room:,} tokens" in user.page._editor.form.instructions._size.text()


def test_variables_look_like_chips_and_can_be_inserted(user: PersonasUser, ada: Persona) -> None:
    user.open(ada)
    text = user.find(QPlainTextEdit, "Instructions")
    text.setPlainText("😀 {{user}} and {{mood}}")
    user.rest()
    spans = [(s.start, s.length) for s in text.document().firstBlock().layout().formats()]
    assert spans == [(3, 8), (16, 8)]
    text.moveCursor(text.textCursor().MoveOperation.End)
    user.press("Insert variable")
    user.choose("{{topic}}")
    assert user.text("Instructions").endswith("{{mood}}{{topic}}")


def test_nothing_rich_is_pasted(user: PersonasUser, ada: Persona) -> None:
    user.open(ada)
    text = user.find(QPlainTextEdit, "Instructions")
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("bold")
    text.clear()
    text.insertFromMimeData(data)
    assert user.text("Instructions") == "bold"
    html = QMimeData()
    html.setHtml("<b>only html</b>")
    text.insertFromMimeData(html)
    assert user.text("Instructions") == "bold"


# -- drafts


def test_what_is_typed_survives_switching_and_leaving(
    user: PersonasUser, ada: Persona, workspace: Workspace, desk: Desk
) -> None:
    other = workspace.personas.create("Bob", "You are Bob.")
    user.open(ada)
    user.type("Name", "A")
    user.type("Instructions", "half a thou")
    user.open(other)
    assert user.text("Instructions") == "You are Bob."
    user.open(ada)
    assert (user.text("Name"), user.text("Instructions")) == ("A", "half a thou")
    assert user.versions()[0] == "Draft"
    desk._tabs.close_tab("page:personas")
    draft = workspace.drafts.draft(f"persona:{ada.persona_id}")
    assert draft is not None
    desk.show_page("personas")
    page = desk._tabs.current()
    assert isinstance(page, PersonasPage)
    assert page._editor.form.typed().instructions == "half a thou"


def test_a_draft_is_kept_while_typing_so_that_a_crash_loses_nothing(
    user: PersonasUser, ada: Persona, workspace: Workspace, qtbot: QtBot
) -> None:
    user.open(ada)
    user.type("Instructions", "half a thou")
    place = f"persona:{ada.persona_id}"
    qtbot.waitUntil(lambda: workspace.drafts.draft(place) is not None)
    # Another window over the same folder, as after a crash.
    again = PersonasPage(workspace)
    qtbot.addWidget(again)
    again.show_persona(ada.persona_id)
    assert again._editor.form.typed().instructions == "half a thou"
    again.close()
    user.type("Instructions", INSTRUCTIONS.replace("strict", "patient"))
    qtbot.waitUntil(lambda: workspace.drafts.draft(place) is None)


def test_an_unfinished_new_persona_is_there_again(user: PersonasUser, ada: Persona) -> None:
    user.page.start_persona()
    user.type("Name", "Gra")
    user.open(ada)
    user.press("New persona")
    assert user.text("Name") == "Gra"
    user.press("Discard")
    assert user.text("Name") == ""


def test_a_draft_that_cannot_be_read_is_passed_over(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    workspace.drafts.save(f"persona:{ada.persona_id}", "{broken")
    user.open(ada)
    assert user.text("Name") == "Ada"


# -- conflicts


def test_a_version_saved_meanwhile_is_never_overwritten_silently(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    user.open(ada)
    user.type("Instructions", "Mine")
    workspace.personas.change(ada.persona_id, description="Theirs")
    user.rest()
    bar = user.page.findChild(QuietBar)
    assert bar.isVisible()
    assert "v3 was saved meanwhile" in bar.accessibleName()
    user.press("Compare")
    assert [row.name for row in user.page._versions._selected()] == ["Draft", "v3"]
    user.press("Save anyway as v4")
    entries = workspace.personas.versions(ada.persona_id)
    assert [entry.version.version for entry in entries] == [4, 3, 2, 1]
    assert entries[0].version.prompt_instructions == "Mine"
    assert not bar.isVisible()


def test_a_version_saved_at_the_same_moment_is_told_and_nothing_is_written(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    user.open(ada)
    user.type("Instructions", "Mine")
    workspace.events.blockSignals(True)
    workspace.personas.change(ada.persona_id, description="Theirs")
    workspace.events.blockSignals(False)
    user.press("Save as v3")
    assert workspace.personas.persona(ada.persona_id).description == "Theirs"
    assert user.text("Instructions") == "Mine"
    user.press("Save anyway as v4")
    assert workspace.personas.persona(ada.persona_id).prompt_instructions == "Mine"


def test_an_untouched_form_follows_what_is_saved_elsewhere(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    user.open(ada)
    workspace.personas.change(ada.persona_id, instructions="Theirs")
    user.rest()
    assert user.text("Instructions") == "Theirs"


# -- around the persona


def test_assigning_and_removing(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    physics = a_subforum(workspace.forum)
    user.open(ada)
    user.press("Assign to a subforum")
    user.choose("Physics")
    user.press("Physics")
    user.choose("Make default")
    assert workspace.personas.members(physics.subforum_id)[0].is_default
    assert user.sees(QAbstractButton, "Physics, default")
    user.press("Remove from Physics")
    assert workspace.personas.members(physics.subforum_id) == []
    assert not user.sees(QAbstractButton, "Physics")


def test_menu_switches_off_duplicates_and_deletes(
    user: PersonasUser, ada: Persona, workspace: Workspace, desk: Desk
) -> None:
    user.open(ada)
    user.press("More")
    user.choose("Duplicate")
    assert user.text("Name") == "Ada (2)"
    user.press("More")
    user.choose("Delete")
    assert user.text("Name") != "Ada (2)"
    desk._undos.take_back_last()
    assert workspace.personas.find("Ada (2)")
    user.open(ada)
    user.press("Active")
    assert not workspace.personas.persona(ada.persona_id).is_active
    user.press("More")
    user.choose("Switch on")
    user.press("More")
    user.choose("Make global default")
    assert workspace.personas.global_default() == ada.persona_id


def test_the_fallback_can_be_edited_but_not_deleted(user: PersonasUser, workspace: Workspace) -> None:
    user.open(workspace.personas.persona(1))
    user.press("More")
    menu = QApplication.activePopupWidget()
    able = {action.text(): action.isEnabled() for action in menu.actions()}
    menu.close()
    assert (able["Delete"], able["Switch off"], able["Duplicate"]) == (False, False, True)
    user.type("Instructions", "Be kind.")
    user.press("Save as v2")
    assert workspace.personas.persona(1).prompt_instructions == "Be kind."


def test_delete_and_rename_by_key(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    user.open(ada)
    user.page._list._view.setFocus()
    user.key("F2")
    assert user.page.focusWidget().accessibleName() == "Name"
    user.page._list._view.setFocus()
    user.key("Del")
    assert workspace.personas.persona(ada.persona_id).deleted_at is not None
    assert user.text("Name") == "Assistant"


def test_a_model_whose_server_is_gone_is_said_so(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    server = workspace.models.server_at("http://127.0.0.1:9", "Old")
    options = PersonaOptions(ModelChoice(server.server_id, "tiny"))
    workspace.personas.change(ada.persona_id, options=options)
    workspace.models.remove(server.server_id)
    user.open(ada)
    assert "removed" in user.problem("model")
    assert user.page._editor.form.typed().model == options.model


def test_texts_are_shown_as_they_are(user: PersonasUser, workspace: Workspace, window: MainWindow) -> None:
    odd = workspace.personas.create("<b>x</b>", "<h1>y</h1>", "<i>z</i>", note="<u>n</u>")
    physics = workspace.forum.create_subforum("<s>Physics</s>")
    workspace.personas.assign(physics.subforum_id, odd.persona_id)
    user.open(odd)
    labels = [label for label in user.page.findChildren(QLabel) if "<" in label.text()]
    assert labels
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)
    assert "<h1>y</h1>" in user.page._versions._view.toPlainText()
    for widget in user.page.findChildren(QWidget):
        assert not any(tag in widget.toolTip() for tag in ("<b>", "<h1>", "<i>", "<u>", "<s>"))


def test_no_slot_takes_long_with_2000_personas(user: PersonasUser, workspace: Workspace) -> None:
    with workspace.database.write() as session:
        names = [f"p{number:04}" for number in range(2_000)]
        made = [
            Persona(name=name, name_key=name, prompt_instructions="You are one.", tags=[]) for name in names
        ]
        session.add_all(made)
        session.flush()
        for persona in made:
            version = PersonaVersion(persona_id=persona.persona_id, version=1)
            version.take(persona.content)
            session.add(version)
    user.page._list._model.refresh()
    ids = [card.persona_id for card in workspace.personas.cards()[100:110]]
    user.page.show_persona(ids[0])
    user.rest()
    took = []
    for persona_id in ids:
        began = time.thread_time()
        user.page.show_persona(persona_id)
        took.append(time.thread_time() - began)
        user.rest()
        began = time.thread_time()
        user.page._work.check()
        took.append(time.thread_time() - began)
    # Three times what is aimed at on a quiet machine.
    assert sorted(took)[len(took) // 2] < 0.15, took
