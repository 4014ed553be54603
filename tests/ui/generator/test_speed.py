"""No slot of the page that writes personas holds the window up, however much there is."""

import time
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.generation import PersonaGenerationRequest, Stage
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.running import Progress
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.pages.new_persona import NewPersonaPage
from forllm_desktop.ui.theme import Look
from tests.ui.generator.conftest import FULL

Wish = Callable[..., PersonaGenerationRequest]
LIMIT = 0.15
"""Seconds of its own computing that a slot may take here: three times the goal on a quiet machine."""


@pytest.fixture
def page_of(qtbot: QtBot, started_look: Look, workspace: Workspace) -> Callable[[int], NewPersonaPage]:
    def make(request_id: int) -> NewPersonaPage:
        page = NewPersonaPage(workspace, request_id=request_id)
        qtbot.addWidget(page)
        page.resize(1200, 800)
        page.show()
        qtbot.waitExposed(page)
        return page

    return make


def best_of_five(step: Callable[[], object]) -> float:
    """Return the shortest time that this thread computed: the others say what else the machine did."""

    def times() -> Iterator[float]:
        for _ in range(5):
            began = time.thread_time()
            step()
            yield time.thread_time() - began

    return min(times())


def test_a_long_text_that_grows(
    workspace: Workspace, a_wish: Wish, page_of: Callable[[int], NewPersonaPage]
) -> None:
    ws = workspace
    job = ws.generation.generate(a_wish())
    assert ws.queue.claim({job.request_id}) is not None
    template = ws.templates.template("expansion/from_name_and_description")
    ws.generation.keep_stage(job.request_id, Stage.EXPANSION, "word " * 4_000, "", [], template)
    page = page_of(job.request_id)
    texts = [FULL + "and one more line that says something of her\n" * n for n in range(400, 410)]

    def grow() -> None:
        ws.queue.running.put(
            job.request_id, Progress(0, texts.pop(0), "", "refinement", "writing", pieces=99)
        )
        page._followed.read()

    assert best_of_five(grow) < LIMIT
    assert best_of_five(page._followed._read_headings) < LIMIT


def test_a_batch_of_a_hundred(
    workspace: Workspace, model: ModelChoice, page_of: Callable[[int], NewPersonaPage]
) -> None:
    sea = workspace.forum.create_subforum("Sea", "All about the sea.")
    jobs = workspace.generation.generate_experts(sea.subforum_id, model, 100)
    page = page_of(jobs[0].request_id)
    assert best_of_five(page._followed.read) < LIMIT


def test_looking_for_a_brainstorm_among_many(
    workspace: Workspace, a_wish: Wish, page_of: Callable[[int], NewPersonaPage]
) -> None:
    ws = workspace
    template = ws.templates.template("expansion/from_name_and_description")
    for number in range(120):
        job = ws.generation.generate(a_wish(f"Idea {number}"))
        ws.generation.keep_stage(job.request_id, Stage.EXPANSION, "word " * 2_000, "", [], template)
    page = page_of(1)
    assert best_of_five(page._form.look_up_now) < LIMIT
    assert ws.generation.last_brainstorm(a_wish("Idea 119")) == 120


def test_a_plan_for_a_hundred(
    workspace: Workspace, a_wish: Wish, page_of: Callable[[int], NewPersonaPage]
) -> None:
    page = page_of(workspace.generation.generate(a_wish()).request_id)
    counts = iter([100, 50, 100, 50, 100])
    assert best_of_five(lambda: page._form._count.setValue(next(counts))) < LIMIT
