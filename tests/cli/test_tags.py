"""Tags on the command line: names typed by hand ask their personas, and failed links are skipped."""

from collections.abc import Callable
from pathlib import Path

import pytest

from forllm_desktop.services.workspace import open_workspace
from tests.cli.conftest import Result, Run
from tests.fakes import Answer, FakeOllama, ollama_error, ollama_reply

AWAY = "http://127.0.0.1:9"
Ask = Callable[..., Result]


@pytest.fixture
def ask(made: Path, run: Run, folder: Path) -> Ask:
    """Return a function that asks on a server; there are the personas Ada, Ada Lovelace and Bob."""
    workspace = open_workspace(folder)
    for name in ("Ada", "Ada Lovelace", "Bob"):
        workspace.personas.create(name, f"You are {name}.")
    workspace.close()

    def ask_it(text: str, *arguments: str, server: str = AWAY) -> Result:
        return run(
            "ask", text, "--subforum", "Physics", "--model", "llama3.2", "--server", server, *arguments
        )

    return ask_it


def test_names_in_the_text_ask_their_personas(ask: Ask, folder: Path) -> None:
    asked = ask("Hi @ada lovelace and @Bob:@Ada, what is light?")
    assert asked.out.splitlines() == [
        "Request 1 is queued: Assistant on llama3.2.",
        "Request 2 is queued: Ada Lovelace on llama3.2.",
        "Request 3 is queued: Bob on llama3.2.",
        "Request 4 is queued: Ada on llama3.2, after request 3.",
    ]
    workspace = open_workspace(folder, writes=False)
    assert [topic.title for topic in workspace.forum.topics(1)] == [
        "Hi @Ada Lovelace and @Bob:@Ada, what is light?"
    ]
    workspace.close()


def test_only_the_tagged_are_asked_if_wanted_and_json_lists_all(ask: Ask) -> None:
    asked = ask("@Bob:@Ada", "--only-tagged", "--json").document
    assert [(one["persona"], one["status"], one["after"]) for one in asked["requests"]] == [
        ("Bob", "pending", None),
        ("Ada", "pending_dependency", 1),
    ]
    assert asked["id"] == 1
    refused = ask("me@bob.example", "--only-tagged", "--json")
    assert (refused.code, refused.document["error"]["title"]) == (1, "The text tags nobody")


def test_a_broken_chain_is_refused_and_leaves_nothing(ask: Ask, run: Run) -> None:
    refused = ask("@Bob:@Nobody", "--json")
    assert refused.document["error"]["title"] == "A link is missing in “@Bob:@Nobody”"
    assert refused.document["error"]["field"] == "text"
    assert run("queue", "list", "--json").document == []


def test_all_replies_are_waited_for_and_named(ask: Ask, server: FakeOllama) -> None:
    server.script(Answer(ollama_reply("From Bob")), Answer(ollama_reply("From Ada")))
    asked = ask("@Bob:@Ada", "--only-tagged", "--wait", server=server.url)
    assert (asked.code, asked.err) == (0, "")
    assert asked.out == "Bob:\nFrom Bob\n\nAda:\nFrom Ada\n"
    sent = [exchange.body for exchange in server.requests("/api/chat")]
    assert sent[1]["messages"][-1]["content"].endswith("From Bob")


def test_a_failed_link_is_told_and_skipped(ask: Ask, run: Run, server: FakeOllama) -> None:
    server.script(Answer([ollama_error("the model crashed")]))
    assert ask("@Bob:@Ada", "--only-tagged", "--wait", server=server.url).code == 1
    assert "Blocked: a request before it failed. Retry that, or skip it." in run("queue", "list").out
    assert run("queue", "skip", "2").code == 1
    assert run("queue", "skip", "1").out == "Request 1 is left out of its chain.\n"
    listed = run("queue", "list", "--json").document
    assert [(one["status"], one["chain"]) for one in listed] == [("error", "skipped"), ("pending", None)]
    assert run("queue", "retry", "1").code == 0
    listed = run("queue", "list", "--json").document
    assert [one["status"] for one in listed] == ["pending", "pending_dependency"]
