"""Subforums and topics: made, asked in, read, renamed, moved, deleted, brought back, found."""

from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QListView, QPlainTextEdit, QTableView

from tests.fakes import Answer, FakeOllama, Gate, ollama_delta, ollama_done
from tests.ui.stories.driver import RIGHT, User


def make_subforum(user: User, name: str) -> None:
    user.press("Ctrl+Shift+N")
    user.wait(lambda: isinstance(user.focus(), QLineEdit), "a field for the name")
    user.write(name)
    user.press("Return")
    user.wait(lambda: name in user.rows(), name)


def post(user: User, subforum: str, text: str, button: str = "Post") -> None:
    user.click_row(subforum)
    user.click("New topic")
    user.click("Text of the post", QPlainTextEdit)
    user.write(text)
    user.click(button)
    user.wait(lambda: text in user.thread(), "the post")


def test_ask_go_away_and_come_back_to_the_unread_reply(user: User, ollama: FakeOllama) -> None:
    gate = Gate()
    ollama.script(Answer([ollama_delta("Because "), gate, ollama_delta("of the snails."), ollama_done()]))
    user.start()
    user.sees("No subforums yet")
    make_subforum(user, "Garden")
    post(user, "Garden", "Why is the lettuce gone?", "Post and ask")
    user.wait(lambda: "Because" in user.thread(), "the beginning of the reply")
    user.click("Trash")
    user.sees("The trash is empty")
    gate.open()
    user.sees("Done 1")
    user.wait(lambda: "1 unread" in user.described_row("Why is the lettuce gone?"), "the unread mark")
    user.press("N")
    user.wait(lambda: "Because of the snails." in user.thread(), "the reply")
    user.wait(lambda: "unread" not in user.described_row("Why is the lettuce gone?"), "it is read")


def test_what_was_being_written_is_in_the_field_after_a_restart(user: User, ollama: FakeOllama) -> None:
    user.start()
    make_subforum(user, "Garden")
    post(user, "Garden", "Why is the lettuce gone?")
    user.click("Text of the post", QPlainTextEdit)
    user.press("Escape", "E")
    user.sees("Edit the post")
    user.write(" And the beans?")
    user.quit()
    user.start()
    user.sees("Edit the post")
    field = user.find(QPlainTextEdit, "Text of the post")
    user.wait(lambda: field.toPlainText() == "Why is the lettuce gone? And the beans?", "the text")


def test_rename_reorder_move_delete_and_restore(user: User, ollama: FakeOllama) -> None:
    user.start()
    make_subforum(user, "Garden")
    make_subforum(user, "Kitchen")
    post(user, "Garden", "Lettuce soup")
    assert user.rows() == ["Garden", "Lettuce soup", "Kitchen"]

    user.click_row("Garden")
    user.press("F2")
    user.press("Ctrl+A")
    user.write("Vegetables")
    user.press("Return")
    user.wait(lambda: user.rows()[0] == "Vegetables", "the new name")

    user.click_row("Kitchen")
    user.press("Alt+Up")
    user.wait(lambda: user.rows() == ["Kitchen", "Vegetables", "Lettuce soup"], "Kitchen above")

    user.click_row("Lettuce soup", button=RIGHT)
    user.choose("Move to", "Kitchen")
    user.click_row("Kitchen")
    user.press("Right")
    user.wait(lambda: user.rows() == ["Kitchen", "Lettuce soup", "Vegetables"], "the topic in the kitchen")

    user.click_row("Lettuce soup")
    user.press("Del")
    user.sees("Topic “Lettuce soup” deleted")
    user.wait(lambda: user.rows() == ["Kitchen", "Vegetables"], "it is gone")
    user.press("Ctrl+Z")
    user.sees("Topic “Lettuce soup” restored")
    user.wait(lambda: "Lettuce soup" in user.rows(), "it is back")

    user.click_row("Kitchen")
    user.press("Del")
    user.wait(lambda: user.rows() == ["Vegetables"], "the kitchen is gone")
    user.click("Trash")
    user.click_row("Kitchen", QTableView)
    user.click("Restore")
    user.wait(lambda: "Kitchen" in user.rows(), "the kitchen is back")
    user.sees("The trash is empty")


def test_find_a_post_by_its_words(user: User, ollama: FakeOllama, data: Path) -> None:
    user.start()
    make_subforum(user, "Garden")
    post(user, "Garden", "The lettuce\nwas eaten by a hedgehog, I think.")
    post(user, "Garden", "Tomatoes")
    user.press("Ctrl+K")
    user.write("hedgehog")
    user.wait(lambda: any("hedgehog" in row for row in user.rows(QListView, name="Search results")), "a hit")
    user.press("Return")
    user.wait(lambda: "hedgehog" in user.thread(), "the post")
    user.press("Ctrl+K")
    user.write("tomatoe")
    user.click_row("Tomatoes", QListView)
    user.wait(lambda: user.thread().startswith("Tomatoes"), "the other topic")
