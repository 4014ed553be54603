"""The queue pane: rows as they stand, steered by pointer, key and menu."""

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QPushButton

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService, Wish
from forllm_desktop.services.running import Progress
from forllm_desktop.ui.delegates.queue_row import action_rects
from forllm_desktop.ui.item_models.queue_table import ROW_ROLE, Column, QueueTable
from forllm_desktop.ui.panes.queue import QueuePane
from forllm_desktop.ui.theme import start_look
from tests.builders import a_server, a_subforum

GPU = ForllmError("GPU memory ran out", "Choose a smaller context window or a smaller model.")


@pytest.fixture
def queue(qapp, database, events, clock) -> QueueService:
    start_look(qapp)
    return QueueService(database, events, clock)


@pytest.fixture
def ask(database, forum, queue):
    """Return a function that asks in a new topic and returns the request's id."""
    subforum, server = a_subforum(forum), a_server(database)

    def asking(title: str = "Why?", model: str = "qwen3:8b") -> int:
        wish = Wish(ModelChoice(server.server_id, model))
        return queue.ask_in_new_topic(subforum.subforum_id, title, "Text", wish)[2].request_id

    return asking


@pytest.fixture
def pane(qtbot, queue, events) -> QueuePane:
    made = QueuePane(queue, events)
    qtbot.addWidget(made)
    made.resize(1200, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def shown(pane: QueuePane) -> list[list[str]]:
    """Return the texts on the screen, row by row."""
    rows = pane._shown
    return [[rows.index(r, c).data() or "" for c in Column] for r in range(rows.rowCount())]


def titles(pane: QueuePane) -> list[str]:
    return [row[Column.REQUEST] for row in shown(pane)]


def button(pane: QueuePane, words: str) -> QPushButton:
    return next(b for b in pane.findChildren(QPushButton) if b.text().startswith(words) and b.isVisible())


def test_rows_stand_in_the_order_they_run_then_what_ended(pane, queue, ask, qtbot, clock):
    for title in ("done", "failed", "running", "parked", "waiting", "cancelled"):
        ask(title)
    queue.finish(queue.claim().job.request_id, "Text", "", {})
    queue.fail(queue.claim().job.request_id, "out_of_memory", GPU, "Half")
    queue.claim([4])
    queue.park(4, "unreachable", ForllmError("Away"), clock.now + timedelta(seconds=30))
    queue.release_server(1)
    queue.claim([4])
    queue.cancel(6)
    queue.claim([3])
    qtbot.waitUntil(lambda: [row[0] for row in shown(pane)].count("Working") == 2)
    assert [(row[0], row[1]) for row in shown(pane)] == [
        ("Working", "running"),
        ("Working", "parked"),
        ("Waiting", "waiting"),
        ("Failed", "failed"),
        ("Done", "done"),
        ("Cancelled", "cancelled"),
    ]


def test_the_model_survives_every_kind_of_change(qtbot, queue, events, ask, clock):
    table = QueueTable(queue, events)
    tester = QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table.set_awake(True)
    for number in range(12):
        ask(f"Question {number}")
    qtbot.waitUntil(lambda: table.rowCount() == 12)
    while (claim := queue.claim()) is not None:
        if claim.job.request_id % 3:
            queue.finish(claim.job.request_id, "Text", "", {})
        else:
            queue.fail(claim.job.request_id, "broken", GPU, "Half")
    queue.retry(3)
    queue.cancel(3)
    qtbot.waitUntil(lambda: table.counts()["Done"] == 8)
    assert table.counts() == {"All": 12, "Waiting": 0, "Working": 0, "Failed": 3, "Done": 8}
    tester.deleteLater()


def test_a_selection_stays_with_its_request_when_the_row_moves(pane, queue, ask, qtbot):
    first, second = ask("first"), ask("second")
    qtbot.waitUntil(lambda: len(titles(pane)) == 2)
    pane.show_request(first)
    queue.finish(queue.claim([first]).job.request_id, "Text", "", {})
    qtbot.waitUntil(lambda: titles(pane) == ["second", "first"])
    assert pane._view.current_row().job.request_id == first
    assert second != first


def test_a_failure_is_said_on_the_row_and_what_to_do_below_it(pane, queue, ask, qtbot):
    request = ask()
    queue.fail(queue.claim().job.request_id, "out_of_memory", GPU, "Half")
    qtbot.waitUntil(lambda: [row[0] for row in shown(pane)] == ["Failed"])
    assert shown(pane)[0][Column.PROGRESS] == "GPU memory ran out"
    pane.show_request(request)
    assert pane._advice.isVisible()
    assert "Choose a smaller context window" in pane._advice.accessibleName()
    qtbot.mouseClick(button(pane._advice, "Retry"), Qt.MouseButton.LeftButton)
    assert queue.job(request).status == JobStatus.PENDING


def test_a_parked_request_says_what_it_waits_for(pane, queue, ask, qtbot, clock):
    request = ask()
    queue.claim()
    away = ForllmError("Ollama is not running", "Start it; it is tried again by itself.")
    queue.park(request, "unreachable", away, clock.now + timedelta(seconds=30))
    qtbot.waitUntil(lambda: [row[0] for row in shown(pane)] == ["Parked"])
    assert shown(pane)[0][Column.PROGRESS] == "Ollama is not running"
    pane.show_request(request)
    assert "Start it" in pane._advice.accessibleName()


def test_delete_cancels_ctrl_r_retries_and_enter_opens(pane, queue, ask, qtbot):
    request = ask()
    qtbot.waitUntil(lambda: len(titles(pane)) == 1)
    pane.show_request(request)
    qtbot.keyClick(pane._view, Qt.Key.Key_Delete)
    assert queue.job(request).status == JobStatus.CANCELLED
    qtbot.waitUntil(lambda: shown(pane)[0][0] == "Cancelled")
    qtbot.keyClick(pane._view, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert queue.job(request).status == JobStatus.PENDING
    with qtbot.waitSignal(pane.post_requested) as opened:
        qtbot.keyClick(pane._view, Qt.Key.Key_Return)
    assert opened.args == [queue.job(request).post_id_to_respond_to]


def test_the_cancel_sign_of_the_hovered_row_cancels(pane, queue, ask, qtbot):
    request = ask()
    qtbot.waitUntil(lambda: len(titles(pane)) == 1)
    index = pane._shown.index(0, Column.ASKED)
    boxes = dict(action_rects(pane._view.visualRect(index), index.data(ROW_ROLE)))
    qtbot.mouseMove(pane._view.viewport(), boxes["cancel"].center())
    qtbot.mouseClick(pane._view.viewport(), Qt.MouseButton.LeftButton, pos=boxes["cancel"].center())
    assert queue.job(request).status == JobStatus.CANCELLED


def test_the_menu_offers_what_the_row_can_do(pane, queue, ask, qtbot):
    ask()
    qtbot.waitUntil(lambda: len(titles(pane)) == 1)
    menu = pane._view._menu(pane._shown.index(0, 0).data(ROW_ROLE))
    assert [action.text().split("\t")[0] for action in menu.actions()] == ["Open", "Cancel", "Details"]
    menu.close()


def test_a_cancel_that_comes_too_late_is_said(pane, queue, ask, qtbot):
    request = ask()
    qtbot.waitUntil(lambda: len(titles(pane)) == 1)
    row = pane._shown.index(0, 0).data(ROW_ROLE)
    queue.finish(queue.claim().job.request_id, "Text", "", {})
    with qtbot.waitSignal(pane.failed) as failed:
        pane._act("cancel", row)
    assert "already ended" in failed.args[0].title
    assert queue.job(request).status == JobStatus.COMPLETE


def test_filters_count_and_show_their_requests(pane, queue, ask, qtbot):
    ask("good")
    ask("bad")
    queue.finish(queue.claim().job.request_id, "Text", "", {})
    queue.fail(queue.claim().job.request_id, "broken", GPU)
    qtbot.waitUntil(lambda: {row[0] for row in shown(pane)} == {"Done", "Failed"})
    filters = pane.findChildren(QPushButton)[:5]
    assert [b.text() for b in filters] == ["All 2", "Waiting", "Working", "Failed 1", "Done 1"]
    qtbot.mouseClick(filters[3], Qt.MouseButton.LeftButton)
    assert titles(pane) == ["bad"]
    qtbot.mouseClick(filters[1], Qt.MouseButton.LeftButton)
    assert pane._body.currentWidget() is pane._empty


def test_a_running_request_shows_phase_tokens_and_persona_version(pane, queue, ask, database, events, qtbot):
    PersonaService(database, events).set_global_default(
        PersonaService(database, events).create("Ada", "A").persona_id
    )
    request = ask()
    claim = queue.claim()
    queue.record_prompt(request, [], {"total": 2318, "is_exact": False})
    queue.running.put(request, Progress(claim.reply.post_id, "x", phase="prompt", fraction=0.62))
    events.job_changed.emit(request)
    qtbot.waitUntil(lambda: "62 %" in str(shown(pane)))
    assert shown(pane)[0][Column.PERSONA] == "Ada v1"
    assert shown(pane)[0][Column.TOKENS] == "~2,318"


def test_who_will_answer_is_resolved_now(pane, ask, database, events, qtbot):
    ask()
    qtbot.waitUntil(lambda: [row[Column.PERSONA] for row in shown(pane)] == ["Assistant v1"])
    personas = PersonaService(database, events)
    ada = personas.create("Ada", "A").persona_id
    personas.assign(1, ada, default=True)
    qtbot.waitUntil(lambda: [row[Column.PERSONA] for row in shown(pane)] == ["Ada v1"])
    personas.change(ada, instructions="You are Ada.")
    qtbot.waitUntil(lambda: [row[Column.PERSONA] for row in shown(pane)] == ["Ada v2"])


def test_nothing_is_read_while_the_pane_is_hidden(pane, queue, ask, qtbot, monkeypatch):
    pane.hide()
    reads = []
    monkeypatch.setattr(queue, "table", lambda ids=None: reads.append(ids) or [])
    ask()
    qtbot.wait(100)
    assert reads == []
    pane.show()
    qtbot.waitUntil(lambda: len(reads) == 1)


def test_names_are_shown_as_plain_text(pane, ask, qtbot):
    ask("<b>bold</b> & <img src=x>")
    qtbot.waitUntil(lambda: titles(pane) == ["<b>bold</b> & <img src=x>"])


def test_a_narrow_pane_keeps_state_request_reason_and_time(pane, ask, qtbot):
    ask()
    qtbot.waitUntil(lambda: len(titles(pane)) == 1)
    pane.resize(560, 300)
    hidden = [column for column in Column if pane._view.isColumnHidden(column)]
    assert hidden == [Column.PERSONA, Column.MODEL, Column.TOKENS]
    pane.resize(1200, 300)
    assert not any(pane._view.isColumnHidden(column) for column in Column)


def test_the_table_is_read_in_a_handful_of_statements(database, queue, ask):
    for number in range(40):
        ask(f"Question {number}")
    statements = []
    from sqlalchemy import event

    event.listen(database._reader, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert len(queue.table()) == 40
    assert len([s for s in statements if s.lstrip().upper().startswith("SELECT")]) <= 6


def test_every_row_has_an_accessible_text(pane, ask, qtbot):
    ask("How does a bicycle stay up?")
    qtbot.waitUntil(lambda: len(titles(pane)) == 1)
    spoken = pane._shown.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("Waiting, How does a bicycle stay up?, Assistant v1, qwen3:8b")
    assert pane._view.accessibleName() == "Requests"
