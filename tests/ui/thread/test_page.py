"""The page: what it says about each post, what can be done with it, and how it follows the store."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QMenu
from pytestqt.qtbot import QtBot
from sqlalchemy import event

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.ui.theme import ColourScheme, Look, theme
from forllm_desktop.ui.thread.actions import Act
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.warming import warm_up
from tests.builders import NOW, a_job
from tests.ui.thread.conftest import Topics

Show = Callable[..., ThreadPage]


def text_of(page: ThreadPage) -> str:
    return page._view.document().toPlainText()


def test_posts_stand_in_reading_order_below_the_title(topics: Topics, show: Show) -> None:
    reply = topics.reply(topics.question, "Because of **scattering**.")
    topics.forum.add_post(topics.topic.topic_id, "Something else.")
    topics.forum.add_post(topics.topic.topic_id, "Why blue?", reply.post_id)
    page = show()
    lines = text_of(page).split("\n")
    assert lines[0] == "Why is the sky blue? Physics · 4 posts"
    assert [line for line in lines if line[:3] in ("Bec", "Som", "Why")][1:] == [
        "Because of scattering.",
        "Why blue?",
        "Something else.",
    ]
    assert any(line.startswith("Ada v1 qwen3:8b ") for line in lines)


def test_failed_request_says_why_and_what_to_do(topics: Topics, show: Show) -> None:
    a_job(
        topics.database,
        topics.question,
        JobStatus.ERROR,
        error_kind="no_model",
        error_title="The model is not installed",
        error_message="Run “ollama pull tiny”.",
    )
    assert "The model is not installed. Run “ollama pull tiny”." in text_of(show())


def test_waiting_answer_has_a_place_and_is_written_there(topics: Topics, show: Show, qtbot: QtBot) -> None:
    job = a_job(topics.database, topics.question, JobStatus.PENDING, server_id=None)
    page = show()
    assert "waiting\nNot written yet." in text_of(page)
    claim = topics.queue.claim()
    assert claim is not None
    assert claim.job.request_id == job.request_id
    qtbot.waitUntil(lambda: "starting" in text_of(page))
    assert "Not written yet." not in text_of(page)
    topics.queue.finish(job.request_id, "It is the air.", "", {})
    qtbot.waitUntil(lambda: "It is the air." in text_of(page))
    qtbot.waitUntil(lambda: "starting" not in text_of(page))


def test_retry_and_remove_of_a_failed_answer(topics: Topics, show: Show, qtbot: QtBot) -> None:
    failed = a_job(topics.database, topics.question, JobStatus.ERROR, error_title="It failed")
    page = show()
    page._acting.act(-failed.request_id, Act.REMOVE)
    qtbot.waitUntil(lambda: "It failed" not in text_of(page))
    assert topics.queue.job(failed.request_id).status == JobStatus.CANCELLED


def test_removing_a_reply_offers_an_undo(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply = topics.reply(topics.question, "Wrong answer")
    page = show()
    with qtbot.waitSignal(page.undo_offered) as offered:
        page._acting.act(reply.post_id, Act.REMOVE)
    assert "Wrong answer" not in text_of(page)
    topics.forum.undo(offered.args[0])
    qtbot.waitUntil(lambda: "Wrong answer" in text_of(page))


def test_deleted_post_with_replies_keeps_its_place(topics: Topics, show: Show) -> None:
    topics.reply(topics.question, "The answer stays.")
    page = show()
    topics.forum.delete_post(topics.question.post_id)
    assert "Deleted post" in text_of(page)
    assert "I see it every day." not in text_of(page)
    assert "The answer stays." in text_of(page)


def test_edited_post_is_marked_and_shows_its_earlier_texts(topics: Topics, show: Show, qtbot: QtBot) -> None:
    page = show()
    topics.forum.edit_post(topics.question.post_id, "I see it every night.")
    assert "edited" in text_of(page)
    assert "every night" in text_of(page)
    page._acting.act(topics.question.post_id, Act.EDITS)
    menus = [menu for menu in page.findChildren(QMenu) if menu.isVisible()]
    assert any("I see it every day." in action.text() for menu in menus for action in menu.actions())
    for menu in menus:
        menu.close()


def test_thoughts_are_folded_and_never_part_of_the_reply(topics: Topics, show: Show) -> None:
    reply = topics.reply(topics.question, "Blue scatters most.", thinking="Let me see. " * 5)
    page = show()
    assert "Thought for 15 words" in text_of(page)
    assert "Let me see" not in text_of(page)
    page._keeper.follow_act(reply.post_id, "act:thinking")
    assert "Let me see" in text_of(page)
    assert page.copy_source(reply.post_id) == "Blue scatters most."
    page._keeper.follow_act(reply.post_id, "act:thinking")
    assert "Let me see" not in text_of(page)


def test_long_post_shows_the_rest_on_request(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply = topics.reply(topics.question, "\n\n".join(f"Paragraph {number}." for number in range(600)))
    page = show()
    qtbot.waitUntil(lambda: "Show the rest" in text_of(page))
    assert "Paragraph 599." not in text_of(page)
    page._acting.follow_link(reply.post_id, "act:rest")
    qtbot.waitUntil(lambda: "Paragraph 599." in text_of(page))


def test_new_title_shows_everywhere(topics: Topics, show: Show, qtbot: QtBot) -> None:
    page = show()
    with qtbot.waitSignal(page.title_changed) as changed:
        topics.forum.rename_topic(topics.topic.topic_id, "Why is it blue?")
    assert changed.args == ["Why is it blue?"]
    assert text_of(page).startswith("Why is it blue?")
    assert page._view.accessibleName() == "Thread: Why is it blue?"


def test_deleted_topic_is_told(topics: Topics, show: Show, qtbot: QtBot) -> None:
    page = show()
    with qtbot.waitSignal(page.topic_gone):
        topics.forum.delete_topic(topics.topic.topic_id)


def test_selection_across_posts_is_exact(topics: Topics, show: Show) -> None:
    topics.reply(topics.question, "First | second\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n- [x] done\n- [ ] open")
    page = show()
    document = page._view.document()
    start = document.find("every day").selectionStart()
    end = document.find("open").selectionStart() + 2
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    page._view.setTextCursor(cursor)
    assert (cursor.selectionStart(), cursor.selectionEnd()) == (start, end)
    page._view.copy()
    lines = QGuiApplication.clipboard().text().split("\n")
    assert lines[0] == "every day."
    assert lines[1].startswith("Ada v1 qwen3:8b")
    assert lines[2:] == ["First | second", "a\tb", "1\t2", "[x] done", "[ ] op"]


def test_labels_of_actions_are_in_no_copy(topics: Topics, show: Show) -> None:
    topics.reply(topics.question, "The answer.")
    page = show()
    page._view.selectAll()
    page._view.copy()
    copied = QGuiApplication.clipboard().text()
    for act in Act:
        assert act.word not in copied
    assert "act:" not in copied


def test_pressed_label_asks_for_its_action(topics: Topics, show: Show, qtbot: QtBot) -> None:
    page = show()
    page.grab()
    [label] = [one for one in page._view.decorations.labels[topics.question.post_id] if one.act is Act.REPLY]
    at = (label.rect.center() - QPointF(0, page._view.offset)).toPoint()
    with qtbot.waitSignal(page.reply_requested) as wished:
        QTest.mouseClick(page._view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert wished.args == [topics.question.post_id]


def test_labels_show_only_on_the_hovered_and_the_current_post(
    topics: Topics, show: Show, qtbot: QtBot
) -> None:
    reply = topics.reply(topics.question, "The answer.")
    page = show()
    page._walking.make_current(topics.question.post_id)
    page.grab()
    assert page._view.decorations.labels[reply.post_id] == []
    slot = page._view.writer.by_key[reply.post_id]
    QTest.mouseMove(page._view.viewport(), QPoint(200, round(page._view.top_of(slot)) + 12))
    qtbot.waitUntil(lambda: page.grab() and page._view.decorations.labels[reply.post_id] != [])


def test_rail_folds_and_unfolds_a_branch(topics: Topics, show: Show) -> None:
    reply = topics.reply(topics.question, "The answer.")
    page = show()
    style, slot = page._view.writer.style, page._view.writer.by_key[reply.post_id]
    at = QPoint(round(style.rail(0)), round(page._view.top_of(slot)) + 12 - page._view.offset)
    QTest.mouseClick(page._view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert "1 reply by Ada" in text_of(page)
    assert "The answer." not in text_of(page)
    page._acting.follow_link(topics.question.post_id, "act:branch")
    assert "The answer." in text_of(page)


def test_keys_walk_and_act(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply = topics.reply(topics.question, "Read.", read_at=NOW)
    unread = topics.reply(reply, "Unread.")
    page = show(post=topics.question.post_id)
    qtbot.keyClick(page._view, Qt.Key.Key_J)
    assert page.current_post == reply.post_id
    qtbot.keyClick(page._view, Qt.Key.Key_K)
    assert page.current_post == topics.question.post_id
    qtbot.keyClick(page._view, Qt.Key.Key_N)
    assert page.current_post == unread.post_id
    for key, signal in (
        (Qt.Key.Key_R, page.reply_requested),
        (Qt.Key.Key_A, page.ask_requested),
        (Qt.Key.Key_E, page.edit_requested),
    ):
        with qtbot.waitSignal(signal) as wished:
            qtbot.keyClick(page._view, key)
        assert wished.args == [unread.post_id]
    qtbot.keyClick(page._view, Qt.Key.Key_C)
    assert QGuiApplication.clipboard().text() == "Unread."


def test_enter_unfolds_and_tab_walks_the_links(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply = topics.reply(
        topics.question, "See https://example.org/a and [there](https://example.org/b).", thinking="Well."
    )
    page = show(post=reply.post_id)
    qtbot.keyClick(page._view, Qt.Key.Key_Return)
    assert "Well." in text_of(page)
    qtbot.keyClick(page._view, Qt.Key.Key_Return)
    assert "Well." not in text_of(page)
    targets = []
    page.link_opened.connect(targets.append)
    for _ in range(4):  # the version in the head, the thoughts, the two of the text
        qtbot.keyClick(page._view, Qt.Key.Key_Tab)
        qtbot.keyClick(page._view, Qt.Key.Key_Return)
    assert targets[:2] == ["https://example.org/a", "https://example.org/b"]


def test_link_shows_where_it_really_leads(topics: Topics, show: Show, qtbot: QtBot) -> None:
    topics.reply(topics.question, "[https://example.org](https://exаmple.org/login)")
    page = show()
    document = page._view.document()
    at = page._view.cursorRect(document.find("https://example")).center() - QPoint(20, 0)
    with qtbot.waitSignal(page.link_hovered) as hovered:
        QTest.mouseMove(page._view.viewport(), at)
        QTest.mouseMove(page._view.viewport(), at + QPoint(1, 0))
    assert hovered.args == ["https://xn--exmple-4nf.org/login"]


def test_find_counts_and_walks(topics: Topics, show: Show, qtbot: QtBot) -> None:
    topics.reply(topics.question, "Blue, blue and BLUE. " + "Filler. " * 600 + "blue")
    page = show()
    qtbot.waitUntil(lambda: page.is_complete and "Filler" in text_of(page))
    page.find()
    field = page.findChild(QLineEdit)
    qtbot.keyClicks(field, "blue")
    # Four in the reply, one in the title.
    assert page._find.count == 5
    places = []
    for _ in range(5):
        places.append(page._find._at.selectionStart())
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert len(set(places)) == 5
    assert page._find._at.selectionStart() == places[0]
    qtbot.waitUntil(lambda: 0 < len(page._view.extraSelections()) < 5)
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert page._view.extraSelections() == []
    assert not page._find.isVisible()


def test_replies_on_screen_are_read_after_a_moment(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply = topics.reply(topics.question, "New.")
    far = topics.reply(topics.question, "Far away.")
    topics.forum.edit_post(topics.question.post_id, "Long. " * 20)
    topics.forum.edit_post(reply.post_id, "New. " * 1000)
    page = show(post=reply.post_id)
    qtbot.waitUntil(lambda: topics.forum.post(reply.post_id).read_at is not None)
    assert topics.forum.post(far.post_id).read_at is None
    assert page.next_unread()
    assert page.current_post == far.post_id


def test_next_unread_comes_around(topics: Topics, show: Show) -> None:
    unread = [topics.reply(topics.question, text) for text in ("One.", "Two.")]
    page = show(post=topics.question.post_id)
    walked = []
    for _ in range(3):
        assert page.next_unread()
        walked.append(page.current_post)
    assert walked == [unread[0].post_id, unread[1].post_id, unread[0].post_id]


def test_reply_that_broke_off_is_marked(topics: Topics, show: Show) -> None:
    whole = topics.reply(topics.question, "Whole.")
    half = topics.reply(topics.question, "Half a", is_incomplete=True)
    page = show()
    states = {key: slot.head.state for key, slot in page._view.writer.by_key.items()}
    assert states[whole.post_id] is None
    assert states[half.post_id] is not None
    assert "incomplete" in text_of(page)


def test_refused_step_is_told_in_words(topics: Topics, show: Show, qtbot: QtBot, monkeypatch) -> None:
    job = a_job(topics.database, topics.question, JobStatus.ERROR, error_title="It failed")
    page = show()

    def refuse(request_id: int) -> None:
        raise ForllmError("Not now", "Try later.")

    monkeypatch.setattr(topics.queue, "retry", refuse)
    with qtbot.waitSignal(page.failed) as failed:
        page._acting.act(-job.request_id, Act.RETRY)
    assert failed.args[0].title == "Not now"


def test_zoom_keeps_the_post_where_it_is(topics: Topics, show: Show, qtbot: QtBot) -> None:
    posts = [topics.reply(topics.question, f"Reply {number}. " * 40) for number in range(20)]
    page = show(post=posts[10].post_id)
    page._walking.go_to(posts[10].post_id)
    before = page._view.top_of(page._view.writer.by_key[posts[10].post_id]) - page._view.offset
    assert 40 <= before <= 70
    size = page._view.writer.style.font("reading").pointSizeF()
    qtbot.keyClick(page._view, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert page.zoom == 1.1
    assert page._view.writer.style.font("reading").pointSizeF() > size
    qtbot.waitUntil(lambda: page.is_complete)
    top = page._view.top_of(page._view.writer.by_key[posts[10].post_id]) - page._view.offset
    assert abs(top - before) <= 3
    qtbot.keyClick(page._view, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert page.zoom == 1.0


def test_another_theme_rewrites_in_its_colours(
    topics: Topics, show: Show, qtbot: QtBot, started_look: Look
) -> None:
    page = show()
    started_look.apply(ColourScheme.DARK, "blue", 1.0)
    qtbot.waitUntil(lambda: page.is_complete)
    block = page._view.document().findBlock(page._view.document().find("every day").position())
    assert block.begin().fragment().charFormat().foreground().color() == theme().colour("text")


def test_every_control_has_a_name(topics: Topics, show: Show) -> None:
    page = show()
    page.find()
    for button in page.findChildren(QAbstractButton):
        assert button.accessibleName() or not button.isVisible(), button
    assert page._view.accessibleName() == "Thread: Why is the sky blue?"
    assert page._view.accessibleDescription()
    assert page.findChild(QLineEdit).accessibleName()


def test_walking_is_announced(topics: Topics, show: Show, qtbot: QtBot) -> None:
    topics.reply(topics.question, "The answer.")
    page = show(post=topics.question.post_id)
    with qtbot.waitSignal(page.announced) as told:
        qtbot.keyClick(page._view, Qt.Key.Key_J)
    assert told.args == ["Ada version 1, reply 2 of 2, level 2, unread"]


def test_topic_beyond_a_page_is_divided(topics: Topics, show: Show, qtbot: QtBot, monkeypatch) -> None:
    monkeypatch.setattr("forllm_desktop.ui.thread.entries.PAGE_POSTS", 10)
    for number in range(24):
        topics.forum.add_post(topics.topic.topic_id, f"Post number {number}.")
    page = show()
    assert "Later posts 15" in text_of(page)
    assert "Post number 9." not in text_of(page)
    page._acting.follow_link(0, "act:later")
    qtbot.waitUntil(lambda: page.is_complete)
    assert "Post number 9." in text_of(page)
    assert "Earlier posts 10" in text_of(page)
    for _ in range(10):
        qtbot.keyClick(page._view, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: "Post number 23." in text_of(page))


def test_opening_reads_the_store_in_few_queries(topics: Topics, show: Show) -> None:
    for number in range(30):
        question = topics.forum.add_post(topics.topic.topic_id, f"Question {number}")
        reply = topics.reply(question, "Answer", created_at=NOW + timedelta(hours=1), read_at=NOW)
        a_job(topics.database, question, JobStatus.COMPLETE, reply_post_id=reply.post_id, finished_at=NOW)
    statements: list[str] = []
    engines = [one for one in vars(topics.database).values() if hasattr(one, "dialect")]
    assert engines

    def note(conn, cursor, statement, *_) -> None:
        statements.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    page = show()
    page.grab()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    selects = [one for one in statements if one.lstrip().upper().startswith(("SELECT", "WITH"))]
    assert len(selects) <= 17, selects


def test_icons_and_times_explain_themselves(topics: Topics, show: Show) -> None:
    page = show()
    page.grab()
    labels = page._view.decorations.labels[topics.question.post_id]
    assert [page._view._tip_at(label.rect.center()) for label in labels][2:4] == [
        "Edit (E)",
        "Copy as Markdown (C)",
    ]
    slot = page._view.writer.by_key[topics.question.post_id]
    tip = page._view._tip_at(QPointF(90, page._view.top_of(slot) + 10))
    assert tip == f"{NOW.astimezone():%a %d %b %Y, %H:%M:%S}"


@pytest.mark.usefixtures("started_look")
def test_warming_up_needs_no_page() -> None:
    warm_up()


def test_find_unfolds_a_branch_that_holds_a_hit(topics: Topics, show: Show, qtbot: QtBot) -> None:
    topics.reply(topics.question, "A hidden treasure.")
    page = show()
    page._keeper.fold(topics.question.post_id)
    assert "treasure" not in text_of(page)
    page.find()
    field = page.findChild(QLineEdit)
    qtbot.keyClicks(field, "treasure")
    assert page._find.count == 0
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "treasure" in text_of(page) and page._find.count == 1)
