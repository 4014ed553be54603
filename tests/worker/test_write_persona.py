"""A persona is written in stages: each is kept when it exists, and a failed one alone is tried again."""

from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.generation import (
    GenerationType,
    OutputPreferences,
    PersonaGenerationRequest,
    Stage,
)
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import BackendError, ErrorKind
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.generation import GenerationService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.proposals import ProposalService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database
from tests.builders import a_server
from tests.scripted_backend import ScriptedBackend

GOOD = """## Persona Name: Signe Dahl

## Core Identity:
You are Signe.

## Speaking Style:
Short sentences.
"""
BRAINSTORM = "She learned the sea from a fishing family."
WISHES = OutputPreferences(("Core Identity", "Speaking Style"))


@pytest.fixture
def request_for(database: Database) -> Callable[..., PersonaGenerationRequest]:
    """Return a function that makes a request for a persona with two sections."""
    model = ModelChoice(a_server(database).server_id, "tiny")

    def make(**changes: Any) -> PersonaGenerationRequest:
        inputs = {"description_hint": "A marine biologist"}
        fields: dict[str, Any] = {
            "generation_type": GenerationType.FROM_NAME_AND_DESCRIPTION,
            "input_details": inputs,
            "llm_model_for_generation": model,
            "output_preferences": WISHES,
        }
        return PersonaGenerationRequest(**fields | changes)

    return make


def ended(queue: QueueService, job: Job) -> bool:
    return not queue.job(job.request_id).is_open


def test_two_stages_make_a_persona(
    queue: QueueService,
    generation: GenerationService,
    personas: PersonaService,
    request_for: Callable[..., PersonaGenerationRequest],
    start_worker: Callable[..., Any],
    qtbot: QtBot,
) -> None:
    backend = ScriptedBackend([BRAINSTORM], [GOOD])
    start_worker(backend)
    job = generation.generate(request_for())
    qtbot.waitUntil(lambda: ended(queue, job))
    done = queue.job(job.request_id)
    assert done.status == "complete", done.error_message
    (persona,) = personas.find("Signe Dahl")
    assert persona.prompt_instructions.startswith("## Persona Name: Signe Dahl\n\n## Core Identity:\n")
    assert (persona.generation_source, persona.attention, persona.is_unseen) == (
        "llm_generated_from_name",
        None,
        True,
    )
    details = persona.generation_input_details or {}
    assert details["input_details"] == {"name_hint": "", "description_hint": "A marine biologist"}
    assert set(details["templates"]) == {"expansion", "refinement"}
    assert BRAINSTORM in backend.requests[1].messages[0]["content"]
    assert generation.inputs_of(persona.persona_id) == request_for()


def test_failure_of_the_second_stage_keeps_the_first(
    queue: QueueService,
    generation: GenerationService,
    personas: PersonaService,
    request_for: Callable[..., PersonaGenerationRequest],
    start_worker: Callable[..., Any],
    qtbot: QtBot,
) -> None:
    broken = BackendError(ErrorKind.OUT_OF_MEMORY, "No memory", "Choose a smaller model.")
    backend = ScriptedBackend([BRAINSTORM], [broken], [GOOD])
    start_worker(backend)
    job = generation.generate(request_for())
    qtbot.waitUntil(lambda: ended(queue, job))
    failed = queue.job(job.request_id)
    assert (failed.status, failed.error_title) == ("error", "No memory")
    assert generation.done(failed) == {Stage.EXPANSION: BRAINSTORM}
    queue.retry(job.request_id)
    qtbot.waitUntil(lambda: queue.job(job.request_id).status == "complete")
    assert len(backend.requests) == 3
    assert len(personas.find("Signe Dahl")) == 1


def test_missing_headings_are_asked_for_once_and_then_need_attention(
    queue: QueueService,
    forum: ForumService,
    generation: GenerationService,
    personas: PersonaService,
    request_for: Callable[..., PersonaGenerationRequest],
    start_worker: Callable[..., Any],
    qtbot: QtBot,
) -> None:
    subforum = forum.create_subforum("Sea", "All about the sea.")
    backend = ScriptedBackend(
        [BRAINSTORM], ["## Persona Name: Signe\n## Core Identity:\nYou are Signe."], ["no"]
    )
    start_worker(backend)
    job = generation.generate(request_for(), assign_to=subforum.subforum_id)
    qtbot.waitUntil(lambda: ended(queue, job))
    (persona,) = personas.find("Signe")
    assert persona.attention == "Missing: Speaking Style."
    assert personas.members(subforum.subforum_id) == []
    assert "Speaking Style" in backend.requests[2].messages[0]["content"]
    generation.accept(persona.persona_id)
    assert [member.card.name for member in personas.members(subforum.subforum_id)] == ["Signe"]


def test_batch_gives_each_expert_an_angle_and_a_name(
    queue: QueueService,
    forum: ForumService,
    generation: GenerationService,
    personas: PersonaService,
    request_for: Callable[..., PersonaGenerationRequest],
    start_worker: Callable[..., Any],
    qtbot: QtBot,
) -> None:
    subforum = forum.create_subforum("Sea", "All about the sea.")
    broken = BackendError(ErrorKind.LOAD_FAILED, "Cannot load", "Choose another model.")
    script: list[list[Any]] = []
    for number in range(10):
        script += [[broken]] if number == 3 else [[BRAINSTORM], [GOOD]]
    backend = ScriptedBackend(*script)
    jobs = generation.generate_experts(
        subforum.subforum_id, request_for().llm_model_for_generation, 10, preferences=WISHES
    )
    start_worker(backend)
    qtbot.waitUntil(lambda: all(ended(queue, job) for job in jobs), timeout=20_000)
    states = [queue.job(job.request_id).status for job in jobs]
    assert states == ["complete"] * 3 + ["error"] + ["complete"] * 6
    names = [member.card.name for member in personas.members(subforum.subforum_id)]
    assert len(set(names)) == 9
    directives = [generation.request_of(job).input_details["additional_directives"] for job in jobs]
    assert len(set(directives)) == 10
    sent = [request.messages[0]["content"] for request in backend.requests]
    assert all(any(directive in body for body in sent) for directive in directives)


def test_regenerated_text_is_a_proposal_until_it_is_accepted(
    database: Database,
    events: Events,
    queue: QueueService,
    generation: GenerationService,
    personas: PersonaService,
    request_for: Callable[..., PersonaGenerationRequest],
    start_worker: Callable[..., Any],
    qtbot: QtBot,
) -> None:
    proposals = ProposalService(database, events, personas)
    persona = personas.create("Signe", "You are the old Signe.")
    start_worker(ScriptedBackend([BRAINSTORM], [GOOD]))
    job = generation.regenerate(persona.persona_id, request_for())
    qtbot.waitUntil(lambda: ended(queue, job))
    (proposal,) = proposals.proposals(persona.persona_id)
    assert personas.persona(persona.persona_id).version == 1
    proposals.accept(proposal.request_id)
    now = personas.persona(persona.persona_id)
    assert (now.version, now.name) == (2, "Signe")
    assert now.prompt_instructions == proposal.result.prompt_instructions.replace("Signe Dahl", "Signe")
    assert proposals.proposals() == []
