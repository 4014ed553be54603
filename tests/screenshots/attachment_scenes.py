"""Files of posts: in the composer, below a text, and a page for each."""

from PySide6.QtCore import Qt

from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.forum import Post
from forllm_desktop.ui.editor.attachment_chip import AttachmentChip
from forllm_desktop.ui.editor.attachment_row import AttachmentRow
from tests.screenshots import texts
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene
from tests.screenshots.stage import Stage


def _attach(stage: Stage, filled: Filled) -> Post:
    """Give files to the first post of a topic."""
    workspace, topic = stage.workspace, filled.other_topics[0]
    post = workspace.forum.thread(topic)[0].post
    add = workspace.attachments.add_text
    files = [
        add("measurements of the gyroscope.csv", "time;angle\n" + "0.1;2.25\n" * 400),
        add("steering.py", "def steer(lean):\n    return -lean * 0.4\n"),
        add("A very long name of a paper that somebody has saved from the web in a hurry (final 2).txt", "x"),
    ]
    files[1] = AttachedFile(files[1].digest, files[1].name, "what the bicycle robot runs")
    with workspace.database.write() as session:
        workspace.attachments.attach(session, post, files)
    return post


@scene()
def topic_files(stage: Stage, filled: Filled) -> None:
    _attach(stage, filled)
    page = stage.read(filled.other_topics[0])
    page.setFocus()


@scene()
def file_page(stage: Stage, filled: Filled) -> None:
    post = _attach(stage, filled)
    stage.read(filled.other_topics[0])
    stage.desk.show_page(f"file:{post.post_id}:1")


@scene()
def file_page_long(stage: Stage, filled: Filled) -> None:
    post = _attach(stage, filled)
    workspace = stage.workspace
    file = workspace.attachments.add_text("gyroscope.log", texts.LISTS + "\n12:00 ok" * 2300)
    with workspace.database.write() as session:
        workspace.attachments.attach(session, post, [file])
    stage.desk.show_page(f"file:{post.post_id}:0")


@scene()
def composer_files(stage: Stage, filled: Filled) -> None:
    page = stage.read(filled.other_topics[2])
    row = page.findChild(AttachmentRow)
    add = stage.workspace.attachments.add_text
    noted = add("steering.py", "def steer(lean):\n    return -lean * 0.4\n")
    row.show_files(
        [
            add("measurements of the gyroscope.csv", "time;angle\n" + "0.1;2.25\n" * 400),
            AttachedFile(noted.digest, noted.name, "what the bicycle robot runs"),
            add("A very long name of a paper that somebody has saved from the web (final 2).txt", "x"),
            add("notes.md", "Leaning steers."),
        ]
    )
    row.add_paths(["nowhere/program.exe"])
    stage.settle(lambda: not row.is_reading)
    chips = row.findChildren(AttachmentChip)
    chips[-1].remove_wished.emit()
    chips[0].setFocus(Qt.FocusReason.TabFocusReason)


@scene()
def composer_file_note(stage: Stage, filled: Filled) -> None:
    page = stage.read(filled.other_topics[2])
    row = page.findChild(AttachmentRow)
    row.show_files([stage.workspace.attachments.add_text("notes.md", "Leaning steers.")])
    next(chip for chip in row.findChildren(AttachmentChip) if chip.isVisible()).edit_note()
