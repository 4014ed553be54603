"""The Trash page: what it lists, and what Restore brings back."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.base import utc_now
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.storage.database import Database
from forllm_desktop.ui.item_models.trash_list import ITEM, TrashList
from forllm_desktop.ui.pages.trash import TrashPage
from forllm_desktop.ui.theme import Look
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from tests.builders import a_subforum, a_topic


@pytest.fixture
def live_forum(database: Database, events: Events) -> ForumService:
    return ForumService(database, events)


@pytest.fixture
def personas(database: Database, events: Events) -> PersonaService:
    return PersonaService(database, events)


@pytest.fixture
def page(
    live_forum: ForumService, personas: PersonaService, events: Events, started_look: Look, qtbot: QtBot
) -> TrashPage:
    made = TrashPage(live_forum, personas, events)
    qtbot.addWidget(made)
    made.resize(900, 500)
    made.show()
    qtbot.waitExposed(made)
    return made


def table(page: TrashPage) -> QTableView:
    return page.findChild(QTableView)


def titles(page: TrashPage) -> list[str]:
    model = table(page).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def bar(page: TrashPage) -> QuietBar:
    return page.findChild(QuietBar)


def test_an_empty_trash_says_what_it_is_for(page: TrashPage) -> None:
    assert page.findChild(EmptyPane).isVisible()
    assert not table(page).isVisible()


def test_what_is_deleted_appears_with_its_place(page: TrashPage, live_forum: ForumService) -> None:
    topic, _ = a_topic(live_forum)
    live_forum.delete_topic(topic.topic_id)
    assert titles(page) == ["Why is the sky blue?"]
    row = [table(page).model().index(0, column).data() for column in range(4)]
    assert row == ["Why is the sky blue?", "Topic", "Physics", "now"]
    assert table(page).isVisible()


def test_restore_brings_it_back_and_says_so(page: TrashPage, live_forum: ForumService, qtbot: QtBot) -> None:
    topic, _ = a_topic(live_forum)
    live_forum.delete_topic(topic.topic_id)
    qtbot.keyClick(table(page), Qt.Key.Key_Return)
    assert live_forum.topic(topic.topic_id).title == topic.title
    assert titles(page) == []
    assert "restored" in bar(page).accessibleName()


def test_a_restored_topic_can_be_opened(page: TrashPage, live_forum: ForumService, qtbot: QtBot) -> None:
    topic, _ = a_topic(live_forum)
    live_forum.delete_topic(topic.topic_id)
    page.restore_selected()
    with qtbot.waitSignal(page.topic_requested) as asked:
        bar(page)._action.click()
    assert asked.args == [topic.topic_id]


def test_the_message_says_what_else_came_back(page: TrashPage, live_forum: ForumService) -> None:
    subforum = a_subforum(live_forum)
    topic, _ = a_topic(live_forum, subforum)
    live_forum.delete_topic(topic.topic_id)
    live_forum.delete_subforum(subforum.subforum_id)
    row = titles(page).index(topic.title)
    table(page).selectRow(row)
    page.restore_selected()
    assert "together with the subforum “Physics”" in bar(page).accessibleName()


def test_several_things_are_restored_at_once(page: TrashPage, live_forum: ForumService) -> None:
    subforum = a_subforum(live_forum)
    for title in ("one", "two", "three"):
        live_forum.delete_topic(a_topic(live_forum, subforum, title)[0].topic_id)
    table(page).selectAll()
    page.restore_selected()
    assert titles(page) == []
    assert bar(page).accessibleName() == "3 things restored"


def test_a_thing_restored_elsewhere_disappears(page: TrashPage, live_forum: ForumService) -> None:
    topic, _ = a_topic(live_forum)
    undo = live_forum.delete_topic(topic.topic_id)
    live_forum.undo(undo)
    assert titles(page) == []


def test_a_hidden_page_reads_nothing_until_it_is_shown(page: TrashPage, live_forum: ForumService) -> None:
    page.hide()
    topic, _ = a_topic(live_forum)
    live_forum.delete_topic(topic.topic_id)
    assert titles(page) == []
    page.show()
    assert titles(page) == [topic.title]


def test_the_model_keeps_its_promises(live_forum: ForumService, qtbot: QtBot) -> None:
    model = TrashList(utc_now)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    subforum = a_subforum(live_forum)
    topics = [a_topic(live_forum, subforum, f"topic {number}")[0] for number in range(12)]
    for step in (topics[:5], topics[5:8], topics[8:]):
        for topic in step:
            live_forum.delete_topic(topic.topic_id)
        model.show_items(live_forum.trash())
    removed = live_forum.trash()[::2]
    for item in removed:
        live_forum.restore(item.kind, item.id)
    model.show_items(live_forum.trash())
    assert [model.index(row, 0).data(ITEM) for row in range(model.rowCount())] == live_forum.trash()
    live_forum.rename_topic(removed[0].id, "another")
    model.show_items([])
    assert model.rowCount() == 0
    del tester


def test_a_deleted_persona_is_listed_and_restored_from_here(
    page: TrashPage, live_forum: ForumService, personas: PersonaService, qtbot: QtBot
) -> None:
    topic, _ = a_topic(live_forum)
    ada = personas.create("Ada", "You are Ada.").persona_id
    personas.delete(ada)
    live_forum.delete_topic(topic.topic_id)
    assert titles(page) == ["Why is the sky blue?", "Ada"]
    row = [table(page).model().index(1, column).data() for column in range(3)]
    assert row == ["Ada", "Persona", ""]
    assert live_forum.tree.trash_count() == 2
    table(page).selectRow(1)
    qtbot.keyClick(table(page), Qt.Key.Key_Return)
    assert bar(page).accessibleName() == "Persona “Ada” restored"
    assert personas.card(ada).name == "Ada"
    assert titles(page) == ["Why is the sky blue?"]
    with qtbot.waitSignal(page.persona_requested) as wished:
        bar(page)._action.click()
    assert wished.args == [ada, 0]


def test_the_former_name_of_a_restored_persona_may_be_taken(
    page: TrashPage, personas: PersonaService
) -> None:
    ada = personas.create("Ada", "You are Ada.").persona_id
    personas.delete(ada)
    personas.create("Ada", "You are another Ada.")
    page.refresh()
    table(page).selectRow(0)
    page.restore_selected()
    assert bar(page).accessibleName() == "Persona “Ada (2)” restored; the name “Ada” was taken meanwhile"
