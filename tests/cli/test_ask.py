"""`forllm ask`: what is stored, what is refused, what is printed."""

import itertools
import sqlite3
from pathlib import Path

import pytest

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.persona import Persona
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.worker import assembly
from tests.cli.conftest import Result, Run
from tests.fakes import Answer, FakeOllama, json_answer, ollama_delta, ollama_error, ollama_reply

AWAY = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""

TABLES = ("subforums", "topics", "posts", "llm_requests", "servers")


@pytest.fixture
def ask(made: Path, run: Run) -> Run:
    """Return a function that asks a model on a server that is away; the request just waits."""

    def ask_it(text: str = "Why?", *arguments: str, **options: bytes) -> Result:
        named = ["--subforum", "Physics"] if "--subforum" not in arguments else []
        return run("ask", text, *named, "--model", "tiny", "--server", AWAY, *arguments, **options)

    return ask_it


def counts(folder: Path) -> dict[str, int]:
    if not (folder / "forllm.db").exists():
        return dict.fromkeys(TABLES, 0)
    with sqlite3.connect(folder / "forllm.db") as connection:
        found = {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in TABLES}
    connection.close()
    return found


def names(folder: Path) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """Return the forum as a reader sees it: subforums, their topics, the posts of each."""
    workspace = open_workspace(folder, writes=False)
    forum = workspace.forum
    found = [
        (
            subforum.name,
            [
                (topic.title, [entry.post.content for entry in forum.thread(topic.topic_id)])
                for topic in forum.topics(subforum.subforum_id)
            ],
        )
        for subforum in forum.subforums()
    ]
    workspace.close()
    return found


# -- where it is posted


def test_question_makes_subforum_and_topic_and_is_queued(ask: Run, folder: Path) -> None:
    asked = ask("# Why is the sky blue?\n\nI wonder.")
    assert (asked.code, asked.err) == (0, "")
    assert asked.out == "Request 1 is queued: Assistant on tiny.\n"
    text = "# Why is the sky blue?\n\nI wonder."
    assert names(folder) == [("Physics", [("Why is the sky blue?", [text])])]


def test_names_are_found_without_regard_to_case_and_space(ask: Run, folder: Path) -> None:
    ask("One", "--subforum", "My  Physics", "--topic", "The Sky")
    ask("Two", "--subforum", "my physics", "--topic", " THE  sky ")
    ask("Three", "--subforum", "MY\tPHYSICS", "--topic", "the\nsky")
    assert names(folder) == [("My Physics", [("The Sky", ["One", "Two", "Three"])])]


def test_text_replies_to_the_first_post_of_a_topic(ask: Run, folder: Path) -> None:
    for text in ("One", "Two", "Three"):
        ask(text, "--topic", "Sky")
    workspace = open_workspace(folder, writes=False)
    parents = [(entry.post.parent_post_id, entry.depth) for entry in workspace.forum.thread(1)]
    workspace.close()
    assert parents == [(None, 0), (1, 1), (1, 1)]


def test_topic_whose_posts_are_all_deleted_gets_a_new_first_post(ask: Run, folder: Path) -> None:
    ask("One", "--topic", "Sky")
    workspace = open_workspace(folder)
    workspace.forum.delete_post(1)
    workspace.close()
    assert ask("Two", "--topic", "Sky").code == 0
    assert names(folder) == [("Physics", [("Sky", ["Two"])])]


def test_digits_are_numbers(ask: Run, folder: Path) -> None:
    ask("One")
    asked = ask("Two", "--subforum", "1", "--topic", "1", "--persona", "1", "--json")
    assert asked.document["persona"] == "Assistant"
    assert names(folder) == [("Physics", [("One", ["One", "Two"])])]


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        (("--subforum", "77"), "The subforum does not exist"),
        (("--topic", "77"), "The topic does not exist"),
        (("--persona", "77"), "The persona does not exist"),
        (("--persona", "Nobody"), "The persona does not exist"),
        (("--persona", ""), "The persona needs a name"),
        (("--topic", " "), "The topic needs a name"),
        (("--subforum", "\u200b"), "The subforum needs a name"),
        (("--subforum", "x" * 201), "The subforum's name is too long"),
        (("--subforum", "New", "--topic", "1"), "Topic 1 is not in that subforum"),
        (("--subforum", "9" * 30), "This does not exist"),
        (("--subforum", "9" * 5000), "The subforum's name is too long"),
        (("--subforum", "New", "--persona", "Ada"), "Ada cannot answer here"),
        (("--persona", "Off"), "Off cannot answer"),
        (("--model", ""), "The model has no name"),
        (("--model", "away.gguf", "--server", ""), "The model file is missing"),
        (("--server", "ftp://x"), "This is not an address of a server"),
        (("--server", "http://u:secret@x"), "The address holds a password"),
        (("--server", "http://127.0.0.1:10", "--model", " "), "The model has no name"),
    ],
)
def test_refused_question_leaves_nothing_behind(
    ask: Run, folder: Path, arguments: tuple[str, ...], title: str
) -> None:
    ask("One")
    workspace = open_workspace(folder)
    workspace.personas.create("Ada", "You are Ada.")
    off = workspace.personas.create("Off", "You are off.").persona_id
    with workspace.database.write() as session:
        session.get_one(Persona, off).is_active = False
    workspace.close()
    before = counts(folder)
    refused = ask("Two", *arguments, "--json")
    assert refused.code == 1
    assert refused.document["error"]["title"] == title
    assert counts(folder) == before


@pytest.mark.parametrize("model", [None, "no-file.gguf", __file__ + ".gguf"])
def test_first_question_of_all_that_is_refused_leaves_nothing_behind(
    run: Run, folder: Path, model: str | None
) -> None:
    refused = run("ask", "Why?", "--subforum", "Physics", *(["--model", model] if model else []), "--json")
    assert refused.code == 1
    assert refused.document["error"]["title"]
    assert counts(folder) == dict.fromkeys(TABLES, 0)


def test_server_without_a_model_is_refused_and_not_added(run: Run, folder: Path) -> None:
    refused = run("ask", "Why?", "--subforum", "Physics", "--server", AWAY, "--json")
    assert refused.document["error"]["title"] == "No model is chosen"
    assert counts(folder) == dict.fromkeys(TABLES, 0)


def test_ambiguous_topic_lists_the_numbers(ask: Run, folder: Path) -> None:
    ask("One", "--topic", "Sky")
    workspace = open_workspace(folder)
    workspace.forum.create_topic(1, "SKY", "Another one")
    workspace.close()
    refused = ask("Two", "--topic", "sky", "--json")
    assert refused.code == 1
    assert refused.document["error"] == {
        "title": "Several are named “sky”",
        "message": "Use one of the numbers: 2, 1.",
    }


def test_persona_is_named_without_regard_to_case(ask: Run, folder: Path) -> None:
    assert ask("Why?", "--persona", "ASSISTANT", "--json").document["persona"] == "Assistant"


def test_model_asked_first_becomes_the_default(ask: Run, run: Run) -> None:
    ask("One")
    asked = run("ask", "Two", "--subforum", "Physics", "--json").document
    assert (asked["model"], asked["server"]) == ("tiny", "127.0.0.1:9")


# -- the text


def test_text_comes_from_standard_input(ask: Run, folder: Path) -> None:
    ask("-", stdin="Warum ist der Himmel blau? 🌌\nUnd abends rot?".encode())
    assert names(folder)[0][1][0][1] == ["Warum ist der Himmel blau? 🌌\nUnd abends rot?"]


def test_bytes_that_are_no_text_are_replaced(ask: Run, folder: Path) -> None:
    assert ask("-", stdin=b"caf\xe9 \0 ok").code == 0
    assert names(folder)[0][1][0][1] == ["caf\ufffd \ufffd ok"]


def test_text_that_looks_like_an_option_goes_behind_two_dashes(run: Run) -> None:
    arguments = ("--subforum", "Physics", "--model", "tiny", "--server", AWAY)
    assert run("ask", *arguments, "--", "--json").code == 0


# -- waiting for the reply


@pytest.fixture
def wait(made: Path, run: Run, server: FakeOllama) -> Run:
    """Return a function that asks the fake server and waits."""

    def ask_and_wait(*arguments: str) -> Result:
        named = ("--model", "llama3.2", "--server", server.url)
        return run("ask", "Why?", "--subforum", "Physics", *named, "--wait", *arguments)

    return ask_and_wait


def test_reply_is_printed_as_it_grows(wait: Run, server: FakeOllama) -> None:
    server.script(Answer(ollama_reply("Because ", "of ", "scattering 🌌.")))
    answered = wait()
    assert (answered.code, answered.out) == (0, "Because of scattering 🌌.\n")


def test_reply_is_in_the_one_document(wait: Run) -> None:
    answered = wait("--json")
    assert answered.code == 0
    document = answered.document
    assert {key: document[key] for key in ("id", "status", "persona", "model", "reply", "error")} == {
        "id": 1,
        "status": "complete",
        "persona": "Assistant",
        "model": "llama3.2",
        "reply": "Hello from the fake.",
        "error": None,
    }


def test_failed_request_is_a_failure_with_its_number_and_state(wait: Run, server: FakeOllama) -> None:
    server.script(Answer([ollama_delta("Because "), ollama_error("the model crashed")]))
    failed = wait("--json")
    assert failed.code == 1
    document = failed.document
    assert (document["id"], document["status"], document["reply"]) == (1, "error", "Because ")
    assert "the model crashed" in document["error"]["message"]
    assert document["error"]["title"]


def test_failed_request_is_told_in_words(wait: Run, server: FakeOllama) -> None:
    server.script(json_answer({"error": "model 'llama3.2' not found"}, 404))
    failed = wait()
    assert failed.code == 1
    assert failed.err.startswith("forllm: request 1 ended in error: ")


def test_parked_request_stays_queued_and_is_a_failure(ask: Run) -> None:
    parked = ask("Why?", "--wait", "--json")
    assert parked.code == 1
    document = parked.document
    assert (document["id"], document["status"], document["wait_reason"]) == (1, "pending", "unreachable")
    assert document["error"]["title"]
    again = ask("And why?", "--wait")
    assert again.code == 1
    assert again.err.startswith("forllm: request 2 stays queued: ")


def test_only_this_request_is_run(wait: Run, run: Run, server: FakeOllama) -> None:
    run("ask", "First", "--subforum", "Physics", "--model", "llama3.2", "--server", server.url)
    assert wait("--json").document["id"] == 2
    assert [job["status"] for job in run("queue", "list", "--json").document] == ["pending", "complete"]


def test_trouble_with_the_disk_is_told_while_waiting(wait: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    finish, calls = QueueService.finish, itertools.count()

    def failing(*arguments: object) -> bool:
        if next(calls) == 0:
            raise ForllmError("This could not be saved", "database or disk is full")
        return finish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(QueueService, "finish", failing)
    monkeypatch.setattr(assembly.make_queue_loop, "__kwdefaults__", {"backoff": (0.01,), "save_every": 3.0})
    answered = wait()
    assert answered.code == 0
    assert "forllm: This could not be saved. database or disk is full" in answered.err
