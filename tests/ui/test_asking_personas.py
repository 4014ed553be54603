"""Who is asked: the pickers of the composer, the Ask action of a post, and asking again by version."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from forllm_desktop.cli.running import run_requests
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.editor.version_menu import VersionMenu
from forllm_desktop.ui.pages.topic import TopicPage
from forllm_desktop.ui.widgets.persona_menu import FIELD_FROM, PersonaMenu
from tests.builders import a_model_reply
from tests.fakes import FakeOllama


class Forum:
    """A subforum with Ada and Skeptic; Emmy is the global default, Feynman is nowhere."""

    def __init__(self, workspace: Workspace) -> None:
        ws = self.ws = workspace
        self.server = ws.models.server_at("http://127.0.0.1:11434", "Ollama", ServerKind.OLLAMA)
        ws.models.use(ModelChoice(self.server.server_id, "llama3.2"))
        self.subforum = ws.forum.create_subforum("Physics").subforum_id
        self.ada, self.skeptic, self.emmy, self.feynman = (
            ws.personas.create(name, f"You are {name}.").persona_id
            for name in ("Ada", "Skeptic", "Emmy", "Feynman")
        )
        ws.personas.assign(self.subforum, [self.skeptic, self.ada])
        ws.personas.set_default(self.subforum, self.ada)
        ws.personas.set_global_default(self.emmy)
        self.topic, self.question = ws.forum.create_topic(self.subforum, "Why?", "Why is the sky blue?")

    def reply(self, version: int = 1) -> Post:
        return a_model_reply(
            self.ws.database,
            self.question,
            llm_persona_id=self.ada,
            persona_version=version,
            llm_model_id="llama3.2",
            server_id=self.server.server_id,
        )


@pytest.fixture
def forum(workspace: Workspace) -> Forum:
    return Forum(workspace)


@pytest.fixture
def page(forum: Forum, desk: Desk, qtbot: QtBot) -> Iterator[TopicPage]:
    desk.show_topic(forum.topic.topic_id)
    shown = desk._tabs.current()
    assert isinstance(shown, TopicPage)
    qtbot.waitUntil(lambda: shown._thread.is_complete)
    yield shown
    for popup in QApplication.topLevelWidgets():
        if isinstance(popup, QMenu):
            popup.close()


def composer(page: TopicPage) -> Composer:
    return page._composer


def words(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.isVisible() and action.text()]


def opened(page: TopicPage) -> QMenu:
    composer(page)._persona.click()
    return composer(page)._persona._menu


def choose(menu: QMenu, beginning: str) -> None:
    action_of(menu, beginning).trigger()


def action_of(menu: QMenu, beginning: str) -> QAction:
    return next(action for action in menu.actions() if action.text().startswith(beginning))


def submenu(menu: QMenu, kind: type) -> QMenu:
    found = next(action.menu() for action in menu.actions() if isinstance(action.menu(), kind))
    found.aboutToShow.emit()
    return found


def bar_words(desk: Desk) -> str:
    return desk._window.bar.accessibleName() if desk._window.bar.isVisible() else ""


# -- the composer


def test_the_assigned_come_first_with_the_default_marked_then_the_global_default(page, forum):
    assert words(opened(page)) == [
        "Ada   default here",
        "Skeptic",
        "Emmy   global default",
        "Assign another…",
    ]
    assert composer(page)._persona.accessibleDescription() == "Ada, the default of Physics"
    forum.ws.personas.set_default(forum.subforum, None)
    assert words(opened(page))[:3] == ["Ada", "Skeptic", "Emmy   global default"]
    assert composer(page)._persona.toolTip() == "Persona that answers: Emmy, the global default"
    forum.ws.personas.set_global_default(None)
    assert words(opened(page))[:3] == ["Ada", "Skeptic", "Assistant   fallback"]
    assert composer(page)._persona.accessibleDescription() == "Assistant, the fallback: no default is set"


def test_another_one_is_assigned_with_the_request_and_both_can_be_taken_back(page, forum, desk, qtbot):
    others = submenu(opened(page), PersonaMenu)
    assert words(others) == ["Assistant", "Feynman"]
    choose(others, "Feynman")
    picker = composer(page)._persona
    assert picker.accessibleName() == "Persona that answers: Feynman"
    assert picker.accessibleDescription() == "Feynman, assigned here with the request"
    assert [m.card.name for m in forum.ws.personas.members(forum.subforum)] == ["Ada", "Skeptic"]
    composer(page)._text.setPlainText("And at night?")
    composer(page).post_and_ask()
    qtbot.waitUntil(lambda: not composer(page)._sending.is_busy)
    job = forum.ws.queue.jobs()[0]
    assert (job.llm_persona, job.status) == (forum.feynman, JobStatus.PENDING)
    assert "Feynman" in [m.card.name for m in forum.ws.personas.members(forum.subforum)]
    assert bar_words(desk) == "Feynman will answer in “Why?”, now assigned to Physics"
    desk._actions["undo"].trigger()
    assert forum.ws.queue.job(job.request_id).status == JobStatus.CANCELLED
    assert [m.card.name for m in forum.ws.personas.members(forum.subforum)] == ["Ada", "Skeptic"]


def test_many_others_are_found_by_typing(page, forum, qtbot):
    for number in range(FIELD_FROM + 40):
        forum.ws.personas.create(f"Persona {number}", "You are one.", tags=["crowd"])
    forum.ws.personas.create("Zebra", "You are a zebra.", "Stripes", tags=["animal"])
    menu = composer(page)._persona._menu
    composer(page)._persona.click()
    others = next(a.menu() for a in menu.actions() if isinstance(a.menu(), PersonaMenu))
    others.popup(page.mapToGlobal(page.rect().center()))
    qtbot.waitUntil(lambda: others.field.hasFocus())
    assert words(others)[-1].endswith("more: type to find them")
    qtbot.keyClicks(others.field, "stripes")
    assert [a.text() for a in others.personas()] == ["Zebra"]
    others.field.clear()
    qtbot.keyClicks(others.field, "ANIMAL zeb")
    qtbot.keyClick(others.field, Qt.Key.Key_Return)
    assert composer(page)._persona.name == "Zebra"
    assert not others.isVisible()


def test_names_in_the_menus_are_plain_text(page, forum):
    forum.ws.personas.change(forum.ada, name="R&D <b>bold</b>")
    assert words(opened(page))[0] == "R&&D <b>bold</b>   default here"
    assert "&lt;b&gt;" in composer(page)._persona.toolTip()


def test_an_earlier_version_can_be_asked(page, forum, qtbot):
    forum.ws.personas.change(forum.ada, instructions="You are Ada, twice.", note="More of her")
    versions = submenu(opened(page), VersionMenu)
    assert [text.split("   ")[0] for text in words(versions)] == ["v2", "v1"]
    assert words(versions)[0].endswith("More of her")
    assert [a.isChecked() for a in versions.actions()] == [True, False]
    choose(versions, "v1")
    assert composer(page)._persona.accessibleName() == "Persona that answers: Ada v1"
    composer(page)._text.setPlainText("And at night?")
    composer(page).post_and_ask()
    qtbot.waitUntil(lambda: not composer(page)._sending.is_busy)
    job = forum.ws.queue.jobs()[0]
    assert (job.llm_persona, job.persona_version, job.version_is_chosen) == (forum.ada, 1, True)


def test_the_model_that_the_persona_prefers_is_the_first_choice(page, forum, qtbot):
    picker, best = composer(page)._model, ModelChoice(forum.server.server_id, "qwen3:8b")
    assert (picker.answering.name, picker.accessibleDescription()) == ("llama3.2", "the default model")
    forum.ws.personas.change(forum.ada, options=PersonaOptions(best))
    assert picker.accessibleName() == "Model: qwen3:8b"
    assert picker.accessibleDescription() == "preferred by Ada"
    picker._fill()
    assert words(picker._menu)[:2] == [
        "Ada’s preferred (qwen3:8b)   Ollama",
        "llama3.2   Ollama   default",
    ]
    composer(page).choose_persona(forum.skeptic)
    assert picker.answering.name == "llama3.2"
    composer(page).choose_persona(None)
    choose(picker._menu, "llama3.2")
    assert picker.answering.name == "llama3.2"
    picker.choose(None)
    composer(page)._text.setPlainText("And at night?")
    composer(page).post_and_ask()
    qtbot.waitUntil(lambda: not composer(page)._sending.is_busy)
    assert forum.ws.queue.jobs()[0].llm_model == "qwen3:8b"


def test_a_preferred_model_whose_server_is_gone_is_passed_over(page, forum):
    gone = forum.ws.models.server_at("http://127.0.0.1:9", "Away", ServerKind.OLLAMA)
    forum.ws.personas.change(forum.ada, options=PersonaOptions(ModelChoice(gone.server_id, "big")))
    assert composer(page)._model.answering.name == "big"
    forum.ws.models.remove(gone.server_id)
    assert composer(page)._model.answering.name == "llama3.2"


# -- a post


def pop_up_ask(page: TopicPage, qtbot: QtBot) -> QMenu:
    page._thread.show_post(page._thread._source.thread.entries[0].key)
    page._thread._view.setFocus()
    qtbot.keyClick(page._thread._view, Qt.Key.Key_A)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def test_ask_offers_who_may_answer_and_enter_asks_the_default(page, forum, desk, qtbot):
    menu = pop_up_ask(page, qtbot)
    assert words(menu) == [
        "Ask Ada   default here",
        "Ask Skeptic",
        "Ask Emmy   global default",
        "Ask another…",
        "Model: as the persona prefers",
        "Write a question first",
    ]
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    job = forum.ws.queue.jobs()[0]
    assert (job.llm_persona, job.post_id_to_respond_to) == (forum.ada, forum.question.post_id)
    assert bar_words(desk) == "Ada will answer in “Why?”"


def test_ask_another_assigns_with_the_request(page, forum, desk, qtbot):
    choose(submenu(pop_up_ask(page, qtbot), PersonaMenu), "Feynman")
    assert bar_words(desk) == "Feynman will answer in “Why?”, now assigned to Physics"
    desk._actions["undo"].trigger()
    assert "Feynman" not in [m.card.name for m in forum.ws.personas.members(forum.subforum)]
    assert [job.status for job in forum.ws.queue.jobs()] == [JobStatus.CANCELLED]


def test_a_question_can_still_be_written_first(page, qtbot):
    choose(pop_up_ask(page, qtbot), "Write a question")
    assert composer(page)._text.hasFocus()


def test_a_model_chosen_for_posts_is_used(page, forum, qtbot):
    menu = pop_up_ask(page, qtbot)
    models = action_of(menu, "Model:").menu()
    assert [a.text() for a in models.actions()] == [
        "As the persona prefers, else llama3.2",
        "llama3.2   Ollama",
    ]
    page._asking._use(ModelChoice(forum.server.server_id, "other"))
    menu.close()
    choose(pop_up_ask(page, qtbot), "Ask Skeptic")
    assert forum.ws.queue.jobs()[0].llm_model == "other"


def test_without_a_model_it_is_said(page, forum, desk, qtbot):
    forum.ws.settings.change(default_model="")
    choose(pop_up_ask(page, qtbot), "Ask Ada")
    assert "No model is set up" in bar_words(desk)
    assert list(forum.ws.queue.jobs()) == []


# -- a reply


def go_to(page: TopicPage, post: Post) -> None:
    page.show_post(post.post_id)
    page._thread._view.setFocus()


@pytest.fixture
def reply(forum: Forum) -> Post:
    """Return a reply of Ada's first version; she has three by now."""
    forum.ws.personas.change(forum.ada, instructions="You are Ada, the second.")
    forum.ws.personas.change(forum.ada, instructions="You are Ada, the third.")
    return forum.reply(1)


def test_the_version_in_the_head_opens_the_persona_there(forum, reply, page, qtbot):
    view = page._thread._view
    found = view.document().find("v1")
    assert found.charFormat().anchorHref() == "act:persona"
    at = view.cursorRect(found).center()
    with qtbot.waitSignal(page.persona_requested) as wished:
        qtbot.mouseMove(view.viewport(), at)
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at - QPoint(2, 0))
    assert wished.args == [forum.ada, 1]


def test_a_key_and_the_menu_open_it_too(forum, reply, page, qtbot):
    go_to(page, reply)
    with qtbot.waitSignal(page.persona_requested) as wished:
        qtbot.keyClick(page._thread._view, Qt.Key.Key_P)
    assert wished.args == [forum.ada, 1]
    page._thread._pop_up(reply.post_id, page.mapToGlobal(page.rect().center()))
    menu = QApplication.activePopupWidget()
    assert "Open v1 of Ada" in words(menu)
    with qtbot.waitSignal(page.persona_requested):
        choose(menu, "Open v1")


def test_again_lists_the_versions_newest_first_with_the_used_one_marked(forum, reply, page, qtbot):
    page._thread._pop_up(reply.post_id, page.mapToGlobal(page.rect().center()))
    versions = submenu(QApplication.activePopupWidget(), VersionMenu)
    assert versions.title() == "Ask Ada again with…"
    assert [(a.text().split("   ")[0], a.isChecked()) for a in versions.actions()] == [
        ("v3", False),
        ("v2", False),
        ("v1", True),
    ]


def test_asking_again_with_a_version_sends_its_instructions(forum, reply, page, desk, qtbot):
    with FakeOllama() as server:
        forum.ws.models.edit(forum.server.server_id, address=server.url)
        go_to(page, reply)
        qtbot.keyClick(page._thread._view, Qt.Key.Key_V)
        choose(QApplication.activePopupWidget(), "v2")
        assert bar_words(desk) == "Ada v2 will answer in “Why?”"
        run_requests(forum.ws, None, shows_reply=False)
        assert server.chats[-1].body["messages"][0] == {
            "role": "system",
            "content": "You are Ada, the second.",
        }
    thread = [row.post for row in forum.ws.forum.thread(forum.topic.topic_id)]
    assert [(p.parent_post_id, p.persona_version) for p in thread[1:]] == [
        (forum.question.post_id, 1),
        (forum.question.post_id, 2),
    ]


def test_a_deleted_persona_is_not_asked_again(forum, reply, page, desk, qtbot):
    forum.ws.personas.delete(forum.ada)
    go_to(page, reply)
    qtbot.keyClick(page._thread._view, Qt.Key.Key_V)
    choose(QApplication.activePopupWidget(), "v2")
    assert bar_words(desk) == "Ada cannot answer. This persona is deleted."


# -- an answer that has not begun


def test_a_waiting_answer_says_on_the_page_who_will_be_used_and_why(page, forum, qtbot):
    composer(page)._text.setPlainText("And at night?")
    composer(page).post_and_ask()
    qtbot.waitUntil(lambda: not composer(page)._sending.is_busy)
    thread = page._thread
    waiting = lambda: next((e for e in thread._source.thread.entries if e.post is None), None)  # noqa: E731
    qtbot.waitUntil(lambda: waiting() is not None)
    assert "Ada v1" in " ".join(thread._view.toPlainText().split())
    tip = thread._view.scene.tip(waiting())
    assert tip.startswith("Ada v1 (will be used): the default of Physics")
    forum.ws.personas.change(forum.skeptic, instructions="You are Skeptic, twice.")
    forum.ws.personas.set_default(forum.subforum, forum.skeptic)
    assert "Skeptic v2 (will be used)" in thread._view.scene.tip(waiting())
    assert "Skeptic v2" in " ".join(thread._view.toPlainText().split())


def test_a_persona_is_asked_something_new_although_a_post_is_being_edited(
    forum: Forum, page: TopicPage
) -> None:
    page._edit(forum.question.post_id)
    page._composer._text.insertPlainText(" And at night?")
    page.ask(forum.skeptic)
    question = page._composer.question()
    assert question is not None
    assert (question.persona_id, question.text) == (forum.skeptic, "")
    page._edit(forum.question.post_id)
    assert page._composer._text.toPlainText().endswith(" And at night?")
