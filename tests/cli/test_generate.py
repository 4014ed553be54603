"""`forllm persona generate` queues requests for personas, and runs them when told to wait."""

from tests.cli.conftest import Run
from tests.fakes import Answer, FakeOllama, ollama_reply

GOOD = "## Persona Name: Signe Dahl\n## Core Identity:\nYou are Signe.\n## Speaking Style:\nShort."
SECTIONS = ("--headings", "Core Identity, Speaking Style")


def test_request_is_queued_and_answered_with_its_number(run: Run, server: FakeOllama) -> None:
    done = run(
        "persona",
        "generate",
        "--description-hint",
        "A biologist",
        "--model",
        "llama3.2",
        "--server",
        server.url,
        "--json",
    )
    (request,) = done.document["requests"]
    assert (done.code, request["status"], request["persona_id"]) == (0, "pending", None)
    assert request["generation_type"] == "from_name_and_description"


def test_persona_is_written_while_it_waits(run: Run, server: FakeOllama) -> None:
    server.script(Answer(ollama_reply("She learned the sea early.")), Answer(ollama_reply(GOOD)))
    done = run(
        *(
            "persona",
            "generate",
            "--description-hint",
            "A biologist",
            "--model",
            "llama3.2",
            "--server",
            server.url,
        ),
        *(*SECTIONS, "--wait", "--json"),
    )
    (request,) = done.document["requests"]
    assert (request["status"], request["persona"], request["attention"]) == ("complete", "Signe Dahl", None)
    shown = run("persona", "show", "Signe Dahl", "--json").document
    assert shown["instructions"].startswith("## Persona Name: Signe Dahl")


def test_queue_says_what_is_written(run: Run, server: FakeOllama) -> None:
    where = ("--model", "llama3.2", "--server", server.url)
    run("persona", "generate", "--description-hint", "A biologist", *where)
    assert "Writing a persona: A biologist" in run("queue", "list").out
    assert run("queue", "list", "--json").document[0]["title"] == "Writing a persona: A biologist"


def test_experts_need_a_subforum_with_a_description(run: Run, server: FakeOllama) -> None:
    run("ask", "Hello?", "--subforum", "Sea", "--model", "llama3.2", "--server", server.url)
    done = run("persona", "generate", "--subforum", "Sea", "--count", "3", "--json")
    assert done.code == 1
    assert "no description" in done.document["error"]["title"]


def test_nothing_to_begin_with_is_told_in_words(run: Run, server: FakeOllama) -> None:
    done = run("persona", "generate", "--model", "llama3.2", "--server", server.url, "--json")
    assert (done.code, done.document["error"]["title"]) == (1, "There is nothing to begin with")


def a_proposal(run: Run, server: FakeOllama) -> int:
    """Make the persona Signe, let a model write a new text for her and return the number of the request."""
    run("persona", "create", "--name", "Signe", "--instructions", "You are the old Signe.")
    server.script(Answer(ollama_reply("She learned the sea early.")), Answer(ollama_reply(GOOD)))
    model = ("--model", "llama3.2", "--server", server.url)
    hint = ("--description-hint", "A biologist", "--regenerate", "Signe")
    (request,) = run("persona", "generate", *hint, *model, *SECTIONS, "--wait", "--json").document["requests"]
    assert request["proposal"]
    return request["id"]


def test_new_text_is_listed_and_accepted(run: Run, server: FakeOllama) -> None:
    number = a_proposal(run, server)
    (listed,) = run("persona", "proposals", "--json").document
    assert (listed["request"], listed["persona"]["name"], listed["based_on"]) == (number, "Signe", 1)
    assert "Core Identity" in listed["changed_sections"]
    assert str(number) in run("persona", "proposals").out
    assert "Core Identity:\nYou are Signe." in run("persona", "proposals", "Signe").out
    done = run("persona", "proposal", "accept", str(number), "--take-name", "--json")
    assert (done.code, done.document["version"]) == (0, 2)
    assert run("persona", "show", "Signe Dahl", "--json").document["version"] == 2
    assert run("persona", "proposals", "--json").document == []


def test_new_text_is_dropped_once(run: Run, server: FakeOllama) -> None:
    number = a_proposal(run, server)
    assert run("persona", "proposal", "drop", str(number)).code == 0
    assert run("persona", "show", "Signe", "--json").document["version"] == 1
    again = run("persona", "proposal", "drop", str(number), "--json")
    assert (again.code, again.document["error"]["title"]) == (1, "There is no open proposal")
    assert run("persona", "proposals").out == "No new text waits for a decision.\n"
