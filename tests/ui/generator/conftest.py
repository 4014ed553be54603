"""A data folder with a model, and a real worker thread that plays a script instead of asking a server."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from forllm_desktop.domain.generation import GenerationType, OutputPreferences, PersonaGenerationRequest
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.worker.loop import QueueLoop
from forllm_desktop.worker.thread import WorkerThread
from tests.builders import a_server
from tests.scripted_backend import ScriptedBackend, ScriptedBackends

HEADINGS = ("Core Identity", "Speaking Style")
GOOD = """## Persona Name: Signe Dahl

## Core Identity:
You are Signe.

## Speaking Style:
Short sentences.
"""
FULL = """## Persona Name: Signe Dahl

## Core Identity:
A marine biologist from Esbjerg.

## Key Personality Traits:
- Patient
- Dry
- Exact

## Knowledge Domain & Expertise:
Porpoises, tides and ice.

## Speaking Style & Tone:
Short sentences.

## Interaction Guidelines & Behaviors:
Asks where and when.

## Forbidden Actions & Topics:
No invented sightings.

## Example Phrases:
- “I did not see it.”
- “Fog is an answer too.”
"""
BRAINSTORM = "She learned the sea from a fishing family."

Start = Callable[[ScriptedBackend], WorkerThread]


@pytest.fixture
def model(workspace: Workspace) -> ModelChoice:
    """Return the default model."""
    choice = ModelChoice(a_server(workspace.database, name="Ollama").server_id, "qwen3:8b")
    workspace.models.use(choice)
    return choice


@pytest.fixture
def start(workspace: Workspace) -> Iterator[Start]:
    """Return a function that lets a worker thread play scripts for the requests of the data folder."""
    workers: list[WorkerThread] = []

    def begin(backend: ScriptedBackend) -> WorkerThread:
        ws = workspace

        def make() -> QueueLoop:
            backends: Any = ScriptedBackends(backend)
            services = (ws.generation, ws.templates, ws.counting, ws.windows)
            return QueueLoop(ws.queue, ws.prompts, ws.settings, ws.events, backends, *services)

        worker = WorkerThread(make)
        worker.listen_to(ws.events)
        workers.append(worker)
        worker.start()
        return worker

    yield begin
    assert all(worker.stop() for worker in workers)


@pytest.fixture
def a_wish(model: ModelChoice) -> Callable[..., PersonaGenerationRequest]:
    """Return a function that makes a request for a persona with two sections."""

    def make(idea: str = "A marine biologist", **changes: object) -> PersonaGenerationRequest:
        fields = {
            "generation_type": GenerationType.FROM_NAME_AND_DESCRIPTION,
            "input_details": {"description_hint": idea},
            "llm_model_for_generation": model,
            "output_preferences": OutputPreferences(HEADINGS),
        }
        return PersonaGenerationRequest(**fields | changes)  # type: ignore[arg-type]

    return make
