"""A post that is led to, by a search for instance, is read with what stands around it."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.writer import Writer
from tests.builders import NOW
from tests.ui.thread.conftest import Topics

Show = Callable[..., ThreadPage]


def on_screen(page: ThreadPage) -> list[int]:
    """List the posts whose text is on screen: not only its end below the title line."""
    title = page._title_line.height() if page._title_line.isVisible() else 0
    return [
        slot.key
        for slot in page._view.visible()
        if page._view.bottom_of(slot) - page._view.offset > title + 10
    ]


def test_found_post_stands_between_what_it_answers_and_its_replies(topics: Topics, show: Show) -> None:
    for number in range(12):
        topics.reply(topics.question, f"Other {number}. " * 40, read_at=NOW)
    parent = topics.reply(topics.question, "The parent. " * 40, read_at=NOW)
    found = topics.reply(parent, "The hit.", read_at=NOW)
    answer = topics.reply(found, "An answer to it.", read_at=NOW)
    for number in range(12):
        topics.reply(topics.question, f"Later {number}. " * 40, read_at=NOW)
    page = show(post=found.post_id)
    assert on_screen(page)[:3] == [parent.post_id, found.post_id, answer.post_id]
    # So too when the page is there already and something else is read.
    page.show_post(topics.question.post_id)
    page.show_post(found.post_id)
    assert on_screen(page)[:3] == [parent.post_id, found.post_id, answer.post_id]
    assert page.current_post == found.post_id


def test_later_page_begins_with_what_its_first_post_answers(
    topics: Topics, show: Show, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forllm_desktop.ui.thread.entries.PAGE_POSTS", 10)
    chain = [topics.question]
    for number in range(9):
        chain.append(topics.reply(chain[-1], f"Step {number}.", read_at=NOW))
    found = topics.reply(chain[-1], "The hit.", read_at=NOW)
    answer = topics.reply(found, "An answer to it.", read_at=NOW)
    page = show(post=found.post_id, height=900)
    lines = page._view.document().toPlainText().split("\n")
    assert "Step 8." in lines
    assert "Step 3." not in lines
    assert "Earlier posts 10" in lines
    assert lines.index("Earlier posts 10") < lines.index("Step 4.") < lines.index("The hit.")
    assert {chain[-1].post_id, found.post_id, answer.post_id} <= set(on_screen(page))
    # What is repeated can be walked, and leads on to the page before.
    for _ in range(6):
        qtbot.keyClick(page._view, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: page.is_complete and "Step 3." in page._view.document().toPlainText())
    assert "The hit." not in page._view.document().toPlainText()


def test_what_is_near_is_written_first(topics: Topics, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    posts = [topics.reply(topics.question, f"Reply {number}.", read_at=NOW).post_id for number in range(40)]
    written: list[int] = []
    insert = Writer.insert
    monkeypatch.setattr(
        Writer,
        "insert",
        lambda self, index, key, *more: written.append(key) or insert(self, index, key, *more),
    )
    show(post=posts[20])
    assert written[:2] == [posts[20], posts[19]]
    assert set(written[:12]) == set(posts[16:28])
    assert sorted(written) == sorted([topics.question.post_id, *posts])
