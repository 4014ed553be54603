"""Files that change or vanish after they were posted: what was posted is what is sent."""

from collections.abc import Callable
from pathlib import Path

from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import file_tag_text
from forllm_desktop.services.queue import Wish
from tests.builders import a_subforum
from tests.conformance.harness import Desk
from tests.fakes import FakeOllama


def ask_with_files(desk: Desk, server: FakeOllama, folder: Path) -> int:
    """Ask about two attached files and a tagged one, which then change and vanish; returns the request."""
    workspace = desk.workspace
    attached = [folder / 'a "quoted"\nname.txt', folder / "gone.md"]
    attached[0].write_text("first as posted")
    attached[1].write_text("second as posted")
    indexed = folder / "indexed"
    indexed.mkdir()
    (indexed / "tagged.txt").write_text("third as posted")
    place = workspace.files.add_folder(str(indexed)).folder_id
    files = tuple(workspace.attachments.add_path(path) for path in attached)
    wish = Wish(desk.wish(server.url, "llama3.2").model)
    text = f"What do they say? {file_tag_text(place, 'tagged.txt')}"
    subforum = a_subforum(workspace.forum).subforum_id
    made = workspace.submitting.submit(NewPost(subforum, title="Files", text=text, files=files, wish=wish))
    attached[0].write_text("changed")
    attached[1].unlink()
    (indexed / "tagged.txt").write_text("changed")
    workspace.files.remove_folder(place)
    return made.jobs[0].request_id


def test_the_texts_at_the_time_of_posting_are_sent(
    make_desk: Callable[..., Desk], ollama: FakeOllama, tmp_path: Path
) -> None:
    desk = make_desk(starts=False)
    request = ask_with_files(desk, ollama, tmp_path)
    desk.worker.start()
    desk.completed(request)
    sent = ollama.chats[0].body["messages"][-1]["content"]
    for text in ("first as posted", "second as posted", "third as posted"):
        assert sent.count(text) == 1
    assert "changed" not in sent
    assert 'a "quoted" name.txt' in sent


def test_a_post_that_is_asked_about_again_has_the_files_it_had(
    make_desk: Callable[..., Desk], ollama: FakeOllama, tmp_path: Path
) -> None:
    desk = make_desk(starts=False)
    request = ask_with_files(desk, ollama, tmp_path)
    desk.worker.start()
    desk.completed(request)
    post_id = desk.job(request).post_id_to_respond_to or 0
    again = desk.queue.ask_about(post_id, desk.wish(ollama.url, "llama3.2"))
    desk.completed(again.request_id)
    first, second = (chat.body["messages"][-1]["content"] for chat in ollama.chats)
    assert first == second
