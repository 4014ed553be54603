"""The details of a request beside the queue: error first, timeline, prompt, partial text."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.pages.queue import QueuePage
from forllm_desktop.ui.theme import Look
from forllm_desktop.ui.timeline_words import timeline, tries
from tests.builders import NOW, a_job, a_model_reply, a_topic

METRICS = {
    "load_seconds": 170.0,
    "prompt_seconds": 230.0,
    "prompt_tokens": 2_207,
    "output_seconds": 294.0,
    "output_tokens": 412,
}


@pytest.fixture
def page(workspace: Workspace, started_look: Look, qtbot: QtBot) -> Iterator[QueuePage]:
    made = QueuePage(workspace)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.details.stop()


def failed(workspace: Workspace, title: str = "Why?", **fields: object) -> int:
    """Store a failed request with half a reply."""
    _, post = a_topic(workspace.forum, workspace.forum.create_subforum(title), title=title)
    reply = a_model_reply(workspace.database, post, "It is real in the only sense", is_incomplete=True)
    given = {
        "error_title": "The GPU memory ran out",
        "error_message": "Choose a smaller context window.",
        "reply_post_id": reply.post_id,
        "started_at": NOW + timedelta(hours=4),
        "finished_at": NOW + timedelta(hours=4, minutes=12),
        "attempts": 1,
        "prompt": [{"role": "system", "content": "You are Ada."}, {"role": "user", "content": "Why?"}],
        "token_breakdown": {"total": 20, "window": 4_096, "answer": 1_024},
        "metrics": METRICS,
    }
    return a_job(workspace.database, post, JobStatus.ERROR, **{**given, **fields}).request_id


def select(page: QueuePage, request_id: int, qtbot: QtBot) -> None:
    page.pane._table.reload()
    page.show_request(request_id)
    if not page.has_details:
        QTest.keyClick(page.pane._view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not page.details.is_busy)


def said(page: QueuePage) -> str:
    return " ".join(label.text() for label in page.details.findChildren(QLabel) if label.isVisible())


def test_space_opens_the_details_and_esc_closes_them(
    page: QueuePage, workspace: Workspace, qtbot: QtBot
) -> None:
    request = failed(workspace)
    assert not page.details.isVisible()
    select(page, request, qtbot)
    assert page.details.isVisible()
    page.details.setFocus()
    QTest.keyClick(page.details, Qt.Key.Key_Escape)
    assert not page.details.isVisible()
    assert page.pane._view.hasFocus()


def test_the_error_is_first_then_the_timeline_the_prompt_and_the_text(
    page: QueuePage, workspace: Workspace, qtbot: QtBot
) -> None:
    select(page, failed(workspace), qtbot)
    words = said(page)
    places = [
        words.index(part)
        for part in ("The GPU memory ran out", "Timeline", "prompt read, 2,207 tokens", "Prompt as sent")
    ]
    assert places == sorted(places)
    assert "first try" in words
    assert "written, 412 tokens, 1.4 tok/s" in words
    assert [row.text for row in page.details._xray.view.rows] == ["You are Ada.", "Why?"]
    assert page.details._text.toPlainText() == "It is real in the only sense"
    assert "Partial text" in words


def test_the_details_follow_the_selection(page: QueuePage, workspace: Workspace, qtbot: QtBot) -> None:
    first, second = failed(workspace, "Why?"), failed(workspace, "How?", error_title="Away")
    select(page, first, qtbot)
    assert "The GPU memory ran out" in said(page)
    page.show_request(second)
    qtbot.waitUntil(lambda: not page.details.is_busy)
    assert "How?" in said(page)
    assert "Away" in said(page)


def test_at_most_three_things_can_be_done_and_they_are_done(
    page: QueuePage, workspace: Workspace, qtbot: QtBot
) -> None:
    request = failed(workspace)
    select(page, request, qtbot)
    box = page.details._trouble
    buttons = [button for button in box.findChildren(QPushButton) if button.isVisible()]
    assert [button.text() for button in buttons] == ["Retry", "Cancel"]
    buttons[0].click()
    assert workspace.queue.job(request).status == JobStatus.PENDING
    qtbot.waitUntil(lambda: not box.isVisible())


def test_a_shortened_prompt_is_told_in_the_row_and_in_the_details(
    page: QueuePage, workspace: Workspace, qtbot: QtBot
) -> None:
    _, post = a_topic(workspace.forum)
    metrics = {"prompt_tokens": 1_020, "prompt_shortened": True}
    job = a_job(
        workspace.database,
        post,
        JobStatus.COMPLETE,
        finished_at=NOW,
        metrics=metrics,
        token_breakdown={"total": 3_400},
    )
    select(page, job.request_id, qtbot)
    assert "it read 1,020 of about 3,400 tokens" in said(page)
    index = page.pane._view.model().index(0, 5)
    assert index.data().startswith("Prompt was shortened")
    assert "1,020 of about 3,400" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_in_a_narrow_window_the_details_take_the_place_of_the_table(
    page: QueuePage, workspace: Workspace, qtbot: QtBot
) -> None:
    request = failed(workspace)
    page.resize(480, 700)
    select(page, request, qtbot)
    assert page.details.isVisible()
    assert not page.pane.isVisible()
    QTest.keyClick(page.details, Qt.Key.Key_Escape)
    assert page.pane.isVisible()
    assert not page.details.isVisible()


def test_what_was_open_is_open_again(page: QueuePage, workspace: Workspace, qtbot: QtBot) -> None:
    select(page, failed(workspace), qtbot)
    again = QueuePage(workspace)
    qtbot.addWidget(again)
    assert again.has_details
    again.details.stop()


def test_nothing_selected_is_said(page: QueuePage) -> None:
    page.open_details()
    assert "Select a request" in said(page)


def test_a_timeline_tells_what_was_waited_for_and_how_it_ended(workspace: Workspace) -> None:
    job = workspace.queue.job(failed(workspace))
    told = [(moment.said, moment.took) for moment in timeline(job)]
    assert told == [
        ("asked by you", ""),
        ("started, after 4 h 0 min", ""),
        ("model loaded", "2 min 50 s"),
        ("prompt read, 2,207 tokens", "3 min 50 s"),
        ("written, 412 tokens, 1.4 tok/s", "4 min 54 s"),
        ("The GPU memory ran out", ""),
    ]
    assert tries(job) == "first try"


def test_the_dock_shows_the_prompt_on_a_page(page: QueuePage, workspace: Workspace, qtbot: QtBot) -> None:
    from forllm_desktop.ui.panes.queue import QueuePane

    dock = QueuePane(workspace.queue, workspace.events)
    qtbot.addWidget(dock)
    dock.show()
    request = failed(workspace)
    dock._table.reload()
    dock.show_request(request)
    with qtbot.waitSignal(dock.page_requested) as wished:
        QTest.keyClick(dock._view, Qt.Key.Key_Space)
    assert wished.args == [f"prompt:{request}"]
