"""What is sent: a folder of files, a file and a persona in a post, settings, and what is refused in words."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLineEdit, QListWidget, QPlainTextEdit

from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.ui.editor.meter import Meter
from tests.fakes import FakeOllama
from tests.ui.stories.driver import User


@pytest.fixture
def notes(home: Path) -> Path:
    folder = home / "Notes"
    (folder / "work").mkdir(parents=True)
    (folder / "work" / "gyroscope notes.md").write_text("A gyroscope resists being turned.")
    (folder / "other.txt").write_text("Nothing of use.")
    return folder


@pytest.fixture
def physics(data: Path) -> None:
    workspace = open_workspace(data)
    workspace.forum.create_subforum("Physics")
    for name in ("Ada Lovelace", "Bob"):
        workspace.personas.create(name, f"You are {name}.")
    workspace.close()


def said(server: FakeOllama, number: int = -1) -> str:
    body: dict[str, Any] = server.chats[number].body
    return "\n".join(message["content"] for message in body["messages"])


def add_folder(user: User, path: Path) -> None:
    user.press("Ctrl+,")
    user.click_row("Files", QListWidget)
    field = user.find(QLineEdit, "Path of a folder")
    user.click_at(field, field.rect().center())
    user.write(str(path))
    user.press("Return")


def test_a_file_and_a_persona_are_tagged_and_read(
    user: User, ollama: FakeOllama, physics: None, notes: Path
) -> None:
    user.start()
    add_folder(user, notes)
    user.sees("2 files, indexed just now")
    user.press("Ctrl+N")
    user.find(QPlainTextEdit, "Text of the post")
    user.write("Why? @ada")
    user.sees("Ada Lovelace")
    user.press("Return")
    user.write("See #gyro")
    user.sees("gyroscope notes.md")
    user.press("Return")
    user.wait(lambda: user.find(Meter).xray, "the size")
    user.wait(lambda: (xray := user.find(Meter).xray) and xray.sizes["files"], "the size of the file")
    user.press("Ctrl+Return")
    user.wait(lambda: ollama.chats, "the request")
    assert "You are Ada Lovelace." in said(ollama)
    assert "A gyroscope resists being turned." in said(ollama)
    assert "Why? @Ada Lovelace See #gyroscope notes.md" in said(ollama)
    assert "Hello from the fake." in user.reads_reply()


def test_what_the_settings_forbid_is_refused_in_words_and_the_text_stays(
    user: User, ollama: FakeOllama, physics: None, notes: Path
) -> None:
    user.start()
    add_folder(user, notes)
    user.sees("2 files, indexed just now")
    user.press("Ctrl+N")
    user.find(QPlainTextEdit, "Text of the post")
    user.write("See #gyro")
    user.sees("gyroscope notes.md")
    user.press("Return")
    workspace = user._running().workspace
    assert workspace is not None
    workspace.settings.change(files_block="*.md")
    user.press("Ctrl+Return")
    user.sees("gyroscope notes.md is not among the files that may be read")
    assert "#gyroscope notes.md" in user.find(QPlainTextEdit, "Text of the post").toPlainText()
    assert ollama.chats == []
    workspace.settings.change(files_block="")
    user.press("Ctrl+Return")
    user.wait(lambda: ollama.chats, "the request")
    assert "A gyroscope resists being turned." in said(ollama)
    user.reads_reply()


def test_a_post_that_has_no_room_is_refused_with_numbers_before_it_waits_all_night(
    user: User, ollama: FakeOllama, physics: None
) -> None:
    user.start()
    user.press("Ctrl+,")
    user.click_row("What is sent", QListWidget)
    window = user.find(QLineEdit, "Largest context window")
    user.click_at(window, window.rect().center())
    user.press("Ctrl+A")
    user.write("600")
    user.press("Return")
    user.sees("Of 600 tokens 300 are kept for the answer.")
    user.press("Ctrl+N")
    user.find(QPlainTextEdit, "Text of the post").insertPlainText("Why is it so? " * 200)
    user.press("Ctrl+Return")
    user.sees("tokens too many")
    assert "Why is it so?" in user.find(QPlainTextEdit, "Text of the post").toPlainText()
    assert ollama.chats == []
