"""The item model of the forum tree: what it shows, and that it changes row by row."""

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from forllm_desktop.domain.errors import ForllmError, InvalidInput, NotFound
from forllm_desktop.domain.forum_tree import Mark
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.undo import Kind
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.storage.database import Database
from forllm_desktop.ui.item_models.forum_rows import SubforumRow, TopicRow
from forllm_desktop.ui.item_models.forum_tree import PAGE, SUBFORUM_MIME, TOPICS_MIME, ForumTreeModel, Role
from tests.builders import FixedClock, a_job, a_model_reply
from tests.ui.forum_support import HOSTILE_NAMES, Forum, readings

TEXT = Qt.ItemDataRole.DisplayRole
SPOKEN = Qt.ItemDataRole.AccessibleTextRole
ROOT = QModelIndex()


@pytest.fixture
def filled(database: Database, events: Events, forum: ForumService, clock: FixedClock) -> Forum:
    return Forum(database, events, forum, clock)


def check(model: QAbstractItemModel) -> None:
    """Let Qt check every change of a model from now on; a mistake ends the process."""
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    # Else it would fetch everything in the middle of another change.
    tester.setUseFetchMore(False)


class Watched:
    """A model, and what it said about its rows. Qt's tester fetches a page of each subforum that is there."""

    def __init__(self, filled: Forum, *, is_checked: bool = True) -> None:
        self.model = ForumTreeModel(filled.forum, filled.personas, filled.events)
        if is_checked:
            check(self.model)
        self.said: list[tuple] = []
        model = self.model
        model.rowsInserted.connect(lambda parent, first, last: self._note("inserted", parent, first, last))
        model.rowsRemoved.connect(lambda parent, first, last: self._note("removed", parent, first, last))
        model.rowsMoved.connect(
            lambda parent, first, last, target, row: self._note("moved", parent, first, target, row)
        )
        model.dataChanged.connect(lambda first, last: self._note("changed", first.parent(), first.row()))
        model.modelReset.connect(lambda: self.said.append(("reset",)))
        model.layoutChanged.connect(lambda: self.said.append(("layout",)))

    def _note(self, what: str, *where: object) -> None:
        told = tuple((place.data(TEXT) or "") if isinstance(place, QModelIndex) else place for place in where)
        self.said.append((what, *told))

    def take(self) -> list[tuple]:
        """Show what was announced, and return what the model said while doing so."""
        self.said.clear()
        self.model.refresh()
        taken, self.said = self.said, []
        return taken

    def open_all(self) -> None:
        for row in range(self.model.rowCount()):
            while self.model.has_more(index := self.model.index(row, 0)):
                self.model.fetch_page(index)

    def tree(self) -> dict[str, list[str]]:
        """Return the titles that are shown, below the names of their subforums."""
        return {
            index.data(TEXT): titles_below(self.model, index)
            for index in (self.model.index(row, 0) for row in range(self.model.rowCount()))
        }

    def find(self, title: str) -> QModelIndex:
        for row in range(self.model.rowCount()):
            parent = self.model.index(row, 0)
            for index in (
                parent,
                *(self.model.index(at, 0, parent) for at in range(self.model.rowCount(parent))),
            ):
                if index.data(TEXT) == title:
                    return index
        raise AssertionError(f"no row {title}")


def titles_below(model: QAbstractItemModel, index: QModelIndex) -> list[str]:
    return [model.index(row, 0, index).data(TEXT) for row in range(model.rowCount(index))]


@pytest.fixture
def watched(qapp, filled: Forum) -> Iterator[Watched]:
    made = Watched(filled)
    yield made
    made.model.deleteLater()


def test_subforums_come_in_the_users_order_and_topics_by_their_newest_post(
    filled: Forum, watched: Watched
) -> None:
    physics = filled.subforum("Physics", "Top", "Bicycle")
    filled.subforum("Cooking", "Risotto")
    watched.model.refresh()
    watched.open_all()
    assert watched.tree() == {"Physics": ["Bicycle", "Top"], "Cooking": ["Risotto"]}
    ids = [watched.model.row(watched.find(title)).entry.topic_id for title in ("Bicycle", "Top")]
    assert ids == [topic.topic_id for topic in filled.forum.topics(physics.subforum_id)]


def test_topics_are_read_only_when_a_subforum_is_opened(filled: Forum, qapp) -> None:
    filled.subforum("Physics", "Top")
    filled.subforum("Empty")
    watched = Watched(filled, is_checked=False)
    assert watched.tree() == {"Physics": [], "Empty": []}
    physics, empty = watched.find("Physics"), watched.find("Empty")
    assert watched.model.hasChildren(physics)
    assert watched.model.canFetchMore(physics)
    assert not watched.model.hasChildren(empty)
    assert not watched.model.canFetchMore(empty)
    watched.model.fetchMore(physics)
    assert watched.said == [("inserted", "Physics", 0, 0)]


def test_asking_for_data_sends_no_statement(filled: Forum, watched: Watched, database: Database) -> None:
    filled.persona("Ada", filled.subforum("Physics", "Top"), default=True)
    watched.model.refresh()
    watched.open_all()
    with readings(database) as sent:
        for role in (*Qt.ItemDataRole, Role.ROW, Role.SORT):
            for title in ("Physics", "Top"):
                watched.model.data(watched.find(title), role)
    assert sent == []


def test_unread_replies_are_counted_on_the_topic_and_on_its_subforum(filled: Forum, watched: Watched) -> None:
    physics = filled.subforum("Physics")
    (_, first), (_, second) = filled.topic(physics, "Top"), filled.topic(physics, "Bicycle")
    watched.model.refresh()
    watched.open_all()
    replies = [a_model_reply(filled.database, post) for post in (first, first, second)]
    for reply in replies:
        filled.events.post_changed.emit(reply.post_id)
    watched.take()
    assert [watched.model.row(watched.find(title)).unread for title in ("Top", "Bicycle", "Physics")] == [
        2,
        1,
        3,
    ]
    assert watched.find("Physics").data(SPOKEN) == "Physics, 3 unread"
    assert watched.find("Bicycle").data(SPOKEN) == "Bicycle, 1 unread"
    filled.forum.mark_read([replies[0].post_id])
    assert watched.take() == [("changed", "", 0), ("changed", "Physics", 1)]
    assert watched.find("Physics").data(SPOKEN) == "Physics, 2 unread"


def test_totals_are_right_before_any_topic_was_fetched(filled: Forum, qapp) -> None:
    physics = filled.subforum("Physics")
    _, post = filled.topic(physics, "Top")
    a_model_reply(filled.database, post)
    a_job(filled.database, post, JobStatus.PROCESSING)
    watched = Watched(filled, is_checked=False)
    row = watched.model.row(watched.find("Physics"))
    assert (row.unread, row.mark) == (1, Mark.WORKING)
    filled.forum.mark_topics_read(watched.model.unread_topics(physics.subforum_id))
    assert watched.take() == [("changed", "", 0)]
    assert watched.find("Physics").data(SPOKEN) == "Physics, working"


@pytest.mark.parametrize(
    ("jobs", "mark", "word"),
    [
        ([(JobStatus.PENDING, None)], Mark.WAITING, "waiting"),
        ([(JobStatus.PENDING_DEPENDENCY, None)], Mark.WAITING, "waiting"),
        ([(JobStatus.PENDING, "unreachable"), (JobStatus.PENDING, None)], Mark.PARKED, "parked"),
        ([(JobStatus.ERROR, None), (JobStatus.PENDING, "busy")], Mark.FAILED, "failed"),
        ([(JobStatus.ERROR, None), (JobStatus.PROCESSING, None)], Mark.WORKING, "working"),
        ([(JobStatus.COMPLETE, None), (JobStatus.CANCELLED, None)], Mark.NONE, ""),
    ],
)
def test_mark_of_a_topic_is_the_one_most_worth_knowing(
    filled: Forum, watched: Watched, jobs: list, mark: Mark, word: str
) -> None:
    _, post = filled.topic(filled.subforum("Physics"), "Top")
    watched.model.refresh()
    watched.open_all()
    for status, reason in jobs:
        job = a_job(filled.database, post, status, wait_reason=reason)
        filled.events.job_changed.emit(job.request_id)
    watched.take()
    assert watched.model.row(watched.find("Top")).mark == mark
    assert watched.model.row(watched.find("Physics")).mark == mark
    assert watched.find("Top").data(SPOKEN) == ", ".join(["Top", word] if word else ["Top"])


def test_failed_request_of_a_deleted_post_marks_nothing(filled: Forum, watched: Watched) -> None:
    topic, post = filled.topic(filled.subforum("Physics"), "Top")
    a_job(filled.database, filled.forum.add_post(topic.topic_id, "And?", post.post_id), JobStatus.ERROR)
    filled.forum.delete_post(post.post_id + 1)
    watched.model.refresh()
    assert watched.model.row(watched.find("Physics")).mark == Mark.NONE


def test_assigned_personas_are_shown_the_default_first(filled: Forum, watched: Watched) -> None:
    physics = filled.subforum("Physics")
    filled.persona("Feynman", physics)
    ada = filled.persona("Ada", physics, default=True)
    watched.take()
    row = watched.model.row(watched.find("Physics"))
    assert isinstance(row, SubforumRow)
    assert [(p.name, p.is_default) for p in row.personas] == [("Ada", True), ("Feynman", False)]
    assert watched.find("Physics").data(SPOKEN) == "Physics, Ada answers, Feynman"
    filled.personas.change(ada.persona_id, name="Lovelace")
    watched.take()
    assert watched.find("Physics").data(SPOKEN) == "Physics, Lovelace answers, Feynman"


# -- single changes


def test_each_action_changes_single_rows(filled: Forum, watched: Watched) -> None:
    physics = filled.subforum("Physics", "Top", "Bicycle")
    watched.model.refresh()
    watched.open_all()
    topics = {topic.title: topic.topic_id for topic in filled.forum.topics(physics.subforum_id)}
    cooking = filled.subforum("Cooking")
    assert watched.take() == [("inserted", "", 1, 1)]
    filled.forum.rename_topic(topics["Top"], "Spinning top")
    assert watched.take() == [("changed", "Physics", 1)]
    filled.topic(physics, "Coriolis")
    assert watched.take() == [("inserted", "Physics", 0, 0)]
    filled.forum.add_post(topics["Top"], "More")
    assert watched.take() == [("moved", "Physics", 2, "Physics", 0), ("changed", "Physics", 0)]
    filled.forum.move_topic(topics["Bicycle"], cooking.subforum_id)
    assert watched.take() == [
        ("changed", "", 1),
        ("moved", "Physics", 2, "Cooking", 0),
        ("changed", "Cooking", 0),
    ]
    filled.forum.delete_topic(topics["Top"])
    assert watched.take() == [("removed", "Physics", 0, 0)]
    filled.forum.restore(Kind.TOPIC, topics["Top"])
    assert watched.take() == [("inserted", "Physics", 0, 0)]
    filled.forum.move_subforum(cooking.subforum_id, 0)
    assert watched.take() == [("moved", "", 1, "", 0)]
    filled.forum.rename_subforum(cooking.subforum_id, "Kitchen")
    assert watched.take() == [("changed", "", 0)]
    filled.forum.delete_subforum(physics.subforum_id)
    assert watched.take() == [("removed", "", 1, 1)]
    assert watched.tree() == {"Kitchen": ["Bicycle"]}


def test_restored_subforum_comes_back_with_its_topics_and_counts(filled: Forum, watched: Watched) -> None:
    physics = filled.subforum("Physics")
    _, post = filled.topic(physics, "Top")
    a_model_reply(filled.database, post)
    watched.model.refresh()
    watched.open_all()
    filled.forum.delete_subforum(physics.subforum_id)
    assert watched.take() == [("removed", "", 0, 0)]
    filled.forum.restore(Kind.SUBFORUM, physics.subforum_id)
    watched.take()
    watched.open_all()
    assert watched.tree() == {"Physics": ["Top"]}
    assert watched.find("Physics").data(SPOKEN) == "Physics, 1 unread"
    assert watched.find("Top").data(SPOKEN) == "Top, 1 unread"


def test_removed_and_deleted_posts_change_place_and_count(filled: Forum, watched: Watched) -> None:
    physics = filled.subforum("Physics")
    topic, post = filled.topic(physics, "Top")
    filled.topic(physics, "Bicycle")
    reply = a_model_reply(filled.database, post)
    filled.events.post_added.emit(reply.post_id)
    watched.model.refresh()
    watched.open_all()
    assert watched.tree() == {"Physics": ["Top", "Bicycle"]}
    filled.forum.delete_post(reply.post_id)
    watched.take()
    assert watched.tree() == {"Physics": ["Bicycle", "Top"]}
    assert watched.find("Physics").data(SPOKEN) == "Physics"
    filled.forum.delete_post(post.post_id)
    watched.take()
    assert watched.tree() == {"Physics": ["Bicycle", "Top"]}
    assert filled.forum.topic(topic.topic_id).title == "Top"


def test_topic_that_loses_its_subforum_and_place_is_never_shown_twice(
    filled: Forum, watched: Watched
) -> None:
    physics, cooking = filled.subforum("Physics", "Top"), filled.subforum("Cooking", "Risotto")
    watched.model.refresh()
    watched.model.fetchMore(watched.find("Physics"))
    top = watched.model.row(watched.find("Top")).entry.topic_id
    filled.forum.move_topic(top, cooking.subforum_id)
    # The event is not shown yet when the other subforum is opened.
    watched.model.fetchMore(watched.find("Cooking"))
    assert watched.tree() == {"Physics": ["Top"], "Cooking": ["Risotto"]}
    watched.take()
    assert watched.tree() == {"Physics": [], "Cooking": ["Risotto", "Top"]}
    assert not watched.model.hasChildren(watched.find("Physics"))
    filled.forum.move_topic(top, physics.subforum_id)
    watched.take()
    assert watched.tree() == {"Physics": ["Top"], "Cooking": ["Risotto"]}


def test_topic_that_comes_into_a_closed_subforum_waits_there_to_be_fetched(
    filled: Forum, watched: Watched
) -> None:
    physics, cooking = filled.subforum("Physics", "Top"), filled.subforum("Cooking", "Risotto")
    watched.model.refresh()
    watched.model.fetchMore(watched.find("Physics"))
    filled.forum.move_topic(watched.model.row(watched.find("Top")).entry.topic_id, cooking.subforum_id)
    assert ("removed", "Physics", 0, 0) in watched.take()
    watched.open_all()
    assert watched.tree() == {"Physics": [], "Cooking": ["Risotto", "Top"]}
    assert filled.forum.topics(physics.subforum_id) == []


def test_indexes_that_are_held_follow_their_rows(filled: Forum, watched: Watched) -> None:
    physics, cooking = filled.subforum("Physics", "Top", "Bicycle"), filled.subforum("Cooking", "Risotto")
    watched.model.refresh()
    watched.open_all()
    held = {
        title: QPersistentModelIndex(watched.find(title))
        for title in ("Top", "Bicycle", "Cooking", "Risotto")
    }
    filled.forum.move_topic(watched.model.row(watched.find("Top")).entry.topic_id, cooking.subforum_id)
    filled.topic(physics, "Coriolis")
    filled.forum.move_subforum(cooking.subforum_id, 0)
    watched.take()
    assert {title: index.data(TEXT) for title, index in held.items()} == {title: title for title in held}


def test_events_of_a_moment_are_shown_together_and_later(filled: Forum, watched: Watched, qtbot) -> None:
    physics = filled.subforum("Physics", "Top")
    with qtbot.waitSignal(watched.model.refreshed, timeout=2000):
        for number in range(20):
            filled.topic(physics, f"Topic {number}")
        assert watched.tree() == {}
    assert list(watched.tree()) == ["Physics"]
    with qtbot.assertNotEmitted(watched.model.refreshed, wait=150):
        pass


def test_steady_events_do_not_put_the_reading_off(filled: Forum, watched: Watched, qtbot) -> None:
    topic, post = filled.topic(filled.subforum("Physics"), "Top")
    watched.model.refresh()
    seen: list[int] = []
    watched.model.refreshed.connect(lambda: seen.append(1))

    def event_again() -> bool:
        filled.events.post_changed.emit(post.post_id)
        return bool(seen)

    qtbot.waitUntil(event_again, timeout=2000)
    assert topic.topic_id


def test_random_changes_leave_the_tree_as_a_new_one_would_show_it(filled: Forum, watched: Watched) -> None:
    chance = random.Random(4)
    ids = [
        filled.subforum(f"Subforum {number}", *(f"{number}-{at}" for at in range(3))).subforum_id
        for number in range(4)
    ]
    gone: list[int] = []
    for step in range(100):
        live = [topic for id in ids for topic in filled.forum.topics(id)]
        topic = chance.choice(live) if live else None
        match chance.randrange(9):
            case 0 if topic:
                filled.forum.move_topic(topic.topic_id, chance.choice(ids))
            case 1 if topic:
                filled.forum.delete_topic(topic.topic_id)
                gone.append(topic.topic_id)
            case 2 if gone:
                filled.forum.restore(Kind.TOPIC, gone.pop())
            case 3 if topic:
                filled.forum.add_post(topic.topic_id, "More")
            case 4:
                filled.forum.move_subforum(chance.choice(ids), chance.randrange(4))
            case 5 if topic:
                post = filled.forum.thread(topic.topic_id)
                if post:
                    reply = a_model_reply(filled.database, post[0].post)
                    filled.events.post_changed.emit(reply.post_id)
            case 6 if topic:
                for entry in filled.forum.thread(topic.topic_id)[-1:]:
                    filled.forum.delete_post(entry.post.post_id)
            case 7:
                filled.forum.create_topic(chance.choice(ids), f"New {step}", "Text")
            case 8 if topic:
                filled.forum.mark_topics_read([topic.topic_id])
        if step % 4 == 0:
            watched.model.refresh()
        if step % 30 == 10:
            watched.open_all()
    watched.model.refresh()
    watched.open_all()
    fresh = Watched(filled)
    fresh.open_all()
    assert watched.tree() == fresh.tree()
    for title in [*watched.tree(), *(title for titles in watched.tree().values() for title in titles)]:
        assert watched.find(title).data(SPOKEN) == fresh.find(title).data(SPOKEN)
    assert ("reset",) not in watched.said


# -- many topics


def test_five_thousand_topics_are_read_page_by_page(filled: Forum, database: Database, qapp) -> None:
    filled.fill(topics=5_000, posts=5_000)
    with readings(database) as sent:
        model = ForumTreeModel(filled.forum, filled.personas, filled.events)
    assert len(sent) == 4
    everything = model.index(0, 0)
    assert model.rowCount(everything) == 0
    with readings(database) as sent:
        model.fetchMore(everything)
    assert (len(sent), model.rowCount(everything)) == (1, PAGE)
    # A tree view asks again at every layout.
    model.fetchMore(everything)
    assert model.rowCount(everything) == PAGE
    model.fetch_page(everything)
    titles = [model.index(row, 0, everything).data(TEXT) for row in range(2 * PAGE)]
    assert titles == [f"Topic {5_000 - row}" for row in range(2 * PAGE)]


def test_one_changed_topic_of_five_thousand_is_read_alone(filled: Forum, database: Database, qapp) -> None:
    filled.fill(topics=5_000, posts=10_000)
    model = ForumTreeModel(filled.forum, filled.personas, filled.events)
    filled.events.post_changed.emit(17)
    with readings(database) as sent:
        model.refresh()
    assert len(sent) == 4
    assert all("WHERE" in statement for statement in sent)


def test_far_topic_is_fetched_together_with_those_above_it(filled: Forum, database: Database, qapp) -> None:
    filled.fill(topics=1_000, posts=1_000)
    model = ForumTreeModel(filled.forum, filled.personas, filled.events)
    with readings(database) as sent:
        index = model.fetch_topic(700)
    assert (index.data(TEXT), index.row(), len(sent)) == ("Topic 700", 300, 2)
    assert model.rowCount(index.parent()) == 301
    model.fetch_page(index.parent())
    assert model.rowCount(index.parent()) == 301 + PAGE
    assert not model.fetch_topic(4_000).isValid()


def test_topic_that_falls_below_the_fetched_ones_comes_again_with_its_page(filled: Forum, qapp) -> None:
    filled.fill(topics=300, posts=301)
    model = ForumTreeModel(filled.forum, filled.personas, filled.events)
    check(model)
    everything = model.index(0, 0)
    model.fetchMore(everything)
    assert model.index(0, 0, everything).data(TEXT) == "Topic 1"
    fetched = model.rowCount(everything)
    filled.forum.delete_post(301)
    model.refresh()
    assert model.rowCount(everything) == fetched - 1
    while model.has_more(everything):
        model.fetch_page(everything)
    assert model.rowCount(everything) == 300
    assert model.index(299, 0, everything).data(TEXT) == "Topic 1"


# -- names


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_are_given_out_as_they_are(filled: Forum, watched: Watched, name: str) -> None:
    filled.subforum(name, name)
    watched.model.refresh()
    watched.open_all()
    index = watched.model.index(0, 0)
    assert index.data(TEXT) == index.data(SPOKEN) == name
    assert watched.model.index(0, 0, index).data(TEXT) == name


def test_rename_is_stored_and_can_be_undone(filled: Forum, watched: Watched, qtbot) -> None:
    filled.subforum("Physics", "Top")
    watched.model.refresh()
    watched.open_all()
    for old, new in (("Top", "Spinning top"), ("Physics", "Mechanics")):
        with qtbot.waitSignal(watched.model.changed) as told:
            assert watched.model.setData(watched.find(old), new)
        assert watched.find(new).isValid()
        filled.forum.undo(told.args[0])
        watched.model.refresh()
        assert watched.find(old).isValid()
    with qtbot.assertNotEmitted(watched.model.changed):
        watched.model.rename(watched.find("Top"), "Top")


def test_refused_name_is_told_and_changes_nothing(filled: Forum, watched: Watched, qtbot) -> None:
    filled.subforum("Physics")
    filled.subforum("Cooking")
    watched.model.refresh()
    with pytest.raises(InvalidInput, match="already a subforum"):
        watched.model.rename(watched.find("Cooking"), "physics")
    with qtbot.waitSignal(watched.model.failed) as told:
        assert not watched.model.setData(watched.find("Cooking"), " ")
    assert isinstance(told.args[0], InvalidInput)
    assert not watched.model.setData(watched.find("Cooking"), "x", Qt.ItemDataRole.DisplayRole)
    assert list(watched.tree()) == ["Physics", "Cooking"]


def test_row_for_a_new_subforum_stays_last_until_it_ends(filled: Forum, watched: Watched) -> None:
    filled.subforum("Physics")
    watched.model.refresh()
    assert watched.model.begin_subforum().row() == 1
    assert watched.model.begin_subforum().row() == 1
    filled.subforum("Cooking")
    watched.take()
    assert list(watched.tree()) == ["Physics", "Cooking", ""]
    with pytest.raises(InvalidInput):
        watched.model.create_subforum("physics")
    assert list(watched.tree()) == ["Physics", "Cooking", ""]
    made = watched.model.create_subforum("Garden")
    assert list(watched.tree()) == ["Physics", "Cooking", "Garden"]
    assert watched.model.subforum_id(watched.find("Garden")) == made
    watched.model.end_subforum()
    assert list(watched.tree()) == ["Physics", "Cooking", "Garden"]


# -- dragging


def test_dragged_topic_lands_in_another_subforum(filled: Forum, watched: Watched, qtbot) -> None:
    filled.subforum("Physics", "Top")
    filled.subforum("Cooking", "Risotto")
    watched.model.refresh()
    watched.open_all()
    model, move = watched.model, Qt.DropAction.MoveAction
    data = model.mimeData([watched.find("Top")])
    assert data.formats() == [TOPICS_MIME]
    assert not model.canDropMimeData(data, move, -1, 0, watched.find("Physics"))
    assert not model.canDropMimeData(data, move, 0, 0, ROOT)
    with qtbot.waitSignal(model.changed) as told:
        assert model.dropMimeData(data, move, -1, 0, watched.find("Risotto"))
    assert watched.tree() == {"Physics": [], "Cooking": ["Risotto", "Top"]}
    filled.forum.undo(told.args[0])
    watched.model.refresh()
    assert watched.tree() == {"Physics": ["Top"], "Cooking": ["Risotto"]}


@pytest.mark.parametrize(
    ("name", "row", "order"),
    [
        ("A", 2, "BACD"),
        ("A", -1, "BCDA"),
        ("D", 0, "DABC"),
        ("C", 1, "ACBD"),
        ("B", 1, "ABCD"),
        ("B", 2, "ABCD"),
    ],
)
def test_dragged_subforum_lands_between_others(
    filled: Forum, watched: Watched, name: str, row: int, order: str
) -> None:
    for letter in "ABCD":
        filled.subforum(letter)
    watched.model.refresh()
    data = watched.model.mimeData([watched.find(name)])
    assert data.formats() == [SUBFORUM_MIME]
    assert watched.model.dropMimeData(data, Qt.DropAction.MoveAction, row, 0, ROOT)
    assert "".join(watched.tree()) == order
    assert "".join(subforum.name for subforum in filled.forum.subforums()) == order


def test_drop_of_what_is_gone_is_told(filled: Forum, watched: Watched, qtbot) -> None:
    filled.subforum("Physics", "Top")
    filled.subforum("Cooking")
    watched.model.refresh()
    watched.open_all()
    top = watched.find("Top")
    data = watched.model.mimeData([top])
    filled.forum.delete_topic(watched.model.row(top).entry.topic_id)
    with qtbot.waitSignal(watched.model.failed) as told:
        assert not watched.model.dropMimeData(data, Qt.DropAction.MoveAction, -1, 0, watched.find("Cooking"))
    assert isinstance(told.args[0], NotFound)


def test_rows_say_what_can_be_done_with_them(filled: Forum, watched: Watched) -> None:
    filled.subforum("Physics", "Top")
    watched.model.refresh()
    watched.open_all()
    model, flag = watched.model, Qt.ItemFlag
    assert model.supportedDropActions() == Qt.DropAction.MoveAction
    assert model.flags(watched.find("Top")) & flag.ItemNeverHasChildren
    assert model.flags(watched.find("Physics")) & flag.ItemIsDragEnabled
    assert not model.flags(model.begin_subforum()) & flag.ItemIsDragEnabled
    assert isinstance(model.data(watched.find("Top"), Role.ROW), TopicRow)
    assert issubclass(InvalidInput, ForllmError)
