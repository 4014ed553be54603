"""A draft that tags files is previewed with them, as it will be sent, and nothing is stored for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import file_tag_text
from forllm_desktop.domain.xray import DraftQuestion
from forllm_desktop.services.workspace import Workspace, open_workspace


@dataclass
class Desk:
    ws: Workspace
    place: int
    notes: Path
    folder: int

    def tag(self, path: str) -> str:
        return file_tag_text(self.folder, path)

    def preview(self, text: str, **fields: object) -> str:
        xray = self.ws.prompts.preview_draft(DraftQuestion(self.place, None, None, text, **fields))  # type: ignore[arg-type]
        return xray.messages[-1]["content"]

    def stored(self) -> list[str]:
        with self.ws.database.read() as session:
            return [row[0] for row in session.connection().exec_driver_sql("SELECT digest FROM stored_files")]


@pytest.fixture
def desk(tmp_path: Path, database_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    workspace = open_workspace(tmp_path)
    notes = tmp_path_factory.mktemp("notes")
    (notes / "a.md").write_text("First A.")
    (notes / "b.md").write_text("First B.")
    place = workspace.forum.create_subforum("Physics").subforum_id
    yield Desk(workspace, place, notes, workspace.files.add_folder(str(notes)).folder_id)
    workspace.close()


def test_a_tagged_file_is_in_the_preview_as_it_is_sent(desk: Desk) -> None:
    attached = desk.ws.attachments.add_text("own.txt", "Attached.")
    text = f"See {desk.tag('b.md')} and {desk.tag('a.md')}"
    shown = desk.preview(text, files=(attached,))
    before = desk.stored()
    assert "First B." in shown
    assert desk.stored() == before == [attached.digest]
    done = desk.ws.submitting.submit(NewPost(desk.place, text=text, files=(attached,)))
    persona = desk.ws.personas.personas()[0]
    sent = desk.ws.prompts.preview(done.post.post_id, persona.persona_id, persona.content, None)
    assert sent.messages[-1]["content"] == shown


def test_a_file_that_is_tagged_by_two_folders_is_sent_once(desk: Desk) -> None:
    (desk.notes / "sub").mkdir()
    (desk.notes / "sub" / "c.md").write_text("Only once.")
    inner = desk.ws.files.add_folder(str(desk.notes / "sub")).folder_id
    text = f"See {desk.tag('sub/c.md')} and {file_tag_text(inner, 'c.md')}"
    shown = desk.preview(text)
    assert shown.count("Only once.") == 1
    done = desk.ws.submitting.submit(NewPost(desk.place, text=text))
    persona = desk.ws.personas.personas()[0]
    sent = desk.ws.prompts.preview(done.post.post_id, persona.persona_id, persona.content, None)
    assert sent.messages[-1]["content"] == shown


@pytest.mark.parametrize("label", ["notes/a.md", "a\u202e\u200b.md", " "])
def test_a_file_has_the_name_in_the_preview_that_it_is_sent_with(desk: Desk, label: str) -> None:
    text = f"See {file_tag_text(desk.folder, 'a.md', label)}"
    shown = desk.preview(text)
    done = desk.ws.submitting.submit(NewPost(desk.place, text=text))
    persona = desk.ws.personas.personas()[0]
    sent = desk.ws.prompts.preview(done.post.post_id, persona.persona_id, persona.content, None)
    assert sent.messages[-1]["content"] == shown


def test_a_changed_file_and_changed_rules_are_followed(desk: Desk) -> None:
    text = f"See {desk.tag('a.md')}"
    assert "First A." in desk.preview(text)
    (desk.notes / "a.md").write_text("Second and longer A.")
    assert "Second and longer A." in desk.preview(text)
    desk.ws.settings.change(files_block="*.md")
    assert "Second" not in desk.preview(text)
    desk.ws.settings.change(files_block="")
    desk.ws.files.edit_folder(desk.folder, allow=["*.txt"])
    assert "Second" not in desk.preview(text)
    desk.ws.files.edit_folder(desk.folder, allow=[])
    assert "Second" in desk.preview(text)
    (desk.notes / "a.md").unlink()
    assert "Second" not in desk.preview(text)


def test_a_file_is_read_once_while_the_text_around_it_changes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    original = type(desk.ws.files).read
    monkeypatch.setattr(
        type(desk.ws.files), "read", lambda self, *args: reads.append(args) or original(self, *args)
    )
    for length in range(20):
        desk.preview(f"{'x' * length} {desk.tag('a.md')}")
    assert len(reads) == 1


def test_an_edited_post_is_previewed_with_the_file_as_it_was_tagged(desk: Desk) -> None:
    text = f"See {desk.tag('a.md')}"
    done = desk.ws.submitting.submit(NewPost(desk.place, text=text))
    (desk.notes / "a.md").write_text("Changed since.")
    shown = desk.preview(f"{text} and {desk.tag('b.md')}", edits=done.post.post_id)
    assert "First A." in shown
    assert "First B." in shown
    assert "Changed" not in shown
    assert "First A." not in desk.preview("No tag any more", edits=done.post.post_id)
