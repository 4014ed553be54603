"""`forllm prompt`: what would be sent, what was, and what is left out."""

import re
from pathlib import Path

import pytest

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.services.workspace import open_workspace
from tests.cli.conftest import Run
from tests.fakes import FakeOllama


@pytest.fixture
def light(folder: Path) -> int:
    """Make a topic with a thread and something beside it; return the post that ends the thread."""
    workspace = open_workspace(folder)
    forum = workspace.forum
    subforum = forum.create_subforum("Physics").subforum_id
    topic, first = forum.create_topic(subforum, "Light", "Why is the sky blue?")
    wrong = forum.add_post(topic.topic_id, "Is it painted?", first.post_id)
    forum.add_post(topic.topic_id, "Beside.", first.post_id)
    last = forum.add_post(topic.topic_id, "And red?", wrong.post_id)
    workspace.prompt_rules.set_rule([wrong.post_id], PromptRule.LEFT_OUT)
    workspace.personas.create("Ada", "You are {{char}} in {{topic}}.")
    workspace.personas.assign(subforum, 2)
    workspace.close()
    return last.post_id


def test_prompt_of_a_topic_is_that_of_its_newest_post(run: Run, light: int) -> None:
    shown = run("prompt", "light", "--persona", "ada", "--json").document
    assert shown["post"] == light
    assert shown["messages"][0] == {"role": "system", "content": "You are Ada in Light."}
    assert [(part["source"], part["post"]) for part in shown["parts"]] == [
        ("persona", None),
        ("other", 3),
        ("thread", 1),
        ("post", 4),
    ]
    assert [(left["post"], left["reason"]) for left in shown["left_out"]] == [(2, "by_hand")]
    assert sum(part["tokens"] for part in shown["parts"]) == shown["total"] == sum(shown["sizes"].values())
    assert shown == run("prompt", "--post", str(light), "--persona", "2", "--json").document


def test_words_name_what_is_left_out_and_the_numbers(run: Run, light: int) -> None:
    words = run("prompt", "--post", str(light)).out
    assert words.startswith("[system]\n")
    assert re.search(r"LEFT OUT  POST  TOKENS  WHY\nUser      2     ~\d+ +left out by hand\n", words)
    assert "fit beside an answer of 2,048 in a window of 8,192.\n" in words


def test_reply_that_is_not_stored_can_be_tried(run: Run, light: int) -> None:
    shown = run("prompt", "Light", "--text", "Or green?", "--json").document
    assert shown["messages"][-1]["content"].endswith("User wrote:\n\nAnd red?\n\nUser wrote:\n\nOr green?")
    assert run("prompt", "Light", "--json").document["post"] == light


def test_what_is_too_long_is_said(run: Run, light: int) -> None:
    words = run("prompt", "--post", str(light), "--text", "word " * 9_000).out
    assert "tokens too many: this is not sent." in words


def test_prompt_of_a_request_is_what_it_sent(run: Run, server: FakeOllama) -> None:
    run("ask", "Why?", "--subforum", "Physics", "--model", "llama3.2", "--server", server.url, "--wait")
    shown = run("prompt", "--request", "1", "--json").document
    assert shown["messages"] == server.chats[-1].body["messages"]
    assert shown["is_sent"] is True
    assert shown["reported"] is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--request", "9"), "The request does not exist"),
        (("--post", "99"), "The post does not exist"),
        (("Light", "--model", "nobody"), "The model nobody is not known yet"),
        (("Light", "--persona-version", "2"), "Whose version is meant?"),
        (("Light", "--persona", "Ada", "--persona-version", "7"), "Ada has no v7"),
        ((), "one of the arguments TOPIC --post --request is required"),
    ],
)
@pytest.mark.usefixtures("light")
def test_what_cannot_be_shown_is_refused_in_words(run: Run, arguments: tuple[str, ...], words: str) -> None:
    refused = run("prompt", *arguments)
    assert refused.code != 0
    assert words.casefold() in refused.err.casefold()


def test_request_that_waits_has_sent_nothing(run: Run, server: FakeOllama) -> None:
    run("ask", "Why?", "--subforum", "Physics", "--model", "llama3.2", "--server", server.url)
    assert "has not sent anything yet" in run("prompt", "--request", "1").err
