"""The screens of templates and of new texts for personas."""

from PySide6.QtWidgets import QPlainTextEdit

from forllm_desktop.domain.generation import (
    GenerationResult,
    GenerationType,
    OutputPreferences,
    PersonaGenerationRequest,
)
from forllm_desktop.domain.persona import Origin, Source
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.ui.pages.personas import PersonasPage
from forllm_desktop.ui.pages.proposal import ProposalPage
from forllm_desktop.ui.pages.templates import TemplatesPage
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene
from tests.screenshots.stage import Stage

NAME = "refinement/subforum_expert"


def _templates(stage: Stage) -> TemplatesPage:
    templates = stage.workspace.templates
    if not templates.versions(NAME):
        text = templates.built_in(NAME).text
        templates.save(NAME, text.replace("3 to 5", "exactly 3").replace("smaller ", "small "))
    stage.desk.show_page("templates")
    page = stage.current(TemplatesPage)
    page._list.choose(NAME)
    page._work.discard()
    stage.settle(lambda: not page.is_busy)
    return page


@scene()
def templates_preview(stage: Stage, filled: Filled) -> None:
    _templates(stage)._side.choose("preview")


@scene()
def templates_changes(stage: Stage, filled: Filled) -> None:
    page = _templates(stage)
    page._side.choose("changes")
    stage.settle(lambda: not page.is_busy)


@scene()
def templates_versions(stage: Stage, filled: Filled) -> None:
    _templates(stage)._side.choose("versions")


@scene()
def templates_errors(stage: Stage, filled: Filled) -> None:
    page = _templates(stage)
    page._side.choose("preview")
    stage.find(QPlainTextEdit, "Text of the template").setPlainText(
        "Refine {{ name_hint }} for {{subforum_name}}, {{not a name}}.\n\nTone: {{tone_preference}}"
    )
    stage.settle(lambda: not page.is_busy)


@scene()
def narrow_templates(stage: Stage, filled: Filled) -> None:
    stage.resize(900, 700)
    _templates(stage)


@scene()
def smallest_templates(stage: Stage, filled: Filled) -> None:
    stage.resize(480, 600)
    _templates(stage)


# -- new texts


CURRENT = (
    "## Persona Name: Signe\n\n"
    "## Core Identity:\nYou are Signe, a marine biologist with thirty winters on the North Sea.\n\n"
    "## Key Personality Traits:\n- Patient\n- Dry\n- Allergic to round numbers\n\n"
    "## Speaking Style & Tone:\nSpeak in short sentences. Say what you saw, then what it might mean.\n\n"
    "## Example Phrases:\n- A day of fog is a day of fog, not a zero.\n- I did not see it."
)
PROPOSED = (
    "## Persona Name: Signe Dahl\n\n"
    "## Core Identity:\nYou are Signe Dahl, a biologist from Esbjerg with thirty winters of deck work.\n\n"
    "## Key Personality Traits:\n- Patient\n- Dry\n- Honest about what she did not see\n\n"
    "## Speaking Style & Tone:\nSpeak in short sentences. Say what you saw and where you stood.\n\n"
    "## Forbidden Actions & Topics:\nNever guess a number. Never speak for other ships.\n\n"
    "## Example Phrases:\n- A day of fog is a day of fog, not a zero.\n- I did not see it."
)


def _signe(stage: Stage) -> tuple[int, int]:
    """Return a generated persona and the request with the new text for it."""
    ws = stage.workspace
    found = ws.personas.find("Signe")
    if found:
        return found[0].persona_id, ws.proposals.proposals(found[0].persona_id)[0].request_id
    model = ModelChoice(ws.models.servers()[0].server_id, "qwen3:8b")
    request = PersonaGenerationRequest(
        GenerationType.FROM_NAME_AND_DESCRIPTION,
        {"description_hint": "A marine biologist who has spent thirty winters on the North Sea. Dry humour."},
        model,
        OutputPreferences(tone_preference="dry", length_preference="concise"),
    )
    template = ws.templates.built_in("refinement/from_name_and_description")
    used = {"refinement": {"name": template.name, "version": template.version}}
    details = {**request.to_params(), "templates": used}
    origin = Origin(Source.FROM_NAME, details, "qwen3:8b")
    signe = ws.personas.create("Signe", CURRENT, "A marine biologist", origin=origin).persona_id
    ws.ratings.rate(signe, 1, "Stays honest about what she did not see.")
    job = ws.generation.regenerate(signe, request)
    with ws.database.write() as session:
        row = session.get(Job, job.request_id)
        assert row is not None
        result = GenerationResult("Signe Dahl", PROPOSED)
        row.status, row.finished_at = JobStatus.COMPLETE.value, ws.clock()
        row.output = {"decision": "proposed", "result": result.to_json()}
    return signe, job.request_id


def _compare(stage: Stage) -> ProposalPage:
    _, request = _signe(stage)
    stage.desk.show_page(f"proposal:{request}")
    page = stage.current(ProposalPage)
    stage.settle(lambda: not page.is_busy)
    return page


@scene()
def persona_generated(stage: Stage, filled: Filled) -> None:
    signe, _ = _signe(stage)
    stage.desk.show_persona(signe)
    page = stage.current(PersonasPage)
    stage.settle(lambda: not page.is_busy)
    page._generated._show_inputs.setChecked(True)


@scene()
def regenerate(stage: Stage, filled: Filled) -> None:
    signe, _ = _signe(stage)
    stage.desk.show_page(f"regenerate:{signe}")


@scene()
def proposal_side_by_side(stage: Stage, filled: Filled) -> None:
    _compare(stage)


@scene()
def narrow_proposal(stage: Stage, filled: Filled) -> None:
    stage.resize(700, 700)
    _compare(stage)


@scene()
def smallest_proposal(stage: Stage, filled: Filled) -> None:
    stage.resize(480, 600)
    _compare(stage)


@scene()
def proposal_of_a_changed_persona(stage: Stage, filled: Filled) -> None:
    signe, _ = _signe(stage)
    stage.workspace.personas.change(signe, instructions=CURRENT.replace("Patient", "Patient, mostly"))
    page = _compare(stage)
    page._scroll.verticalScrollBar().setValue(200)
