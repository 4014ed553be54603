"""The page on which a model writes a persona, in its states."""

from dataclasses import replace

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.generation import (
    DEFAULT_HEADINGS,
    GenerationResult,
    GenerationType,
    PersonaGenerationRequest,
)
from forllm_desktop.domain.generation import Stage as Step
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.running import Progress
from forllm_desktop.ui.generator.wishes import Kind
from forllm_desktop.ui.pages.new_persona import NewPersonaPage
from tests.screenshots import texts
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene
from tests.screenshots.stage import Stage


def _page(stage: Stage, key: str = "page:new-persona") -> NewPersonaPage:
    stage.desk.show_page(key)
    page = stage.current(NewPersonaPage)
    stage.settle(lambda: not page.is_busy)
    return page


def _begun(stage: Stage, filled: Filled) -> int:
    """Return a request whose brainstorm is written and whose second stage runs."""
    ws = stage.workspace
    model = ws.models.default_choice() or ModelChoice(ws.models.servers()[0].server_id, "qwen3:8b")
    request = PersonaGenerationRequest(
        GenerationType.FROM_NAME_AND_DESCRIPTION,
        {"description_hint": texts.PERSONA_IDEA},
        model,
        has_critique=True,
    )
    ids = [row.job.request_id for row in ws.queue.table() if row.writing and row.job.is_open]
    job = ws.queue.job(ids[0]) if ids else ws.generation.generate(request, assign_to=filled.physics)
    if not ids:
        assert ws.queue.claim({job.request_id}) is not None
        template = ws.templates.template("expansion/from_name_and_description")
        ws.generation.begin_stage(job.request_id, Step.EXPANSION)
        ws.generation.keep_stage(
            job.request_id, Step.EXPANSION, texts.BRAINSTORM, "", [], template, 486, 52.0
        )
        ws.generation.begin_stage(job.request_id, Step.REFINEMENT)
    progress = Progress(
        0, texts.PERSONA_TEXT[:900], "A biologist. Dry, then.", "refinement", "writing", pieces=232
    )
    ws.queue.running.put(job.request_id, progress)
    return job.request_id


@scene()
def generator_form(stage: Stage, filled: Filled) -> None:
    page = _page(stage)
    wishes = page._form.wishes
    wishes.kind, wishes.idea, wishes.tone, wishes.length = Kind.IDEA, texts.PERSONA_IDEA, "dry", "medium"
    page._form.show_wishes(wishes)
    stage.settle(lambda: not page.is_busy)


@scene()
def generator_error(stage: Stage, filled: Filled) -> None:
    page = _page(stage)
    wishes = page._form.wishes
    wishes.kind, wishes.subforum_id, wishes.directives = Kind.EXPERT, filled.physics, "Explain each step."
    page._form.show_wishes(wishes)
    wishes.name = "x" * 90
    page._form.show_wishes(wishes)
    page._generate.click()


@scene()
def generator_plan(stage: Stage, filled: Filled) -> None:
    page = _page(stage, f"experts:{filled.physics}")
    wishes = page._form.wishes
    wishes.kind, wishes.count = Kind.SEVERAL, 10
    page._form.show_wishes(wishes)
    plan = page._plan.plan()
    plan[1] = replace(plan[1], field=plan[0].field, temperament=plan[0].temperament)
    page._plan.show_plan(plan)
    stage.settle(lambda: not page.is_busy)
    page._columns.show_column("text")


@scene()
def generator_live(stage: Stage, filled: Filled) -> None:
    page = _page(stage, f"generation:{_begun(stage, filled)}")
    page._followed.read()
    page._columns.show_column("text")


@scene()
def generator_live_headings(stage: Stage, filled: Filled) -> None:
    page = _page(stage, f"generation:{_begun(stage, filled)}")
    page._columns.show_column("result")


def _finish(
    stage: Stage, filled: Filled, text: str, missing: tuple[str, ...], notes: tuple[str, ...]
) -> None:
    ws, request_id = stage.workspace, _begun(stage, filled)
    template = ws.templates.template("refinement/from_name_and_description")
    for step in (Step.REFINEMENT, Step.CRITIQUE):
        ws.generation.keep_stage(request_id, step, text, "", [], template, 431, 39.0)
    ws.queue.running.drop(request_id)
    ws.generation.finish(request_id, GenerationResult("Signe Dahl", text, missing=missing, notes=notes), {})
    page = _page(stage, f"generation:{request_id}")
    page._columns.show_column("result")


@scene()
def generator_done(stage: Stage, filled: Filled) -> None:
    notes = ("2 traits where 3 to 5 were asked for.",)
    _finish(stage, filled, texts.PERSONA_TEXT, (), notes)


@scene()
def generator_attention(stage: Stage, filled: Filled) -> None:
    short = texts.PERSONA_TEXT[: texts.PERSONA_TEXT.index("## Forbidden")]
    _finish(stage, filled, short, DEFAULT_HEADINGS[-2:], ())


@scene()
def generator_failed(stage: Stage, filled: Filled) -> None:
    ws, request_id = stage.workspace, _begun(stage, filled)
    ws.queue.running.drop(request_id)
    error = ForllmError(
        "The model does not fit into memory", "Close other programs, or choose a smaller model."
    )
    ws.queue.fail(request_id, "out_of_memory", error, texts.PERSONA_TEXT[:300], "")
    _page(stage, f"generation:{request_id}")._columns.show_column("text")


@scene()
def generator_batch(stage: Stage, filled: Filled) -> None:
    ws = stage.workspace
    open_batches = [row for row in ws.queue.table() if row.job.batch_id]
    model = ws.models.default_choice() or ModelChoice(ws.models.servers()[0].server_id, "qwen3:8b")
    if not open_batches:
        ws.forum.describe_subforum(filled.physics, "Mechanics, light and odd questions.")
        first = ws.generation.generate_experts(filled.physics, model, 4)[0].request_id
    else:
        first = open_batches[0].job.batch_id or 0
    _page(stage, f"generation:{first}")._columns.show_column("text")


@scene()
def generator_queue(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page("queue")
