"""Full-text search over subforums, topics and posts, for what is there already and for what comes.

The FTS5 tables hold no text of their own (external content): triggers keep them equal to the tables they
read from. SQLite drops the triggers of a table that a later migration rebuilds, so such a migration makes
them again.

The tokenizer is unicode61, which finds words of any length and ignores accents. Trigrams would find parts
of words and scripts without spaces, but nothing shorter than three characters, which many Chinese words are;
they take three times the space, and ignore accents only from SQLite 3.45 on. Words of scripts without spaces
are looked for in another way, see `storage.search`.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = {
    "subforums": ("subforum_id", ("name", "description")),
    "topics": ("topic_id", ("title",)),
    "posts": ("post_id", ("content",)),
}


def upgrade() -> None:
    for table, (key, columns) in TABLES.items():
        for statement in _statements(table, key, columns):
            op.execute(statement)


def _statements(table: str, key: str, columns: tuple[str, ...]) -> list[str]:
    index, names = f"{table}_fts", ", ".join(columns)
    old = ", ".join(f"old.{column}" for column in columns)
    new = ", ".join(f"new.{column}" for column in columns)
    differs = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    forget = f"INSERT INTO {index} ({index}, rowid, {names}) VALUES ('delete', old.{key}, {old});"
    learn = f"INSERT INTO {index} (rowid, {names}) VALUES (new.{key}, {new});"
    return [
        f"CREATE VIRTUAL TABLE {index} USING fts5({names}, content='{table}', content_rowid='{key}', "
        "tokenize='unicode61 remove_diacritics 2', prefix='2 3')",
        f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {learn} END",
        f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {forget} END",
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF {names} ON {table} WHEN {differs} "
        f"BEGIN {forget} {learn} END",
        f"INSERT INTO {index} ({index}) VALUES ('rebuild')",
    ]
