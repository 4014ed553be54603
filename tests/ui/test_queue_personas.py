"""The queue says who will answer, who has answered, and what a tried persona said."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from forllm_desktop.domain.persona import PersonaContent
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.job_view import job_views
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService, Wish
from forllm_desktop.ui.item_models.queue_table import ROW_ROLE, Column
from forllm_desktop.ui.panes.queue import QueuePane
from forllm_desktop.ui.theme import start_look
from tests.builders import a_server, a_subforum


class Asker:
    """Asks in the subforum "Physics"."""

    def __init__(self, database, events, forum, clock):
        self.queue = QueueService(database, events, clock)
        self.personas = PersonaService(database, events, clock)
        self.asking = PersonaAskingService(database, events, self.queue, clock)
        self.subforum_id = a_subforum(forum).subforum_id
        self.model = ModelChoice(a_server(database).server_id, "tiny")
        self.ada = self.personas.create("Ada", "You are Ada.").persona_id

    def ask(self, persona_id=None, version=None) -> int:
        wish = Wish(self.model, persona_id, version)
        return self.queue.ask_in_new_topic(self.subforum_id, "Why?", "Text", wish)[2].request_id

    def trial(self, question="Who are you?", persona_id=None) -> int:
        chosen = self.ada if persona_id is None else persona_id
        content = PersonaContent("Ada", "You are Ada.")
        return self.asking.try_persona(chosen, content, question, self.model).request_id


@pytest.fixture
def asker(qapp, database, events, forum, clock) -> Asker:
    start_look(qapp)
    return Asker(database, events, forum, clock)


@pytest.fixture
def pane(qtbot, asker, events) -> QueuePane:
    made = QueuePane(asker.queue, events)
    qtbot.addWidget(made)
    made.resize(1200, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def cell(pane: QueuePane, column: Column, role=Qt.ItemDataRole.DisplayRole, row: int = 0) -> str:
    return pane._shown.index(row, column).data(role) or ""


def tip(pane: QueuePane, column: Column) -> str:
    return cell(pane, column, Qt.ItemDataRole.ToolTipRole)


def test_a_waiting_request_says_who_will_be_used_and_why(pane, asker, qtbot):
    asker.personas.assign(asker.subforum_id, asker.ada, default=True)
    asker.ask()
    qtbot.waitUntil(lambda: cell(pane, Column.PERSONA) == "Ada v1")
    assert tip(pane, Column.PERSONA) == "Ada v1 (will be used): the default of Physics"
    asker.personas.set_default(asker.subforum_id, None)
    qtbot.waitUntil(lambda: cell(pane, Column.PERSONA) == "Assistant v1")
    assert tip(pane, Column.PERSONA).endswith("the fallback: no default is set")


def test_a_running_and_an_ended_request_keep_the_version_they_used(pane, asker, qtbot):
    asker.personas.set_global_default(asker.ada)
    request = asker.ask()
    asker.queue.claim()
    asker.personas.change(asker.ada, name="Ada Lovelace", instructions="You are Ada Lovelace.")
    qtbot.waitUntil(lambda: cell(pane, Column.STATE) == "Working")
    assert (cell(pane, Column.PERSONA), tip(pane, Column.PERSONA)) == ("Ada v1", "Ada v1")
    asker.queue.finish(request, "Text", "", {})
    qtbot.waitUntil(lambda: cell(pane, Column.STATE) == "Done")
    assert tip(pane, Column.PERSONA) == "Ada v1 (was used)"


def test_a_chosen_version_is_shown_while_the_request_waits(pane, asker, qtbot):
    asker.personas.assign(asker.subforum_id, asker.ada)
    asker.personas.change(asker.ada, name="Ada Lovelace")
    asker.ask(asker.ada, 1)
    qtbot.waitUntil(lambda: cell(pane, Column.PERSONA) == "Ada v1")
    assert tip(pane, Column.PERSONA) == "Ada v1 (will be used): chosen for this request"


def test_a_choice_that_became_unusable_is_said_before_and_after_it_fails(pane, asker, qtbot):
    asker.personas.assign(asker.subforum_id, asker.ada)
    request = asker.ask(asker.ada)
    asker.personas.unassign(asker.subforum_id, asker.ada)
    qtbot.waitUntil(lambda: "may not answer" in tip(pane, Column.PERSONA))
    assert asker.queue.claim() is None
    qtbot.waitUntil(lambda: cell(pane, Column.STATE) == "Failed")
    assert cell(pane, Column.PROGRESS) == "Ada cannot answer here"
    pane.show_request(request)
    assert "Assign this persona to the subforum" in pane._advice.accessibleName()
    assert cell(pane, Column.PERSONA) == "Ada"


def test_a_request_that_ended_before_it_began_names_nobody(pane, asker, qtbot):
    asker.queue.cancel(asker.ask())
    qtbot.waitUntil(lambda: cell(pane, Column.STATE) == "Cancelled")
    assert (cell(pane, Column.PERSONA), tip(pane, Column.PERSONA)) == ("", "")


def test_a_trial_shows_its_question_and_opens_the_persona(pane, asker, qtbot):
    request = asker.trial("Who are\nyou?")
    qtbot.waitUntil(lambda: cell(pane, Column.REQUEST) == "Trying Ada: Who are you?")
    pane.show_request(request)
    with (
        qtbot.waitSignal(pane.persona_requested) as opened,
        qtbot.assertNotEmitted(pane.post_requested),
    ):
        qtbot.keyClick(pane._view, Qt.Key.Key_Return)
    assert opened.args == [asker.ada, 0]


def test_the_answer_of_a_trial_is_below_the_table_and_in_the_tooltip_as_plain_text(pane, asker, qtbot):
    request = asker.trial()
    asker.queue.claim()
    asker.queue.finish(request, "I am <b>Ada</b>.", "", {})
    qtbot.waitUntil(lambda: cell(pane, Column.STATE) == "Done")
    pane.show_request(request)
    assert pane._advice.accessibleName() == "Ada: I am <b>Ada</b>."
    assert "&lt;b&gt;Ada" in tip(pane, Column.REQUEST)
    assert "I am <b>Ada</b>." in cell(pane, Column.STATE, Qt.ItemDataRole.AccessibleDescriptionRole)
    action = next(b for b in pane._advice.findChildren(QPushButton) if b.text() == "Open")
    with qtbot.waitSignal(pane.persona_requested):
        qtbot.mouseClick(action, Qt.MouseButton.LeftButton)


def test_a_trial_of_a_persona_that_was_never_saved_opens_nothing(pane, asker, qtbot):
    request = asker.trial(persona_id=0)
    qtbot.waitUntil(lambda: cell(pane, Column.PERSONA) == "Ada")
    pane.show_request(request)
    with qtbot.assertNotEmitted(pane.persona_requested):
        qtbot.keyClick(pane._view, Qt.Key.Key_Return)
    assert pane._shown.index(0, 0).data(ROW_ROLE).post_id == 0


def test_a_trial_can_be_cancelled_and_tried_again(pane, asker, qtbot):
    request = asker.trial()
    qtbot.waitUntil(lambda: cell(pane, Column.REQUEST) != "")
    pane.show_request(request)
    qtbot.keyClick(pane._view, Qt.Key.Key_Delete)
    assert asker.queue.job(request).status == JobStatus.CANCELLED
    qtbot.waitUntil(lambda: cell(pane, Column.STATE) == "Cancelled")
    qtbot.keyClick(pane._view, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert asker.queue.job(request).status == JobStatus.PENDING


def test_readers_see_the_same_names_without_a_window(asker, database):
    asker.personas.assign(asker.subforum_id, asker.ada, default=True)
    waiting, trial = asker.ask(), asker.trial()
    views = {view.job.request_id: view for view in job_views(database)}
    assert (views[waiting].persona, views[waiting].version, views[waiting].is_ahead) == ("Ada", 1, True)
    assert views[waiting].why == "the default of Physics"
    assert (views[trial].persona, views[trial].title) == ("Ada", "Who are you?")
    asker.queue.finish(asker.queue.claim([trial]).job.request_id, "I am Ada.", "", {})
    assert job_views(database, [trial])[0].reply == "I am Ada."
