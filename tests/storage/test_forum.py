"""The selects of the forum: what they find is tested with the service, here that they find it by an index."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from forllm_desktop.domain.forum import Post
from forllm_desktop.services.forum import ForumService
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage.database import Database, Session
from tests.builders import NOW, a_chain, a_job, a_model_reply, a_topic

QUERIES: dict[str, Callable[[Session], object]] = {
    "topics": lambda session: rows.topics(session, 1),
    "shown_posts": lambda session: rows.shown_posts(session, 1),
    "ancestors": lambda session: rows.ancestors(session, 5),
    "has_live_replies": lambda session: rows.has_live_replies(session, 1),
    "hidden_with": lambda session: rows.hidden_with(session, session.get_one(Post, 2)),
    "unread": rows.unread,
    "subforums_named": lambda session: rows.subforums_named(session, "Physics"),
    "asked_posts of a topic": lambda session: rows.asked_posts(session, topic_id=1),
    "asked_posts of a subforum": lambda session: rows.asked_posts(session, subforum_id=1),
    "is_asked_for": lambda session: rows.is_asked_for(session, 5),
    "revisions": lambda session: rows.revisions(session, 1),
    "mark_read": lambda session: rows.mark_read(session, [1, 2, 3], NOW),
    "trash": rows.trash,
}


@contextmanager
def statements(session: Session) -> Iterator[list[tuple]]:
    """Collect the statements a session sends, with their parameters."""
    sent: list[tuple] = []

    def note(connection, cursor, statement, parameters, *_: object) -> None:
        sent.append((statement, parameters))

    engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def plan_of(session: Session, query: Callable[[Session], object]) -> list[str]:
    """Return the steps of SQLite's plan for everything a query sends."""
    with statements(session) as sent:
        query(session)
    assert sent
    return [
        str(row[-1])
        for statement, parameters in sent
        for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]


@pytest.fixture
def filled(forum: ForumService, database: Database) -> Database:
    """Return a database with a bit of everything."""
    topic, first = a_topic(forum)
    chain = a_chain(forum, topic, first, 4)
    forum.edit_post(first.post_id, "Changed.")
    a_model_reply(database, chain[-1])
    a_job(database, chain[-1], reply_post_id=5)
    forum.delete_post(chain[1].post_id)
    return database


@pytest.mark.parametrize("name", QUERIES)
def test_posts_topics_and_requests_are_found_by_an_index(filled: Database, name: str) -> None:
    with filled.write() as session:
        plan = plan_of(session, QUERIES[name])
    scans = [step for step in plan if step.startswith("SCAN") and " USING " not in step]
    # What is scanned is what a query has made itself, or the few subforums.
    allowed = ("SCAN shown", "SCAN above", "SCAN below", "SCAN subforums", "SCAN CONSTANT ROW")
    assert [step for step in scans if not step.startswith(allowed)] == [], plan
    assert not [step for step in plan if "AUTOMATIC" in step], plan


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("topics", "ix_topics_subforum_id"),
        ("topics", "ix_posts_topic_id"),
        ("shown_posts", "ix_posts_topic_id"),
        ("has_live_replies", "ix_posts_parent_post_id"),
        ("unread", "ix_posts_unread"),
        ("subforums_named", "uq_subforums_name_key"),
        ("asked_posts of a topic", "ix_llm_requests_reply_post_id"),
        ("asked_posts of a subforum", "ix_llm_requests_status"),
        ("is_asked_for", "ix_llm_requests_reply_post_id"),
        ("revisions", "ix_post_revisions_post_id"),
        ("trash", "ix_posts_deleted_at"),
        ("trash", "ix_topics_deleted_at"),
    ],
)
def test_each_lookup_uses_the_index_made_for_it(filled: Database, name: str, index: str) -> None:
    with filled.write() as session:
        plan = plan_of(session, QUERIES[name])
    assert [step for step in plan if index in step], plan


def test_unread_counts_take_one_statement(filled: Database) -> None:
    with filled.read() as session, statements(session) as sent:
        rows.unread(session)
    assert len(sent) == 1


@pytest.mark.parametrize("query", [rows.ancestors, rows.shown_posts])
def test_trees_take_one_statement(filled: Database, query: Callable) -> None:
    with filled.read() as session, statements(session) as sent:
        query(session, 1)
    assert len(sent) == 1
