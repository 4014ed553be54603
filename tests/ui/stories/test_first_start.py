"""From the first start to the first answer, with the built-in engine and no server on the machine."""

from pathlib import Path

from PySide6.QtWidgets import QPlainTextEdit

from tests.ui.stories.driver import User

QUESTION = "What waits in the garden at night?"


def test_by_mouse(user: User, model: Path) -> None:
    user.start()
    user.sees("Ask now. It is answered by morning.", "No model was found yet.")
    user.click("Choose a file")
    user.sees("Choose a model file")
    user.double_click_row("Downloads")
    user.click_row("tiny.gguf")
    user.click("Open")
    user.sees("tiny.gguf", "Nothing leaves this computer.")
    user.click("Your first question", QPlainTextEdit)
    user.press("Ctrl+A")
    user.write(QUESTION)
    user.click("Post and ask Ada")
    user.sees("Done 1", QUESTION, "Physics")
    read = user.reads_reply()
    assert QUESTION in read
    assert "Ada v1 tiny" in read, "the model is named without its folder"
    assert len(read.splitlines()[-1]) > 3, "a reply is there"

    user.quit()
    user.start()
    user.sees(QUESTION, "Done 1")
    assert user.thread() == read


def test_by_keyboard_alone(user: User, model: Path) -> None:
    user.start()
    user.sees("No model was found yet.")
    user.tab_to("Choose a file")
    user.press("Space")
    user.sees("Choose a model file")
    user.write(str(model))
    user.press("Return")
    user.sees("Nothing leaves this computer.")
    user.tab_to("Your first question")
    user.press("Ctrl+A")
    user.write(QUESTION)
    user.press("Ctrl+Return")
    user.sees("Done 1", QUESTION)
    assert "Ada" in user.reads_reply()
