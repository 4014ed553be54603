"""Chains in the queue table: blocked rows say by what, and what failed is tried again or skipped there."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.queue_row import QueueRow
from forllm_desktop.services.queue import QueueService
from forllm_desktop.ui.delegates.queue_row import menu_actions
from forllm_desktop.ui.item_models.queue_table import ROW_ROLE, Column
from forllm_desktop.ui.panes.queue import QueuePane
from forllm_desktop.ui.theme import start_look
from tests.builders import a_request, a_wish

BROKEN = ForllmError("The reply broke off", "Try again.")


@pytest.fixture
def queue(qapp, database, events, clock) -> QueueService:
    start_look(qapp)
    return QueueService(database, events, clock)


@pytest.fixture
def pane(qtbot, queue, events) -> QueuePane:
    made = QueuePane(queue, events)
    qtbot.addWidget(made)
    made.resize(1200, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def chain(queue, forum, database):
    """Return three requests, each after the one before."""
    first, wish = a_request(queue, forum, database), a_wish(database)
    second = queue.ask_about(first.post_id_to_respond_to, wish, after=first.request_id)
    third = queue.ask_about(first.post_id_to_respond_to, wish, after=second.request_id)
    return first.request_id, second.request_id, third.request_id


def row_of(pane: QueuePane, request_id: int) -> QueueRow:
    table = pane._table
    return table.index(table.row_of(request_id), 0).data(ROW_ROLE)


def shown(pane: QueuePane, column: Column) -> list[str]:
    rows = pane._shown
    return [rows.index(row, column).data() for row in range(rows.rowCount())]


def states(pane: QueuePane) -> list[str]:
    return shown(pane, Column.STATE)


def button(pane: QueuePane, words: str) -> QPushButton:
    return next(b for b in pane.findChildren(QPushButton) if b.text() == words and b.isVisible())


def names(row: QueueRow) -> list[str]:
    return [action[0] for action in menu_actions(row)]


def test_rows_that_wait_are_blocked_once_the_one_before_fails(pane, queue, chain, qtbot):
    first, second, third = chain
    qtbot.waitUntil(lambda: states(pane) == ["Waiting"] * 3)
    assert "skip" not in names(row_of(pane, second))
    queue.claim()
    queue.fail(first, "stream_broken", BROKEN)
    qtbot.waitUntil(lambda: states(pane) == ["Blocked", "Blocked", "Failed"])
    assert row_of(pane, third).blocked_by == first
    assert names(row_of(pane, first))[:2] == ["retry", "skip"]
    assert names(row_of(pane, third))[:2] == ["retry", "skip"]
    assert "cancel" in names(row_of(pane, third))
    assert "failed" in shown(pane, Column.PROGRESS)[0]


@pytest.mark.parametrize("way", ["key", "button", "menu"])
@pytest.mark.parametrize("at", [0, 1])
def test_a_failed_link_is_skipped_from_its_row_and_from_a_blocked_one(
    pane,
    queue,
    chain,
    qtbot,
    way,
    at,
):
    first, second, third = chain
    queue.claim()
    queue.fail(first, "stream_broken", BROKEN)
    qtbot.waitUntil(lambda: "Blocked" in states(pane))
    pane.show_request(chain[at])
    if way == "key":
        qtbot.keyClick(
            pane._view, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        )
    elif way == "button":
        button(pane, "Skip").click()
    else:
        menu = pane._view._menu(pane._view.current_row())
        next(action for action in menu.actions() if action.text().startswith("Skip")).trigger()
        menu.deleteLater()
    qtbot.waitUntil(lambda: "Blocked" not in states(pane))
    assert [queue.job(id).status for id in (first, second, third)] == [
        JobStatus.ERROR,
        JobStatus.PENDING,
        JobStatus.PENDING_DEPENDENCY,
    ]
    qtbot.waitUntil(lambda: row_of(pane, first).is_skipped)
    assert "skip" not in names(row_of(pane, first))


def test_trying_again_from_a_blocked_row_releases_the_chain(pane, queue, chain, qtbot):
    first, second, _third = chain
    queue.claim()
    queue.fail(first, "stream_broken", BROKEN)
    qtbot.waitUntil(lambda: "Blocked" in states(pane))
    pane.show_request(second)
    qtbot.keyClick(pane._view, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: states(pane) == ["Waiting"] * 3)
    assert queue.job(first).status == JobStatus.PENDING


def test_the_parents_of_a_row_are_found_though_only_the_row_is_read(queue, chain):
    first, _second, third = chain
    queue.claim()
    queue.fail(first, "stream_broken", BROKEN)
    (row,) = queue.table([third])
    assert row.blocked_by == first
    (row,) = queue.table([first])
    assert row.can_skip
