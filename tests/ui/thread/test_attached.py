"""Files below the text of a post: rows that can be read, walked to, opened and copied by name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import event

from forllm_desktop.domain.files import AttachedFile, FileFacts, ShownFile
from forllm_desktop.domain.forum import Post
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.services.files import FilesService
from forllm_desktop.ui.thread.attached import SHOWN, file_blocks, file_of, with_files
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.specs import Kind
from tests.ui.thread.conftest import Topics

FACTS = FileFacts(3000, 1000, "utf-8")
Show = Callable[..., ThreadPage]


@pytest.fixture
def attachments(topics: Topics, tmp_path: Path) -> AttachmentService:
    files = FilesService(topics.database, topics.events, tmp_path)
    return AttachmentService(topics.database, files, topics.clock)


@pytest.fixture
def give(topics: Topics, attachments: AttachmentService) -> Callable[..., None]:
    """Return what gives files to a post and tells it."""

    def give(post: Post, *files: AttachedFile) -> None:
        with topics.database.write() as session:
            attachments.attach(session, session.get_one(Post, post.post_id), files)
        topics.events.post_changed.emit(post.post_id)

    return give


@pytest.fixture
def read(show: Show, attachments: AttachmentService) -> Callable[..., ThreadPage]:
    """Return what shows the page with the files of its posts."""
    return lambda **options: show(attachments=attachments, **options)


def text_of(page: ThreadPage) -> str:
    return page._view.document().toPlainText()


def named(name: str, note: str = "") -> ShownFile:
    return ShownFile(AttachedFile("0" * 64, name, note), FACTS)


def test_a_file_is_a_row_with_its_name_size_and_note() -> None:
    row = file_blocks([named("notes.md", "from the attic")])[0]
    assert row.kind is Kind.FILE
    assert "notes.md" in row.text
    assert "~1,000\u00a0tokens" in row.text
    assert "from the attic" in row.text
    assert row.runs[0].link == "act:file:0"


def test_a_pdf_and_a_lost_file_are_told() -> None:
    pdf = ShownFile(AttachedFile("0" * 64, "a.pdf"), FileFacts(9, 3, "pdf"))
    lost = ShownFile(AttachedFile("1" * 64, "b.txt"), None)
    rows = file_blocks([pdf, lost])
    assert rows[0].place == "file-pdf"
    assert "no longer stored" in rows[1].text.replace("\u00a0", " ")


def test_a_long_name_loses_its_middle_and_keeps_its_ending() -> None:
    row = file_blocks([named("a very long name " * 10 + "report.pdf")])[0]
    assert "report.pdf" in row.text
    assert len(row.text) < 100


def test_many_files_are_shown_when_asked_for() -> None:
    files = [named(f"{number}.txt") for number in range(20)]
    blocks = file_blocks(files)
    assert len(blocks) == SHOWN + 1
    assert blocks[-1].text == f"Show {20 - SHOWN} more files"
    assert len(file_blocks(files, {"files"})) == 20


def test_only_links_to_files_mean_files() -> None:
    assert [file_of(link) for link in ("act:file:3", "act:files", "act:rest", "https://a")] == [
        3, None, None, None,
    ]  # fmt: skip


def test_a_copy_names_the_files() -> None:
    files = [AttachedFile("0" * 64, "a.txt", "the first"), AttachedFile("1" * 64, "b.md")]
    assert with_files("Look.", files) == "Look.\n\nFiles: a.txt (the first), b.md"
    assert with_files("Look.", []) == "Look."


def test_files_stand_below_the_text_and_open(
    topics: Topics, attachments: AttachmentService, give, read, qtbot: QtBot
) -> None:
    give(topics.question, attachments.add_text("a.txt", "a"), attachments.add_text("b.txt", "b"))
    page = read()
    lines = text_of(page).split("\n")
    assert [line.split()[0].strip("\u2068\u2069") for line in lines[-2:]] == ["a.txt", "b.txt"]
    qtbot.keyClick(page._view, Qt.Key.Key_Tab)
    qtbot.keyClick(page._view, Qt.Key.Key_Tab)
    with qtbot.waitSignal(page.file_requested) as wished:
        qtbot.keyClick(page._view, Qt.Key.Key_Return)
    assert wished.args == [topics.question.post_id, wished.args[1]]


def test_enter_on_a_post_opens_its_first_file(
    topics: Topics, attachments: AttachmentService, give, read, qtbot: QtBot
) -> None:
    give(topics.question, attachments.add_text("a.txt", "a"))
    page = read()
    with qtbot.waitSignal(page.file_requested) as wished:
        qtbot.keyClick(page._view, Qt.Key.Key_Return)
    assert wished.args == [topics.question.post_id, 0]


def test_copies_have_the_names(topics: Topics, attachments: AttachmentService, give, read) -> None:
    give(topics.question, replace(attachments.add_text("a.txt", "a"), name='odd "name".txt'))
    page = read()
    copied = 'I see it every day.\n\nFile: odd "name".txt'
    assert page.copy_source(topics.question.post_id) == copied
    page._view.selectAll()
    page._view.copy()
    assert 'odd "name".txt   ~1 token' in QGuiApplication.clipboard().text()


def test_changed_files_are_followed(
    topics: Topics, attachments: AttachmentService, give, read, qtbot: QtBot
) -> None:
    page = read()
    give(topics.question, attachments.add_text("a.txt", "a"))
    qtbot.waitUntil(lambda: "a.txt" in text_of(page))
    give(topics.question)
    qtbot.waitUntil(lambda: "a.txt" not in text_of(page))


def test_a_deleted_post_hides_its_files_and_a_restored_one_has_them_again(
    topics: Topics, attachments: AttachmentService, give, read, qtbot: QtBot
) -> None:
    topics.reply(topics.question, "Kept.")
    give(topics.question, attachments.add_text("a.txt", "a"))
    page = read()
    undo = topics.forum.delete_post(topics.question.post_id)
    qtbot.waitUntil(lambda: "a.txt" not in text_of(page))
    topics.forum.undo(undo)
    qtbot.waitUntil(lambda: "a.txt" in text_of(page))


def test_the_current_post_says_how_many_files_it_has(
    topics: Topics, attachments: AttachmentService, give, read, qtbot: QtBot
) -> None:
    give(topics.question, attachments.add_text("a.txt", "a"), attachments.add_text("b.txt", "b"))
    other = topics.forum.add_post(topics.topic.topic_id, "Other.", topics.question.post_id)
    page = read(post=other.post_id)
    with qtbot.waitSignal(page.announced) as said:
        qtbot.keyClick(page._view, Qt.Key.Key_K)
    assert said.args[0].endswith("2 files")


def test_the_files_of_a_whole_topic_cost_two_queries(
    topics: Topics, attachments: AttachmentService, give
) -> None:
    for number in range(30):
        post = topics.forum.add_post(topics.topic.topic_id, f"Post {number}")
        give(post, attachments.add_text(f"{number}.txt", f"{number}"))
    asked: list[str] = []
    engine = topics.database._reader
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    found = attachments.shown(topic_id=topics.topic.topic_id)
    assert len(found) == 30
    assert len([one for one in asked if one.lstrip().startswith("SELECT")]) == 2
    assert not any("content" in one or ".text" in one for one in asked), "neither contents nor texts are read"
