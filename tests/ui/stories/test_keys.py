"""Keys while a topic is read: those that the window and the page both know do one thing, not none."""

from PySide6.QtWidgets import QLineEdit, QTextBrowser

from tests.fakes import FakeOllama
from tests.ui.stories.driver import User
from tests.ui.stories.test_forum import make_subforum, post


def test_keys_in_a_topic(user: User, ollama: FakeOllama) -> None:
    user.start()
    make_subforum(user, "Garden")
    post(user, "Garden", "Snails and hedgehogs", "Post and ask")
    user.wait(lambda: "Hello from the fake." in user.thread(), "the reply")
    view = user.find(QTextBrowser)
    user.click_at(view.viewport(), view.viewport().rect().center())
    user.wait(view.hasFocus, "the keyboard in the topic")

    user.press("Ctrl+F")
    user.wait(lambda: isinstance(user.focus(), QLineEdit), "the field to find")
    user.press("Escape")
    user.wait(view.hasFocus, "the keyboard in the topic again")

    height = user.find(QTextBrowser).document().size().height()
    user.press("Ctrl++")
    user.wait(lambda: user.find(QTextBrowser).document().size().height() > height, "larger text")
    user.press("Ctrl+0")
    user.wait(lambda: user.find(QTextBrowser).document().size().height() == height, "the usual text")

    user.press("R")
    user.wait(lambda: user.focus().accessibleName() == "Text of the post", "the keyboard in the composer")
