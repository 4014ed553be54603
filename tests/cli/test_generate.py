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


def test_experts_need_a_subforum_with_a_description(run: Run, server: FakeOllama) -> None:
    run("ask", "Hello?", "--subforum", "Sea", "--model", "llama3.2", "--server", server.url)
    done = run("persona", "generate", "--subforum", "Sea", "--count", "3", "--json")
    assert done.code == 1
    assert "no description" in done.document["error"]["title"]


def test_nothing_to_begin_with_is_told_in_words(run: Run, server: FakeOllama) -> None:
    done = run("persona", "generate", "--model", "llama3.2", "--server", server.url, "--json")
    assert (done.code, done.document["error"]["title"]) == (1, "There is nothing to begin with")
