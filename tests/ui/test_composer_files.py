"""Files in the composer: they are posted with the text, kept with its draft, and changed by an edit."""

import threading

import pytest

from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import file_tag_text
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.attachment_row import AttachmentRow
from forllm_desktop.ui.editor.composer import Composer
from tests.builders import a_topic


@pytest.fixture
def topic(workspace: Workspace):
    return a_topic(workspace.forum)[0]


@pytest.fixture
def compose(started_look, workspace, topic, qtbot):
    """Return what opens a composer in the topic."""

    def compose() -> Composer:
        made = Composer(workspace)
        qtbot.addWidget(made, before_close_func=lambda one: one.stop())
        made.write_in(topic.topic_id)
        made.resize(900, 300)
        made.show()
        return made

    return compose


def row_of(composer: Composer) -> AttachmentRow:
    return composer.findChild(AttachmentRow)


def names(composer: Composer) -> list[str]:
    return [file.name for file in row_of(composer).files]


def post(composer: Composer, qtbot) -> int:
    with qtbot.waitSignal(composer.posted) as posted:
        composer.post()
    return posted.args[0]


def test_files_are_posted_with_the_text_as_they_were_attached(compose, workspace, qtbot, tmp_path):
    (tmp_path / "b.txt").write_text("as attached")
    composer = compose()
    composer._text.setPlainText("Look at these.")
    row_of(composer).add_paths([tmp_path / "b.txt"])
    row_of(composer).add_text("a.txt", "pasted")
    qtbot.waitUntil(lambda: names(composer) == ["b.txt", "a.txt"])
    (tmp_path / "b.txt").write_text("changed")
    files = workspace.attachments.of_post(post(composer, qtbot))
    texts = workspace.attachments.texts([file.digest for file in files])
    assert [(file.name, texts[file.digest].text) for file in files] == [
        ("b.txt", "as attached"),
        ("a.txt", "pasted"),
    ]
    assert names(composer) == []


def test_a_file_that_is_dropped_while_the_post_is_on_its_way_stays_for_the_next_one(
    compose, workspace, topic, qtbot, tmp_path, monkeypatch
):
    (tmp_path / "late.txt").write_text("late")
    may_go_on, check = threading.Event(), workspace.submitting.check
    monkeypatch.setattr(workspace.submitting, "check", lambda new: may_go_on.wait(20) and check(new))
    composer = compose()
    composer._text.setPlainText("Look at this.")
    row_of(composer).add_text("a.txt", "a")
    qtbot.waitUntil(lambda: names(composer) == ["a.txt"])
    with qtbot.waitSignal(composer.posted) as posted:
        composer.post()
        composer.attach([str(tmp_path / "late.txt")])
        qtbot.waitUntil(lambda: names(composer) == ["a.txt", "late.txt"])
        may_go_on.set()
    assert [file.name for file in workspace.attachments.of_post(posted.args[0])] == ["a.txt"]
    assert names(composer) == ["late.txt"]
    assert composer._text.toPlainText() == ""
    composer.flush()
    assert [file.name for file in workspace.drafts.files(f"topic:{topic.topic_id}")] == ["late.txt"]


def test_files_are_there_again_with_the_draft(compose, workspace, topic, qtbot):
    composer = compose()
    row_of(composer).add_text("a.txt", "a")
    qtbot.waitUntil(lambda: names(composer) == ["a.txt"])
    composer.stop()
    assert [file.name for file in workspace.drafts.files(f"topic:{topic.topic_id}")] == ["a.txt"]
    assert names(compose()) == ["a.txt"]


def test_each_place_has_its_own_files(compose, workspace, topic, qtbot):
    reply = workspace.forum.add_post(
        topic.topic_id, "A reply", workspace.forum.thread(topic.topic_id)[0].post.post_id
    )
    composer = compose()
    row_of(composer).add_text("a.txt", "a")
    qtbot.waitUntil(lambda: names(composer) == ["a.txt"])
    composer.write_in(topic.topic_id, reply.post_id)
    assert names(composer) == []
    composer.write_in(topic.topic_id)
    assert names(composer) == ["a.txt"]


def test_an_edit_takes_a_file_away_and_can_be_undone(compose, workspace, topic, qtbot):
    files = tuple(workspace.attachments.add_text(f"{name}.txt", name) for name in "ab")
    new = NewPost(topic.subforum_id, topic_id=topic.topic_id, text="Look.", files=files)
    made = workspace.submitting.submit(new).post
    composer = compose()
    composer.edit(made.post_id)
    assert names(composer) == ["a.txt", "b.txt"]
    row = row_of(composer)
    row._remove(row._chips[0])
    with qtbot.waitSignal(composer.undo_offered) as offered:
        composer.post()
    assert [file.name for file in workspace.attachments.of_post(made.post_id)] == ["b.txt"]
    workspace.submitting.undo(offered.args[0])
    assert workspace.attachments.of_post(made.post_id) == list(files)


def test_an_edit_shows_no_files_of_tags_and_keeps_them(compose, workspace, topic, qtbot, tmp_path_factory):
    folder = tmp_path_factory.mktemp("indexed")
    (folder / "notes.md").write_text("tagged")
    tag = file_tag_text(workspace.files.add_folder(str(folder)).folder_id, "notes.md")
    new = NewPost(topic.subforum_id, topic_id=topic.topic_id, text=f"See {tag}")
    made = workspace.submitting.submit(new).post
    (folder / "notes.md").unlink()
    composer = compose()
    composer.edit(made.post_id)
    assert names(composer) == []
    composer._text.moveCursor(composer._text.textCursor().MoveOperation.End)
    composer._text.insertPlainText(" please")
    post(composer, qtbot)
    assert [file.name for file in workspace.attachments.of_post(made.post_id)] == ["notes.md"]
