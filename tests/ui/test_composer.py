"""The composer: what is typed is never lost, and goes where it was meant to."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.forum import POST_LIMIT
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.editor.growing_text import MOST_LINES, GrowingText
from tests.builders import a_model_reply, a_topic


@pytest.fixture
def services(started_look, workspace):
    return workspace


@pytest.fixture
def asked(services):
    """Let a model be chosen."""
    services.models.choose("qwen3:8b", "http://127.0.0.1:11434")
    return services


def composer_of(services: Workspace, qtbot) -> Composer:
    made = Composer(services)
    qtbot.addWidget(made)
    made.resize(800, 200)
    made.show()
    return made


def typed(composer: Composer, qtbot, text: str) -> None:
    composer.focus_text()
    qtbot.keyClicks(composer._text, text)


def checked(composer: Composer, qtbot) -> None:
    """Wait until what was sent is stored or refused."""
    qtbot.waitUntil(lambda: not composer._sending.is_busy)


def button(composer: Composer, name: str) -> QPushButton:
    return next(b for b in composer.findChildren(QPushButton) if b.accessibleName() == name and b.isVisible())


def test_post_and_ask_stores_the_post_below_the_first_one_and_a_request(asked, qtbot):
    topic, first = a_topic(asked.forum)
    composer = composer_of(asked, qtbot)
    composer.write_in(topic.topic_id)
    typed(composer, qtbot, "And at night?")
    with qtbot.waitSignals([composer.posted, composer.asked]):
        qtbot.keyClick(composer._text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    thread = asked.forum.thread(topic.topic_id)
    assert [(row.post.content, row.post.parent_post_id) for row in thread[1:]] == [
        ("And at night?", first.post_id)
    ]
    job = asked.queue.jobs()[0]
    assert (job.post_id_to_respond_to, job.llm_model) == (thread[1].post.post_id, "qwen3:8b")
    assert composer._text.toPlainText() == ""
    assert asked.drafts.draft(f"topic:{topic.topic_id}") is None


def test_post_stores_the_post_alone(services, qtbot):
    topic, first = a_topic(services.forum)
    reply = services.forum.add_post(topic.topic_id, "A reply", first.post_id)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id, reply.post_id)
    typed(composer, qtbot, "Below it")
    with qtbot.waitSignal(composer.posted) as posted:
        qtbot.mouseClick(button(composer, "Post"), Qt.MouseButton.LeftButton)
    assert services.forum.post(posted.args[0]).parent_post_id == reply.post_id
    assert services.queue.jobs() == []


@pytest.mark.parametrize("has_reply", [True, False])
def test_a_topic_whose_first_post_was_deleted_can_still_be_written_in(services, qtbot, has_reply):
    topic, first = a_topic(services.forum)
    if has_reply:
        a_model_reply(services.database, first, "Kept.")
    services.forum.delete_post(first.post_id)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    typed(composer, qtbot, "Again.")
    qtbot.mouseClick(button(composer, "Post"), Qt.MouseButton.LeftButton)
    checked(composer, qtbot)
    posts = [one.post for one in services.forum.thread(topic.topic_id)]
    assert [post.content for post in posts if post.parent_post_id is None][-1] == "Again."


def test_without_a_model_the_text_stays_and_settings_are_offered(services, qtbot):
    topic, _ = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    typed(composer, qtbot, "Still here")
    with qtbot.waitSignal(composer.settings_requested):
        composer.post_and_ask()
    assert composer._text.toPlainText() == "Still here"
    assert "No model is chosen" in composer._error.text()
    assert len(services.forum.thread(topic.topic_id)) == 1


def test_a_new_topic_without_a_title_is_named_after_its_first_line(services, qtbot):
    subforum = services.forum.create_subforum("Physics")
    composer = composer_of(services, qtbot)
    composer.write_new_topic(subforum.subforum_id)
    composer._text.setPlainText("Why is the sky blue?\nI wonder.")
    with qtbot.waitSignal(composer.topic_made) as made:
        composer.post()
    assert services.forum.topic(made.args[0]).title == "Why is the sky blue?"


def test_an_empty_post_is_refused_in_words(services, qtbot):
    subforum = services.forum.create_subforum("Physics")
    composer = composer_of(services, qtbot)
    composer.write_new_topic(subforum.subforum_id)
    composer.post()
    checked(composer, qtbot)
    assert composer._error.text().startswith("The post is empty")
    assert services.forum.topics(subforum.subforum_id) == []


def test_an_over_long_post_is_refused_and_stays(services, qtbot):
    topic, _ = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    composer._text.setPlainText(("word " * 200 + "\n") * (POST_LIMIT // 1000))
    composer.post()
    checked(composer, qtbot)
    assert "too long" in composer._error.text()
    assert len(composer._text.toPlainText()) > POST_LIMIT


def test_a_pasted_word_of_a_hundred_thousand_characters_is_not_wrapped(services, qtbot):
    topic, _ = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    QApplication.clipboard().setText("x" * 100_000)
    composer._text.paste()
    assert composer._text.lineWrapMode() is GrowingText.LineWrapMode.NoWrap
    assert len(composer._text.toPlainText()) == 100_000


def test_each_place_keeps_its_own_draft(services, qtbot):
    topic, first = a_topic(services.forum)
    other = services.forum.add_post(topic.topic_id, "Other", first.post_id)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    typed(composer, qtbot, "To the topic")
    composer.write_in(topic.topic_id, other.post_id)
    assert composer._text.toPlainText() == ""
    typed(composer, qtbot, "To the other")
    composer.write_in(topic.topic_id)
    assert composer._text.toPlainText() == "To the topic"


def test_a_draft_is_saved_a_moment_after_the_last_key(services, qtbot):
    topic, _ = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    typed(composer, qtbot, "Unsent")
    qtbot.waitUntil(lambda: services.drafts.draft(f"topic:{topic.topic_id}") is not None)
    again = composer_of(services, qtbot)
    again.write_in(topic.topic_id)
    assert again._text.toPlainText() == "Unsent"


def test_what_was_kept_is_said(asked, qtbot):
    topic, _ = a_topic(asked.forum)
    composer = composer_of(asked, qtbot)
    composer.write_in(topic.topic_id)
    with qtbot.waitSignal(composer.saved) as saved:
        typed(composer, qtbot, "Unsent")
        composer.flush()
    assert saved.args[0].startswith("Draft saved ")
    with qtbot.waitSignal(composer.saved) as saved:
        composer.post_and_ask()
    assert saved.args[0].startswith("Posted and queued ")


def test_editing_saves_the_post_and_keeps_the_earlier_text(services, qtbot):
    topic, first = a_topic(services.forum, text="Frist")
    composer = composer_of(services, qtbot)
    composer.edit(first.post_id)
    assert composer._text.toPlainText() == "Frist"
    composer._text.setPlainText("First")
    with qtbot.waitSignal(composer.posted):
        qtbot.mouseClick(button(composer, "Save"), Qt.MouseButton.LeftButton)
    assert services.forum.post(first.post_id).content == "First"
    assert [text.content for text in services.forum.earlier_texts(first.post_id)] == ["Frist"]
    assert composer._place.topic_id == topic.topic_id


def test_escape_gives_up_editing_but_keeps_the_change_as_a_draft(services, qtbot):
    _, first = a_topic(services.forum, text="First")
    composer = composer_of(services, qtbot)
    composer.edit(first.post_id)
    composer._text.setPlainText("Changed")
    with qtbot.waitSignal(composer.cancelled):
        qtbot.keyClick(composer._text, Qt.Key.Key_Escape)
    assert services.forum.post(first.post_id).content == "First"
    composer.edit(first.post_id)
    assert composer._text.toPlainText() == "Changed"


def test_enter_posts_only_where_the_setting_says_so(asked, qtbot):
    topic, _ = a_topic(asked.forum)
    composer = composer_of(asked, qtbot)
    composer.write_in(topic.topic_id)
    typed(composer, qtbot, "One")
    qtbot.keyClick(composer._text, Qt.Key.Key_Return)
    assert composer._text.toPlainText() == "One\n"
    asked.settings.change(post_key="enter")
    qtbot.keyClick(composer._text, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert composer._text.toPlainText() == "One\n\n"
    with qtbot.waitSignal(composer.asked):
        qtbot.keyClick(composer._text, Qt.Key.Key_Return)


def test_the_field_grows_with_its_text_up_to_twelve_lines(services, qtbot):
    topic, _ = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    one = composer._text.height()
    composer._text.setPlainText("\n".join("abc"))
    three = composer._text.height()
    composer._text.setPlainText("\n" * 40)
    assert one < three < composer._text.height()
    line = composer._text.fontMetrics().lineSpacing()
    assert composer._text.height() <= (MOST_LINES + 1) * line


def test_the_reply_names_whom_it_goes_to_as_plain_text(services, qtbot):
    topic, first = a_topic(services.forum)
    persona = services.personas.create("<b>Ada</b>", "You are Ada.")
    reply = a_model_reply(services.database, first, llm_persona_id=persona.persona_id, persona_version=1)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id, reply.post_id)
    assert composer._form.reply_to.text() == "Reply to <b>Ada</b>"
    assert composer._form.reply_to.textFormat() == Qt.TextFormat.PlainText


def test_the_button_names_the_key_that_posts_where_there_is_room(services, qtbot):
    topic, _ = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    composer.resize(1200, 200)
    composer.grab()
    assert composer._form.ask.key in ("Ctrl ↵", "⌘ ↵")
    wide = composer._form.ask.width()
    services.settings.change(post_key="enter")
    assert composer._form.ask.key == "↵"
    composer.resize(320, 200)
    qtbot.waitUntil(lambda: composer._form.ask.width() <= wide)
    composer.grab()
    composer.resize(1200, 200)
    qtbot.waitUntil(lambda: bool(composer._form.ask.key))


def test_the_persona_picker_shows_who_answers_by_default(services, qtbot):
    topic, _ = a_topic(services.forum)
    ada = services.personas.create("Ada", "You are Ada.")
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    assert composer._persona.accessibleName() == "Persona that answers: Assistant"
    services.personas.assign(topic.subforum_id, ada.persona_id, default=True)
    QApplication.processEvents()
    assert composer._persona.accessibleName() == "Persona that answers: Ada"


def test_pasted_line_separators_become_line_breaks(services, qtbot):
    topic, _ = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    QApplication.clipboard().setText("one\u2028two\u2029three")
    composer._text.paste()
    assert composer._text.toPlainText() == "one\ntwo\nthree"


def test_marks_count_emoji_as_one_character(services, qtbot):
    topic, _ = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    composer._text.setPlainText("\U0001f600 word")
    cursor = composer._text.textCursor()
    cursor.setPosition(3)
    cursor.setPosition(7, cursor.MoveMode.KeepAnchor)
    composer._text.setTextCursor(cursor)
    qtbot.mouseClick(composer._form.marks[0], Qt.MouseButton.LeftButton)
    assert composer._text.toPlainText() == "\U0001f600 **word**"
    assert composer._text.textCursor().selectedText() == "word"


def test_a_disk_that_takes_nothing_is_told_where_one_posts_and_the_text_stays(asked, qtbot, monkeypatch):
    topic, _ = a_topic(asked.forum)
    composer = composer_of(asked, qtbot)
    composer.write_in(topic.topic_id)
    typed(composer, qtbot, "And at night?")

    def refuse(*_: object) -> None:
        raise ForllmError("This could not be saved", "The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(asked.drafts, "save", refuse)
        button(composer, "Post").click()
        assert composer._error.isVisible()
        assert "The disk is full" in composer._error.text()
        assert composer._text.toPlainText() == "And at night?"
    with qtbot.waitSignal(composer.posted), monkeypatch.context() as patch:
        patch.setattr(asked.drafts, "discard", refuse)
        button(composer, "Post").click()
    assert composer._text.toPlainText() == ""
    assert len(asked.forum.thread(topic.topic_id)) == 2


@pytest.mark.parametrize("kind", ["reply", "edit"])
def test_a_topic_is_opened_again_where_one_was_writing(services, qtbot, kind):
    topic, first = a_topic(services.forum)
    post = services.forum.add_post(topic.topic_id, "Other", first.post_id)
    composer = composer_of(services, qtbot)
    if kind == "edit":
        composer.edit(post.post_id)
    else:
        composer.write_in(topic.topic_id, post.post_id)
    typed(composer, qtbot, " and more")
    composer.stop()
    again = composer_of(services, qtbot)
    again.resume(topic.topic_id)
    assert again._text.toPlainText().endswith(" and more")
    assert again._place == composer._place
    again.give_up()
    third = composer_of(services, qtbot)
    third.resume(topic.topic_id)
    assert third._place.key == f"topic:{topic.topic_id}"
    assert third._text.toPlainText() == ""


def test_a_topic_is_opened_as_usual_when_the_answered_post_is_deleted_or_nothing_was_typed(services, qtbot):
    topic, first = a_topic(services.forum)
    post = services.forum.add_post(topic.topic_id, "Other", first.post_id)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id, post.post_id)
    composer.stop()
    again = composer_of(services, qtbot)
    again.resume(topic.topic_id)
    assert again._place.key == f"topic:{topic.topic_id}"
    again.write_in(topic.topic_id, post.post_id)
    typed(again, qtbot, "Lost?")
    again.stop()
    services.forum.delete_post(post.post_id)
    third = composer_of(services, qtbot)
    third.resume(topic.topic_id)
    assert third._place.key == f"topic:{topic.topic_id}"


def test_a_post_that_is_stored_is_no_draft_any_more_even_if_the_app_ends_right_then(services, qtbot):
    topic, _first = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.write_in(topic.topic_id)
    typed(composer, qtbot, "Once")
    kept = []
    services.events.post_added.connect(lambda _id: kept.append(services.drafts.draft(composer._place.key)))
    composer.post()
    checked(composer, qtbot)
    assert kept == [None]
    assert composer._text.toPlainText() == ""


def test_a_post_that_changes_while_it_is_edited_is_shown_anew_unless_something_was_typed(services, qtbot):
    _topic, first = a_topic(services.forum)
    composer = composer_of(services, qtbot)
    composer.edit(first.post_id)
    services.submitting.edit(first.post_id, "Its former text")
    assert composer._text.toPlainText() == "Its former text"
    typed(composer, qtbot, " and mine")
    services.submitting.edit(first.post_id, "Another text")
    assert composer._text.toPlainText() == "Its former text and mine"
    composer.flush()
    services.submitting.edit(first.post_id, "A third text")
    assert composer._text.toPlainText() == "Its former text and mine"


def test_a_post_that_is_deleted_while_it_is_edited_stays_in_the_field(services, qtbot):
    topic, first = a_topic(services.forum)
    post = services.forum.add_post(topic.topic_id, "Other", first.post_id)
    composer = composer_of(services, qtbot)
    composer.edit(post.post_id)
    services.forum.delete_post(post.post_id)
    assert composer._text.toPlainText() == "Other"
