"""A persona from a wish to the list, through the real built-in engine and through a server over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.generation import (
    DEFAULT_HEADINGS,
    GenerationType,
    PersonaGenerationRequest,
    Stage,
)
from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.services.workspace import Workspace, open_workspace
from forllm_desktop.worker.assembly import make_queue_loop
from forllm_desktop.worker.thread import WorkerThread
from tests.fakes import NDJSON, Answer, FakeOllama, Silence, ollama_delta, ollama_reply
from tests.tiny_gguf import make_tiny_gguf

LOAD = 60_000
"""Milliseconds the engine may take on a machine with much else to do."""
GOOD = "\n\n".join(
    ["Sure! Here are the instructions:", "## Persona Name: Signe Dahl"]
    + [f"## {heading}:\n- One\n- Two\n- Three" for heading in DEFAULT_HEADINGS[1:]]
)


@pytest.fixture
def workspace(database_path: Path) -> Iterator[Workspace]:
    opened = open_workspace(database_path.parent)
    opened.settings.change(engine_threads=1, context_window=16_384)
    yield opened
    opened.close()


@pytest.fixture
def worker(workspace: Workspace, qtbot: QtBot) -> Iterator[WorkerThread]:
    thread = WorkerThread(lambda: make_queue_loop(workspace))
    thread.listen_to(workspace.events)
    thread.start()
    yield thread
    assert thread.stop()


@pytest.mark.usefixtures("worker")
def test_babble_of_a_real_model_ends_as_a_persona_that_needs_attention(
    workspace: Workspace, tmp_path: Path, qtbot: QtBot
) -> None:
    path = make_tiny_gguf(tmp_path / "babbler.gguf", ctx=16_384, mean_len=150)
    model = workspace.models.choose(str(path))
    place = workspace.forum.create_subforum("Sea", "All about the sea.").subforum_id
    request = workspace.generation.subforum_request(place, model)
    job = workspace.generation.generate(request, assign_to=place)
    for _ in range(5):
        qtbot.waitUntil(lambda: not workspace.queue.job(job.request_id).is_open, timeout=LOAD)
        if workspace.queue.job(job.request_id).error_kind != "empty_reply":
            break
        # A random model may have nothing to say: dice decide that.
        workspace.queue.retry(job.request_id)
    ended = workspace.queue.job(job.request_id)
    assert (ended.status, ended.error_title) == ("complete", None)
    written = workspace.generation.done(ended)
    assert list(written) == [Stage.EXPANSION, Stage.REFINEMENT, Stage.REPAIR]
    assert all(text.strip() for text in written.values()), "what the model said is kept as it was"
    (card,) = [card for card in workspace.personas.cards() if card.is_generated]
    assert card.is_unseen
    assert (card.attention or "").startswith("Missing: Core Identity")
    assert workspace.personas.members(place) == []
    persona = workspace.personas.persona(card.persona_id)
    assert persona.prompt_instructions.startswith(f"## Persona Name: {persona.name}")
    assert " ".join(written[Stage.REFINEMENT].split())[:40] in " ".join(persona.prompt_instructions.split())


@pytest.mark.usefixtures("worker")
def test_server_that_answers_well_gives_a_complete_expert_in_its_subforum(
    workspace: Workspace, qtbot: QtBot
) -> None:
    with FakeOllama() as server:
        server.script(Answer(ollama_reply("She learned ", "the sea early.")), Answer(ollama_reply(GOOD)))
        row = workspace.models.server_at(server.url, "Writer", ServerKind.OLLAMA)
        model = workspace.models.choose("llama3.2", row.base_url)
        place = workspace.forum.create_subforum("Sea", "All about the sea.").subforum_id
        job = workspace.generation.generate(
            workspace.generation.subforum_request(place, model, directives="Explain why."), assign_to=place
        )
        qtbot.waitUntil(lambda: not workspace.queue.job(job.request_id).is_open, timeout=LOAD)
        assert len(server.chats) == 2
        assert "Explain why." in server.chats[0].body["messages"][-1]["content"]
        assert "She learned the sea early." in server.chats[1].body["messages"][-1]["content"]
    (member,) = workspace.personas.members(place)
    assert (member.card.name, member.card.attention) == ("Signe Dahl", None)
    persona = workspace.personas.persona(member.card.persona_id)
    found = [line for line in persona.prompt_instructions.splitlines() if line.startswith("## ")]
    assert found == ["## Persona Name: Signe Dahl", *[f"## {heading}:" for heading in DEFAULT_HEADINGS[1:]]]


@pytest.mark.usefixtures("worker")
def test_idea_without_any_subforum_is_in_the_list_when_it_is_written(
    workspace: Workspace, qtbot: QtBot
) -> None:
    with FakeOllama() as server:
        server.script(Answer(ollama_reply("Much.")), Answer(ollama_reply(GOOD)))
        row = workspace.models.server_at(server.url, "Writer", ServerKind.OLLAMA)
        model = workspace.models.choose("llama3.2", row.base_url)
        kind, inputs = GenerationType.FROM_NAME_AND_DESCRIPTION, {"name_hint": "Signe"}
        job = workspace.generation.generate(PersonaGenerationRequest(kind, inputs, model))
        qtbot.waitUntil(lambda: not workspace.queue.job(job.request_id).is_open, timeout=LOAD)
    assert "Signe Dahl" in [card.name for card in workspace.personas.cards()]
    details = workspace.personas.find("Signe Dahl")[0].generation_input_details or {}
    assert details["input_details"]["name_hint"] == "Signe"
    assert details["llm_model_for_generation"]["name"] == "llama3.2"


@pytest.mark.usefixtures("worker")
def test_silence_in_the_second_stage_ends_it_and_the_retry_begins_there(
    workspace: Workspace, qtbot: QtBot
) -> None:
    workspace.settings.change(stall_limit=1.0)
    with FakeOllama() as server:
        silent = Answer((ollama_delta("## Persona"), Silence()), content_type=NDJSON)
        server.script(Answer(ollama_reply("Much.")), silent, Answer(ollama_reply(GOOD)))
        row = workspace.models.server_at(server.url, "Writer", ServerKind.OLLAMA)
        model = workspace.models.choose("llama3.2", row.base_url)
        kind, inputs = GenerationType.FROM_NAME_AND_DESCRIPTION, {"name_hint": "Signe"}
        job = workspace.generation.generate(PersonaGenerationRequest(kind, inputs, model))
        qtbot.waitUntil(lambda: not workspace.queue.job(job.request_id).is_open, timeout=LOAD)
        failed = workspace.queue.job(job.request_id)
        assert (failed.status, failed.error_kind) == ("error", "timeout")
        assert failed.error_title
        assert workspace.generation.done(failed) == {Stage.EXPANSION: "Much."}
        assert (failed.output or {})["text"] == "## Persona"
        workspace.queue.retry(job.request_id)
        qtbot.waitUntil(lambda: workspace.queue.job(job.request_id).status == "complete", timeout=LOAD)
        assert len(server.chats) == 3
    assert len(workspace.personas.find("Signe Dahl")) == 1
