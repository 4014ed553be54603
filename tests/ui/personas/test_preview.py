"""The preview of the prompt: what the service says, nothing else, and always of what is typed."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QListView, QPlainTextEdit

from forllm_desktop.domain.persona import Persona
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.widgets.token_bar import TokenBar
from forllm_desktop.ui.xray.message_list import MessageList
from tests.builders import a_subforum, a_topic
from tests.ui.personas.conftest import PersonasUser


def rows(user: PersonasUser) -> list[tuple[str, str, str, int]]:
    view = user.page.findChild(MessageList)
    return [(row.source, row.role, row.text, row.tokens) for row in view.rows]


def service_rows(user: PersonasUser, workspace: Workspace, topic_id: int) -> list[tuple[str, str, str, int]]:
    work = user.page._work
    preview = workspace.prompts.preview(
        workspace.prompts.answered_post(topic_id),
        work.persona_id,
        work.typed.content,
        workspace.models.default_choice(),
    )
    return [(part.source, part.role, part.text, part.tokens) for part in preview.parts]


def test_the_preview_is_what_the_service_says(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    topic, first = a_topic(workspace.forum)
    workspace.forum.add_post(topic.topic_id, "And red?", first.post_id)
    user.open(ada)
    user.page._preview.refresh_topics()
    user.rest()
    assert rows(user) == service_rows(user, workspace, topic.topic_id)
    assert [row[0] for row in rows(user)] == ["persona", "thread", "post"]
    assert "You answer User in Physics." in rows(user)[0][2]
    shown = user.page._preview.preview
    assert f"~{shown.total:,} of {shown.window:,} tokens" == user.page._preview._view._total.text()


def test_the_preview_follows_what_is_typed(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    topic, _ = a_topic(workspace.forum)
    user.open(ada)
    user.page._preview.refresh_topics()
    user.type("Instructions", "Say hello to {{char}} and {{mood}}.")
    assert rows(user)[0][2] == "Say hello to Ada and {{mood}}."
    user.type("Name", "Grace")
    assert rows(user)[0][2] == "Say hello to Grace and {{mood}}."
    assert rows(user) == service_rows(user, workspace, topic.topic_id)


def test_the_topic_shown_last_is_chosen_and_another_can_be(
    desk: Desk, user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    subforum = a_subforum(workspace.forum)
    first, second = (a_topic(workspace.forum, subforum, title, title)[0] for title in ("one", "two"))
    desk.show_topic(first.topic_id)
    desk.show_page("personas")
    user.open(ada)
    assert rows(user)[-1][2].endswith("one")
    box = user.find(QComboBox, "Topic of the preview")
    box.setCurrentIndex(box.findText("two"))
    box.activated.emit(box.currentIndex())
    user.rest()
    assert rows(user)[-1][2].endswith("two")
    assert user.page._preview.topic_id == second.topic_id


def test_without_a_topic_it_says_so(user: PersonasUser, ada: Persona) -> None:
    user.open(ada)
    assert "There is no topic yet" in user.page._preview._view._message.text()
    assert not user.sees(QListView, "Messages of the prompt")


def test_row_and_part_light_up_together(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    a_topic(workspace.forum)
    user.open(ada)
    user.page._preview.refresh_topics()
    user.rest()
    bar, view = user.page.findChild(TokenBar), user.page.findChild(MessageList)
    view.pointed.emit(1)
    assert (bar._lit, view._delegate.lit) == (1, range(1, 2))
    assert bar.part_at(0.5) == 0
    QTest.mouseMove(bar, QPointF(1, 3).toPoint())
    bar.pointed.emit(0)
    assert (bar._lit, view._delegate.lit) == (0, range(1))
    assert "tokens" in bar.accessibleName()


def test_enter_opens_the_full_text_in_its_place(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    a_topic(workspace.forum, text="long <b>text</b> " * 60)
    user.open(ada)
    user.page._preview.refresh_topics()
    user.rest()
    view = user.page.findChild(MessageList)
    view.setFocus()
    view.setCurrentIndex(view.model().index(1, 0))
    QTest.keyClick(view, Qt.Key.Key_Return)
    full = user.find(QPlainTextEdit, "Full text, user")
    assert full.toPlainText() == rows(user)[1][2]
    QTest.keyClick(full, Qt.Key.Key_Escape)
    assert not user.sees(QPlainTextEdit, "Full text")
    assert view.hasFocus()


def test_an_open_message_follows_what_is_typed(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    a_topic(workspace.forum)
    user.open(ada)
    user.page._preview.refresh_topics()
    user.rest()
    view = user.page.findChild(MessageList)
    view.toggle(0)
    user.find(QPlainTextEdit, "Instructions").setPlainText("Be brief.")
    user.rest()
    assert user.find(QPlainTextEdit, "Full text, system").toPlainText() == "Be brief."


def test_what_does_not_fit_is_said(user: PersonasUser, ada: Persona, workspace: Workspace) -> None:
    workspace.settings.change(context_window=512)
    a_topic(workspace.forum, text="word " * 2_000)
    user.open(ada)
    user.page._preview.refresh_topics()
    user.rest()
    assert user.sees(QLabel, "About")
    assert "too many" in user.find(QLabel, "About").text()
    assert "too much" in user.page.findChild(TokenBar).accessibleName()


def test_a_post_is_left_out_from_the_preview_which_follows(
    user: PersonasUser, ada: Persona, workspace: Workspace
) -> None:
    topic, first = a_topic(workspace.forum)
    workspace.forum.add_post(topic.topic_id, "And red?", first.post_id)
    user.open(ada)
    user.page._preview.refresh_topics()
    user.rest()
    user.page._preview._view.rule_requested.emit(first.post_id, "left_out")
    user.rest()
    assert workspace.forum.post(first.post_id).prompt_rule == "left_out"
    shown = user.page._preview.preview
    assert shown is not None
    assert [left.post_id for left in shown.left_out] == [first.post_id]
    assert user.page._preview._view.rows[-1].role == "What was left out (1)"
