"""Upgrading a forum of before the personas' options: nothing is lost, doubled or counted anew."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from forllm_desktop.events import Events
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage import database as module
from forllm_desktop.storage.database import open_database, revision_of
from forllm_desktop.storage.migrations import HEAD, REVISIONS

BEFORE = "0003"
OLD = """
INSERT INTO servers (server_id, kind, name, base_url, use_proxy, verify_tls, created_at)
    VALUES (3, 'ollama', 'Home', 'http://a', 0, 1, '2026-01-01 10:00:00.000000');
UPDATE personas SET name = 'Helper', name_key = 'helper', prompt_instructions = 'Help.', version = 2;
INSERT INTO persona_versions (persona_id, version, name, description, prompt_instructions, created_at,
    created_by_user, note) VALUES (1, 2, 'Helper', '', 'Help.', '2026-01-02 10:00:00.000000', 1, 'renamed');
INSERT INTO personas (persona_id, name, name_key, description, prompt_instructions, created_at, updated_at,
    created_by_user, is_active, version, generation_source, generation_input_details, deleted_at) VALUES
    (2, 'Ada', 'ada', 'Counts.', 'One', '2026-01-02 10:00:00.000000', '2026-01-03 10:00:00.000000', 1, 1, 1,
     'imported', '{"file": "ada.png"}', NULL),
    (5, 'Ada', 'ada', '', 'Gone', '2026-01-02 10:00:00.000000', '2026-01-03 10:00:00.000000', 1, 1, 1,
     'user_manual', NULL, '2026-01-04 10:00:00.000000'),
    (6, 'Off', 'off', '', 'Off', '2026-01-02 10:00:00.000000', '2026-01-03 10:00:00.000000', 1, 0, 1,
     'user_manual', NULL, NULL);
INSERT INTO persona_versions (persona_id, version, name, description, prompt_instructions, created_at,
    created_by_user, note) VALUES
    (2, 1, 'Ada', 'Counts.', 'One', '2026-01-02 10:00:00.000000', 1, ''),
    (5, 1, 'Ada', '', 'Gone', '2026-01-02 10:00:00.000000', 1, ''),
    (6, 1, 'Off', '', 'Off', '2026-01-02 10:00:00.000000', 1, '');
INSERT INTO subforums VALUES (1, 'Physics', 'physics', '', 0, '2026-01-01 10:00:00.000000', NULL);
INSERT INTO subforum_personas (subforum_id, persona_id, assigned_at, is_default_for_subforum) VALUES
    (1, 2, '2026-01-02 10:00:00.000000', 1), (1, 6, '2026-01-02 10:00:00.000000', 0);
INSERT OR REPLACE INTO settings (key, value, default_persona_id) VALUES ('globalDefaultPersonaId', NULL, 2);
INSERT INTO topics VALUES (1, 1, 1, 'Falling', '2026-01-01 10:00:00.000000', NULL);
INSERT INTO posts (post_id, topic_id, user_id, content, thinking, created_at, is_llm_response, is_incomplete)
    VALUES (1, 1, 1, 'Why?', '', '2026-01-01 10:00:00.000000', 0, 0);
INSERT INTO posts (post_id, topic_id, parent_post_id, server_id, content, thinking, created_at,
    is_llm_response, is_incomplete, llm_model_id, llm_persona_id, persona_version)
    VALUES (2, 1, 1, 3, 'So.', 'Hm.', '2026-01-01 10:00:00.000000', 1, 0, 'tiny', 2, 1);
INSERT INTO llm_requests (request_id, request_type, status, position, post_id_to_respond_to, reply_post_id,
    llm_model, server_id, llm_persona, persona_is_chosen, persona_version, requested_at, attempts, prompt,
    token_breakdown, metrics) VALUES
    (4, 'respond_to_post', 'complete', 1, 1, 2, 'tiny', 3, 2, 1, 1, '2026-01-01 10:00:00.000000', 1,
     '[{"role": "user"}]', '{"total": 3}', '{"reason": "stop"}'),
    (9, 'respond_to_post', 'pending', 2, 1, NULL, 'tiny', 3, NULL, 0, NULL, '2026-01-01 10:00:00.000000', 0,
     NULL, NULL, NULL),
    (20, 'respond_to_post', 'error', 3, 1, NULL, 'tiny', 3, 6, 1, NULL, '2026-01-01 10:00:00.000000', 2,
     NULL, NULL, NULL);
DELETE FROM llm_requests WHERE request_id = 20;
"""
TABLES = ("personas", "persona_versions", "subforum_personas", "settings", "posts", "llm_requests", "servers")


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a forum with personas as the app of revision 0003 left it."""
    package = tmp_path / "older app"
    own = Path(module.__file__).parent / "migrations"
    newer = [f"{revision}*" for revision in REVISIONS if revision > BEFORE]
    shutil.copytree(own, package / "migrations", ignore=shutil.ignore_patterns("__pycache__", *newer))
    path = tmp_path / "forllm.db"
    with monkeypatch.context() as patch:
        patch.setattr(module, "__file__", str(package / "database.py"))
        patch.setattr(module, "REVISIONS", tuple(one for one in REVISIONS if one <= BEFORE))
        patch.setattr(module, "HEAD", BEFORE)
        open_database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD)
    return path


def content(path: Path) -> dict[str, list[dict]]:
    """Return every row of every table that has to do with personas."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]
            for table in TABLES
        }


def test_idempotent_migration_opening_twice_changes_nothing(old: Path) -> None:
    open_database(old).close()
    once = content(old)
    with closing(sqlite3.connect(old)) as connection:
        schema = connection.execute("SELECT * FROM sqlite_master ORDER BY name").fetchall()
    for _ in range(2):
        open_database(old).close()
    assert content(old) == once
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("SELECT * FROM sqlite_master ORDER BY name").fetchall() == schema
    assert len(list((old.parent / "backups").iterdir())) == 1


def test_upgrade_keeps_every_value_of_every_row(old: Path) -> None:
    before = content(old)
    open_database(old).close()
    assert revision_of(old) == HEAD
    after = content(old)
    for table in TABLES:
        kept = [
            {name: row[name] for name in was} for was, row in zip(before[table], after[table], strict=True)
        ]
        assert kept == before[table], table
    assert [row["tags"] for row in after["personas"]] == ["[]"] * 4
    assert [row["version_is_chosen"] for row in after["llm_requests"]] == [0, 0]


def test_fallback_that_was_edited_stays_as_it_is_and_gets_no_second_version(old: Path) -> None:
    open_database(old).close()
    after = content(old)
    assert [(row["persona_id"], row["version"], row["name"]) for row in after["persona_versions"]] == [
        (1, 1, "Assistant"),
        (1, 2, "Helper"),
        (2, 1, "Ada"),
        (5, 1, "Ada"),
        (6, 1, "Off"),
    ]


def test_numbers_run_on_and_rules_hold_after_the_upgrade(old: Path) -> None:
    with closing(open_database(old)) as database:
        assert database.check() == []
        personas = PersonaService(database, Events())
        assert personas.resolve(1).persona_id == 2
        assert [persona.name for persona in personas.personas()] == ["Ada", "Helper", "Off"]
        assert [item.id for item in personas.trash()] == [5]
        assert personas.restore(5).message.startswith("Persona “Ada (2)” restored")
        assert personas.create("New", "x").persona_id == 7
        assert personas.versions(2)[0].n_posts == 1
        claim = QueueService(database, Events()).claim()
        assert claim is not None
        assert (claim.job.request_id, claim.persona.persona_id) == (9, 2)
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        added = connection.execute(
            "INSERT INTO llm_requests (request_type, status, position, post_id_to_respond_to, llm_model, "
            "persona_is_chosen, version_is_chosen, requested_at, attempts) "
            "VALUES ('respond_to_post', 'pending', 9, 1, 'tiny', 0, 0, '2026-01-01', 0)"
        )
        assert added.lastrowid == 21, "20 was given out before"
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            connection.execute("INSERT INTO persona_pictures VALUES (77, x'00')")
