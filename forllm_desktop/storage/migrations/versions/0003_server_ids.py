"""Numbers of servers are never given out twice, so that a remembered choice cannot come to mean another one."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """
CREATE TABLE new_servers (
    server_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind VARCHAR(16) NOT NULL,
    name VARCHAR(200) NOT NULL,
    base_url VARCHAR(2000) NOT NULL,
    api_key_ref VARCHAR(200),
    use_proxy BOOLEAN NOT NULL,
    verify_tls BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT ck_servers_kind CHECK (kind IN ('auto', 'ollama', 'llamacpp', 'lmstudio', 'openai', 'engine')),
    CONSTRAINT uq_servers_base_url UNIQUE (base_url)
)
""",
    "INSERT INTO new_servers SELECT server_id, kind, name, base_url, api_key_ref, use_proxy, verify_tls, "
    "created_at FROM servers",
    # The default may name a server that was removed; its number is not given out again either.
    "DELETE FROM sqlite_sequence WHERE name = 'new_servers'",
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'new_servers', max("
    "(SELECT coalesce(max(server_id), 0) FROM servers), "
    "(SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM settings WHERE key = 'default_server_id'))",
    "DROP TABLE servers",
    "ALTER TABLE new_servers RENAME TO servers",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
