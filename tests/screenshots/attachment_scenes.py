"""Files of posts: below a text, and a page for each."""

from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.forum import Post
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
