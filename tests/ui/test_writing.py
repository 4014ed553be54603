"""Writing with the composer's tools: marks by their keys, files, pasted texts, the preview, and its line."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import persona_tag_text
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.editor.asking_line import asked_words
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.editor.mark_bar import MARKS, PREVIEW_KEY
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.pages.topic import TopicPage
from forllm_desktop.ui.thread.view import ThreadView
from tests.builders import a_topic

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Writing:
    """A topic in a window with the keyboard in the composer, two personas, and a model."""

    def __init__(self, desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot) -> None:
        self.desk, self.window, self.workspace, self.qtbot = desk, window, workspace, qtbot
        server = workspace.models.server_at("http://127.0.0.1:9", "Ollama", ServerKind.OLLAMA)
        workspace.models.use(ModelChoice(server.server_id, "qwen3:8b"))
        self.ada = workspace.personas.create("Ada Lovelace", "You.").persona_id
        self.bob = workspace.personas.create("Bob", "You.").persona_id
        self.topic, self.first = a_topic(workspace.forum)
        desk.show_topic(self.topic.topic_id)
        self.page = window.findChild(TopicPage)
        self.composer = window.findChild(Composer)
        self.form = self.composer._form
        self.field = self.composer._text
        window.activateWindow()
        self.composer.focus_text()
        qtbot.waitUntil(self.field.hasFocus)

    def tag(self, id: int) -> str:
        return persona_tag_text(id, self.workspace.personas.card(id).name)

    def rest(self) -> None:
        self.qtbot.waitUntil(lambda: self.composer.is_at_rest)

    def line(self) -> str:
        self.rest()
        return self.form.asking.text()

    def button(self, name: str) -> QToolButton:
        return next(b for b in self.form.findChildren(QToolButton) if b.accessibleName() == name)


@pytest.fixture
def writing(desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot) -> Writing:
    return Writing(desk, window, workspace, qtbot)


# -- whom it asks


def test_the_line_names_chains_in_their_order(writing: Writing) -> None:
    ada, bob = writing.tag(writing.ada), writing.tag(writing.bob)
    writing.field.insert_stored(f"{ada}:{bob}:{ada} and {bob}")
    assert writing.line() == "Asks Ada Lovelace, then Bob, then Ada Lovelace · Bob"
    assert writing.composer._persona.name == "Ada Lovelace"


def test_post_and_ask_asks_whom_the_text_tags_and_nobody_else(writing: Writing) -> None:
    writing.field.insert_stored(f"{writing.tag(writing.bob)} why?")
    with writing.qtbot.waitSignal(writing.composer.asked):
        QTest.keyClick(writing.field, Qt.Key.Key_Return, CTRL)
    assert [job.llm_persona for job in writing.workspace.queue.jobs()] == [writing.bob]
    assert writing.composer._persona.name != "Bob"


def test_a_persona_picked_by_hand_is_asked_besides_and_the_line_says_so(writing: Writing) -> None:
    writing.composer.choose_persona(writing.ada)
    writing.field.insert_stored(f"{writing.tag(writing.bob)} why?")
    assert writing.line() == "Asks Bob; Post and ask also asks Ada Lovelace"
    with writing.qtbot.waitSignal(writing.composer.asked):
        writing.composer.post_and_ask()
    assert {job.llm_persona for job in writing.workspace.queue.jobs()} == {writing.ada, writing.bob}


def test_post_alone_asks_those_who_are_tagged(writing: Writing) -> None:
    ada, bob = writing.tag(writing.ada), writing.tag(writing.bob)
    writing.field.insert_stored(f"{ada}:{bob} go on")
    with writing.qtbot.waitSignal(writing.composer.posted):
        writing.composer.post()
    assert [job.llm_persona for job in writing.workspace.queue.jobs()] == [writing.ada, writing.bob]


def test_a_missing_link_and_a_deleted_persona_are_said_at_once_and_at_posting(writing: Writing) -> None:
    writing.field.insert_stored(f"{writing.tag(writing.ada)}:@Nobody why?")
    assert writing.line().startswith("A link is missing in “@Ada Lovelace:@Nobody”")
    writing.composer.post()
    writing.qtbot.waitUntil(writing.composer._error.isVisible)
    assert "A link is missing" in writing.composer._error.text()
    writing.field.selectAll()
    writing.field.insert_stored(f"{writing.tag(writing.bob)} why?")
    writing.workspace.personas.delete(writing.bob)
    assert writing.line() == "“Bob” is deleted or switched off, and cannot answer."
    writing.composer.post()
    writing.qtbot.waitUntil(writing.composer._error.isVisible)
    assert "Bob" in writing.composer._error.text()
    assert writing.field.stored_text() == "[@Bob](persona:3) why?"
    assert len(writing.workspace.forum.thread(writing.topic.topic_id)) == 1


def test_names_in_the_line_are_plain_text_and_many_are_counted() -> None:
    text = " ".join(f"[@P{n}](persona:{n})" for n in range(9))
    said = asked_words(text, {n: f"<b>P{n}" for n in range(9)})
    assert said.words.startswith("Asks <b>P0 · <b>P1")
    assert said.words.endswith("3 more")


def test_an_edit_says_what_it_changes_before_it_is_saved_and_can_be_taken_back(writing: Writing) -> None:
    ws, (ada, bob) = writing.workspace, (writing.tag(writing.ada), writing.tag(writing.bob))
    made = ws.submitting.submit(NewPost(1, writing.topic.topic_id, text=f"{ada}:{ada} why?"))
    writing.composer.edit(made.post.post_id)
    assert writing.line() == ""
    writing.field.selectAll()
    writing.field.insert_stored(f"{bob} why?")
    assert writing.line() == "Will ask Bob. Cancels 2 requests to Ada Lovelace."
    with writing.qtbot.waitSignals([writing.composer.posted, writing.composer.undo_offered]):
        QTest.mouseClick(writing.form.post, Qt.MouseButton.LeftButton)
    states = {job.llm_persona: str(job.status) for job in ws.queue.jobs()}
    assert states[writing.bob] == "pending"
    assert states[writing.ada] == "cancelled"


def test_what_is_written_elsewhere_while_a_post_is_on_its_way_stays(writing: Writing) -> None:
    other = writing.workspace.forum.add_post(writing.topic.topic_id, "Other", writing.first.post_id)
    writing.composer.write_in(writing.topic.topic_id, other.post_id)
    QTest.keyClicks(writing.field, "A reply")
    writing.composer.write_in(writing.topic.topic_id)
    QTest.keyClicks(writing.field, "To the topic")
    writing.composer.post()
    writing.composer.write_in(writing.topic.topic_id, other.post_id)
    with writing.qtbot.waitSignal(writing.composer.posted):
        pass
    assert writing.field.toPlainText() == "A reply"
    assert not writing.field.isReadOnly()
    writing.composer.write_in(writing.topic.topic_id)
    assert writing.field.toPlainText() == ""
    posts = [one.post.content for one in writing.workspace.forum.thread(writing.topic.topic_id)]
    assert posts.count("To the topic") == 1


# -- what would be sent


def test_the_meter_opens_the_prompt_beside_the_thread_and_it_follows_what_is_typed(writing: Writing) -> None:
    QTest.keyClicks(writing.field, "Why is that?")
    writing.rest()
    xray = writing.page._xray
    QTest.mouseClick(writing.form.meter, Qt.MouseButton.LeftButton)
    assert xray.is_open
    view = xray._drawer.view
    writing.qtbot.waitUntil(lambda: view.xray is not None and "Why is that?" in str(view.xray.messages))
    assert view.xray == writing.form.meter.xray
    writing.field.setFocus()
    QTest.keyClicks(writing.field, " And that?")
    writing.qtbot.waitUntil(lambda: "And that?" in str(view.xray.messages))
    xray._drawer.setFocus()
    QTest.keyClick(xray._drawer, Qt.Key.Key_Escape)
    assert not xray.is_open
    assert writing.field.hasFocus()


# -- marks


def test_each_mark_has_a_key_that_works_although_the_window_has_it_too(writing: Writing) -> None:
    writing.field.setPlainText("word")
    writing.field.selectAll()
    QTest.keyClick(writing.field, Qt.Key.Key_B, CTRL)
    assert writing.field.toPlainText() == "**word**"
    QTest.keyClick(writing.field, Qt.Key.Key_I, CTRL)
    assert writing.field.toPlainText() == "***word***"
    QTest.keyClick(writing.field, Qt.Key.Key_L, CTRL | SHIFT)
    assert writing.field.toPlainText() == "- ***word***"
    QTest.keyClick(writing.field, Qt.Key.Key_Z, CTRL)
    assert writing.field.toPlainText() == "***word***"
    assert len({mark.key for mark in MARKS} | {PREVIEW_KEY}) == len(MARKS) + 1


def test_all_marks_are_in_the_menu_behind_the_dots(writing: Writing) -> None:
    writing.button("Marks and more").click()
    menu = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible())
    names = [action.text().split("\t")[0] for action in menu.actions() if not action.isSeparator()]
    assert names == [*(mark.name for mark in MARKS), "Attach files…", "Preview"]
    next(action for action in menu.actions() if action.text().startswith("Numbered")).trigger()
    menu.close()
    assert writing.field.toPlainText() == "1. "


# -- the preview


def test_the_preview_shows_the_text_as_its_thread_will_and_escape_goes_back(writing: Writing) -> None:
    writing.field.insert_stored(f"# Head\n\n**bold** {writing.tag(writing.ada)} <script>")
    QTest.keyClick(writing.field, Qt.Key.Key_E, CTRL | SHIFT)
    preview = writing.form.preview
    writing.rest()
    assert preview.isVisible()
    assert writing.field.isHidden()
    shown = preview._view.document().toPlainText()
    assert "Head\nbold @Ada Lovelace" in shown
    assert "<script>" in shown
    assert "**" not in shown
    assert writing.button("Preview").isChecked()
    QTest.keyClick(preview._view, Qt.Key.Key_Escape)
    assert writing.field.isVisible()
    assert preview.isHidden()
    assert writing.field.stored_text().startswith("# Head")


def test_a_long_text_is_rendered_elsewhere_and_posting_leaves_the_preview(writing: Writing) -> None:
    writing.field.setPlainText("A line with *some* words.\n\n" * 3000)
    writing.button("Preview").click()
    writing.rest()
    assert writing.form.preview._view.document().blockCount() > 200
    assert writing.form.preview.height() <= writing.field.most_height
    with writing.qtbot.waitSignal(writing.composer.posted):
        writing.composer.post()
    assert writing.field.isVisible()


# -- files


def test_files_are_dropped_on_the_thread_pasted_and_picked_and_posted(
    writing: Writing, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("a.txt", "b.md")]
    for path in paths:
        path.write_text(f"in {path.name}")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(paths[0]))])
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, button, none)
    QApplication.sendEvent(writing.page.findChild(ThreadView).viewport(), entering)
    assert entering.isAccepted()
    drop = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, button, none)
    QApplication.sendEvent(writing.page, drop)
    pasted = QMimeData()
    pasted.setUrls([QUrl.fromLocalFile(str(paths[1]))])
    writing.field.insertFromMimeData(pasted)
    writing.qtbot.waitUntil(lambda: [f.name for f in writing.form.files.files] == ["a.txt", "b.md"])
    assert writing.field.toPlainText() == ""
    QTest.keyClicks(writing.field, "Read these")
    writing.composer.flush()
    draft = writing.workspace.drafts.files(writing.composer._place.key)
    assert [file.name for file in draft] == ["a.txt", "b.md"]
    with writing.qtbot.waitSignal(writing.composer.posted) as posted:
        writing.composer.post()
    files = writing.workspace.attachments.of_post(posted.args[0])
    assert [file.name for file in files] == ["a.txt", "b.md"]
    assert writing.form.files.files == ()
    assert writing.workspace.drafts.draft(writing.composer._place.key) is None


def test_each_place_has_its_own_files(writing: Writing, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    other = writing.workspace.forum.add_post(writing.topic.topic_id, "Other", writing.first.post_id)
    writing.composer.attach([str(path)])
    writing.qtbot.waitUntil(lambda: len(writing.form.files.files) == 1)
    writing.composer.write_in(writing.topic.topic_id, other.post_id)
    assert writing.form.files.files == ()
    writing.composer.write_in(writing.topic.topic_id)
    assert [file.name for file in writing.form.files.files] == ["a.txt"]


def test_a_refused_file_is_said_and_the_text_stays(writing: Writing, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(256)) * 10)
    writing.field.setPlainText("Look at this")
    with writing.qtbot.waitSignal(writing.form.files.failed):
        writing.composer.attach([str(path)])
    assert writing.field.toPlainText() == "Look at this"


# -- a long text that is pasted


@pytest.fixture
def long_text(writing: Writing) -> str:
    writing.workspace.settings.change(paste_tokens=500)
    return "A line of a long log that goes on and on.\n" * 200


def paste(writing: Writing, text: str) -> None:
    QApplication.clipboard().setText(text)
    QTest.keyClick(writing.field, Qt.Key.Key_V, CTRL)


def test_a_long_pasted_text_can_become_a_file_and_undo_brings_it_back(
    writing: Writing, long_text: str
) -> None:
    QTest.keyClicks(writing.field, "Why? ")
    paste(writing, long_text)
    assert writing.field.toPlainText() == f"Why? {long_text}"
    offer = writing.form.paste_offer
    writing.qtbot.waitUntil(offer.isVisible)
    QTest.mouseClick(offer._attach, Qt.MouseButton.LeftButton)
    writing.qtbot.waitUntil(lambda: [f.name for f in writing.form.files.files] == ["Pasted text.txt"])
    assert writing.field.toPlainText() == "Why? "
    (file,) = writing.form.files.files
    assert writing.workspace.attachments.texts([file.digest])[file.digest].text == long_text
    assert writing.field.hasFocus()
    QTest.keyClick(writing.field, Qt.Key.Key_Z, CTRL)
    assert writing.field.toPlainText() == f"Why? {long_text}"
    assert writing.form.files.files == ()
    assert offer.isHidden()


def test_a_pasted_text_that_cannot_be_a_file_stays_in_the_field(writing: Writing, long_text: str) -> None:
    paste(writing, long_text)
    offer = writing.form.paste_offer
    writing.qtbot.waitUntil(offer.isVisible)
    writing.workspace.settings.change(file_tokens=600)
    with writing.qtbot.waitSignal(writing.form.files.failed):
        QTest.mouseClick(offer._attach, Qt.MouseButton.LeftButton)
    assert writing.field.toPlainText() == long_text
    assert writing.form.files.files == ()
    assert offer.isHidden()


def test_a_pasted_text_is_not_lost_when_one_goes_on_while_it_becomes_a_file(
    writing: Writing, long_text: str
) -> None:
    other = writing.workspace.forum.add_post(writing.topic.topic_id, "Other", writing.first.post_id)
    paste(writing, long_text)
    offer = writing.form.paste_offer
    writing.qtbot.waitUntil(offer.isVisible)
    QTest.mouseClick(offer._attach, Qt.MouseButton.LeftButton)
    writing.composer.write_in(writing.topic.topic_id, other.post_id)
    writing.composer.write_in(writing.topic.topic_id)
    assert writing.field.toPlainText() == long_text or writing.form.files.files


def test_a_pasted_text_that_is_too_long_for_a_file_is_not_offered_as_one(
    writing: Writing, long_text: str
) -> None:
    writing.workspace.settings.change(file_tokens=600)
    paste(writing, long_text)
    offer = writing.form.paste_offer
    writing.qtbot.waitUntil(offer.isVisible)
    assert "one file may have 600" in offer._words.text()
    assert offer._attach.isHidden()
    assert offer._keep.isVisible()


def test_undo_of_an_attached_text_leaves_the_other_files_alone(
    writing: Writing, long_text: str, tmp_path: Path
) -> None:
    path = tmp_path / "slow.txt"
    path.write_text("slow")
    paste(writing, long_text)
    offer = writing.form.paste_offer
    writing.qtbot.waitUntil(offer.isVisible)
    QTest.mouseClick(offer._attach, Qt.MouseButton.LeftButton)
    writing.qtbot.waitUntil(lambda: writing.field.toPlainText() == "")
    writing.composer.attach([str(path)])
    QTest.keyClick(writing.field, Qt.Key.Key_Z, CTRL)
    writing.rest()
    assert writing.field.toPlainText() == long_text
    assert [file.name for file in writing.form.files.files] == ["slow.txt"]


def test_keeping_it_says_nothing_more_and_a_short_text_is_not_offered(
    writing: Writing, long_text: str
) -> None:
    paste(writing, long_text)
    writing.qtbot.waitUntil(writing.form.paste_offer.isVisible)
    QTest.mouseClick(writing.form.paste_offer._keep, Qt.MouseButton.LeftButton)
    assert writing.form.paste_offer.isHidden()
    assert writing.field.toPlainText() == long_text
    assert writing.field.hasFocus()
    writing.workspace.settings.change(paste_tokens=0)
    paste(writing, long_text)
    assert not writing.form.paste_offer._measuring.is_busy
    writing.workspace.settings.change(paste_tokens=500)
    paste(writing, "short")
    assert writing.form.paste_offer.isHidden()
    assert not writing.form.paste_offer._measuring.is_busy
