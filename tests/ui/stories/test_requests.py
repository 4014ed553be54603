"""Requests: stopped, cancelled and tried again, from the post and from the row of the queue."""

from PySide6.QtWidgets import QTableView

from tests.fakes import Answer, FakeOllama, Gate, ollama_delta, ollama_done
from tests.ui.stories.driver import RIGHT, User
from tests.ui.stories.test_forum import make_subforum, post

STATE = 0


def begun(gate: Gate, text: str = "Because ") -> Answer:
    return Answer([ollama_delta(text), gate, ollama_done()])


def test_stop_and_try_again_from_the_post(user: User, ollama: FakeOllama) -> None:
    ollama.script(begun(Gate()))
    user.start()
    make_subforum(user, "Garden")
    post(user, "Garden", "Why?", "Post and ask")
    user.wait(lambda: "Because" in user.thread(), "the beginning")
    user.click_on_post("Stop")
    user.wait(lambda: user.rows(QTableView, STATE) == ["Cancelled"], "the row is cancelled")
    user.wait(lambda: "stopped" in user.thread(), "the post says so")
    assert "Because" in user.thread(), "what was written stays"
    user.click_on_post("Retry")
    user.wait(lambda: user.rows(QTableView, STATE) == ["Done"], "the row is done")
    user.wait(lambda: "Hello from the fake." in user.thread(), "the reply")


def test_cancel_and_try_again_from_the_row(user: User, ollama: FakeOllama) -> None:
    ollama.script(begun(Gate()))
    user.start()
    make_subforum(user, "Garden")
    post(user, "Garden", "Why?", "Post and ask")
    user.wait(lambda: user.rows(QTableView, STATE) == ["Working"], "the row works")
    user.wait(lambda: "Because" in user.thread(), "the beginning")
    user.click_row("Working", QTableView)
    user.press("Del")
    user.wait(lambda: user.rows(QTableView, STATE) == ["Cancelled"], "the row is cancelled")
    user.click_row("Cancelled", QTableView, button=RIGHT)
    user.choose("Retry")
    user.wait(lambda: user.rows(QTableView, STATE) == ["Done"], "the row is done")
    user.wait(lambda: "Hello from the fake." in user.thread(), "the reply")
