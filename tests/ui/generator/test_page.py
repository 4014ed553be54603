"""From an idea to a persona in the list, in the window with a real worker: by mouse and by keyboard alone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QTableView,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.generation import PersonaGenerationRequest, Stage
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.llm.backend import BackendError, ErrorKind, Thinking
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.generator.growing_view import GrowingView
from forllm_desktop.ui.generator.wishes import Kind
from forllm_desktop.ui.item_models.persona_list import badge
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.pages.new_persona import NewPersonaPage
from forllm_desktop.ui.panes.queue import QueuePane
from forllm_desktop.ui.tabs import CentreTabs
from forllm_desktop.ui.theme import theme
from tests.fakes import Gate
from tests.scripted_backend import Hang, ScriptedBackend
from tests.ui.conftest import shown_desk
from tests.ui.generator.conftest import BRAINSTORM, FULL, GOOD, Start

Wish = Callable[..., PersonaGenerationRequest]


@pytest.fixture
def desk(window: MainWindow, workspace: Workspace, model: ModelChoice, qtbot: QtBot) -> Iterator[Desk]:
    workspace.settings.remember("welcome_skipped", True)
    yield from shown_desk(window, workspace, qtbot)


@pytest.fixture
def page(desk: Desk, window: MainWindow) -> NewPersonaPage:
    window.actions_by_id["generate"].trigger()
    return shown(window)


def shown(window: QWidget) -> NewPersonaPage:
    return next(page for page in window.findChildren(NewPersonaPage) if page.isVisible())


def find(page: QWidget, kind: type, name: str) -> Any:
    found = [w for w in page.findChildren(kind) if w.isVisible() and w.accessibleName().startswith(name)]
    assert found, f"no {kind.__name__} “{name}”"
    return found[0]


def click(page: QWidget, name: str) -> None:
    widget = find(page, QAbstractButton, name)
    at = QPoint(12, widget.height() // 2)
    QTest.mouseClick(widget.windowHandle() or widget, Qt.MouseButton.LeftButton, pos=at)


def texts(page: QWidget) -> str:
    shown = [w.text() for w in page.findChildren(QLabel) if w.isVisible()]
    shown += [w.text() for w in page.findChildren(QAbstractButton) if w.isVisible()]
    shown += [w.toPlainText() for w in page.findChildren(QPlainTextEdit) if w.isVisible()]
    return "\n".join(shown)


def type_idea(page: NewPersonaPage, idea: str = "A marine biologist") -> None:
    field = find(page, QPlainTextEdit, "Idea")
    QTest.mouseClick(field.viewport(), Qt.MouseButton.LeftButton)
    QTest.keyClicks(field, idea)


def test_idea_becomes_a_persona_by_mouse(
    page: NewPersonaPage, window: MainWindow, workspace: Workspace, start: Start, qtbot: QtBot
) -> None:
    gate = Gate()
    start(ScriptedBackend([Thinking("hm"), BRAINSTORM], [FULL[:60], gate, FULL[60:]]))
    type_idea(page)
    click(page, "Generate")
    qtbot.waitUntil(lambda: "writing" in texts(page) and FULL[:40] in texts(page))
    assert BRAINSTORM in texts(page), "the first stage stays readable"
    assert "Thoughts, 1 word" in texts(page)
    assert "You can leave this page." in texts(page)
    assert "Signe Dahl" in texts(page), "the name appears as it is written"
    gate.open()
    qtbot.waitUntil(lambda: "It is done" in texts(page))
    assert "8 of 8 written" in texts(page)
    (persona,) = workspace.personas.find("Signe Dahl")
    card = workspace.personas.card(persona.persona_id)
    assert badge(card) == "new"
    click(page, "Open persona")
    qtbot.waitUntil(lambda: not workspace.personas.card(persona.persona_id).is_unseen)


def test_idea_becomes_a_persona_by_keys_alone(
    desk: Desk, window: MainWindow, workspace: Workspace, start: Start, qtbot: QtBot
) -> None:
    start(ScriptedBackend([BRAINSTORM], [FULL]))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(
        window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    page = shown(window)

    def focus() -> QWidget:
        widget = QApplication.focusWidget()
        assert widget is not None
        return widget

    assert focus().accessibleName() == "From an idea", "the key leads into the form"
    for _ in range(6):
        if focus().accessibleName() == "Idea":
            break
        QTest.keyClick(focus(), Qt.Key.Key_Tab)
    assert focus().accessibleName() == "Idea"
    QTest.keyClicks(focus(), "A marine biologist")
    QTest.keyClick(focus(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "It is done" in texts(page))
    assert workspace.personas.find("Signe Dahl")


def test_what_is_wrong_is_said_below_its_field(page: NewPersonaPage, workspace: Workspace) -> None:
    click(page, "Generate")
    assert "There is nothing to begin with. Give a name or a description." in texts(page)
    type_idea(page, "A")
    assert "There is nothing to begin with" not in texts(page)
    assert workspace.queue.jobs() == []


def test_failure_in_the_second_stage_is_retried_from_there(
    page: NewPersonaPage, workspace: Workspace, start: Start, qtbot: QtBot
) -> None:
    broken = BackendError(ErrorKind.OUT_OF_MEMORY, "No memory", "Choose a smaller model.")
    backend = ScriptedBackend([BRAINSTORM], ["## Persona", broken], [FULL])
    start(backend)
    type_idea(page)
    click(page, "Generate")
    qtbot.waitUntil(lambda: "No memory. Choose a smaller model." in texts(page))
    assert BRAINSTORM in texts(page)
    assert "## Persona" in texts(page)
    click(page, "Retry from Refine")
    qtbot.waitUntil(lambda: "It is done" in texts(page))
    assert len(backend.requests) == 3, "the first stage was not repeated"


def test_failed_stage_is_told_in_its_colour_at_once(
    desk: Desk, window: MainWindow, workspace: Workspace, a_wish: Wish, qtbot: QtBot
) -> None:
    job = workspace.generation.generate(a_wish())
    assert workspace.queue.claim({job.request_id}) is not None
    workspace.generation.begin_stage(job.request_id, Stage.EXPANSION)
    workspace.queue.fail(job.request_id, "internal", ForllmError("Broken"), "She learned", "")
    desk.show_page(f"generation:{job.request_id}")
    label = next(w for w in shown(window).findChildren(QLabel) if w.text() == "broke off")
    assert label.palette().windowText().color() == theme().colour("danger")


def test_stop_keeps_the_text(page: NewPersonaPage, start: Start, qtbot: QtBot) -> None:
    start(ScriptedBackend([BRAINSTORM], ["## Persona Name: Signe", Hang()]))
    type_idea(page)
    click(page, "Generate")
    qtbot.waitUntil(lambda: "## Persona Name: Signe" in texts(page))
    click(page, "Stop")
    qtbot.waitUntil(lambda: "Stopped. What was written is kept." in texts(page))
    qtbot.waitUntil(lambda: "## Persona Name: Signe" in texts(page))


def test_leaving_and_coming_back_shows_the_request_again(
    page: NewPersonaPage, desk: Desk, window: MainWindow, workspace: Workspace, start: Start, qtbot: QtBot
) -> None:
    gate = Gate()
    start(ScriptedBackend([BRAINSTORM], ["## Persona Name: Signe Dahl\n", gate, GOOD]))
    type_idea(page)
    click(page, "Generate")
    qtbot.waitUntil(lambda: "## Persona Name" in texts(page))
    window.actions_by_id["close_tab"].trigger()
    window.actions_by_id["generate"].trigger()
    again = shown(window)
    assert again is not page
    assert "## Persona Name: Signe Dahl" in texts(again)
    assert again._form.wishes.idea == "A marine biologist"
    window.actions_by_id["close_tab"].trigger()
    gate.open()
    qtbot.waitUntil(lambda: "Signe Dahl has arrived and needs attention." in texts(window))
    desk.show_page("generation:1")
    assert "It needs attention" in texts(shown(window))


def test_typing_survives_the_tab(page: NewPersonaPage, window: MainWindow, qtbot: QtBot) -> None:
    type_idea(page, "Half an idea")
    page.flush()
    window.actions_by_id["close_tab"].trigger()
    window.actions_by_id["generate"].trigger()
    assert shown(window)._form.wishes.idea == "Half an idea"


def test_what_lacks_something_is_accepted_or_mended(
    page: NewPersonaPage, workspace: Workspace, start: Start, qtbot: QtBot
) -> None:
    short = FULL[: FULL.index("## Example Phrases")]
    rest = "## Example Phrases:\n- “Fog.”\n- “No.”\n"
    start(ScriptedBackend([BRAINSTORM], [short], ["no"], [rest]))
    type_idea(page)
    click(page, "Generate")
    qtbot.waitUntil(lambda: "Missing: Example Phrases." in texts(page))
    assert badge(workspace.personas.card(workspace.personas.find("Signe Dahl")[0].persona_id)) == "attention"
    click(page, "Generate the rest again")
    qtbot.waitUntil(lambda: "It is done" in texts(page))
    (persona,) = workspace.personas.find("Signe Dahl")
    assert (persona.version, persona.attention) == (2, None)
    assert "“Fog.”" in persona.prompt_instructions


def test_batch_of_three_with_a_plan(
    desk: Desk, window: MainWindow, workspace: Workspace, start: Start, qtbot: QtBot
) -> None:
    sea = workspace.forum.create_subforum("Sea")
    gate = Gate()
    start(ScriptedBackend([gate, BRAINSTORM], [FULL], [BRAINSTORM], [FULL], [BRAINSTORM], [FULL]))
    desk.show_page(f"experts:{sea.subforum_id}")
    page = shown(window)
    assert page._form.wishes.subforum_id == sea.subforum_id
    click(page, "Several experts at once")
    table = find(page, QTableWidget, "Variation plan")
    assert table.rowCount() == 3
    table.item(1, 0).setText(table.item(0, 0).text())
    table.item(1, 1).setText(table.item(0, 1).text())
    assert "Expert 1 and expert 2 are too alike" in texts(page)
    click(page, "Generate")
    assert "The subforum has no description" in texts(page)
    QTest.keyClicks(find(page, QPlainTextEdit, "Description of the subforum"), "All about the sea.")
    click(page, "Generate")
    assert "are too alike" in texts(page)
    assert workspace.queue.jobs() == []
    table.item(1, 0).setText("tides")
    click(page, "Generate")
    qtbot.waitUntil(lambda: "Experts for Sea: 0 of 3 done" in texts(page))
    assert workspace.forum.subforum(sea.subforum_id).description == "All about the sea."
    gate.open()
    qtbot.waitUntil(lambda: "Experts for Sea: 3 of 3 done" in texts(page))
    names = {member.card.name for member in workspace.personas.members(sea.subforum_id)}
    assert len(names) == 3
    assert "tides" in str(workspace.queue.job(2).request_params)


def test_headings_are_reordered_extended_and_reset_by_key(page: NewPersonaPage) -> None:
    headings = find(page, QListWidget, "Headings")
    headings.setFocus()
    headings.setCurrentRow(1)
    QTest.keyClick(headings, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(headings, Qt.Key.Key_Space)
    field = find(page, QLineEdit, "Another heading")
    QTest.keyClicks(field, "## Favourite Fish:")
    QTest.keyClick(field, Qt.Key.Key_Return)
    pairs = page._form.wishes.headings
    assert pairs[:3] == [("Persona Name", True), ("Key Personality Traits", True), ("Core Identity", False)]
    assert pairs[-1] == ("Favourite Fish", True)
    headings.setCurrentRow(0)
    QTest.keyClick(headings, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert page._form.wishes.headings[0][0] == "Persona Name"
    click(page, "The eight usual ones")
    assert page._form.wishes.headings[1] == ("Core Identity", True)
    assert len(page._form.wishes.headings) == 8


def test_paused_queue_says_so(page: NewPersonaPage, workspace: Workspace, qtbot: QtBot) -> None:
    workspace.settings.change(queue_paused=True)
    type_idea(page)
    click(page, "Generate")
    qtbot.waitUntil(lambda: "The queue is paused." in texts(page))


def test_server_that_is_away_is_waited_for_and_said(
    page: NewPersonaPage, workspace: Workspace, start: Start, qtbot: QtBot
) -> None:
    away = BackendError(ErrorKind.UNREACHABLE, "Ollama is away", "Start it.")
    start(ScriptedBackend([away], [BRAINSTORM], [FULL]))
    type_idea(page)
    click(page, "Generate")
    qtbot.waitUntil(lambda: "Ollama is away. Start it. Tried again at" in texts(page))
    workspace.queue.release_all()
    qtbot.waitUntil(lambda: "It is done" in texts(page))


def test_request_is_shown_again_after_a_restart(
    page: NewPersonaPage, desk: Desk, window: MainWindow, workspace: Workspace, start: Start, qtbot: QtBot
) -> None:
    start(ScriptedBackend([BRAINSTORM], ["## Persona Name: Signe", Hang()]))
    type_idea(page)
    click(page, "Generate")
    qtbot.waitUntil(lambda: "## Persona Name: Signe" in texts(page))
    desk.flush()
    again = NewPersonaPage(workspace)
    qtbot.addWidget(again)
    again.resize(1300, 800)
    again.show()
    assert "## Persona Name: Signe" in texts(again)
    assert again._form.wishes.idea == "A marine biologist"
    click(again, "Stop")
    qtbot.waitUntil(lambda: "Stopped. What was written is kept." in texts(again))
    click(again, "New one")
    assert "Nothing is written yet" in texts(again)


def test_new_text_for_a_persona_says_that_it_is_there(
    desk: Desk, window: MainWindow, workspace: Workspace, a_wish: Wish, start: Start, qtbot: QtBot
) -> None:
    ada = workspace.personas.create("Ada", "You are Ada.")
    start(ScriptedBackend([BRAINSTORM], [GOOD]))
    job = workspace.generation.regenerate(ada.persona_id, a_wish())
    qtbot.waitUntil(lambda: "A new text for Ada has arrived." in texts(window))
    click(window, "Open")
    assert window.findChildren(CentreTabs)[0].current_key() == f"proposal:{job.request_id}"


def test_row_of_the_queue_leads_to_the_page(
    page: NewPersonaPage, desk: Desk, window: MainWindow, workspace: Workspace, a_wish: Wish, qtbot: QtBot
) -> None:
    job = workspace.generation.generate(a_wish())
    desk.show_page("queue")
    pane = window.findChildren(QueuePane)[-1]
    qtbot.waitUntil(lambda: pane._shown.rowCount() == 1)
    desk.show_request(job.request_id)
    view = find(window, QTableView, "Requests")
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert "Waiting in the queue." in texts(shown(window))
    assert shown(window)._followed.request_id == job.request_id


def test_brainstorm_can_be_taken_over_when_there_is_one(
    page: NewPersonaPage, start: Start, qtbot: QtBot
) -> None:
    backend = ScriptedBackend([BRAINSTORM], [FULL], [FULL])
    start(backend)
    type_idea(page)
    page._form.look_up_now()
    switch = find(page, QAbstractButton, "Start from the last brainstorm")
    assert not switch.isEnabled()
    click(page, "Generate")
    qtbot.waitUntil(lambda: "It is done" in texts(page))
    page._form.look_up_now()
    assert switch.isEnabled()
    switch.click()
    click(page, "Generate again")
    qtbot.waitUntil(lambda: len(backend.requests) == 3)


def test_a_growing_text_stays_where_it_is_read(qtbot: QtBot, started_look: object) -> None:
    view = GrowingView("Text")
    qtbot.addWidget(view)
    view.resize(300, 120)
    view.show()
    view.show_text("line\n" * 100)
    view.verticalScrollBar().setValue(20)
    view.show_text("line\n" * 200)
    assert view.verticalScrollBar().value() == 20
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    view.show_text("line\n" * 300)
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()


def test_foreign_texts_are_shown_as_they_are(page: NewPersonaPage, start: Start, qtbot: QtBot) -> None:
    evil = "<b>bold</b><img src='file:///x'>"
    start(ScriptedBackend([evil], [f"## Persona Name: {evil}\n## Core Identity:\n{evil}"], ["no"]))
    type_idea(page, evil)
    click(page, "Generate")
    qtbot.waitUntil(lambda: "It needs attention" in texts(page))
    assert evil in texts(page)
    formats = {label.textFormat() for label in page.findChildren(QLabel)}
    assert formats <= {Qt.TextFormat.PlainText}


def test_everything_has_a_name(page: NewPersonaPage) -> None:
    for kind in (QAbstractButton, QPlainTextEdit, QLineEdit, QListWidget, QTableWidget):
        for widget in filter(lambda one: one.isVisibleTo(page), page.findChildren(kind)):
            is_inner = widget.objectName().startswith("qt_") or "QTable" in str(widget.parent())
            assert is_inner or widget.accessibleName(), f"{kind.__name__} {widget.objectName()}"


def test_wishes_survive_json() -> None:
    from forllm_desktop.ui.generator.wishes import Wishes, fitted

    wishes = Wishes(kind=Kind.SEVERAL, idea="x", model=ModelChoice(1, "m"), plan=fitted([], 3), checks=True)
    assert Wishes.from_json(wishes.to_json()) == wishes
    assert Wishes.from_json({"kind": "nonsense"}) == Wishes()
    assert Wishes.from_json(None) == Wishes()
