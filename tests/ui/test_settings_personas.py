"""The settings about who answers and who asks: global default, fallback, the user's own name."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.pages.settings import SettingsPage
from tests.builders import a_topic


@pytest.fixture
def page(desk: Desk) -> SettingsPage:
    desk.show_page("settings")
    shown = desk._tabs.current()
    assert isinstance(shown, SettingsPage)
    shown.show_section("Personas")
    return shown


def bar(page: SettingsPage) -> QPushButton:
    return page._bar._action


def test_the_global_default_is_chosen_and_taken_back(page, workspace):
    ada = workspace.personas.create("Ada", "You are Ada.").persona_id
    picker = page._personas._picker
    assert picker.accessibleName() == "Global default: None: Assistant answers"
    picker.click()
    assert [a.text() for a in picker._menu.personas()] == ["Ada", "Assistant"]
    picker._menu.personas()[0].trigger()
    picker._menu.close()
    assert workspace.personas.global_default() == ada
    assert picker.accessibleName() == "Global default: Ada"
    assert page._bar.accessibleName() == "Ada is the global default"
    bar(page).click()
    assert workspace.personas.global_default() is None
    workspace.personas.set_global_default(ada)
    picker._none.trigger()
    assert workspace.personas.global_default() is None
    assert page._bar.accessibleName() == "There is no global default now"


def test_a_global_default_that_cannot_answer_is_said(page, workspace):
    ada = workspace.personas.create("Ada", "You are Ada.").persona_id
    workspace.personas.set_global_default(ada)
    workspace.personas.set_active(ada, False)
    section = page._personas
    assert section._note.isVisible()
    assert section._note.text() == "Ada is switched off: Assistant answers instead."
    workspace.personas.delete(ada)
    assert section._note.text() == "Ada is deleted: Assistant answers instead."
    workspace.personas.set_global_default(None)
    assert not section._note.isVisible()


def test_the_fallback_is_opened_for_editing(page, qtbot):
    with qtbot.waitSignal(page.persona_requested) as wished:
        qtbot.mouseClick(page._personas._edit, Qt.MouseButton.LeftButton)
    assert wished.args == [1, 0]


def test_the_sections_are_found_by_searching(page):
    page._search.setText("fallback")
    assert page._personas.isVisible()
    page._search.setText("your name")
    assert not page._personas.isVisible()
    lines = [line for line in page.findChildren(QLineEdit) if line.accessibleName() == "Your name"]
    assert lines[0].isVisible()


def test_your_name_signs_your_posts_here_and_in_prompts(desk, page, workspace: Workspace, qtbot: QtBot):
    topic, question = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id, in_new_tab=True)
    thread = desk._tabs.current()._thread
    qtbot.waitUntil(lambda: thread.is_complete)
    assert "You" in thread._view.toPlainText()
    workspace.settings.change(user_name="  Jonas   Lind ")
    assert "Jonas Lind" in thread._view.toPlainText()
    assert workspace.forum.author(question.post_id) == "Jonas Lind"
    content = workspace.personas.version(1, 1).content
    prompt = workspace.prompts.preview(question.post_id, 1, content, None)
    assert "Jonas Lind" in prompt.messages[-1]["content"]
    workspace.settings.change(user_name="User")
    assert "You" in thread._view.toPlainText()


@pytest.mark.parametrize("typed", ["", "   ", "Jo\u202enas", "x" * 201])
def test_a_name_that_cannot_be_used_is_refused(workspace, typed):
    with pytest.raises(InvalidInput) as refused:
        workspace.settings.change(user_name=typed)
    assert refused.value.field == "user_name"
    assert workspace.settings.current().user_name == "User"
