"""What goes wrong while a persona is written is told, tried again where that helps, and loses nothing."""

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
from forllm_desktop.llm.backend import BackendError, Content, ErrorKind, Thinking
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.generation import GenerationService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from forllm_desktop.worker import write_persona
from tests.builders import a_server
from tests.scripted_backend import ScriptedBackend, Step

GOOD = "## Persona Name: Signe\n## Core Identity:\nYou are Signe.\n## Style:\nShort."
BRAINSTORM = "She learned the sea early."


class Writer:
    """Queues a request, lets a script answer it, and waits for its end."""

    def __init__(
        self, database: Database, queue: QueueService, generation: GenerationService, start: Any, qtbot: QtBot
    ):
        self.queue, self.generation, self._start, self._qtbot = queue, generation, start, qtbot
        self.model = ModelChoice(a_server(database).server_id, "tiny")

    def request(self, **changes: Any) -> PersonaGenerationRequest:
        fields: dict[str, Any] = {
            "generation_type": GenerationType.FROM_NAME_AND_DESCRIPTION,
            "input_details": {"description_hint": "A biologist"},
            "llm_model_for_generation": self.model,
            "output_preferences": OutputPreferences(("Core Identity", "Style")),
        }
        return PersonaGenerationRequest(**fields | changes)

    def run(self, *scripts: list[Step], **changes: Any) -> tuple[Job, ScriptedBackend]:
        backend = ScriptedBackend(*scripts)
        self._start(backend)
        job = self.generation.generate(self.request(**changes))
        self._qtbot.waitUntil(lambda: not self.queue.job(job.request_id).is_open, timeout=10_000)
        return self.queue.job(job.request_id), backend


@pytest.fixture
def writer(
    database: Database,
    queue: QueueService,
    generation: GenerationService,
    start_worker: Callable[..., Any],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> Writer:
    monkeypatch.setattr(write_persona, "PAUSES", (0.01,))
    return Writer(database, queue, generation, start_worker, qtbot)


def broken(kind: ErrorKind) -> BackendError:
    return BackendError(kind, "The server failed", "Try again later.")


@pytest.mark.parametrize("kind", [ErrorKind.SERVER_ERROR, ErrorKind.TIMEOUT, ErrorKind.STREAM_BROKEN])
def test_passing_failure_is_tried_again_as_often_as_the_settings_say(
    writer: Writer, settings_service: SettingsService, kind: ErrorKind
) -> None:
    settings_service.change(generation_retries=2)
    done, backend = writer.run([broken(kind)], [broken(kind)], [BRAINSTORM], [broken(kind)], [GOOD])
    assert (done.status, done.error_title) == ("complete", None)
    assert len(backend.requests) == 5, "each stage has its own tries"


def test_last_try_ends_with_the_error_in_words(writer: Writer, settings_service: SettingsService) -> None:
    settings_service.change(generation_retries=1)
    failure = broken(ErrorKind.SERVER_ERROR)
    done, backend = writer.run([failure], [failure], [BRAINSTORM])
    assert (done.status, done.error_kind) == ("error", "server_error")
    assert (done.error_title, done.error_message) == ("The server failed", "Try again later.")
    assert len(backend.requests) == 2


def test_no_tries_are_made_when_the_setting_says_so(
    writer: Writer, settings_service: SettingsService
) -> None:
    settings_service.change(generation_retries=0)
    _, backend = writer.run([broken(ErrorKind.TIMEOUT)], [BRAINSTORM])
    assert len(backend.requests) == 1


@pytest.mark.parametrize("piece", [Content("She learned"), Thinking("Let me see.")])
def test_nothing_is_tried_again_after_streamed_text_and_the_text_is_kept(writer: Writer, piece: Step) -> None:
    done, backend = writer.run([piece, broken(ErrorKind.STREAM_BROKEN)], [BRAINSTORM])
    assert (done.status, len(backend.requests)) == ("error", 1)
    output = done.output or {}
    assert (output["stage"], output["text"] or output["thinking"]) == ("expansion", piece.text)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "kind",
    [ErrorKind.OUT_OF_MEMORY, ErrorKind.BAD_REQUEST, ErrorKind.LOAD_FAILED, ErrorKind.CONTEXT_EXCEEDED],
)
def test_failure_that_cannot_heal_is_not_tried_again(writer: Writer, kind: ErrorKind) -> None:
    done, backend = writer.run([broken(kind)], [BRAINSTORM])
    assert (done.status, done.error_kind, len(backend.requests)) == ("error", kind.value, 1)


def test_empty_answer_of_a_stage_is_an_error_and_the_stage_before_stays(writer: Writer) -> None:
    done, _ = writer.run([BRAINSTORM], [])
    assert (done.status, done.error_kind) == ("error", "empty_reply")
    assert writer.generation.done(done) == {Stage.EXPANSION: BRAINSTORM}


def test_answer_without_any_heading_is_a_persona_that_needs_attention(
    writer: Writer, personas: PersonaService
) -> None:
    done, _ = writer.run([BRAINSTORM], ["I like the sea. Ask me anything!"], ["Still no headings."])
    assert done.status == "complete"
    persona = personas.persona((done.output or {})["persona_id"])
    assert "Core Identity" in (persona.attention or "")
    assert "I like the sea." in persona.prompt_instructions


def test_row_holds_type_params_model_and_prompts(writer: Writer) -> None:
    wishes = OutputPreferences(("Core Identity", "Style"), "dry", "concise")
    done, backend = writer.run([BRAINSTORM], [GOOD], output_preferences=wishes)
    assert (done.request_type, done.llm_model) == ("generate_persona", "tiny")
    params = done.request_params or {}
    assert params["generation_type"] == "from_name_and_description"
    assert params["output_preferences"]["tone_preference"] == "dry"
    assert writer.generation.request_of(done) == writer.request(output_preferences=wishes)
    stages = (done.output or {})["stages"]
    for (stage, kept), sent in zip(stages.items(), backend.requests, strict=True):
        assert kept["prompt"] == list(sent.messages)
        assert kept["template"] == f"{stage}/from_name_and_description"
        assert kept["template_version"].startswith("built-in ")


def test_result_says_name_instructions_status_and_error(writer: Writer) -> None:
    done, _ = writer.run([BRAINSTORM], [GOOD])
    result = (done.output or {})["result"]
    assert (result["persona_name"], result["status"], result["error_message"]) == ("Signe", "success", None)
    assert result["prompt_instructions"].startswith("## Persona Name: Signe")


def test_persona_and_its_first_version_hold_what_was_written(
    writer: Writer, personas: PersonaService
) -> None:
    done, _ = writer.run([BRAINSTORM], [GOOD])
    persona = personas.persona((done.output or {})["persona_id"])
    (version,) = personas.versions(persona.persona_id)
    assert version.version.prompt_instructions == persona.prompt_instructions
    assert persona.generation_source == "llm_generated_from_name"
    details = persona.generation_input_details or {}
    assert details["input_details"] == {"name_hint": "", "description_hint": "A biologist"}


def test_name_that_is_taken_gets_a_suffix(writer: Writer, personas: PersonaService) -> None:
    personas.create("Signe", "You are.")
    done, _ = writer.run([BRAINSTORM], [GOOD])
    persona = personas.persona((done.output or {})["persona_id"])
    assert persona.name == "Signe (2)"
    assert persona.prompt_instructions.startswith("## Persona Name: Signe (2)\n")


def test_checking_stage_runs_only_when_wished_for(writer: Writer) -> None:
    better = GOOD.replace("You are Signe.", "You are Signe, of Esbjerg.")
    done, backend = writer.run([BRAINSTORM], [GOOD], [better], has_critique=True)
    assert list(writer.generation.done(done)) == [Stage.EXPANSION, Stage.REFINEMENT, Stage.CRITIQUE]
    assert len(backend.requests) == 3
    assert "of Esbjerg" in (done.output or {})["result"]["prompt_instructions"]


def test_brainstorm_of_the_same_wishes_is_taken_over(writer: Writer) -> None:
    first, _ = writer.run([BRAINSTORM], [GOOD], [GOOD])
    again = writer.request()
    reuse = writer.generation.last_brainstorm(again)
    assert reuse == first.request_id
    job = writer.generation.generate(again, reuse=reuse)
    assert writer.generation.done(job) == {Stage.EXPANSION: BRAINSTORM}


def test_batch_is_answered_with_all_its_numbers_and_cancelled_as_one(
    writer: Writer, forum: ForumService
) -> None:
    place = forum.create_subforum("Sea", "All about the sea.").subforum_id
    jobs = writer.generation.generate_experts(place, writer.model, 3, directives="Explain why.")
    ids = [job.request_id for job in jobs]
    assert len(set(ids)) == 3
    assert {job.batch_id for job in jobs} == {ids[0]}
    directives = [writer.generation.request_of(job).input_details["additional_directives"] for job in jobs]
    assert all(words.startswith("Explain why.") for words in directives)
    assert len(set(directives)) == 3
    assert sorted(writer.queue.cancel_batch(ids[0])) == ids
