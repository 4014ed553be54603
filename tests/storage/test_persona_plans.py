"""How SQLite finds personas: the real statements, recorded and explained, never read a whole table."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database
from tests.builders import a_model_reply, a_request, a_subforum, a_wish

Statement = tuple[str, Any]


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """Write down the statements that are executed within."""
    statements: list[Statement] = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def plan(database: Database, statement: Statement) -> list[str]:
    with closing(sqlite3.connect(database.path)) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1])
        return [row[3] for row in rows]


@pytest.fixture
def populated(
    personas: PersonaService, forum: ForumService, queue: QueueService, database: Database
) -> tuple[int, int]:
    """Return a subforum, and a persona assigned to it with two versions and posts."""
    subforum, persona_id = a_subforum(forum).subforum_id, 0
    for number in range(8):
        persona_id = personas.create(f"P{number}", "x").persona_id
        personas.change(persona_id, instructions="y")
        personas.assign(subforum, persona_id, default=True)
    personas.set_global_default(persona_id)
    job = a_request(queue, forum, database, a_wish(database, persona_id))
    question = forum.post(job.post_id_to_respond_to or 0)
    a_model_reply(database, question, llm_persona_id=persona_id, persona_version=2)
    with closing(sqlite3.connect(database.path)) as connection:
        connection.execute("ANALYZE")  # with tables as small as these it would rather scan
        connection.execute("DELETE FROM sqlite_stat1")
        connection.commit()
    return subforum, persona_id


LOOKUPS: dict[str, Callable[[PersonaService, QueueService, int, int], object]] = {
    "resolution": lambda personas, _, subforum, __: personas.resolve(subforum),
    "resolution of a choice": lambda personas, _, subforum, one: personas.resolve(subforum, one),
    "resolution in words": lambda personas, _, subforum, one: personas.answering(subforum, one),
    "assignment": lambda personas, _, subforum, one: personas.assign(subforum, one),
    "assignment of a default": lambda personas, _, subforum, one: personas.set_default(subforum, one),
    "assignment taken away": lambda personas, _, subforum, one: personas.unassign(subforum, one),
    "choices": lambda personas, _, subforum, __: personas.choices(subforum),
    "members": lambda personas, _, subforum, __: personas.members(subforum),
    "one card": lambda personas, _, __, one: personas.card(one),
    "by name": lambda personas, _, __, ___: personas.find("P3"),
    "version": lambda personas, _, __, one: personas.version(one, 1),
    "versions, and the posts of each": lambda personas, _, __, one: personas.versions(one),
    "names of versions": lambda personas, _, __, one: personas.names([(one, 1), (one, 2), (1, 1)]),
    "revert": lambda personas, _, __, one: personas.revert(one, 1),
    "preferred model": lambda personas, _, subforum, __: personas.preferred_model(subforum),
    "start of a request": lambda _, queue, __, ___: queue.claim(),
}

SMALL = ("settings", "servers", "users")
"""Tables of a few rows, which may be read whole."""


@pytest.mark.parametrize("name", LOOKUPS)
def test_indexes_used(
    name: str, personas: PersonaService, queue: QueueService, database: Database, populated: tuple[int, int]
) -> None:
    with recorded() as statements:
        LOOKUPS[name](personas, queue, *populated)
    assert statements
    for statement in statements:
        scans = [step for step in plan(database, statement) if step.startswith("SCAN")]
        scans = [step for step in scans if step.split()[1] not in (*SMALL, "CONSTANT")]
        assert scans == [], (statement[0], plan(database, statement))


def test_cards_are_three_statements_however_many_there_are(
    personas: PersonaService, database: Database, populated: tuple[int, int]
) -> None:
    with recorded() as few:
        personas.cards()
    for number in range(30):
        personas.assign(populated[0], personas.create(f"Q{number}", "x", tags=["a"]).persona_id)
    with recorded() as many:
        assert len(personas.cards()) == 39
    assert [statement for statement, _ in many] == [statement for statement, _ in few]
    assert len(many) <= 3


@pytest.mark.parametrize("name", ["members", "versions, and the posts of each", "resolution"])
def test_number_of_statements_does_not_grow(
    name: str, personas: PersonaService, queue: QueueService, populated: tuple[int, int]
) -> None:
    with recorded() as few:
        LOOKUPS[name](personas, queue, *populated)
    for number in range(20):
        personas.assign(populated[0], personas.create(f"Q{number}", "x").persona_id)
        personas.change(populated[1], instructions=f"again {number}")
    with recorded() as many:
        LOOKUPS[name](personas, queue, *populated)
    assert len(many) == len(few) <= 5


def test_version_of_one_post_is_found_without_reading_the_others(
    personas: PersonaService, database: Database, populated: tuple[int, int]
) -> None:
    for number in range(50):
        personas.change(populated[1], instructions=f"again {number}")
    with recorded() as statements:
        assert personas.names([(populated[1], 40)]) == {(populated[1], 40): "P7"}
    (statement,) = statements
    steps = plan(database, statement)
    assert any("persona_id=? AND version=?" in step for step in steps), steps
    assert len(steps) == 1
