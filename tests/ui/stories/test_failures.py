"""What goes wrong is said in words on the post, on its row and below the table: what happened, what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QTableView

from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.ui.item_models.queue_table import Column
from tests.fakes import (
    Answer,
    Cut,
    FakeOllama,
    Silence,
    json_answer,
    ollama_delta,
    ollama_done,
    ollama_error,
    ollama_reply,
)
from tests.ui.stories.driver import User
from tests.ui.stories.test_forum import make_subforum, post

TOO_LONG = {
    "code": 400,
    "message": "the request exceeds the available context size. try increasing the context size",
    "type": "exceed_context_size_error",
    "n_prompt_tokens": 9000,
    "n_ctx": 4096,
}
NO_MEMORY = ollama_error("CUDA error: out of memory")


@dataclass(frozen=True)
class Failure:
    """What the server does, and the words for it; `state` is that of the row."""

    name: str
    prepare: Callable[[FakeOllama], object]
    title: str
    cures: tuple[str, ...]
    state: str = "Failed"
    kept: str = ""


FAILURES = [
    Failure(
        "server away",
        lambda server: server.refuse(),
        "The server cannot be reached",
        ("Start the Ollama app", "go on by themselves"),
        "Parked",
    ),
    Failure(
        "wrong key",
        lambda server: setattr(server, "needs_key", "right"),
        "The server wants a key",
        ("Enter its API key in the settings",),
        "Parked",
    ),
    Failure(
        "busy",
        lambda server: server.script(json_answer({"error": "server busy, please try again"}, 503)),
        "The server is busy",
        ("sent again by itself",),
        "Parked",
    ),
    Failure(
        "loading",
        lambda server: server.script(json_answer({"error": "loading model"}, 503)),
        "The server is still loading the model",
        ("sent again by itself",),
        "Parked",
    ),
    Failure(
        "unknown model",
        lambda server: server.models.clear(),
        "The server does not have this model",
        ("ollama pull llama3.2", "choose another model"),
    ),
    Failure(
        "prompt too long",
        lambda server: server.script(json_answer({"error": TOO_LONG}, 400)),
        "The conversation is too long for the model",
        ("9000", "4096", "larger context window"),
    ),
    Failure(
        "out of memory",
        lambda server: server.script(Answer([ollama_delta("So "), NO_MEMORY])),
        "GPU memory ran out",
        ("smaller context window",),
        kept="So",
    ),
    Failure(
        "broken stream",
        lambda server: server.script(Answer([ollama_delta("So far "), Cut()])),
        "The connection broke off in the middle of the reply",
        ("again",),
        kept="So far",
    ),
    Failure(
        "empty reply",
        lambda server: server.script(Answer([ollama_done()])),
        "The model answered nothing",
        ("Try again",),
    ),
    Failure(
        "only thinking",
        lambda server: server.script(Answer(ollama_reply(thinking=["Hm, ", "let me see."]))),
        "The model only thought",
        ("switch thinking off",),
    ),
    Failure(
        "stalled",
        lambda server: server.script(Answer([ollama_delta("So far "), Silence()])),
        "stopped",
        ("Nothing came for 1 second", "is kept"),
        kept="So far",
    ),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_a_failure_is_said(user: User, ollama: FakeOllama, data: Path, failure: Failure) -> None:
    workspace = open_workspace(data)
    workspace.settings.change(stall_limit=1)
    workspace.close()
    failure.prepare(ollama)
    user.start()
    make_subforum(user, "Garden")
    post(user, "Garden", "What waits for us?", "Post and ask")

    user.wait(
        lambda: user.rows(QTableView, Column.STATE) == [failure.state], f"a row that is {failure.state}"
    )
    reason = user.rows(QTableView, Column.PROGRESS)[0]
    assert failure.title in reason

    user.wait(lambda: reason in user.thread(), "the reason on the post")
    for words in (*failure.cures, failure.kept):
        assert words in user.thread()

    user.click_row("What waits for us?", QTableView)
    user.sees(f"{reason}. ")
    bar = next(text for text in user.texts() if text.startswith(f"{reason}. "))
    for words in failure.cures:
        assert words in bar
    assert (failure.state == "Failed") == ("Retry" in user.texts())
