"""The page of a file: its text as it is, the whole of it when asked for, and the file to save."""

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from forllm_desktop.domain.forum import Post
from forllm_desktop.ui.page_maker import file_key
from forllm_desktop.ui.pages.file import FilePage
from forllm_desktop.ui.widgets.long_text import FIRST, MOST, LongText, lines_of
from tests.builders import a_topic


@pytest.fixture
def opened(workspace, started_look, qtbot):
    """Return what attaches a text to a post and shows its page."""
    workspace.settings.change(file_tokens=4_000_000)

    def opened(text):
        post = a_topic(workspace.forum)[1]
        file = workspace.attachments.add_text("notes.txt", text)
        with workspace.database.write() as session:
            workspace.attachments.attach(session, session.get_one(Post, post.post_id), [file])
        page = FilePage(post.post_id, 0, workspace)
        qtbot.addWidget(page)
        page.resize(700, 500)
        page.show()
        qtbot.waitUntil(lambda: page.is_complete)
        return page

    return opened


def shown(page):
    return page.findChild(LongText).toPlainText()


def button(page, text):
    return next(one for one in page.findChildren(QPushButton) if one.text() == text)


def said(page):
    return page._text._state.text()


def test_the_text_is_shown_as_it_is(opened):
    text = "<b>not bold</b>\n\n  # no heading\n![no picture](file:///etc/passwd)"
    page = opened(text)
    assert shown(page) == text
    assert page.findChild(LongText).isReadOnly()


def test_the_whole_text_is_copied_and_the_file_is_saved(opened, qtbot, tmp_path):
    text = "long line " * 300 + "\r\nGrüße"
    page = opened(text)
    page.copy_text()
    assert QGuiApplication.clipboard().text() == page._text.text
    with qtbot.waitSignal(page.saved):
        page.save_as(str(tmp_path / "saved.txt"))
    assert (tmp_path / "saved.txt").read_bytes() == text.encode()


def test_where_it_cannot_be_saved_it_says_so(opened, qtbot, tmp_path):
    page = opened("a")
    with qtbot.waitSignal(page.failed) as failed:
        page.save_as(str(tmp_path / "nowhere" / "saved.txt"))
    assert "could not be saved" in failed.args[0].title


def test_a_long_text_is_shown_in_part_until_all_is_asked_for(opened, qtbot):
    text = "\n".join(f"line {number}" for number in range(FIRST[0] + 500))
    page = opened(text)
    assert shown(page).count("\n") == FIRST[0] - 1
    assert said(page) == "500 more lines"
    button(page, "Show all").click()
    qtbot.waitUntil(lambda: said(page) == "")
    assert shown(page) == text
    assert not button(page, "Show all").isVisible()


def test_what_cannot_be_shown_at_all_is_told(opened, qtbot):
    page = opened("\n" + "x\n" * MOST[0])
    button(page, "Show all").click()
    qtbot.waitUntil(lambda: "cannot be shown" in said(page), timeout=30_000)


def test_two_megabytes_in_one_line_are_broken(opened, qtbot):
    page = opened("word " * 400_000)
    button(page, "Show all").click()
    qtbot.waitUntil(lambda: said(page) == "", timeout=30_000)
    view = page.findChild(LongText)
    assert view.document().blockCount() == 2000
    assert view.document().characterCount() >= 2_000_000


def test_lines_have_no_separators_of_qt_and_no_nul():
    assert lines_of("a\u2028b\u2029c\r\nd\re\0") == ["a", "b", "c", "d", "e\ufffd"]


def test_a_tab_of_the_window_shows_it_and_leads_to_its_post(desk, workspace, qtbot):
    topic, post = a_topic(workspace.forum)
    file = workspace.attachments.add_text("notes.txt", "text")
    with workspace.database.write() as session:
        workspace.attachments.attach(session, session.get_one(Post, post.post_id), [file])
    page = desk.show_page(file_key(post.post_id, 0))
    assert isinstance(page, FilePage)
    qtbot.waitUntil(lambda: page.is_complete)
    with qtbot.waitSignal(page.post_requested) as wished:
        button(page, "Show the post").click()
    assert wished.args == [post.post_id]
    assert desk._tabs.current_key() == f"topic:{topic.topic_id}"


@pytest.mark.parametrize("key", ["file:1:5", "file:99:0", "file:x:0", "file:1", "file:1:0:0"])
def test_a_file_that_is_not_there_has_no_page(desk, workspace, key):
    a_topic(workspace.forum)
    assert desk._maker.describe(key) is None
