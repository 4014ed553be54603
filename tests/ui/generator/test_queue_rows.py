"""The queue says in words which persona is written, how far it is, and treats a batch as one."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.generation import OutputPreferences, PersonaGenerationRequest
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.job_view import job_views
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.delegates.queue_row import menu_actions
from forllm_desktop.ui.item_models.queue_table import ROW_ROLE, Column
from forllm_desktop.ui.panes.queue import QueuePane
from forllm_desktop.ui.theme import Look
from forllm_desktop.ui.widgets.batch_bar import BatchBar
from tests.fakes import Gate
from tests.scripted_backend import ScriptedBackend
from tests.ui.generator.conftest import BRAINSTORM, GOOD, HEADINGS, Start

Wish = Callable[..., PersonaGenerationRequest]


@pytest.fixture
def pane(qtbot: QtBot, started_look: Look, workspace: Workspace) -> QueuePane:
    made = QueuePane(workspace.queue, workspace.events)
    qtbot.addWidget(made)
    made.resize(1200, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def cells(pane: QueuePane, column: Column) -> list[str]:
    rows = range(pane._shown.rowCount())
    return [pane._shown.index(row, column).data(Qt.ItemDataRole.DisplayRole) for row in rows]


def test_rows_name_what_is_written(
    workspace: Workspace, model: ModelChoice, a_wish: Wish, pane: QueuePane, qtbot: QtBot
) -> None:
    ws = workspace
    cooking = ws.forum.create_subforum("Cooking", "Everyday cooking.")
    ada = ws.personas.create("Ada", "You are Ada.")
    ws.generation.generate(a_wish("A marine\nbiologist"))
    ws.generation.generate(a_wish(input_details={"name_hint": "Signe"}))
    ws.generation.generate(ws.generation.subforum_request(cooking.subforum_id, model))
    ws.generation.regenerate(ada.persona_id, a_wish())
    qtbot.waitUntil(lambda: len(cells(pane, Column.REQUEST)) == 4)
    assert cells(pane, Column.REQUEST) == [
        "Writing a persona: A marine biologist",
        "Writing a persona: Signe",
        "Writing a persona for Cooking",
        "New text for Ada",
    ]
    assert [view.title for view in job_views(ws.database)] == cells(pane, Column.REQUEST)
    opened: list[str] = []
    pane.page_requested.connect(opened.append)
    pane._view.setCurrentIndex(pane._shown.index(1, 0))
    QTest.keyClick(pane._view, Qt.Key.Key_Return)
    assert opened == ["generation:2"]


def test_running_row_says_its_stage_and_a_done_one_its_persona(
    workspace: Workspace, a_wish: Wish, pane: QueuePane, qtbot: QtBot, start: Start
) -> None:
    gate = Gate()
    start(ScriptedBackend([BRAINSTORM], ["## Persona ", gate, GOOD.removeprefix("## Persona ")]))
    workspace.generation.generate(a_wish())
    qtbot.waitUntil(lambda: "Refining, 2 of 2, writing" in str(cells(pane, Column.PROGRESS)))
    gate.open()
    qtbot.waitUntil(lambda: cells(pane, Column.PERSONA) == ["Signe Dahl"])
    assert cells(pane, Column.STATE) == ["Done"]


def test_batch_has_one_progress_and_one_cancel(
    workspace: Workspace, model: ModelChoice, pane: QueuePane, qtbot: QtBot, start: Start
) -> None:
    ws, gate = workspace, Gate()
    sea = ws.forum.create_subforum("Sea", "All about the sea.")
    jobs = ws.generation.generate_experts(sea.subforum_id, model, 3, preferences=OutputPreferences(HEADINGS))
    qtbot.waitUntil(lambda: len(cells(pane, Column.REQUEST)) == 3)
    assert cells(pane, Column.REQUEST)[1] == "Writing a persona for Sea, 2 of 3"
    start(ScriptedBackend([BRAINSTORM], [GOOD], [BRAINSTORM], [gate]))
    bar = pane.findChild(BatchBar)
    assert bar is not None
    qtbot.waitUntil(lambda: bar.accessibleName() == "Experts for Sea: 1 of 3 done")
    assert ("cancel_batch", "Cancel the whole batch", "prohibit") in menu_actions(
        pane._shown.index(0, 0).data(ROW_ROLE)
    )
    button = bar.findChild(QPushButton)
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]
    qtbot.waitUntil(lambda: [ws.queue.job(job.request_id).status for job in jobs].count("cancelled") == 2)
    qtbot.waitUntil(bar.isHidden)
    assert len(ws.personas.find("Signe Dahl")) == 1
