"""The page "Prompt of …": what was sent for a reply, or would be sent for a waiting request."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.queue import JobStatus, Wish
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.pages.prompt import PromptPage
from forllm_desktop.ui.tabs import CentreTabs
from forllm_desktop.ui.thread.page import ThreadPage
from tests.builders import a_job, a_topic, a_wish


@pytest.fixture
def ada(workspace: Workspace) -> Persona:
    return workspace.personas.create("Ada", "You are Ada.")


def page_of(desk: Desk, window: MainWindow, request_id: int, qtbot: QtBot) -> PromptPage:
    """Show the page of a request's prompt and wait until it is read."""
    desk.show_page(f"prompt:{request_id}")
    page = window.findChild(CentreTabs).current()
    assert isinstance(page, PromptPage)
    qtbot.waitUntil(lambda: not page.is_busy)
    return page


def said(page: PromptPage) -> str:
    return " ".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def test_a_sent_prompt_is_shown_as_it_was(
    desk: Desk, window: MainWindow, workspace: Workspace, ada: Persona, qtbot: QtBot
) -> None:
    _, post = a_topic(workspace.forum)
    messages = [{"role": "system", "content": "You are Ada."}, {"role": "user", "content": "Why?"}]
    job = a_job(
        workspace.database,
        post,
        JobStatus.COMPLETE,
        llm_persona=ada.persona_id,
        persona_version=1,
        prompt=messages,
        token_breakdown={"total": 40, "window": 4_096, "answer": 1_024, "is_exact": False},
        metrics={"prompt_tokens": 12, "prompt_shortened": True},
    )
    page = page_of(desk, window, job.request_id, qtbot)
    assert "Prompt of Ada v1" in said(page)
    assert "Prompt as sent" in said(page)
    assert "read by the server: 12" in said(page)
    assert "The server shortened the prompt" in said(page)
    assert [row.text for row in page._xray.view.rows if row.part >= 0] == ["You are Ada.", "Why?"]
    assert "Prompt of Ada v1" in window.windowTitle()


def test_a_waiting_request_shows_what_would_be_sent_and_follows(
    desk: Desk, window: MainWindow, workspace: Workspace, ada: Persona, qtbot: QtBot
) -> None:
    _, post = a_topic(workspace.forum, text="Why is it blue?")
    choice = a_wish(workspace.database).model
    job = workspace.queue.ask_about(post.post_id, Wish(choice, ada.persona_id, assigns=True))
    page = page_of(desk, window, job.request_id, qtbot)
    assert "Prompt as it would be sent" in said(page)
    shown = page._xray.view.xray
    assert shown is not None
    content = workspace.personas.version(ada.persona_id, 1).content
    assert shown == workspace.prompts.preview(post.post_id, ada.persona_id, content, choice)
    workspace.personas.change(ada.persona_id, instructions="You are another Ada.")
    qtbot.waitUntil(lambda: "another Ada" in page._xray.view.rows[0].text)
    workspace.windows.set_override(choice, 2_048)
    qtbot.waitUntil(lambda: page._xray.view.xray is not None and page._xray.view.xray.window == 2_048)
    workspace.context.set_own(workspace.forum.topic(post.topic_id).subforum_id, answer_tokens=300)
    qtbot.waitUntil(lambda: page._xray.view.xray is not None and page._xray.view.xray.answer == 300)


def test_a_request_that_sent_nothing_says_so(
    desk: Desk, window: MainWindow, workspace: Workspace, ada: Persona, qtbot: QtBot
) -> None:
    _, post = a_topic(workspace.forum)
    job = a_job(workspace.database, post, JobStatus.ERROR, llm_persona=ada.persona_id, error_title="No")
    page = page_of(desk, window, job.request_id, qtbot)
    assert "Nothing was sent" in said(page)


def test_the_page_leads_to_the_post_and_to_the_queue(
    desk: Desk, window: MainWindow, workspace: Workspace, ada: Persona, qtbot: QtBot
) -> None:
    _, post = a_topic(workspace.forum)
    job = a_job(workspace.database, post, JobStatus.ERROR, llm_persona=ada.persona_id, error_title="No")
    page = page_of(desk, window, job.request_id, qtbot)
    buttons = {button.accessibleName(): button for button in page.findChildren(QPushButton)}
    with qtbot.waitSignal(page.request_requested) as wished:
        buttons["Show in the queue"].click()
    assert wished.args == [job.request_id]
    desk.show_page(f"prompt:{job.request_id}")
    buttons["Show the post"].click()
    assert window.findChild(CentreTabs).current_key() == f"topic:{post.topic_id}"


def test_no_page_opens_for_what_does_not_exist(desk: Desk, window: MainWindow) -> None:
    desk.show_page("prompt:999")
    assert not isinstance(window.findChild(CentreTabs).current(), PromptPage)


def test_a_rule_given_in_the_prompt_can_be_taken_back(
    desk: Desk, window: MainWindow, workspace: Workspace, ada: Persona, qtbot: QtBot
) -> None:
    topic, first = a_topic(workspace.forum)
    post = workspace.forum.add_post(topic.topic_id, "And at night?", first.post_id)
    wish = Wish(a_wish(workspace.database).model, ada.persona_id, assigns=True)
    job = workspace.queue.ask_about(post.post_id, wish)
    page = page_of(desk, window, job.request_id, qtbot)
    page._xray.view.rule_requested.emit(first.post_id, "left_out")
    assert workspace.forum.post(first.post_id).prompt_rule == "left_out"
    window.actions_by_id["undo"].trigger()
    assert workspace.forum.post(first.post_id).prompt_rule == "auto"


def test_a_key_in_the_thread_opens_what_was_sent(
    desk: Desk, window: MainWindow, workspace: Workspace, ada: Persona, qtbot: QtBot
) -> None:
    _, post = a_topic(workspace.forum)
    job = a_job(workspace.database, post, JobStatus.ERROR, llm_persona=ada.persona_id, error_title="No")
    desk.show_topic(post.topic_id)
    thread = window.findChild(ThreadPage)
    assert thread is not None
    qtbot.waitUntil(lambda: thread.is_complete)
    thread._walking.make_current(-job.request_id)
    thread.setFocus()
    qtbot.waitUntil(thread._view.hasFocus)
    QTest.keyClick(thread._view, Qt.Key.Key_W)
    tabs = window.findChild(CentreTabs)
    assert tabs.current_key() == f"prompt:{job.request_id}"
    page = tabs.current()
    qtbot.waitUntil(lambda: not page.is_busy)
