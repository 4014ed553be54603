"""`forllm models`: windows, where they come from, and how well tokens are estimated."""

from pathlib import Path

import pytest

from forllm_desktop.llm.tokens import TextSize
from forllm_desktop.services import keys
from forllm_desktop.services.workspace import open_workspace
from tests.cli.conftest import Run
from tests.fakes import FakeOllama

pytestmark = pytest.mark.usefixtures("made")


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys.KeyStore, "has_keyring", False)


def ask(run: Run, server: FakeOllama) -> None:
    run("ask", "Why?", "--subforum", "Physics", "--model", "qwen3:8b", "--server", server.url)


def test_a_model_is_listed_with_its_window_and_where_that_comes_from(run: Run, server: FakeOllama) -> None:
    assert run("models", "list").out == "No model was used yet.\n"
    assert run("models", "list", "--json").document == []
    ask(run, server)
    (model,) = run("models", "list", "--json").document
    assert (model["model"], model["window"], model["window_from"]) == ("qwen3:8b", 8192, "settings")
    assert (model["server_window"], model["is_fresh"], model["estimates_off_by"]) == (None, False, None)
    (asked,) = run("models", "list", "--ask", "--json").document
    assert (asked["server_window"], asked["is_fresh"]) == (40_960, True)
    assert server.loads == []
    assert "8,192" in run("models", "list").out


def test_a_window_is_set_for_one_model_and_taken_back(run: Run, server: FakeOllama) -> None:
    ask(run, server)
    run("models", "list", "--ask")
    done = run("models", "window", "qwen3:8b", "16,384", "--server", server.url)
    assert done.out == "qwen3:8b has a window of 16,384 tokens now.\n"
    (model,) = run("models", "list", "--json").document
    assert (model["window"], model["window_from"], model["own_window"]) == (16_384, "own", 16_384)
    back = run("models", "window", "qwen3:8b", "default", "--server", server.url, "--json")
    assert (back.document["window"], back.document["own_window"]) == (8192, None)


@pytest.mark.parametrize(
    ("typed", "words"), [("50000", "40,960"), ("many", "no number of tokens"), ("12", "between 512")]
)
def test_a_window_that_cannot_be_is_refused_with_the_reason(
    run: Run, server: FakeOllama, typed: str, words: str
) -> None:
    ask(run, server)
    run("models", "list", "--ask")
    refused = run("models", "window", "qwen3:8b", typed, "--server", server.url)
    assert refused.code == 1
    assert words in refused.err
    (model,) = run("models", "list", "--json").document
    assert model["own_window"] is None


def test_a_server_that_is_away_is_told_and_the_list_comes_all_the_same(run: Run) -> None:
    run("ask", "Why?", "--subforum", "Physics", "--model", "tiny", "--server", "http://127.0.0.1:9")
    listed = run("models", "list", "--ask")
    assert listed.code == 0
    assert listed.out.startswith("tiny: ")
    assert "8,192" in listed.out


def test_what_was_learnt_of_a_tokenizer_is_told(run: Run, server: FakeOllama, folder: Path) -> None:
    ask(run, server)
    workspace = open_workspace(folder)
    (choice, _), *_ = workspace.models.known_choices()
    workspace.counting.note(choice, TextSize(words=500), 450, 500)
    workspace.close()
    (model,) = run("models", "list", "--json").document
    assert (model["estimates_learnt_from"], model["estimates_off_by"]) == (1, 0.1)
    assert "estimated within 10%" in run("models", "list").out
