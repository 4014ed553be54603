"""Files that a text tags: stored with the post as they are when it is posted."""

import os
import sys

import pytest

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import file_tag_text, plain
from forllm_desktop.services.workspace import open_workspace
from tests.builders import a_subforum


@pytest.fixture
def workspace(tmp_path, database_path):
    opened = open_workspace(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def indexed(tmp_path_factory, workspace):
    """Return an indexed folder with its number."""
    folder = tmp_path_factory.mktemp("indexed")
    return folder, workspace.files.add_folder(str(folder)).folder_id


def post(workspace, text, *files):
    subforum = a_subforum(workspace.forum).subforum_id
    return workspace.submitting.submit(NewPost(subforum, title="T", text=text, files=files)).post


def test_a_tagged_file_stands_behind_the_attached_ones(workspace, indexed):
    folder, number = indexed
    (folder / "notes.md").write_text("tagged")
    attached = workspace.attachments.add_text("a.txt", "attached")
    made = post(workspace, f"See {file_tag_text(number, 'notes.md')}", attached)
    (folder / "notes.md").unlink()
    files = workspace.attachments.of_post(made.post_id)
    texts = workspace.attachments.texts([file.digest for file in files])
    assert [(file.name, texts[file.digest].text) for file in files] == [
        ("a.txt", "attached"),
        ("notes.md", "tagged"),
    ]
    assert files[0].path is None
    assert files[1].path == str(folder / "notes.md")


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that Linux allows")
@pytest.mark.parametrize(
    ("name", "shown", "place"),
    [
        ('it\'s "so" [a](b).md', 'it\'s "so" [a](b).md', 'it\'s "so" [a](b).md'),
        ("two\nlines.md", "two lines.md", "two\nlines.md"),
        ("caf\udce9.md", "caf\ufffd.md", "caf\\xe9.md"),
    ],
)
def test_a_file_with_an_odd_name_is_tagged_like_any_other(workspace, indexed, name, shown, place):
    folder, _number = indexed
    with open(os.fsencode(folder) + b"/" + os.fsencode(name), "w") as file:
        file.write("Odd")
    workspace.files.index_now()
    [found] = workspace.files.complete("")
    made = post(workspace, f"See {file_tag_text(found.folder_id, found.path)}")
    [file] = workspace.attachments.of_post(made.post_id)
    assert (file.name, file.path) == (shown, str(folder / place))
    assert plain(made.content) == f"See #{shown}"
    # Saving the post again reads nothing again: the tag is known.
    with open(os.fsencode(folder) + b"/" + os.fsencode(name), "w") as changed:
        changed.write("Changed")
    workspace.submitting.edit(made.post_id, f"{made.content}!", (file,))
    [kept] = workspace.attachments.of_post(made.post_id)
    assert kept.digest == file.digest


def test_a_tagged_file_that_is_gone_keeps_the_post_from_being_stored(workspace, indexed):
    _folder, number = indexed
    with pytest.raises(InvalidInput, match="notes"):
        post(workspace, f"See {file_tag_text(number, 'notes.md')}")
    assert workspace.forum.topics(1) == []
