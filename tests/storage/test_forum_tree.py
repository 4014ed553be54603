"""The selects of the forum tree: what they find, by which index, and in how many statements."""

from collections.abc import Callable

import pytest

from forllm_desktop.domain.forum_tree import Mark, Place
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.services.forum import ForumService
from forllm_desktop.storage import forum_tree as rows
from forllm_desktop.storage.database import Database, Session
from tests.builders import NOW, a_job, a_model_reply, a_subforum, a_topic
from tests.storage.test_forum import plan_of, statements

QUERIES: dict[str, Callable[[Session], object]] = {
    "subforums": rows.subforums,
    "page": lambda session: rows.page(session, 1, Place(9, 9), 10),
    "page_through": lambda session: rows.page_through(session, 1, Place(9, 9), Place(1, 1)),
    "entries": lambda session: rows.entries(session, [1, 2]),
    "states": rows.states,
    "states of some": lambda session: rows.states(session, [1, 2]),
    "topics_of": lambda session: rows.topics_of(session, [1, 2], [1]),
    "in_order": rows.in_order,
    "unread_posts": lambda session: rows.unread_posts(session, [1, 2]),
    "trash_count": rows.trash_count,
}


@pytest.fixture
def filled(forum: ForumService, database: Database) -> Database:
    """Return a database with two subforums, three topics, unread replies and requests."""
    physics, cooking = a_subforum(forum, "Physics"), a_subforum(forum, "Cooking")
    for subforum, title in ((physics, "Top"), (physics, "Bicycle"), (cooking, "Risotto")):
        _, post = a_topic(forum, subforum, title)
        a_job(database, post, JobStatus.ERROR)
        a_model_reply(database, post)
    return database


@pytest.mark.parametrize("name", QUERIES)
def test_nothing_but_the_few_subforums_is_scanned(filled: Database, name: str) -> None:
    with filled.read() as session:
        plan = plan_of(session, QUERIES[name])
    scans = [step for step in plan if step.startswith("SCAN") and " USING " not in step]
    # What is scanned is what a query has made itself, or the few subforums.
    assert [
        step for step in scans if not step.startswith(("SCAN placed", "SCAN anon", "SCAN subforums"))
    ] == []
    assert not [step for step in plan if "AUTOMATIC" in step], plan


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("subforums", "ix_topics_subforum_id"),
        ("page", "ix_topics_subforum_id"),
        ("page", "COVERING INDEX ix_posts_topic_id"),
        ("page", "COVERING INDEX ix_posts_deleted_at"),
        ("states", "ix_posts_unread"),
        ("states", "ix_llm_requests_status"),
        ("states of some", "ix_posts_unread"),
        ("states of some", "ix_llm_requests_post_id_to_respond_to"),
        ("in_order", "ix_posts_unread"),
        ("unread_posts", "ix_posts_unread"),
        ("trash_count", "ix_posts_deleted_at"),
    ],
)
def test_each_lookup_uses_the_index_made_for_it(filled: Database, name: str, index: str) -> None:
    with filled.read() as session:
        plan = plan_of(session, QUERIES[name])
    assert [step for step in plan if index in step], plan


@pytest.mark.parametrize(
    ("name", "number"),
    [("subforums", 1), ("page", 1), ("entries", 1), ("states", 2), ("states of some", 2), ("topics_of", 2)],
)
def test_number_of_statements_does_not_grow_with_the_rows(filled: Database, name: str, number: int) -> None:
    with filled.read() as session, statements(session) as sent:
        QUERIES[name](session)
    assert len(sent) == number


def test_pages_join_without_gap_or_overlap(forum: ForumService, database: Database) -> None:
    subforum = a_subforum(forum)
    topics = [a_topic(forum, subforum, f"Topic {number}") for number in range(7)]
    forum.add_post(topics[2][0].topic_id, "More")
    # All posts of a topic may be deleted; it stands last then.
    forum.delete_post(topics[5][1].post_id)
    whole, after = [], None
    with database.read() as session:
        while found := rows.page(session, subforum.subforum_id, after, 3):
            whole += found
            after = found[-1].place
        through = rows.page_through(session, subforum.subforum_id, whole[1].place, whole[4].place)
    ids = [topic.topic_id for topic in forum.topics(subforum.subforum_id)]
    assert [entry.topic_id for entry in whole] == ids
    assert [entry.topic_id for entry in through] == ids[2:5]
    assert whole[-1].newest_post_id == 0


def test_states_are_of_what_can_be_seen(filled: Database, forum: ForumService) -> None:
    with filled.read() as session:
        states = {state.topic_id: state for state in rows.states(session)}
    assert {(state.unread, state.mark) for state in states.values()} == {(1, Mark.FAILED)}
    top, bicycle, risotto = sorted(states)
    forum.delete_topic(top)
    forum.delete_subforum(states[risotto].subforum_id)
    with filled.read() as session:
        assert [state.topic_id for state in rows.states(session)] == [bicycle]
        assert [state.topic_id for state in rows.states(session, [top, bicycle, risotto])] == [bicycle]
        assert [entry.topic_id for entry in rows.entries(session, [top, bicycle, risotto, 99])] == [bicycle]


def test_next_unread_goes_on_across_subforums_and_around(filled: Database, forum: ForumService) -> None:
    physics, cooking = forum.subforums()
    bicycle, top = (topic.topic_id for topic in forum.topics(physics.subforum_id))
    (risotto,) = (topic.topic_id for topic in forum.topics(cooking.subforum_id))
    following = forum.tree.next_unread
    order = [top, bicycle, risotto]
    # The replies were made in the order of the topics, so the last topic is the newest.
    assert following(0) == bicycle
    assert [following(topic_id) for topic_id in (bicycle, top, risotto)] == [top, risotto, bicycle]
    forum.mark_topics_read([top, bicycle])
    assert [following(topic_id) for topic_id in order] == [risotto, risotto, risotto]
    forum.mark_topics_read(order)
    assert following(top) is None


def test_trash_is_counted_as_it_is_listed(filled: Database, forum: ForumService) -> None:
    physics, cooking = forum.subforums()
    forum.delete_subforum(cooking.subforum_id)
    bicycle, top = forum.topics(physics.subforum_id)
    forum.delete_topic(bicycle.topic_id)
    forum.delete_post(forum.thread(top.topic_id)[1].post.post_id)
    a_model_reply(filled, forum.thread(top.topic_id)[0].post, "", deleted_at=NOW)
    assert forum.tree.trash_count() == len(forum.trash()) == 3
