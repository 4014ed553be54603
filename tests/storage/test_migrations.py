"""The schema: made by migrations, equal to the records, upgraded with a copy, never touched when newer."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from forllm_desktop.domain.errors import DatabaseTooNew, ForllmError
from forllm_desktop.domain.records import metadata
from forllm_desktop.storage import database as module
from forllm_desktop.storage.database import open_database, open_for_reading, revision_of
from forllm_desktop.storage.migrations import HEAD, REVISIONS
from tests.storage.test_search import first_version

MIGRATIONS = Path(module.__file__).parent / "migrations"

INDEXES = {
    "ix_llm_requests_tagged_post_id": "CREATE INDEX ix_llm_requests_tagged_post_id "
    "ON llm_requests (tagged_post_id) WHERE tagged_post_id IS NOT NULL",
    "ix_post_files_digest": "CREATE INDEX ix_post_files_digest ON post_files (digest)",
    "ix_post_files_post_id": "CREATE INDEX ix_post_files_post_id ON post_files (post_id, position)",
    "ix_token_samples_model": "CREATE INDEX ix_token_samples_model "
    "ON token_samples (server_id, model, sample_id)",
    "ix_llm_requests_batch_id": "CREATE INDEX ix_llm_requests_batch_id ON llm_requests (batch_id) "
    "WHERE batch_id IS NOT NULL",
    "ix_llm_requests_parent_request_id": "CREATE INDEX ix_llm_requests_parent_request_id ON llm_requests "
    "(parent_request_id) WHERE parent_request_id IS NOT NULL",
    "ix_llm_requests_post_id_to_respond_to": "CREATE INDEX ix_llm_requests_post_id_to_respond_to "
    "ON llm_requests (post_id_to_respond_to)",
    "ix_llm_requests_reply_post_id": "CREATE INDEX ix_llm_requests_reply_post_id "
    "ON llm_requests (reply_post_id)",
    "ix_llm_requests_status": "CREATE INDEX ix_llm_requests_status "
    "ON llm_requests (status, position, request_id)",
    "ix_personas_is_active": "CREATE INDEX ix_personas_is_active ON personas (is_active, name_key)",
    "ix_personas_deleted_at": "CREATE INDEX ix_personas_deleted_at ON personas (deleted_at) "
    "WHERE deleted_at IS NOT NULL",
    "ix_post_revisions_post_id": "CREATE INDEX ix_post_revisions_post_id "
    "ON post_revisions (post_id, revision_id)",
    "ix_posts_deleted_at": "CREATE INDEX ix_posts_deleted_at ON posts (deleted_at) "
    "WHERE deleted_at IS NOT NULL",
    "ix_posts_llm_persona_id": "CREATE INDEX ix_posts_llm_persona_id ON posts "
    "(llm_persona_id, persona_version) WHERE llm_persona_id IS NOT NULL",
    "ix_posts_parent_post_id": "CREATE INDEX ix_posts_parent_post_id ON posts (parent_post_id)",
    "ix_posts_pinned": "CREATE INDEX ix_posts_pinned ON posts (topic_id) WHERE prompt_rule = 'pinned'",
    "ix_posts_topic_id": "CREATE INDEX ix_posts_topic_id ON posts (topic_id, post_id)",
    "ix_posts_unread": "CREATE INDEX ix_posts_unread ON posts (topic_id) "
    "WHERE read_at IS NULL AND is_incomplete = 0 AND deleted_at IS NULL",
    "ix_subforum_personas_persona_id": "CREATE INDEX ix_subforum_personas_persona_id "
    "ON subforum_personas (persona_id)",
    "ix_subforums_position": "CREATE INDEX ix_subforums_position ON subforums (position)",
    "ix_topics_deleted_at": "CREATE INDEX ix_topics_deleted_at ON topics (deleted_at) "
    "WHERE deleted_at IS NOT NULL",
    "ix_topics_subforum_id": "CREATE INDEX ix_topics_subforum_id ON topics (subforum_id, created_at)",
    "uq_personas_name_key": "CREATE UNIQUE INDEX uq_personas_name_key ON personas (name_key) "
    "WHERE deleted_at IS NULL",
    "uq_subforum_personas_default": "CREATE UNIQUE INDEX uq_subforum_personas_default "
    "ON subforum_personas (subforum_id) WHERE is_default_for_subforum = 1",
    "uq_subforums_name_key": "CREATE UNIQUE INDEX uq_subforums_name_key ON subforums (name_key) "
    "WHERE deleted_at IS NULL",
}

# The two documents the app was planned with. Hours of the schedule became minutes.
SEEDS = {
    "users": "user_id username",
    "subforums": "subforum_id name",
    "topics": "topic_id subforum_id user_id title created_at",
    "posts": "post_id topic_id user_id parent_post_id content created_at is_llm_response llm_model_id "
    "llm_persona_id",
    "llm_requests": "request_id post_id_to_respond_to requested_at status llm_model llm_persona "
    "request_type request_params",
    "schedule": "schedule_id start_minute end_minute enabled",
    "settings": "settings_id key value default_persona_id",
    "personas": "persona_id name prompt_instructions created_at updated_at created_by_user is_active "
    "version generation_source generation_input_details",
    "persona_versions": "persona_id version prompt_instructions",
    "subforum_personas": "subforum_persona_id subforum_id persona_id assigned_at is_default_for_subforum",
}

ADD_COLOUR = """
from alembic import op

revision = "9001"
down_revision = "{head}"

def upgrade():
    op.execute("ALTER TABLE subforums ADD COLUMN colour TEXT")
    {then}
"""

NEWER = "9001"
NewerApp = Callable[..., None]


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def columns(path: Path, table: str) -> set[str]:
    return {row[1] for row in rows(path, f"PRAGMA table_info({table})")}


def is_ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave out the tables of the full-text search, which have no records."""
    return not (kind == "table" and name and "_fts" in name)


def one_line(sql: str) -> str:
    return re.sub(r"\s*([(),])\s*", r"\1", " ".join(sql.split()))


def sizes(path: Path) -> dict[str, tuple[bytes, int]]:
    """Return bytes and time of every file beside `path`, and of itself; the shared memory file aside."""
    return {
        file.name: (file.read_bytes(), file.stat().st_mtime_ns)
        for file in path.parent.iterdir()
        if file.is_file() and not file.name.endswith("-shm")
    }


@pytest.fixture
def newer_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewerApp:
    """Return a function that makes this the app of the next version, whose migration runs a statement."""

    def become(then: str = "pass") -> None:
        package = tmp_path / "newer app"
        shutil.copytree(MIGRATIONS, package / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
        (package / "migrations/versions/9001_colour.py").write_text(ADD_COLOUR.format(then=then, head=HEAD))
        monkeypatch.setattr(module, "__file__", str(package / "database.py"))
        monkeypatch.setattr(module, "REVISIONS", (*REVISIONS, NEWER))
        monkeypatch.setattr(module, "HEAD", NEWER)

    return become


# -- the schema


def test_upgraded_empty_file_equals_the_records(database_path: Path) -> None:
    engine = create_engine(f"sqlite:///{database_path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "include_object": is_ours}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_every_index_is_the_one_written_down_here_and_in_the_records(database_path: Path) -> None:
    stored = dict(
        rows(database_path, "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    )
    declared = {
        str(index.name): str(CreateIndex(index).compile(dialect=sqlite.dialect()))
        for table in metadata.sorted_tables
        for index in table.indexes
    }
    assert stored == declared
    assert stored == INDEXES


def test_every_table_is_the_one_in_the_records(database_path: Path) -> None:
    stored = dict(rows(database_path, "SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    for table in metadata.sorted_tables:
        declared = str(CreateTable(table).compile(dialect=sqlite.dialect()))
        assert sorted(entries(stored[table.name])) == sorted(entries(declared))


def entries(sql: str) -> list[str]:
    """Return the columns and constraints of a CREATE TABLE; a column added later follows a comma."""
    inner = sql[sql.index("(") + 1 : sql.rindex(")")]
    lines = "\n".join(line.strip() for line in inner.splitlines() if line.strip())
    return re.split(r",\s*\n|\n?, (?=[a-z_]+ [A-Z]+)", lines)


@pytest.mark.parametrize("table", SEEDS)
def test_tables_and_columns_have_the_names_they_were_planned_with(database_path: Path, table: str) -> None:
    assert set(SEEDS[table].split()) <= columns(database_path, table)


def test_known_revisions_are_those_in_the_folder() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == REVISIONS
    assert scripts.get_current_head() == HEAD == REVISIONS[-1]


# -- opening


@pytest.mark.parametrize("way", ["open_database", "open_for_reading"])
def test_alembic_is_not_imported_when_the_file_is_at_head(database_path: Path, way: str) -> None:
    program = (
        "import sys; from pathlib import Path; from forllm_desktop.storage import database; "
        f"database.{way}(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(database_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_file_at_head_is_opened_without_a_copy(database_path: Path) -> None:
    open_database(database_path).close()
    assert not (database_path.parent / "backups").exists()


@pytest.mark.parametrize("content", [None, b""])
def test_missing_or_empty_file_becomes_a_database(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "deep" / "forllm.db"
    if content is not None:
        path.parent.mkdir()
        path.write_bytes(content)
    open_database(path).close()
    assert revision_of(path) == HEAD
    assert not (path.parent / "backups").exists(), "there is nothing to copy"


def test_file_without_tables_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "forllm.db"
    rows(path, "PRAGMA journal_mode=WAL")
    assert path.stat().st_size > 0
    open_database(path).close()
    assert revision_of(path) == HEAD


# -- upgrading


def test_upgrade_makes_a_copy_first_and_keeps_the_data(database_path: Path, newer_app: NewerApp) -> None:
    insert_subforum(database_path)
    newer_app()
    open_database(database_path).close()
    assert rows(database_path, "SELECT name, colour FROM subforums") == [("Physics", None)]
    assert revision_of(database_path) == NEWER
    (copy,) = (database_path.parent / "backups").iterdir()
    assert HEAD in copy.name
    assert rows(copy, "SELECT name FROM subforums") == [("Physics",)]
    assert rows(copy, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert "colour" not in columns(copy, "subforums")


def test_copy_holds_what_was_only_in_the_write_ahead_log(
    database_path: Path, tmp_path: Path, newer_app: NewerApp
) -> None:
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(database_path)) as running:
        running.execute("PRAGMA wal_autocheckpoint=0")
        insert_subforum(database_path, running)
        for name in ("forllm.db", "forllm.db-wal"):
            shutil.copy(tmp_path / name, crashed / name)
    newer_app()
    open_database(crashed / "forllm.db").close()
    (copy,) = (crashed / "backups").iterdir()
    assert rows(copy, "SELECT name FROM subforums") == [("Physics",)]
    assert rows(crashed / "forllm.db", "SELECT name FROM subforums") == [("Physics",)]


def test_only_the_newest_copies_are_kept(database_path: Path) -> None:
    for _ in range(module.BACKUPS_KEPT + 3):
        newest = module._back_up(database_path, "0001")
    kept = sorted((database_path.parent / "backups").iterdir())
    assert len(kept) == module.BACKUPS_KEPT
    assert kept[-1] == newest


@pytest.mark.parametrize(
    "then",
    [
        "raise RuntimeError('broken')",
        "op.execute('CREATE TABLE subforums (a)')",
        # A reference that leads nowhere must not be committed either.
        "op.execute(\"INSERT INTO post_revisions VALUES (1, 77, '', '2026-01-01')\")",
    ],
)
def test_failed_upgrade_leaves_the_old_schema(database_path: Path, newer_app: NewerApp, then: str) -> None:
    insert_subforum(database_path)
    newer_app(then)
    with pytest.raises(Exception, match=r"broken|already exists|could not be upgraded"):
        open_database(database_path)
    assert revision_of(database_path) == HEAD
    assert "colour" not in columns(database_path, "subforums")
    assert rows(database_path, "SELECT name FROM subforums") == [("Physics",)]


def test_upgrade_that_the_disk_refuses_is_told_in_words_and_leaves_no_half_copy(
    database_path: Path, newer_app: NewerApp
) -> None:
    newer_app()
    backups = database_path.parent / "backups"
    backups.write_text("in the way")
    with pytest.raises(ForllmError, match="could not be opened"):
        open_database(database_path)
    assert revision_of(database_path) == HEAD
    backups.unlink()
    open_database(database_path).close()
    assert [copy.suffix for copy in backups.iterdir()] == [".db"]


def test_database_whose_revision_is_lost_is_told_in_words(database_path: Path) -> None:
    with closing(sqlite3.connect(database_path)) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()
    with pytest.raises(ForllmError, match="could not be opened"):
        open_database(database_path)


def test_servers_keep_their_numbers_and_what_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revision 0003 makes their table anew."""
    path = first_version(tmp_path, monkeypatch)
    with closing(sqlite3.connect(path)) as old:
        old.execute("INSERT INTO servers VALUES (4, 'ollama', 'Home', 'http://a', NULL, 0, 1, '2026-01-01')")
        old.execute("INSERT INTO subforums VALUES (1, 'Physics', 'physics', '', 0, '2026-01-01', NULL)")
        old.execute("INSERT INTO topics VALUES (1, 1, 1, 'Falling', '2026-01-01', NULL)")
        old.execute(
            "INSERT INTO posts (topic_id, server_id, content, thinking, created_at, is_llm_response, "
            "is_incomplete) VALUES (1, 4, 'So.', '', '2026-01-01', 1, 0)"
        )
        old.execute("INSERT INTO settings (key, value) VALUES ('default_server_id', '9')")
        old.commit()
    open_database(path).close()
    assert rows(path, "SELECT server_id, name FROM servers") == [(4, "Home")]
    assert rows(path, "SELECT server_id FROM posts") == [(4,)]
    assert rows(path, "PRAGMA foreign_key_check") == []
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        insert = "INSERT INTO servers VALUES (NULL, 'auto', 'B', 'http://b', NULL, 0, 1, '2026-01-01')"
        assert connection.execute(insert).lastrowid == 10, "9 belonged to a server that was removed"
        connection.execute("DELETE FROM servers WHERE server_id = 4")
        assert connection.execute("SELECT server_id FROM posts").fetchall() == [(None,)]


def test_crash_in_the_middle_of_an_upgrade_leaves_the_old_schema(
    database_path: Path, newer_app: NewerApp
) -> None:
    insert_subforum(database_path)
    newer_app("import os; os._exit(7)")
    program = (
        "import sys; from pathlib import Path; from forllm_desktop.storage import database as module; "
        "module.__file__ = sys.argv[2]; module.HEAD = '9001'; module.REVISIONS += (module.HEAD,); "
        "module.open_database(Path(sys.argv[1]))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(database_path), module.__file__], check=False)
    assert done.returncode == 7
    assert revision_of(database_path) == HEAD
    assert "colour" not in columns(database_path, "subforums")
    assert rows(database_path, "SELECT name FROM subforums") == [("Physics",)]
    assert rows(database_path, "PRAGMA integrity_check") == [("ok",)]


def test_older_file_is_not_upgraded_by_reading(database_path: Path, newer_app: NewerApp) -> None:
    newer_app()
    before = sizes(database_path)
    with pytest.raises(ForllmError, match="older"):
        open_for_reading(database_path)
    assert sizes(database_path) == before


# -- files that are not ours to touch


@pytest.mark.parametrize("way", [open_database, open_for_reading])
def test_newer_file_is_refused_and_left_as_it_is(database_path: Path, way: Callable) -> None:
    with closing(sqlite3.connect(database_path)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    before = sizes(database_path)
    assert list(before) == ["forllm.db"]
    with pytest.raises(DatabaseTooNew, match="9999"):
        way(database_path)
    assert sizes(database_path) == before


@pytest.mark.parametrize("way", [open_database, open_for_reading])
def test_newer_revision_in_the_write_ahead_log_is_seen(
    database_path: Path, tmp_path: Path, way: Callable
) -> None:
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(database_path)) as newer:
        newer.execute("PRAGMA wal_autocheckpoint=0")
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
        for name in ("forllm.db", "forllm.db-wal"):
            shutil.copy(tmp_path / name, crashed / name)
    before = sizes(crashed / "forllm.db")
    assert sorted(before) == ["forllm.db", "forllm.db-wal"]
    with pytest.raises(DatabaseTooNew, match="9999"):
        way(crashed / "forllm.db")
    assert sizes(crashed / "forllm.db") == before


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "forllm.db"
    rows(path, "CREATE TABLE bookmarks (url TEXT)")
    before = sizes(path)
    with pytest.raises(ForllmError, match="not a FORLLM database"):
        open_database(path)
    assert sizes(path) == before


@pytest.mark.parametrize(
    "content", [b"This is no database.\n" * 100, b"x", b"SQLite format 3\0" + b"\xff" * 500]
)
def test_garbage_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "forllm.db"
    path.write_bytes(content)
    before = sizes(path)
    with pytest.raises(ForllmError, match=r"cannot be read|is something else"):
        open_database(path)
    assert sizes(path) == before


def test_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "forllm.db").mkdir()
    with pytest.raises(ForllmError, match="cannot be read"):
        open_database(tmp_path / "forllm.db")


# -- what every database has


def test_user_and_built_in_persona_are_there_once_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "forllm.db"
    for _ in range(3):
        open_database(path).close()
    assert rows(path, "SELECT user_id, username FROM users") == [(1, "User")]
    assert rows(path, "SELECT persona_id, version, is_active FROM personas") == [(1, 1, 1)]
    assert rows(path, "SELECT persona_id, version FROM persona_versions") == [(1, 1)]
    assert rows(path, "SELECT count(*) FROM alembic_version") == [(1,)]


def test_seeded_times_can_be_read(database_path: Path) -> None:
    from forllm_desktop.domain.persona import Persona

    with closing(open_database(database_path)) as database, database.read() as session:
        persona = session.get_one(Persona, 1)
        assert persona.created_at.tzinfo is not None
        assert persona.created_at == persona.updated_at


def test_persona_is_assigned_once_and_one_default_per_subforum(database_path: Path) -> None:
    assign = "INSERT INTO subforum_personas (subforum_id, persona_id, assigned_at, is_default_for_subforum) "
    insert_subforum(database_path)
    with closing(sqlite3.connect(database_path)) as connection:
        connection.execute(
            "INSERT INTO personas (persona_id, name, name_key, description, prompt_instructions, created_at, "
            "updated_at, is_active, version, generation_source, tags, is_unseen) SELECT 2, 'Ada', 'ada', "
            "description, prompt_instructions, created_at, updated_at, 1, 1, generation_source, '[]', 0 "
            "FROM personas"
        )
        connection.execute(assign + "VALUES (1, 1, '2026-01-01', 1)")
        with pytest.raises(sqlite3.IntegrityError, match=r"subforum_id, .*persona_id"):
            connection.execute(assign + "VALUES (1, 1, '2026-01-01', 0)")
        with pytest.raises(sqlite3.IntegrityError, match=r"subforum_personas\.subforum_id$"):
            connection.execute(assign + "VALUES (1, 2, '2026-01-01', 1)")
        connection.execute(assign + "VALUES (1, 2, '2026-01-01', 0)")


def insert_subforum(path: Path, connection: sqlite3.Connection | None = None) -> None:
    """Store the subforum “Physics” as an app of the first version would."""
    used = connection or sqlite3.connect(path)
    used.execute(
        "INSERT INTO subforums (subforum_id, name, name_key, description, position, created_at) "
        "VALUES (1, 'Physics', 'physics', '', 0, '2026-01-01')"
    )
    used.commit()
    if connection is None:
        used.close()
