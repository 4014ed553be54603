"""Asking by tags: a name is completed while it is typed, the meter follows, a chain answers in its order."""

from PySide6.QtWidgets import QPlainTextEdit

from forllm_desktop.ui.editor.meter import Meter
from tests.fakes import FakeOllama
from tests.ui.stories.driver import User
from tests.ui.stories.test_forum import make_subforum


def test_a_tag_is_completed_measured_posted_and_answered(user: User, ollama: FakeOllama) -> None:
    user.start()
    make_subforum(user, "Garden")
    user.click_row("Garden")
    user.click("New topic")
    user.click("Text of the post", QPlainTextEdit)
    field = user.find(QPlainTextEdit, "Text of the post")
    user.write("Why is the lettuce gone? @assi")
    user.press("Return")
    user.wait(lambda: field.toPlainText().endswith("@Assistant "), "the whole name")
    user.sees("Asks Assistant")
    meter = user.find(Meter)
    user.wait(lambda: "tokens" in meter.accessibleDescription(), "how large the prompt is")
    user.press("Ctrl+Return")
    user.wait(lambda: "Hello from the fake." in user.thread(), "the reply")
    user.wait(lambda: "@Assistant" in user.thread(), "the tag in the post")
    assert "persona:" not in user.thread()
