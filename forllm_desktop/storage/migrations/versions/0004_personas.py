"""Personas get options, tags and pictures, requests an output; facts of models, own templates, ratings."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE TABLE new_personas (
    persona_id INTEGER NOT NULL,
    name_key VARCHAR(800) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    created_by_user INTEGER,
    is_active BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    generation_source VARCHAR(64) NOT NULL,
    generation_input_details JSON,
    tags JSON NOT NULL,
    avatar_colour VARCHAR(16),
    attention TEXT,
    is_unseen BOOLEAN NOT NULL,
    deleted_at DATETIME,
    name VARCHAR(200) NOT NULL,
    description TEXT NOT NULL,
    prompt_instructions TEXT NOT NULL,
    preferred_server_id INTEGER,
    preferred_model TEXT,
    temperature FLOAT,
    max_reply_tokens INTEGER,
    think BOOLEAN,
    CONSTRAINT pk_personas PRIMARY KEY (persona_id),
    CONSTRAINT fk_personas_created_by_user_users FOREIGN KEY(created_by_user) REFERENCES users (user_id)
)
;
CREATE TABLE new_persona_versions (
    persona_version_id INTEGER NOT NULL,
    persona_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    created_by_user INTEGER,
    author VARCHAR(200) NOT NULL,
    note TEXT NOT NULL,
    name VARCHAR(200) NOT NULL,
    description TEXT NOT NULL,
    prompt_instructions TEXT NOT NULL,
    preferred_server_id INTEGER,
    preferred_model TEXT,
    temperature FLOAT,
    max_reply_tokens INTEGER,
    think BOOLEAN,
    CONSTRAINT pk_persona_versions PRIMARY KEY (persona_version_id),
    CONSTRAINT uq_persona_versions_persona_id_version UNIQUE (persona_id, version),
    CONSTRAINT fk_persona_versions_persona_id_personas FOREIGN KEY(persona_id) REFERENCES personas (persona_id),
    CONSTRAINT fk_persona_versions_created_by_user_users FOREIGN KEY(created_by_user) REFERENCES users (user_id)
)
;
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
    metrics JSON,
    output JSON,
    batch_id INTEGER,
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
    CONSTRAINT fk_llm_requests_llm_persona_personas FOREIGN KEY(llm_persona) REFERENCES personas (persona_id)
)
;
CREATE TABLE persona_pictures (
    persona_id INTEGER NOT NULL,
    png BLOB NOT NULL,
    CONSTRAINT pk_persona_pictures PRIMARY KEY (persona_id),
    CONSTRAINT fk_persona_pictures_persona_id_personas FOREIGN KEY(persona_id) REFERENCES personas (persona_id)
)
;
CREATE TABLE model_facts (
    server_id INTEGER NOT NULL,
    model TEXT NOT NULL,
    ctx INTEGER,
    supports_system BOOLEAN,
    seen_at DATETIME NOT NULL,
    CONSTRAINT pk_model_facts PRIMARY KEY (server_id, model),
    CONSTRAINT fk_model_facts_server_id_servers FOREIGN KEY(server_id) REFERENCES servers (server_id) ON DELETE CASCADE
)
;
CREATE TABLE own_templates (
    own_template_id INTEGER NOT NULL,
    name VARCHAR(100) NOT NULL,
    version INTEGER NOT NULL,
    text TEXT,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_own_templates PRIMARY KEY (own_template_id),
    CONSTRAINT uq_own_templates_name_version UNIQUE (name, version)
)
;
CREATE TABLE persona_ratings (
    persona_id INTEGER NOT NULL,
    thumbs INTEGER NOT NULL,
    note TEXT NOT NULL,
    rated_at DATETIME NOT NULL,
    CONSTRAINT pk_persona_ratings PRIMARY KEY (persona_id),
    CONSTRAINT ck_persona_ratings_thumbs CHECK (thumbs IN (-1, 1)),
    CONSTRAINT fk_persona_ratings_persona_id_personas FOREIGN KEY(persona_id) REFERENCES personas (persona_id)
)
"""

PERSONA = (
    "persona_id, name_key, created_at, updated_at, created_by_user, is_active, version, generation_source, "
    "generation_input_details, deleted_at, name, description, prompt_instructions"
)
VERSION = (
    "persona_version_id, persona_id, version, created_at, created_by_user, note, name, description, "
    "prompt_instructions"
)
REQUEST = (
    "request_id, request_type, request_params, status, position, parent_request_id, post_id_to_respond_to, "
    "reply_post_id, llm_model, server_id, llm_persona, persona_is_chosen, persona_version, requested_at, "
    "started_at, finished_at, not_before, wait_reason, attempts, prompt, token_breakdown, metrics, error_kind, "
    "error_title, error_message"
)

MOVES = (
    f"INSERT INTO new_personas ({PERSONA}, tags, is_unseen) SELECT {PERSONA}, '[]', 0 FROM personas",
    f"INSERT INTO new_persona_versions ({VERSION}, author) SELECT {VERSION}, '' FROM persona_versions",
    f"INSERT INTO new_llm_requests ({REQUEST}, version_is_chosen) SELECT {REQUEST}, 0 FROM llm_requests",
    # A number is never given out twice, also when the request that had it is gone.
    "DELETE FROM sqlite_sequence WHERE name = 'new_llm_requests'",
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'new_llm_requests', seq FROM sqlite_sequence "
    "WHERE name = 'llm_requests'",
)

INDEXES = """
CREATE INDEX ix_llm_requests_batch_id ON llm_requests (batch_id) WHERE batch_id IS NOT NULL
;
CREATE UNIQUE INDEX uq_personas_name_key ON personas (name_key) WHERE deleted_at IS NULL
;
CREATE INDEX ix_personas_deleted_at ON personas (deleted_at) WHERE deleted_at IS NOT NULL
;
CREATE INDEX ix_personas_is_active ON personas (is_active, name_key)
;
CREATE INDEX ix_llm_requests_parent_request_id ON llm_requests (parent_request_id) WHERE parent_request_id IS NOT NULL
;
CREATE INDEX ix_llm_requests_reply_post_id ON llm_requests (reply_post_id)
;
CREATE INDEX ix_llm_requests_status ON llm_requests (status, position, request_id)
;
CREATE INDEX ix_llm_requests_post_id_to_respond_to ON llm_requests (post_id_to_respond_to)
;
CREATE INDEX ix_posts_llm_persona_id ON posts (llm_persona_id, persona_version) WHERE llm_persona_id IS NOT NULL
"""


def upgrade() -> None:
    statements = TABLES.strip().split("\n;\n")
    statements += MOVES
    for table in ("personas", "persona_versions", "llm_requests"):
        statements += [f"DROP TABLE {table}", f"ALTER TABLE new_{table} RENAME TO {table}"]
    for statement in (*statements, *INDEXES.strip().split("\n;\n")):
        op.execute(statement)
