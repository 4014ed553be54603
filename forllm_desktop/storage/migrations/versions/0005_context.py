"""What is sent: rules of posts, options of subforums and models, files, tags, and samples of token counts."""

from alembic import op

revision = "0005"
down_revision = "0004"

COLUMNS = (
    "ALTER TABLE subforums ADD COLUMN context_options JSON",
    "ALTER TABLE posts ADD COLUMN prompt_rule VARCHAR(16) DEFAULT 'auto' NOT NULL",
    "ALTER TABLE drafts ADD COLUMN files JSON",
    "ALTER TABLE model_facts ADD COLUMN bucket INTEGER",
)

TABLES = """
CREATE TABLE new_llm_requests (
    request_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    request_type VARCHAR(32) NOT NULL,
    request_params JSON,
    status VARCHAR(32) NOT NULL,
    position INTEGER NOT NULL,
    parent_request_id INTEGER,
    post_id_to_respond_to INTEGER,
    reply_post_id INTEGER,
    llm_model TEXT NOT NULL,
    server_id INTEGER,
    llm_persona INTEGER,
    persona_is_chosen BOOLEAN NOT NULL,
    persona_version INTEGER,
    version_is_chosen BOOLEAN NOT NULL,
    requested_at DATETIME NOT NULL,
    started_at DATETIME,
    finished_at DATETIME,
    not_before DATETIME,
    wait_reason TEXT,
    attempts INTEGER NOT NULL,
    prompt JSON,
    token_breakdown JSON,
    prompt_parts JSON,
    metrics JSON,
    output JSON,
    batch_id INTEGER,
    tagged_post_id INTEGER,
    tag_chain TEXT,
    tag_step INTEGER,
    error_kind VARCHAR(64),
    error_title TEXT,
    error_message TEXT,
    CONSTRAINT ck_llm_requests_status CHECK (status IN ('pending', 'pending_dependency', 'processing', 'complete', 'error', 'cancelled')),
    CONSTRAINT ck_llm_requests_request_type CHECK (request_type IN ('respond_to_post', 'generate_persona', 'try_persona')),
    CONSTRAINT ck_llm_requests_post_to_respond_to CHECK (request_type <> 'respond_to_post' OR post_id_to_respond_to IS NOT NULL),
    CONSTRAINT fk_llm_requests_parent_request_id_llm_requests FOREIGN KEY(parent_request_id) REFERENCES llm_requests (request_id),
    CONSTRAINT fk_llm_requests_post_id_to_respond_to_posts FOREIGN KEY(post_id_to_respond_to) REFERENCES posts (post_id),
    CONSTRAINT fk_llm_requests_reply_post_id_posts FOREIGN KEY(reply_post_id) REFERENCES posts (post_id) ON DELETE SET NULL,
    CONSTRAINT fk_llm_requests_server_id_servers FOREIGN KEY(server_id) REFERENCES servers (server_id) ON DELETE SET NULL,
    CONSTRAINT fk_llm_requests_llm_persona_personas FOREIGN KEY(llm_persona) REFERENCES personas (persona_id),
    CONSTRAINT fk_llm_requests_tagged_post_id_posts FOREIGN KEY(tagged_post_id) REFERENCES posts (post_id) ON DELETE SET NULL
)
;
CREATE TABLE file_folders (
    folder_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    is_recursive BOOLEAN NOT NULL,
    allow JSON NOT NULL,
    block JSON NOT NULL,
    added_at DATETIME NOT NULL,
    CONSTRAINT pk_file_folders PRIMARY KEY (folder_id),
    CONSTRAINT uq_file_folders_path UNIQUE (path)
)
;
CREATE TABLE stored_files (
    digest VARCHAR(64) NOT NULL,
    size INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    encoding VARCHAR(32) NOT NULL,
    text TEXT NOT NULL,
    content BLOB NOT NULL,
    stored_at DATETIME NOT NULL,
    CONSTRAINT pk_stored_files PRIMARY KEY (digest)
)
;
CREATE TABLE post_files (
    post_file_id INTEGER NOT NULL,
    post_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    digest VARCHAR(64) NOT NULL,
    name VARCHAR(255) NOT NULL,
    note TEXT NOT NULL,
    path TEXT,
    CONSTRAINT pk_post_files PRIMARY KEY (post_file_id),
    CONSTRAINT fk_post_files_post_id_posts FOREIGN KEY(post_id) REFERENCES posts (post_id) ON DELETE CASCADE,
    CONSTRAINT fk_post_files_digest_stored_files FOREIGN KEY(digest) REFERENCES stored_files (digest)
)
;
CREATE TABLE model_options (
    server_id INTEGER NOT NULL,
    model TEXT NOT NULL,
    context_window INTEGER,
    CONSTRAINT pk_model_options PRIMARY KEY (server_id, model),
    CONSTRAINT fk_model_options_server_id_servers FOREIGN KEY(server_id) REFERENCES servers (server_id) ON DELETE CASCADE
)
;
CREATE TABLE token_samples (
    sample_id INTEGER NOT NULL,
    server_id INTEGER NOT NULL,
    model TEXT NOT NULL,
    raw INTEGER NOT NULL,
    expected INTEGER NOT NULL,
    reported INTEGER NOT NULL,
    kinds JSON NOT NULL,
    was_shortened BOOLEAN NOT NULL,
    taken_at DATETIME NOT NULL,
    CONSTRAINT pk_token_samples PRIMARY KEY (sample_id),
    CONSTRAINT fk_token_samples_server_id_servers FOREIGN KEY(server_id) REFERENCES servers (server_id) ON DELETE CASCADE
)
"""

REQUEST = (
    "request_id, request_type, request_params, status, position, parent_request_id, "
    "post_id_to_respond_to, reply_post_id, llm_model, server_id, llm_persona, persona_is_chosen, "
    "persona_version, version_is_chosen, requested_at, started_at, finished_at, not_before, wait_reason, "
    "attempts, prompt, token_breakdown, metrics, output, batch_id, error_kind, error_title, error_message"
)

MOVES = (
    f"INSERT INTO new_llm_requests ({REQUEST}) SELECT {REQUEST} FROM llm_requests",
    # A number is never given out twice, also when the request that had it is gone.
    "DELETE FROM sqlite_sequence WHERE name = 'new_llm_requests'",
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'new_llm_requests', seq FROM sqlite_sequence "
    "WHERE name = 'llm_requests'",
    "DROP TABLE llm_requests",
    "ALTER TABLE new_llm_requests RENAME TO llm_requests",
)

INDEXES = """
CREATE INDEX ix_llm_requests_batch_id ON llm_requests (batch_id) WHERE batch_id IS NOT NULL
;
CREATE INDEX ix_llm_requests_parent_request_id ON llm_requests (parent_request_id) WHERE parent_request_id IS NOT NULL
;
CREATE INDEX ix_llm_requests_post_id_to_respond_to ON llm_requests (post_id_to_respond_to)
;
CREATE INDEX ix_llm_requests_reply_post_id ON llm_requests (reply_post_id)
;
CREATE INDEX ix_llm_requests_status ON llm_requests (status, position, request_id)
;
CREATE INDEX ix_llm_requests_tagged_post_id ON llm_requests (tagged_post_id) WHERE tagged_post_id IS NOT NULL
;
CREATE INDEX ix_post_files_digest ON post_files (digest)
;
CREATE INDEX ix_post_files_post_id ON post_files (post_id, position)
;
CREATE INDEX ix_posts_pinned ON posts (topic_id) WHERE prompt_rule = 'pinned'
;
CREATE INDEX ix_token_samples_model ON token_samples (server_id, model, sample_id)
"""


def upgrade() -> None:
    statements = [*COLUMNS, *TABLES.strip().split("\n;\n"), *MOVES, *INDEXES.strip().split("\n;\n")]
    for statement in statements:
        op.execute(statement)
